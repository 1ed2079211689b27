//! Caps on what bytes from outside may make this crate hold in memory.

/// The caps.  All are counts, so the same file gives the same answer on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest record block, in bytes, that is buffered.  A larger one is passed over as
    /// [`RecordTooLarge`](obelisc_document::Reason::RecordTooLarge).  Default 64 MiB: Common Crawl cuts payloads at
    /// 1 MiB (5 MiB since 2025), other crawls hold whole pictures and documents.
    pub max_record_bytes: u64,
    /// Largest header block, in bytes: of a record, and of the HTTP response inside it.  Default 64 KiB, twice what
    /// servers commonly accept.
    pub max_header_bytes: usize,
    /// Largest HTTP body, in bytes, after its encodings are undone.  Default 64 MiB.
    pub max_body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_record_bytes: 64 << 20, max_header_bytes: 64 << 10, max_body_bytes: 64 << 20 }
    }
}
