//! Where the file of an archive lies.

use std::path::{Path, PathBuf};

use crate::local::open_file;
use crate::{Object, RemoteFolder, Remotes, Result, Storage as _};

/// The file of an archive.
#[derive(Clone, Debug)]
pub enum ArchiveFile {
    /// On this machine.
    Local(PathBuf),
    /// In an object store, or behind HTTP.
    Remote(RemoteFile),
}

/// A file in an object store, or behind HTTP.
#[derive(Clone, Debug)]
pub struct RemoteFile {
    pub(super) place: RemoteFolder,
    pub(super) key: String,
    /// Bytes.
    pub(super) size: u64,
    /// What changes with its bytes: its entity tag, or else the time of its last change.
    pub(super) tag: String,
}

impl ArchiveFile {
    /// The file at a path or behind a URL, of so many bytes, without looking at it.  `tag` changes with its bytes.
    ///
    /// # Errors
    /// As [`Remotes::readable`].
    pub fn at(place: &str, size: u64, tag: &str, remotes: &Remotes) -> Result<Self> {
        if !Remotes::is_url(place) {
            return Ok(Self::Local(place.into()));
        }
        let (key, tag) = (String::new(), tag.to_owned());
        Ok(Self::Remote(RemoteFile { place: remotes.readable(place)?, key, size, tag }))
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) and I/O errors.
    pub fn open(&self) -> Result<Box<dyn Object>> {
        match self {
            Self::Local(path) => Ok(Box::new(open_file(path, &path.to_string_lossy())?)),
            Self::Remote(RemoteFile { place, key, .. }) => place.open(key),
        }
    }

    /// Its path, or its URL without secrets.
    pub fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.to_string_lossy().into_owned(),
            Self::Remote(file) => file.shown(),
        }
    }

    /// Its path, where it lies on this machine.
    pub fn local(&self) -> Option<&Path> {
        match self {
            Self::Local(path) => Some(path),
            Self::Remote(_) => None,
        }
    }
}

impl RemoteFile {
    fn shown(&self) -> String {
        let place = self.place.location();
        if self.key.is_empty() { place } else { format!("{place}/{}", self.key) }
    }
}

impl PartialEq for ArchiveFile {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(a), Self::Local(b)) => a == b,
            (Self::Remote(a), Self::Remote(b)) => a.shown() == b.shown() && a.tag == b.tag,
            _ => false,
        }
    }
}

impl Eq for ArchiveFile {}
