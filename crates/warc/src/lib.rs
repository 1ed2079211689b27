//! Web archives: bytes in, records and decoded HTTP responses out.
//!
//! [`Archive::open`] takes a file in any container and finds out which by its first bytes, never by its name:
//!
//! | container | read as |
//! |---|---|
//! | plain | WARC 0.17, 0.18, 1.0, 1.1 (ISO 28500); ARC 1 and 2 |
//! | gzip, LZ4 frames, Zstandard (with the dictionary frame of zstd WARC files) | one member per record, several records in a member, or a record over several members |
//! | WACZ | the archives in its folder `archive/`, stored or deflated |
//! | bzip2, xz | refused: one failure, [`UnsupportedCompression`](obelisc_document::Reason::UnsupportedCompression) |
//!
//! [`Archive::next_item`] then gives one [`Item`] after the other: a [`Record`], or a [`Failure`] with reason, place and
//! detail.  Bad input costs a record, never the file: after a damaged member the reader goes on at the next member that a
//! record begins, after a wrong length at the next record.  An error ([`std::io::Error`]) means that the file cannot be
//! read at all.
//!
//! * A record cut by the end of the file is given with [`truncated`](Record::truncated) set, since its page is
//!   as good as one whose transfer broke off; whether to take it is the caller's choice.
//! * A wrong `Content-Length` is noticed by what follows the block.  The record is then a failure, because where it really
//!   ends is a guess, and a guess would make pages that nobody published.
//! * There is no way to skip a block: the records that a caller does not want cost their decompression, which cannot be
//!   avoided, and no copy.
//!
//! [`Record::response`] reads the HTTP header, [`Response::body`] undoes chunks and content encodings, and both pass over
//! what lies with a [`Note`].
//!
//! A file is read forwards, and is not asked for its length: a pipe whose bytes are kept will do.  Damage, and containers with
//! their directory at the end, make the reader go back.
//!
//! Memory: one record and its neighbours' first bytes; see [`Limits`].
//!
//! ```
//! use obelisc_warc::{Archive, Item, Limits};
//!
//! let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Hello.";
//! let file = format!(
//!     "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/\r\nContent-Length: {}\r\n\r\n{page}\r\n\r\n",
//!     page.len()
//! );
//! let limits = Limits::default();
//! let mut archive = Archive::open(std::io::Cursor::new(file), limits)?;
//! let Some(Item::Record(record)) = archive.next_item()? else { panic!("one record") };
//! assert_eq!(record.target_uri(), Some("https://example.org/"));
//! assert_eq!((record.location.offset, record.location.length), (0, Some(149)));
//! let response = record.response(&limits).map_err(|(_, detail)| std::io::Error::other(detail))?;
//! let body = response.body(&limits).map_err(|(_, detail)| std::io::Error::other(detail))?;
//! assert!(response.is_html(&body.bytes));
//! assert_eq!(&*body.bytes, b"<p>Hello.");
//! assert!(archive.next_item()?.is_none());
//! # Ok::<(), std::io::Error>(())
//! ```

mod archive;
mod capped;
mod fields;
mod header;
pub mod http;
mod limits;
mod location;
mod reader;
mod record;
mod source;
mod stream;
mod wacz;

pub use archive::{Archive, is_archive};
pub use capped::Decompressed;
pub use fields::Fields;
pub use http::{Body, Note, Response};
pub use limits::Limits;
pub use location::Location;
pub use record::{Failure, Item, Record, RecordType, Version};
pub use source::Input;
