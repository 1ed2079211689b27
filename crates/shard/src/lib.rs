//! Shards: the published dataset, as Parquet files, manifest and card.
//!
//! - [`schema()`] is the one Arrow schema of a shard, [`check_schema`] the guard that refuses every variant of it that
//!   readers are known to misread without saying so,
//! - [`Row`] is one document as a shard holds it, [`estimate`] its size before its images are read,
//! - [`Splits`] say which part of a dataset a document belongs to,
//! - [`ShardWriter`] writes rows as one Parquet file whose bytes depend on the rows alone, [`GroupEncoder`] and [`ShardOfGroups`] the same on
//!   several threads,
//! - [`Takedown`] says which pages and images are to go out of a finished dataset, and takes them out of rows,
//! - [`IncomingRows`] reads datasets of others in the layout of OBELICS as documents,
//! - [`Manifest`] says what the dataset is made of, [`Card`] says it to people and to `datasets`.
//!
//! The crate touches no file: it writes into any [`std::io::Write`] and gives that back with the sha256 of what it
//! wrote.
//!
//! ```
//! use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
//! use obelisc_shard::{ImageColumn, Limits, Row, ShardWriter};
//!
//! let document = Document {
//!     id: DocId::new("crawl.warc.gz", 1024, 0),
//!     page: Page { url: "https://example.org/".into(), ..Page::default() },
//!     nodes: vec![Node { ordinal: 0, content: Content::Text(paragraphs("One.\n\nTwo.")) }],
//! };
//! let mut writer = ShardWriter::new(Vec::new(), ImageColumn::Url, Limits::default())?;
//! writer.push(Row::linked(&document)?)?;
//! let (summary, parquet) = writer.finish()?;
//! assert_eq!((summary.rows, summary.texts, summary.images), (1, 1, 0));
//! assert_eq!(&parquet[..4], b"PAR1");
//! # Ok::<(), obelisc_shard::Error>(())
//! ```

mod card;
mod card_body;
mod columns;
mod croissant;
mod error;
mod groups;
mod guard;
mod incoming;
mod manifest;
mod row;
pub mod schema;
mod sink;
mod split;
mod takedown;
mod writer;

pub use card::Card;
pub use error::{Error, RowFault};
pub use groups::{EncodedGroup, GroupEncoder, ShardOfGroups};
pub use guard::{SchemaFault, check_footer, check_schema, four_columns};
pub use incoming::{INCOMING_COLUMNS, Incoming, IncomingRows, incoming, incoming_file};
pub use manifest::{Counts, Input, MANIFEST_FORMAT, Manifest, OwnRule, Recipe, Removal, Shard, Stage, dataset_digest};
pub use row::{ImageCell, Row, estimate, image_path};
pub use schema::{ImageColumn, schema};
pub use split::{Split, Splits};
pub use takedown::{Entry, EntryKind, ImageCut, ListFault, Losses, RowCut, Takedown, cut};
pub use writer::{Limits, ShardSummary, ShardWriter, shard_name};

/// Result of this crate's calls.
pub type Result<T> = std::result::Result<T, Error>;
