//! What can go wrong with a place.

use std::io;

/// An error of a storage call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing under this key.
    #[error("{key}: not found")]
    NotFound {
        /// The key.
        key: String,
    },
    /// Something is there that was to be new.
    #[error("{key}: already exists")]
    AlreadyExists {
        /// The key.
        key: String,
    },
    /// No space is left.
    #[error("no space left on device while writing {key}")]
    Full {
        /// The key.
        key: String,
    },
    /// Another process holds the lock.
    #[error("{key} is locked: another obelisc process works on this output")]
    Locked {
        /// The key.
        key: String,
    },
    /// What the user named is not understood here.
    #[error("{name}: {reason}")]
    Unsupported {
        /// What the user named.
        name: String,
        /// Why not, and what is.
        reason: String,
    },
    /// An object that is there is not what it should be.
    #[error("{key} is damaged: {detail}")]
    Damaged {
        /// The key.
        key: String,
        /// What was seen.
        detail: String,
    },
    /// Any other I/O error.
    #[error("could not {operation} {key}: {source}")]
    Io {
        /// A verb.
        operation: &'static str,
        /// The key.
        key: String,
        /// The system's words.
        source: io::Error,
    },
}

impl Error {
    /// Sorts an I/O error by its kind.
    pub fn io(operation: &'static str, key: &str, source: io::Error) -> Self {
        let key = key.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { key },
            io::ErrorKind::AlreadyExists => Self::AlreadyExists { key },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { key },
            _ => Self::Io { operation, key, source },
        }
    }
}

/// An error and what it came from, in one line.
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let detail = error.to_string();
        // Some errors tell their source's words themselves.
        if !text.contains(&detail) {
            text = format!("{text}: {detail}");
        }
        source = error.source();
    }
    text
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound { .. } => io::ErrorKind::NotFound,
            Error::AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
            Error::Full { .. } => io::ErrorKind::StorageFull,
            Error::Locked { .. } => io::ErrorKind::ResourceBusy,
            Error::Unsupported { .. } => io::ErrorKind::Unsupported,
            Error::Damaged { .. } => io::ErrorKind::InvalidData,
            Error::Io { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
