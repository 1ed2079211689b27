//! The interleaved document: what every other crate of obelisc passes on.
//!
//! A [`Document`] is one page: [`Node`]s in reading order, each a run of [`Paragraph`]s or an [`ImageNode`].  A node's
//! *ordinal* and a paragraph's *k* are given at extraction and never changed, so (document, ordinal, k) names a
//! paragraph for ever: in the ledger, in removals, in a report.
//!
//! The crate does no I/O.  It holds the types, their published JSON form ([`JsonDocument`]), the Arrow schemas of the
//! tables that stages exchange ([`table`]) and the closed list of reasons ([`Reason`]).
//!
//! ```
//! use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
//!
//! let document = Document {
//!     id: DocId::new("crawl.warc.gz", 1024, 0),
//!     page: Page { url: "https://example.org/".into(), ..Page::default() },
//!     nodes: vec![Node { ordinal: 0, content: Content::Text(paragraphs("One.\n\nTwo.")) }],
//! };
//! assert_eq!(document.to_json()?.texts, [Some("One.\n\nTwo.".to_owned())]);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod account;
mod id;
mod lists;
mod node;
mod read;
mod reason;
mod row;
pub mod table;

pub use id::{DocId, UrlKey, canonical_url, hex};
pub use lists::{Lists, Shown};
pub use node::{
    Blob, Content, Document, END_OF_DOCUMENT, ImageFacts, ImageNode, Language, Node, Page, Paragraph, RenderedSize,
    Scores, paragraphs,
};
pub use read::NotADocument;
pub use reason::Reason;
pub use row::{Entry, JsonDocument};
