//! Archives, sites and comparisons for the tests of the workspace. Development only: nothing that ships depends on it.
//!
//! Everything made here is a pure function of its arguments: dates are counted up from a fixed second, record ids are
//! hashes of a counter, random choices come from a seed. The same call gives the same bytes on every machine.
//!
//! - [`ArchiveBuilder`] and [`ArchiveWriter`]: WARC 0.18, 1.0, 1.1 and ARC under any [`Compression`], sound or broken
//!   on purpose ([`Damage`]); every record's place is returned as a [`Member`].
//! - [`HttpResponse`]: the bytes a server would have sent, with content codings, chunked framing and lies.
//! - [`Wacz`]: an archive packed with its page list.
//! - [`digest_tree`] and [`compare`]: two output folders, file by file.
//! - [`synthetic_archive`]: hundreds of megabytes of pages and pictures, streamed.
//! - [`picture`]: valid, varied JPEG, PNG and WebP files of any size.
//! - [`server`]: a web server on loopback that answers as it is told, and counts; [`certificates`]: who it says that it is.
//! - [`object_store`]: a store that speaks as S3 does, with failures when they are asked for.
//! - [`site`]: a folder of pages and a capture list turned into an archive (the quickstart fixture).
//! - [`skip`], [`data_folder`] and [`read_gzip`]: tests on real data; those that cannot be done here are counted.
//!
//! ```
//! use obelisc_testkit::{ArchiveBuilder, Compression, Damage, HttpResponse};
//!
//! let page = HttpResponse::html("<p>a page</p>");
//! let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
//!     .warcinfo()
//!     .response("https://site.example/", &page)
//!     .response("https://site.example/broken", &page)
//!     .damage_last(Damage::FlipByte(40))
//!     .finish();
//!
//! assert_eq!(archive.members.len(), 3);
//! let second = &archive.members[1];
//! assert_eq!(&archive.bytes[second.offset as usize..][..2], b"\x1f\x8b");
//! ```
#![allow(clippy::disallowed_methods, reason = "development only: it makes and compares files")]

mod archive;
mod compression;
mod date;
mod http;
mod prose;
mod record;
mod skip;
mod synthetic;
mod tree;
mod wacz;

pub mod certificates;
pub mod object_store;
pub mod picture;
pub mod server;
pub mod site;

pub use archive::{Archive, ArchiveBuilder, ArchiveWriter, Damage, Member};
pub use compression::{Compression, gzip, read_gzip};
pub use date::Timestamp;
pub use http::{ContentCoding, HttpResponse};
pub use prose::Prose;
pub use record::{Format, Record, RecordType, sha256};
pub use skip::{data_folder, skip};
pub use synthetic::{Synthetic, SyntheticCounts, synthetic_archive};
pub use tree::{compare, digest_tree};
pub use wacz::Wacz;
