//! Writing an object: at once where it is small, else in parts, a few of them on their way at a time.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use object_store::path::Path;
use object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};

use super::failed;
use super::runtime::{started, wait};
use crate::{Result, Upload};

/// Bytes of a part.  S3 takes 10,000 parts of at least 5 MiB each.
const PART: usize = 8 << 20;
/// Parts behind which a part is larger, so that an object of any size has room: 10,000 parts are then more than 5 TB.
const PARTS_OF_A_SIZE: usize = 1000;
/// Parts that are on their way at a time.
const IN_FLIGHT: usize = 4;

/// An object that is written.  What is not finished is never seen.
pub(super) struct RemoteUpload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// What errors call it.
    name: String,
    buffer: Vec<u8>,
    parts: Option<Box<dyn MultipartUpload>>,
    begun: usize,
    in_flight: Vec<Receiver<std::result::Result<(), StoreError>>>,
}

impl RemoteUpload {
    pub(super) fn new(store: Arc<dyn ObjectStore>, path: Path, name: String) -> Self {
        Self { store, path, name, buffer: Vec::new(), parts: None, begun: 0, in_flight: Vec::new() }
    }

    fn part_size(&self) -> usize {
        PART << (self.begun / PARTS_OF_A_SIZE).min(8)
    }

    /// Sends what gathered as a part.
    fn send(&mut self) -> Result<()> {
        if self.parts.is_none() {
            let (store, path) = (Arc::clone(&self.store), self.path.clone());
            self.parts = Some(self.told(wait(async move { store.put_multipart(&path).await })?)?);
        }
        while self.in_flight.len() >= IN_FLIGHT {
            self.settle_one()?;
        }
        if let Some(parts) = &mut self.parts {
            let part = parts.put_part(PutPayload::from(std::mem::take(&mut self.buffer)));
            self.in_flight.push(started(part)?);
            self.begun += 1;
        }
        Ok(())
    }

    fn settle_one(&mut self) -> Result<()> {
        let sent = self.in_flight.remove(0).recv();
        let sent = sent.map_err(|_| io::Error::other("a request ended in a panic"));
        self.told(sent.map_err(|source| crate::Error::io("write", &self.name, source))?)
    }

    fn told<T>(&self, result: std::result::Result<T, StoreError>) -> Result<T> {
        result.map_err(|error| failed("write", self.name.clone(), &error))
    }
}

impl Write for RemoteUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        // Some stores want all parts but the last to be of one size.
        while self.buffer.len() >= self.part_size() {
            let rest = self.buffer.split_off(self.part_size());
            self.send()?;
            self.buffer = rest;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for RemoteUpload {
    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.parts.is_none() {
            let (store, path, payload) =
                (Arc::clone(&self.store), self.path.clone(), PutPayload::from(std::mem::take(&mut self.buffer)));
            let put = wait(async move { store.put(&path, payload).await })?;
            return self.told(put).map(|_| ());
        }
        if !self.buffer.is_empty() {
            self.send()?;
        }
        while !self.in_flight.is_empty() {
            self.settle_one()?;
        }
        let Some(mut parts) = self.parts.take() else { return Ok(()) };
        let done = wait(async move {
            let done = parts.complete().await;
            if done.is_err() {
                // Its parts cost until they are gone; the error that is told is the first.
                let _ = parts.abort().await;
            }
            done
        })?;
        self.told(done).map(|_| ())
    }
}

impl Drop for RemoteUpload {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            // What cannot be taken away is not seen either.
            let _ = wait(async move { parts.abort().await });
        }
    }
}
