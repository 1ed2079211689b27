//! One HTML response → one interleaved document.
//!
//! Three steps, each its own function, so that each can be timed:
//!
//! ```text
//! bytes ──decode──▶ text ──parse──▶ DOM ──walk──▶ nodes, and what the page says of itself
//! ```
//!
//! - [`decode`] finds the encoding in the order of the HTML Standard.
//! - [`parse`] builds the tree that the HTML Standard prescribes, in an arena, under caps on nodes and depth.
//! - [`walk`] reads the tree in document order: which elements speak, how their text is spaced, which address each image has.
//!   What it takes for text and for images is a [`Profile`], which is data.
//!
//! Nothing recurses on the depth of a page, all costs are linear in its bytes, and all caps are counts, so that a page
//! has one result everywhere.  A page that gives no document gives a [`Failure`] with a reason.
//!
//! ```
//! use obelisc_extract::{Extractor, Input, Limits, Profile};
//!
//! let extractor = Extractor::new(Profile::named("default")?, Limits::default());
//! let page = br#"<h1>Tea</h1><p>Pour <b>hot</b> water.<figure>
//!     <img src="data:image/gif;base64,R0" data-src="/cup.jpg" alt="A cup"><figcaption>My cup.</figcaption></figure>"#;
//! let input = Input { body: page, url: "https://example.org/tea", ..Input::default() };
//! let document = extractor.extract(&input)?.to_json()?;
//! assert_eq!(document.texts, [Some("Tea\n\nPour hot water.".to_owned()), None, Some("My cup.".to_owned())]);
//! assert_eq!(document.images[1].as_deref(), Some("https://example.org/cup.jpg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod charset;
mod dom;
mod flow;
mod image;
mod limits;
mod page;
mod parse;
mod profile;
mod skim;
mod structure;
mod style;
mod walk;

use obelisc_document::{Content, DocId, Document, Page, Reason};

pub use crate::charset::{Decoded, decode};
pub use crate::dom::Dom;
pub use crate::image::srcset::{Source as SrcsetSource, parse as parse_srcset};
pub use crate::limits::{Failure, Limits};
pub use crate::parse::parse;
pub use crate::profile::{Profile, ProfileError};
pub use crate::skim::{count_image_tags, skim_text};
pub use crate::walk::walk;

/// One HTML response.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input<'a> {
    /// The body, with transfer and content encodings undone.
    pub body: &'a [u8],
    /// Final URL of the page.  Where it is no URL, only absolute references resolve.
    pub url: &'a str,
    /// The response's Content-Type.
    pub http_content_type: Option<&'a str>,
    /// File name of the archive, not its folder; the path of a plain file.
    pub warc_filename: &'a str,
    /// Offset of the record in the archive as stored, in bytes.
    pub warc_record_offset: u64,
    /// Length of the record in the archive as stored, in bytes; `None` where it shares its compressed member.
    pub warc_record_length: Option<u64>,
    /// Decompressed bytes of a shared member before the record; `None` where the record has its own.
    pub warc_record_inner_offset: Option<u64>,
    /// `WARC-Date` as the archive has it; empty without one.
    pub warc_date: &'a str,
    /// `WARC-Record-ID` as the archive has it; empty without one.
    pub record_id: &'a str,
}

/// Extracts documents by one profile under one set of limits.
#[derive(Clone, Debug)]
pub struct Extractor {
    profile: Profile,
    limits: Limits,
}

impl Extractor {
    /// An extractor.
    pub fn new(profile: Profile, limits: Limits) -> Self {
        Self { profile, limits }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Extracts a document: decode, parse, walk.  A page without text and images is a document without nodes.
    ///
    /// # Errors
    /// Those of [`decode`], [`parse`] and [`walk`]; [`UndecodableText`](Reason::UndecodableText) also where the document's text is mostly U+FFFD;
    /// [`EmptyBody`](Reason::EmptyBody) for a body of no bytes.
    pub fn extract(&self, input: &Input<'_>) -> Result<Document, Failure> {
        if input.body.is_empty() {
            return Err(Failure::new(Reason::EmptyBody, "the body has no bytes", 0, 0));
        }
        let decoded = decode(input.body, input.url, input.http_content_type, &self.limits)?;
        let dom = parse(&decoded.text, &self.limits)?;
        self.document(input, &decoded, &dom)
    }

    /// The last step: walks a parsed page into a document.
    ///
    /// # Errors
    /// Those of [`walk`]; [`UndecodableText`](Reason::UndecodableText) where the document's text is mostly U+FFFD.
    pub fn document(&self, input: &Input<'_>, decoded: &Decoded<'_>, dom: &Dom) -> Result<Document, Failure> {
        let mut page = Page {
            url: input.url.to_owned(),
            warc_filename: input.warc_filename.to_owned(),
            warc_record_offset: input.warc_record_offset,
            warc_record_length: input.warc_record_length,
            warc_record_inner_offset: input.warc_record_inner_offset,
            warc_date: input.warc_date.to_owned(),
            record_id: input.record_id.to_owned(),
            charset: Some(decoded.charset.to_owned()),
            charset_source: Some(decoded.source.to_owned()),
            ..Page::default()
        };
        let nodes = walk(dom, &self.profile, &self.limits, &mut page)?;
        let (mut replaced, mut seen) = (0, 0);
        for node in &nodes {
            if let Content::Text(paragraphs) = &node.content {
                for c in paragraphs.iter().flat_map(|paragraph| paragraph.text.chars()) {
                    replaced += usize::from(c == '\u{fffd}');
                    seen += usize::from(!c.is_whitespace());
                }
            }
        }
        if replaced * 2 > seen {
            let detail = format!("most of the text is undecodable as {}", decoded.charset);
            return Err(Failure::new(Reason::UndecodableText, &detail, replaced, seen / 2));
        }
        let inner = input.warc_record_inner_offset.unwrap_or(0);
        let id = DocId::new(input.warc_filename, input.warc_record_offset, inner);
        Ok(Document { id, page, nodes })
    }
}
