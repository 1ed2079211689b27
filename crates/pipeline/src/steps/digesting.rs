//! Opening the files of an input, and their sha256 on the way.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use obelisc_document::hex;
use obelisc_storage::inputs::Input;
use obelisc_storage::{Error, Object};
use sha2::{Digest, Sha256};

use crate::error::TaskError;

/// What came of opening a file of an input.
pub(crate) fn opened(input: &Input, object: Result<Box<dyn Object>, Error>) -> Result<Box<dyn Object>, TaskError> {
    object.map_err(|error| TaskError::Input { input: input.name.clone(), source: io::Error::other(error.to_string()) })
}

/// What is known of a file's sha256 while the file is being read: its first `until` bytes are in.
#[derive(Default)]
struct Progress {
    until: u64,
    hasher: Sha256,
}

/// A reader that digests the file on the way.  What is skipped is read at the end; what is read twice counts once.
pub(crate) struct Digesting<R> {
    inner: R,
    position: u64,
    progress: Arc<Mutex<Progress>>,
}

/// The digest of a file that a [`Digesting`] reads.
pub(crate) struct FileDigest(Arc<Mutex<Progress>>);

impl<R> Digesting<R> {
    pub(crate) fn new(inner: R) -> (Self, FileDigest) {
        let progress = Arc::new(Mutex::new(Progress::default()));
        (Self { inner, position: 0, progress: Arc::clone(&progress) }, FileDigest(progress))
    }
}

impl Progress {
    fn add(&mut self, position: u64, bytes: &[u8]) {
        let end = position + bytes.len() as u64;
        if position <= self.until && self.until < end {
            let known = usize::try_from(self.until - position).unwrap_or(usize::MAX);
            self.hasher.update(&bytes[known..]);
            self.until = end;
        }
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).add(self.position, &buffer[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Digesting<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

impl FileDigest {
    /// The sha256 of the whole file and its bytes; reads what nobody read so far.
    pub(crate) fn finish(&self, mut file: impl Read + Seek) -> io::Result<(String, u64)> {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut position = file.seek(SeekFrom::Start(progress.until))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            progress.add(position, &buffer[..count]);
            position += count as u64;
        }
        Ok((hex(&std::mem::take(&mut progress.hasher).finalize()), progress.until))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_digest_is_of_the_whole_file_however_it_was_read() {
        let file: Vec<u8> = (0..200_000u32).map(|i| i.to_le_bytes()[1]).collect();
        let whole = hex(&Sha256::digest(&file));
        for skip in [0, 10, 150_000] {
            let (mut reader, digest) = Digesting::new(Cursor::new(&file));
            let mut buffer = vec![0; 1000];
            reader.read_exact(&mut buffer).unwrap();
            reader.seek(SeekFrom::Start(skip)).unwrap();
            reader.read_exact(&mut buffer).unwrap();
            reader.seek(SeekFrom::Start(500)).unwrap();
            reader.read_exact(&mut buffer).unwrap();
            assert_eq!(digest.finish(Cursor::new(&file)).unwrap(), (whole.clone(), 200_000), "skipped to {skip}");
        }
    }
}
