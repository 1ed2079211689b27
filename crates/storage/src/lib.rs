//! Storage: the only file access of obelisc's stages.
//!
//! A [`Storage`] is a place that holds objects under `/`-separated keys: a [`LocalFolder`], or a [`RemoteFolder`] in an object
//! store ([`Remotes`]).  It promises what commits rest on:
//!
//! - an object appears whole or not at all ([`Upload::finish`]),
//! - of two writers that [`publish`](Storage::publish) under one key exactly one creates it,
//! - one process at a time holds a [`Lock`]; in an object store that is a [`lease`], which a process that was cut off for long may lose without knowing.
//!
//! [`inputs`] turns what a user names (paths, globs, folders, `@lists`) into files.
//!
//! ```
//! use obelisc_storage::{LocalFolder, Published, Storage};
//!
//! let folder = std::env::temp_dir().join(format!("obelisc-doc-{}", std::process::id()));
//! let storage = LocalFolder::create(&folder)?;
//! assert_eq!(storage.publish("markers/0.json", b"{}")?, Published::Created);
//! assert_eq!(storage.publish("markers/0.json", b"other")?, Published::Existed);
//! assert_eq!(storage.read("markers/0.json")?, b"{}");
//! # storage.remove_all("")?;
//! # Ok::<(), obelisc_storage::Error>(())
//! ```
#![allow(clippy::disallowed_methods, reason = "the one crate that touches files")]

#[cfg(test)]
mod contract;
mod error;
pub mod inputs;
pub mod lease;
mod local;
pub mod model;
pub mod parquet;
mod remote;
mod scratch;

use std::fmt::Debug;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::Bytes;

pub use error::{Error, whole};
pub use local::{LocalFolder, random_word};
pub use remote::{DEFAULT_MAX_REQUESTS, RemoteFolder, Remotes, shown};
pub use scratch::Scratch;

/// Result of a storage call.
pub type Result<T> = std::result::Result<T, Error>;

/// A place that holds objects under `/`-separated keys.
pub trait Storage: Debug + Send + Sync {
    /// Where this is, as a user would name it.
    fn location(&self) -> String;

    /// Where this is, as a process elsewhere opens it with [`Remotes::open`]: a URL, or an absolute path that it must see too.
    fn address(&self) -> String {
        self.location()
    }

    /// The same place, for who outlives this value.
    fn shared(&self) -> Arc<dyn Storage>;

    /// The object under a key.
    ///
    /// # Errors
    /// [`Error::NotFound`] and I/O errors.
    fn head(&self, key: &str) -> Result<Entry>;

    /// All objects whose key begins with `prefix` (a folder, or empty for all), sorted by key.  Objects being written
    /// are not among them.
    ///
    /// # Errors
    /// I/O errors; a prefix that holds nothing is an empty list.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>>;

    /// Opens an object for sequential and range reads.
    ///
    /// # Errors
    /// [`Error::NotFound`] and I/O errors.
    fn open(&self, key: &str) -> Result<Box<dyn Object>>;

    /// Begins an object.  It appears under its key, whole, when [`Upload::finish`] returns; until then, and when it is
    /// dropped instead, there is none.  An object that is there is replaced.
    ///
    /// # Errors
    /// I/O errors.
    fn create(&self, key: &str) -> Result<Box<dyn Upload>>;

    /// Opens an object that grows, for whoever holds its lock; it is made where there is none.
    ///
    /// # Errors
    /// I/O errors.
    fn log(&self, key: &str) -> Result<Box<dyn Log>>;

    /// Creates an object, durably, only if there is none under this key.
    ///
    /// # Errors
    /// I/O errors; an existing object is [`Published::Existed`].
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<Published>;

    /// Removes an object; one that is not there is fine.
    ///
    /// # Errors
    /// I/O errors.
    fn remove(&self, key: &str) -> Result<()>;

