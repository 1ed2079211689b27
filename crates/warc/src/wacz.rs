//! WACZ: a zip file with archives in its folder `archive/` (Webrecorder, "WACZ Format 1.1.1").

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use obelisc_document::Reason;
use zip::{CompressionMethod, ZipArchive};

use crate::capped::body::Inflated;
use crate::location::Location;
use crate::record::Failure;
use crate::source::Input;

/// Largest zip directory, in bytes, that is read.
const MAX_DIRECTORY_BYTES: u64 = 64 << 20;

/// An archive in the zip file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    /// Where its bytes begin in the zip file.
    start: u64,
    /// Bytes as stored.
    stored: u64,
    /// Bytes as the archive.
    size: u64,
    deflated: bool,
}

impl Entry {
    /// The archive as a file of its own.
    pub(crate) fn open(&self, input: &Arc<Mutex<Box<dyn Input>>>) -> Box<dyn Input> {
        let section = Section { input: Arc::clone(input), start: self.start, size: self.stored, position: 0 };
        if self.deflated { Box::new(Inflated::new(section, self.size)) } else { Box::new(section) }
    }
}

/// The archives of a zip file, in the order of its directory, and those that cannot be read.
pub(crate) type Listing = (Vec<Entry>, Vec<Failure>);

/// Lists the archives of a zip file; the inner error is what is wrong with it.
pub(crate) fn entries(input: &Arc<Mutex<Box<dyn Input>>>) -> io::Result<Result<Listing, String>> {
    let mut budgeted = Budgeted { input: Arc::clone(input), position: 0, left: MAX_DIRECTORY_BYTES, failed: None };
    budgeted.seek(SeekFrom::Start(0))?;
    let mut archive = match ZipArchive::new(&mut budgeted) {
        Ok(archive) => archive,
        Err(error) => return budgeted.failed.map_or_else(|| Ok(Err(error.to_string())), Err),
    };
    let mut entries = Vec::new();
    let mut failures = Vec::new();
    for index in 0..archive.len() {
        let Ok(file) = archive.by_index_raw(index) else { continue };
        let Ok(name) = file.name().map(|name| Arc::<str>::from(&*name)) else { continue };
        let inside = name.strip_prefix("archive/").is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
        if !inside || file.is_dir() {
            continue;
        }
        let deflated = file.compression() == CompressionMethod::Deflated;
        let readable = !file.encrypted() && (deflated || file.compression() == CompressionMethod::Stored);
        match file.data_start().filter(|_| readable) {
            Some(start) => {
                entries.push(Entry { name, start, stored: file.compressed_size(), size: file.size(), deflated });
            }
            None => failures.push(Failure {
                url: None,
                reason: Reason::UnsupportedCompression,
                location: Location { entry: Some(name), offset: 0, length: Some(file.size()), inner: 0 },
                detail: format!("zip method {}", file.compression()),
            }),
        }
    }
    drop(archive);
    budgeted.failed.map_or_else(|| Ok(Ok((entries, failures))), Err)
}

fn lock(input: &Mutex<Box<dyn Input>>) -> MutexGuard<'_, Box<dyn Input>> {
    // Nothing is left half done by a panic: every read seeks first.
    input.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A range of the zip file.
struct Section {
    input: Arc<Mutex<Box<dyn Input>>>,
    start: u64,
    size: u64,
    position: u64,
}

impl Read for Section {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = self.size.saturating_sub(self.position).min(out.len() as u64) as usize;
        let mut input = lock(&self.input);
        input.seek(SeekFrom::Start(self.start.saturating_add(self.position)))?;
        let read = input.read(&mut out[..room])?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // The directory may claim more than the file holds.
        let end = lock(&self.input).seek(SeekFrom::End(0))?;
        self.size = self.size.min(end.saturating_sub(self.start));
        self.position = target(to, self.position, self.size)?;
        Ok(self.position)
    }
}

/// The whole file, of which only so many bytes are read: what bounds the directory in memory.
struct Budgeted {
    input: Arc<Mutex<Box<dyn Input>>>,
    position: u64,
    left: u64,
    failed: Option<io::Error>,
}

impl Budgeted {
    /// Remembers an error of the input, which the zip reader would take for bad data.
    fn remember<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let copy = io::Error::from(error.kind());
            self.failed = Some(error);
            copy
        })
    }
}

impl Read for Budgeted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("zip directory above the cap"));
        }
        let room = out.len().min(self.left as usize);
        let result = {
            let mut input = lock(&self.input);
            input.seek(SeekFrom::Start(self.position)).and_then(|_| input.read(&mut out[..room]))
        };
        let read = self.remember(result)?;
        self.position += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Seek for Budgeted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let result = lock(&self.input).seek(SeekFrom::End(0));
        let end = self.remember(result)?;
        self.position = target(to, self.position, end)?;
        Ok(self.position)
    }
}

fn target(to: SeekFrom, position: u64, size: u64) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(offset) => Some(offset),
        SeekFrom::End(delta) => size.checked_add_signed(delta),
        SeekFrom::Current(delta) => position.checked_add_signed(delta),
    };
    target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}
