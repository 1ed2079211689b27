//! Model files: bytes that are read in place, and what can be wrong with them.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The bytes of a model file: read whole, or mapped.  A model keeps them and looks things up in place.
pub type ModelBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A model file is damaged, or is none of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {found}, where {expected} is expected")]
pub struct ModelError {
    /// Bytes from the beginning of the file.
    pub offset: u64,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: String,
}

impl ModelError {
    /// An error at a place of the file.
    pub(crate) fn new(offset: usize, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self { offset: offset as u64, found: found.to_string(), expected: expected.to_string() }
    }
}

/// Reads little-endian fields one behind the other, and never past the end.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

macro_rules! fields {
    ($($type:ident)+) => {
        $(#[allow(dead_code, reason = "each format has fields of its own types")]
        pub(crate) fn $type(&mut self, name: &str) -> Result<$type, ModelError> {
            let mut field = [0; size_of::<$type>()];
            field.copy_from_slice(self.bytes(size_of::<$type>(), name)?);
            Ok($type::from_le_bytes(field))
        })+
    };
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next field begins, in bytes.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The next `length` bytes.
    pub(crate) fn bytes(&mut self, length: usize, name: &str) -> Result<&'a [u8], ModelError> {
        let left = self.bytes.len() - self.at;
        if length > left {
            let found = format!("the end of the file after {left} bytes");
            return Err(ModelError::new(self.at, found, format!("{name}, {length} bytes")));
        }
        let field = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(field)
    }

    /// All bytes of the file.
    pub(crate) fn whole(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes behind the last field.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The bytes up to the next NUL, which is passed over.
    pub(crate) fn terminated(&mut self, name: &str) -> Result<&'a [u8], ModelError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|byte| *byte == 0) else {
            let found = format!("no NUL in the last {} bytes", rest.len());
            return Err(ModelError::new(self.at, found, format!("{name} that ends with one")));
        };
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fields! { u8 u16 u32 u64 i32 i64 f32 f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_with_the_file() {
        let mut fields = Fields::new(&[1, 0, 0, 0, 7]);
        assert_eq!(fields.u32("count"), Ok(1));
        let error = fields.u32("size").unwrap_err();
        assert_eq!(error.to_string(), "byte 4: the end of the file after 1 bytes, where size, 4 bytes is expected");
        assert_eq!((fields.u8("kind"), fields.offset()), (Ok(7), 5));
    }

    #[test]
    fn a_terminated_field_ends_with_its_nul_or_not_at_all() {
        let mut fields = Fields::new(b"word\0end");
        assert_eq!((fields.terminated("word"), fields.left()), (Ok(&b"word"[..]), 3));
        let error = fields.terminated("word").unwrap_err();
        assert_eq!(error.to_string(), "byte 5: no NUL in the last 3 bytes, where word that ends with one is expected");
    }
}
