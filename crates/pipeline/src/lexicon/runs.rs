//! Sorted runs: words by code point with their counts, in files.
//!
//! A word is its length in bytes (LEB128), its bytes, and its count (LEB128).

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use obelisc_storage::{Error as StorageError, Object, Scratch, Storage as _, Upload};

use super::Checked;
use super::merge::{Merged, Sorted};
use crate::corpus::{Error, Reading};

/// Runs that are merged at once: each has a file open and a buffer.
const FAN_IN: usize = 64;

/// Bytes of such a buffer.
const BUFFER: usize = 16 << 10;

/// The runs of a list, and the folder that they lie in.
pub(super) struct Runs {
    folder: Scratch,
    /// Their names; `made` says how many there ever were.
    names: Mutex<Vec<String>>,
    made: AtomicU64,
}

impl Runs {
    pub(super) fn new(folder: Scratch) -> Self {
        Self { folder, names: Mutex::new(Vec::new()), made: AtomicU64::new(0) }
    }

    fn with_names<T>(&self, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        act(&mut self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn len(&self) -> usize {
        self.with_names(|names| names.len())
    }

    /// Merges runs until few enough are left, and opens those.
    pub(super) fn few(&self, reading: Reading<'_>) -> Result<Vec<RunReader>, Error> {
        while self.len() > FAN_IN {
            let names: Vec<String> = self.with_names(|names| names.drain(..FAN_IN).collect());
            let mut sources: Vec<Box<dyn Sorted>> = Vec::new();
            for name in &names {
                sources.push(Box::new(RunReader::open(&self.folder, name)?));
            }
            let mut merged = Checked { words: Merged::new(sources)?, distinct: 0, reading };
            let (mut run, mut word) = (RunWriter::create(self)?, String::new());
            while let Some(count) = merged.next(&mut word)? {
                run.write(&word, count)?;
            }
            run.keep()?;
            drop(merged);
            names.iter().try_for_each(|name| self.folder.remove(name))?;
        }
        self.with_names(|names| names.iter().map(|name| RunReader::open(&self.folder, name)).collect())
    }
}

/// A run that is being written.
pub(super) struct RunWriter<'a> {
    runs: &'a Runs,
    name: String,
    file: Box<dyn Upload>,
    line: Vec<u8>,
}

impl<'a> RunWriter<'a> {
    pub(super) fn create(runs: &'a Runs) -> Result<Self, Error> {
        let name = format!("run-{}", runs.made.fetch_add(1, Ordering::Relaxed));
        Ok(Self { runs, file: runs.folder.create(&name)?, name, line: Vec::new() })
    }

    pub(super) fn write(&mut self, word: &str, count: u64) -> Result<(), Error> {
        self.line.clear();
        push_number(&mut self.line, word.len() as u64);
        self.line.extend_from_slice(word.as_bytes());
        push_number(&mut self.line, count);
        let written = self.file.write_all(&self.line);
        Ok(written.map_err(|source| StorageError::io("write", &self.name, source))?)
    }

    /// Ends the run and counts it among those to be merged.
    pub(super) fn keep(self) -> Result<(), Error> {
        self.file.finish()?;
        self.runs.with_names(|names| names.push(self.name));
        Ok(())
    }

    /// Ends the run and reads it.
    pub(super) fn read_back(self) -> Result<RunReader, Error> {
        self.file.finish()?;
        RunReader::open(&self.runs.folder, &self.name)
    }
}

/// A run that is being read.
pub(super) struct RunReader {
    name: String,
    file: BufReader<Box<dyn Object>>,
}

impl RunReader {
    fn open(folder: &Scratch, name: &str) -> Result<Self, Error> {
        Ok(Self { name: name.to_owned(), file: BufReader::with_capacity(BUFFER, folder.open(name)?) })
    }

    fn read(&mut self, word: &mut String) -> io::Result<Option<u64>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let length = read_number(&mut self.file)?;
        let mut bytes = std::mem::take(word).into_bytes();
        bytes.clear();
        let read = self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        if read as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *word = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        read_number(&mut self.file).map(Some)
    }
}

impl Sorted for RunReader {
    fn next(&mut self, word: &mut String) -> Result<Option<u64>, Error> {
        let read = self.read(word);
        Ok(read.map_err(|source| StorageError::io("read", &self.name, source))?)
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(file: &mut impl io::Read) -> io::Result<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        number |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] < 0x80 {
            return Ok(number);
        }
        shift += 7;
        if shift > 63 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a number of more than ten bytes"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn more_runs_than_are_open_at_once_are_merged() {
        let root = tempfile::tempdir().unwrap();
        let runs = Runs::new(Scratch::beside(root.path(), "list").unwrap());
        for number in 0..300_u64 {
            let mut run = RunWriter::create(&runs).unwrap();
            run.write("all", 1 << 40).unwrap();
            run.write(&format!("word-{:03}", number / 2), number).unwrap();
            run.keep().unwrap();
        }
        let stop = AtomicBool::new(false);
        let reading = Reading { stop: &stop, watch: &|_| {} };
        let few = runs.few(reading).unwrap();
        assert!(few.len() <= FAN_IN, "{}", few.len());
        let sources = few.into_iter().map(|run| Box::new(run) as Box<dyn Sorted>).collect();
        let (mut merged, mut word) = (Merged::new(sources).unwrap(), String::new());
        assert_eq!(merged.next(&mut word).unwrap(), Some(300 << 40));
        for number in 0..150 {
            assert_eq!(merged.next(&mut word).unwrap(), Some(4 * number + 1));
            assert_eq!(word, format!("word-{number:03}"));
        }
        assert_eq!(merged.next(&mut word).unwrap(), None);
        stop.store(true, Ordering::Relaxed);
        for _ in 0..FAN_IN + 1 {
            RunWriter::create(&runs).unwrap().keep().unwrap();
        }
        assert!(matches!(runs.few(reading), Err(Error::Interrupted)));
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            push_number(&mut bytes, number);
            assert_eq!(read_number(&mut &*bytes).unwrap(), number);
        }
        assert!(read_number(&mut &[0xff; 12][..]).is_err());
        assert!(read_number(&mut &[0x80][..]).is_err());
    }
}
