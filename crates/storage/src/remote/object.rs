//! Reading an object: in ranges that grow while it is read from front to back, the next of them asked for ahead.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::{GetOptions, ObjectMeta, ObjectStore};

use super::runtime::{started, wait};
use super::{connect, failed};
use crate::{Object, Result};

/// Bytes that are asked for where somebody begins to read.
const WINDOW: u64 = 64 << 10;
/// Bytes that are asked for at a time once an object is read on and on.
const MAX_WINDOW: u64 = 8 << 20;

type Fetched = std::result::Result<Bytes, object_store::Error>;

/// An object of a store, open for reading.
pub(super) struct RemoteObject {
    store: Arc<dyn ObjectStore>,
    meta: ObjectMeta,
    position: u64,
    /// Bytes that are here, and where they begin.
    held: (u64, Bytes),
    /// Bytes behind them that are on their way, and where they begin.
    ahead: Mutex<Option<(u64, Receiver<Fetched>)>>,
    /// Bytes to ask for next.
    window: u64,
}

impl RemoteObject {
    pub(super) fn new(store: Arc<dyn ObjectStore>, meta: ObjectMeta) -> Self {
        let held = (0, Bytes::new());
        Self { store, meta, position: 0, held, ahead: Mutex::new(None), window: WINDOW }
    }

    fn fetch(&self, range: Range<u64>) -> impl Future<Output = Fetched> + Send + use<> {
        // A weak tag matches nothing (RFC 9110, section 13.1.1).
        let tag = self.meta.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions::new().with_range(Some(range)).with_if_match(tag);
        let (store, path) = (Arc::clone(&self.store), self.meta.location.clone());
        async move { store.get_opts(&path, options).await?.bytes().await }
    }

    fn error(&self, error: &object_store::Error) -> io::Error {
        failed("read", connect::shown(self.meta.location.as_ref()), error).into()
    }

    /// Brings the bytes at the position here; none at the end.
    fn fill(&mut self) -> io::Result<()> {
        let ahead = self.ahead().take().filter(|(start, _)| *start == self.position);
        if self.position >= self.meta.size {
            return Ok(());
        }
        let bytes = match ahead {
            Some((_, receiver)) => receiver.recv().map_err(|_| io::Error::other("a request ended in a panic"))?,
            None => {
                let (start, bytes) = &self.held;
                if bytes.is_empty() || start + bytes.len() as u64 != self.position {
                    self.window = WINDOW;
                }
                wait(self.fetch(self.position..self.end_behind(self.position)))?
            }
        };
        let bytes = bytes.map_err(|error| self.error(&error))?;
        let next = self.position + bytes.len() as u64;
        self.held = (self.position, bytes);
        self.window = (self.window * 2).min(MAX_WINDOW);
        if next < self.meta.size && self.window > 2 * WINDOW {
            let asked = started(self.fetch(next..self.end_behind(next)))?;
            *self.ahead() = Some((next, asked));
        }
        Ok(())
    }

    fn ahead(&mut self) -> &mut Option<(u64, Receiver<Fetched>)> {
        self.ahead.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_behind(&self, start: u64) -> u64 {
        self.meta.size.min(start + self.window)
    }
}

impl Read for RemoteObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_held = |held: &(u64, Bytes), at: u64| at >= held.0 && at < held.0 + held.1.len() as u64;
        if !is_held(&self.held, self.position) {
            self.fill()?;
        }
        if buffer.is_empty() || !is_held(&self.held, self.position) {
            return Ok(0);
        }
        let (start, bytes) = &self.held;
        let rest =
            usize::try_from(self.position - start).map_or(&[][..], |skipped| bytes.get(skipped..).unwrap_or(&[]));
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RemoteObject {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let moved = match position {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.meta.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = moved.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning"))?;
        Ok(self.position)
    }
}

impl Object for RemoteObject {
    fn size(&self) -> u64 {
        self.meta.size
    }

    fn reopen(&self) -> Result<Box<dyn Object>> {
        Ok(Box::new(Self::new(Arc::clone(&self.store), self.meta.clone())))
    }

    fn read_range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let bytes = wait(self.fetch(start..start + length as u64))?.map_err(|error| self.error(&error))?;
        if bytes.len() == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