    /// Removes objects, as [`remove`](Self::remove) does each.
    ///
    /// # Errors
    /// I/O errors.
    fn remove_many(&self, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| self.remove(key))
    }

    /// Whether [`rename_all`](Self::rename_all) happens at once: whoever is killed in it finds all objects where they were, or where they were to go.
    fn renames_at_once(&self) -> bool {
        true
    }

    /// Removes what writers that are no more left unfinished below a prefix, and not below these folders.
    ///
    /// It cannot tell their objects from those that somebody is writing now, and takes both.  Call it only for a prefix
    /// where nobody writes without a [`Lock`], while holding that lock and before beginning an object; never for a place
    /// that processes share, as an image store.
    ///
    /// # Errors
    /// I/O errors.
    fn remove_unfinished(&self, prefix: &str, but: &[&str]) -> Result<()>;

    /// Removes all objects below a prefix, unfinished ones too.
    ///
    /// # Errors
    /// I/O errors.
    fn remove_all(&self, prefix: &str) -> Result<()>;

    /// Gives an object a second key, without reading it where the place can; what is under `to` is replaced.  Neither is
    /// written to afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] and I/O errors.
    fn copy(&self, from: &str, to: &str) -> Result<()>;

    /// Moves all objects below one prefix to another that holds nothing yet, at once where the place can.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] and I/O errors.
    fn rename_all(&self, from: &str, to: &str) -> Result<()>;

    /// Takes the lock of this name, or says that another process holds it.  It is given back when the value is dropped
    /// or its process ends, however that happens.
    ///
    /// # Errors
    /// [`Error::Locked`] and I/O errors.
    fn lock(&self, key: &str) -> Result<Lock>;

    /// Bytes that can still be written, where the place has a bound.
    ///
    /// # Errors
    /// I/O errors.
    fn free_bytes(&self) -> Result<Option<u64>>;

    /// A whole object.  For objects of ours, whose size is known to be small.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn read(&self, key: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut object = self.open(key)?;
        object.read_to_end(&mut bytes).map_err(|source| Error::io("read", key, source))?;
        Ok(bytes)
    }

    /// Writes a whole object, durably; one that is there is replaced.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`Upload::finish`].
    fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let mut upload = self.create(key)?;
        upload.write_all(bytes).map_err(|source| Error::io("write", key, source))?;
        upload.finish()
    }

    /// Whether there is an object under this key.
    ///
    /// # Errors
    /// I/O errors.
    fn exists(&self, key: &str) -> Result<bool> {
        match self.head(key) {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// An object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// An open object.
pub trait Object: Read + Seek + Send + Sync {
    /// Bytes.
    fn size(&self) -> u64;

    /// A second reader of the same object, with a position of its own.
    ///
    /// # Errors
    /// I/O errors.
    fn reopen(&self) -> Result<Box<dyn Object>>;

    /// So many bytes from `start` on, wherever this reader is.
    ///
    /// # Errors
    /// I/O errors; an object that ends before is [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof).
    fn read_range(&self, start: u64, length: usize) -> std::io::Result<Bytes> {
        let mut object = self.reopen()?;
        object.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; length];
        object.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// An object that grows.
///
/// What was appended is there for the next one who opens it, though this process be killed: in a folder at once, in an object store once it was
/// flushed, or a few megabytes came together.
pub trait Log: Send {
    /// Opens what is there by now.
    ///
    /// # Errors
    /// I/O errors.
    fn reader(&mut self) -> Result<Box<dyn Object>>;

    /// Takes away what is behind the first `length` bytes.
    ///
    /// # Errors
    /// I/O errors.
    fn truncate(&mut self, length: u64) -> Result<()>;

    /// Adds bytes.
    ///
    /// # Errors
    /// I/O errors, [`Error::Full`] among them.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;

    /// Sees to it that what was appended is there for others.
    ///
    /// # Errors
    /// I/O errors.
    fn flush(&mut self) -> Result<()>;

    /// Removes it.
    ///
    /// # Errors
    /// I/O errors.
    fn remove(self: Box<Self>) -> Result<()>;
}

/// An object being written.
pub trait Upload: Write + Send {
    /// Makes the object appear, durably: after this returns it is there when the machine comes back from a crash.  After
    /// an error it may be there or not.
    ///
    /// # Errors
    /// [`Error::Full`] and I/O errors.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// What [`Storage::publish`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The object is ours.
    Created,
    /// There was one already; it is untouched.
    Existed,
}

/// A held lock.  Dropping it gives the lock back.
pub struct Lock {
    #[expect(dead_code, reason = "held for its Drop")]
    guard: Box<dyn Send + Sync>,
}

impl Lock {
    /// The lock that `guard` holds until it is dropped: an open file, or a lease and what renews it.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self { guard: Box::new(guard) }
    }
}

impl Debug for Lock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lock").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_whatever_a_place_locks_with() {
        struct Lease(std::sync::mpsc::Sender<&'static str>);
        impl Drop for Lease {
            fn drop(&mut self) {
                self.0.send("given back").unwrap();
            }
        }
        let (sender, told) = std::sync::mpsc::channel();
        let lock = Lock::new(Lease(sender));
        assert!(told.try_recv().is_err());
        drop(lock);
        assert_eq!(told.try_recv(), Ok("given back"));
    }
}
