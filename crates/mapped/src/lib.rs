//! Model files, mapped into memory: gigabytes are ready at once, and processes share them.
//!
//! This is one of the two places where obelisc has `unsafe` code: a mapped file is a slice of bytes that somebody else could
//! change.  What reads models out of such bytes checks every number that it takes from them each time, so that a file which
//! is written over while it is mapped gives wrong scores, and one which is cut ends the process; neither is memory that is
//! not the file's.
#![allow(clippy::disallowed_methods, reason = "it opens the file that it maps")]

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// The bytes of a file, for as long as this lives.
#[derive(Debug)]
pub struct Mapped(Option<Mmap>);

impl Mapped {
    /// Maps a file for reading.
    ///
    /// # Errors
    /// I/O errors; a folder or another thing that is no file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        // An empty file cannot be mapped.
        if metadata.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the map is private to this value and read only.  Model files are not written while a run reads them; where
        // somebody does so all the same, readers of `[u8]` see other bytes, all of which are valid `u8`.
        #[allow(unsafe_code, reason = "the exception that the crate is for")]
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self(Some(map)))
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"model"] {
            let path = folder.path().join("file");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Mapped::open(&path).unwrap().as_ref(), bytes);
        }
        assert!(Mapped::open(folder.path()).is_err());
        assert!(Mapped::open(&folder.path().join("none")).is_err());
    }
}
