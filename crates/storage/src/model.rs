//! Model files and long lists, by path.

use std::path::Path;

use obelisc_mapped::Mapped;
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// A file that is mapped, with its digest.
#[derive(Debug)]
pub struct ModelFile {
    /// The bytes.
    pub bytes: Mapped,
    /// Their sha256.
    pub sha256: [u8; 32],
}

/// Maps a file, and reads it once for its digest.
///
/// # Errors
/// I/O errors; what is no file.
pub fn open(path: &Path) -> Result<ModelFile> {
    let bytes = Mapped::open(path).map_err(|error| Error::io("map", &path.display().to_string(), error))?;
    let sha256 = Sha256::digest(bytes.as_ref()).into();
    Ok(ModelFile { bytes, sha256 })
}
