//! Where in a file a record lies.

use std::sync::Arc;

/// Where a record or a failure lies: enough to read it again with [`Archive::open_at`](crate::Archive::open_at).
///
/// (`entry`, `offset`, `inner`) names a record uniquely within its file and grows from item to item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// In a WACZ file, the name of the archive inside it (`archive/data.warc.gz`); offsets are those of that archive.
    pub entry: Option<Arc<str>>,
    /// Offset in bytes: of the record in a plain file; of the compressed member, as stored, that the record begins in.
    pub offset: u64,
    /// Length in bytes: of the record with the blank lines that end it in a plain file; of the member (or members, where
    /// one record is spread over several) as stored.  None while the member goes on after the record, as it does
    /// where a whole file was compressed as one; the last item of such a member carries the member's length.
    pub length: Option<u64>,
    /// Bytes of the decompressed member before the record; 0 where the record begins its member and in plain files.
    pub inner: u64,
}

impl Location {
    /// Whether a range read of `length` bytes at `offset` gives the record and nothing before it.
    pub fn addressable(&self) -> bool {
        self.inner == 0 && self.length.is_some()
    }
}
