//! A sink that hashes what passes through it.

use std::io::{self, Write};

use obelisc_document::hex;
use sha2::{Digest, Sha256};

/// Passes bytes on and keeps their sha256 and number.
#[derive(Debug)]
pub(crate) struct HashingSink<W> {
    inner: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W> HashingSink<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, sha256: Sha256::new(), bytes: 0 }
    }

    /// The sink, the number of bytes and their sha256 in hexadecimal digits.
    pub(crate) fn into_parts(self) -> (W, u64, String) {
        (self.inner, self.bytes, hex(&self.sha256.finalize()))
    }
}

impl<W: Write> Write for HashingSink<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.sha256.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// sha256 of bytes, in lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
