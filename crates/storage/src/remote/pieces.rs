//! A log where objects cannot grow: pieces, each an object named by where it begins.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::RemoteFolder;
use crate::local::open_temporary;
use crate::{Error, Log, Object, Published, Result, Storage as _};

/// Bytes that gather before they become a piece.
const PIECE: usize = 4 << 20;

/// Time after which what is appended becomes a piece, however little it is.
const LATEST: Duration = Duration::from_secs(5);

/// A log in pieces.
pub(super) struct Pieces {
    place: RemoteFolder,
    key: String,
    /// Where each piece begins, and how long it is.
    pieces: Vec<(u64, u64)>,
    /// What gathered behind them.
    buffer: Vec<u8>,
    flushed: Instant,
}

impl Pieces {
    /// The pieces that are there, as far as one begins where the one before it ends.
    pub(super) fn open(place: RemoteFolder, key: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut end = 0;
        for entry in place.list(key)? {
            let start = entry.key.strip_prefix(key).and_then(|name| name.strip_prefix('/')?.parse::<u64>().ok());
            if start == Some(end) && entry.size > 0 {
                pieces.push((end, entry.size));
                end += entry.size;
            } else if start.is_some() {
                place.remove(&entry.key)?;
            }
        }
        Ok(Self { place, key: key.to_owned(), pieces, buffer: Vec::new(), flushed: Instant::now() })
    }

    fn piece(&self, start: u64) -> String {
        format!("{}/{start:020}", self.key)
    }

    fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |(start, length)| start + length)
    }

    fn put(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        self.place.write(&self.piece(start), bytes)?;
        self.pieces.push((start, bytes.len() as u64));
        Ok(())
    }
}

impl Log for Pieces {
    fn reader(&mut self) -> Result<Box<dyn Object>> {
        self.flush()?;
        let failed = |source| Error::io("write", "a temporary file", source);
        let mut file = NamedTempFile::new().map_err(failed)?;
        for (start, _) in &self.pieces {
            file.write_all(&self.place.read(&self.piece(*start))?).map_err(failed)?;
        }
        Ok(Box::new(open_temporary(Arc::new(file.into_temp_path()))?))
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        self.flush()?;
        while let Some(&(start, bytes)) = self.pieces.last().filter(|(start, bytes)| start + bytes > length) {
            let key = self.piece(start);
            self.pieces.pop();
            if start >= length {
                self.place.remove(&key)?;
                continue;
            }
            let mut kept = self.place.read(&key)?;
            kept.truncate(usize::try_from(length - start).unwrap_or(kept.len()).min(bytes as usize));
            self.put(start, &kept)?;
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        let is_due = self.buffer.len() >= PIECE || self.flushed.elapsed() >= LATEST;
        if is_due { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.flushed = Instant::now();
        let (start, key) = (self.end(), self.piece(self.end()));
        // What is appended never takes the place of what another appended, who may have the lock by now.
        if self.place.publish(&key, &self.buffer)? == Published::Existed {
            return Err(Error::Locked { key });
        }
        self.pieces.push((start, self.buffer.len() as u64));
        self.buffer.clear();
        Ok(())
    }

    fn remove(mut self: Box<Self>) -> Result<()> {
        self.buffer.clear();
        self.place.remove_all(&self.key)
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // Who leaves it cleanly leaves all of it; where that cannot be, the rest is asked for again.
        let _ = self.flush();
    }
}
