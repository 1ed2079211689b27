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
//! - `walk` reads the tree in document order: which elements speak, how their text is spaced, which address each image has.
//!   What it takes for text and for images is a [`Profile`], which is data.
//!
//! The profile `obelisc` goes another way through the same steps, so that documents are those of the OBELICS release, losses included:
//! its charset rules, a few changes of the text before it is parsed, and a simplification of the tree before it is walked.
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
mod content;
mod dom;
mod flow;
mod image;
mod limits;
mod page;
mod parse;
mod profile;
mod reference;
mod skim;
mod structure;
mod style;
mod tokenize;
mod walk;

use obelisc_document::{Content, DocId, Document, Node, Page, Reason};

use crate::parse::{Scripting, parse_wanted};
use crate::structure::is_in_noscript;
use crate::tokenize::Wanted;

pub use crate::charset::{Decoded, decode};
pub use crate::content::Sample;
pub use crate::dom::Dom;
pub use crate::image::srcset::{Source as SrcsetSource, parse as parse_srcset};
pub use crate::limits::{Failure, Limits};
#[cfg(any(test, feature = "judge"))]
pub use crate::parse::judge::parse_judged;
pub use crate::parse::parse;
pub use crate::profile::{Profile, ProfileError};
pub use crate::skim::{count_image_tags, skim_text};
use crate::walk::walk;

/// One HTML response.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input<'a> {
    /// The body, with transfer and content encodings undone.
    pub body: &'a [u8],
    /// Final URL of the page.  Where it is no URL, only absolute references resolve.
    pub url: &'a str,
    /// The response's Content-Type.
    pub http_content_type: Option<&'a str>,
    /// `WARC-Identified-Content-Charset` of the record, which the reference trusts before all else.
    pub warc_charset: Option<&'a str>,
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
    wanted: Wanted,
}

impl Extractor {
    /// An extractor.
    pub fn new(profile: Profile, limits: Limits) -> Self {
        let wanted = Wanted::by(&profile);
        Self { profile, limits, wanted }
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
    /// Those of [`decode`](Self::decode), [`parse`](Self::parse) and [`document`](Self::document); [`EmptyBody`](Reason::EmptyBody)
    /// for a body of no bytes.
    pub fn extract(&self, input: &Input<'_>) -> Result<Document, Failure> {
        if input.body.is_empty() {
            return Err(Failure::new(Reason::EmptyBody, "the body has no bytes", 0, 0));
        }
        let decoded = self.decode(input)?;
        let dom = self.parse(&decoded.text)?;
        self.document(input, &decoded, &dom)
    }

    /// A page as the scorer of main content sees it, to train it on.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn sample(&self, input: &Input<'_>) -> Result<(Document, Sample), Failure> {
        let decoded = self.decode(input)?;
        let dom = self.parse(&decoded.text)?;
        let dom = self.fallback(&decoded, &dom)?.unwrap_or(dom);
        let mut page = Page { url: input.url.to_owned(), ..Page::default() };
        let (nodes, pieces) = walk(&dom, &self.profile, &self.limits, &mut page)?;
        let sample = Sample::of(&dom, &nodes, &pieces, &page);
        Ok((Document { id: DocId::new(input.warc_filename, input.warc_record_offset, 0), page, nodes }, sample))
    }

    /// What a page keeps for readers without scripts, where there is little else to read.
    fn fallback(&self, decoded: &Decoded<'_>, dom: &Dom) -> Result<Option<Dom>, Failure> {
        let is_wanted = is_in_noscript(dom, &self.profile);
        let parse = || parse_wanted(&decoded.text, &self.wanted, Scripting::Disabled, &self.limits);
        is_wanted.then(parse).transpose()
    }

    /// The first step: bytes to text.
    ///
    /// # Errors
    /// Those of [`decode`]; by the reference's algorithm only the cap on bytes.
    pub fn decode<'a>(&self, input: &Input<'a>) -> Result<Decoded<'a>, Failure> {
        match &self.profile.reference {
            None => decode(input.body, input.url, input.http_content_type, &self.limits),
            Some(rules) => reference::decode(input.body, input.url, input.warc_charset, rules, &self.limits),
        }
    }

    /// The second step: parses a decoded page, but for attributes and texts that the profile does not read.
    ///
    /// # Errors
    /// Those of [`parse`].
    pub fn parse(&self, text: &str) -> Result<Dom, Failure> {
        match &self.profile.reference {
            None => parse_wanted(text, &self.wanted, Scripting::Enabled, &self.limits),
            Some(rules) => reference::parse(text, &self.wanted, rules, &self.limits),
        }
    }

    /// The last step: walks a parsed page into a document.
    ///
    /// # Errors
    /// Those of `walk`; [`UndecodableText`](Reason::UndecodableText) where the document's text is mostly U+FFFD.  By the reference's
    /// algorithm only the caps on nodes and images: where the reference fails on a page, the document has no nodes.
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
        let nodes = match &self.profile.reference {
            None => {
                let fallback = self.fallback(decoded, dom)?;
                let dom = fallback.as_ref().unwrap_or(dom);
                let (mut nodes, pieces) = walk(dom, &self.profile, &self.limits, &mut page)?;
                check_decodable(&nodes, decoded)?;
                content::score(dom, &mut nodes, &pieces, &page);
                nodes
            }
            Some(rules) => {
                page::read(dom, &mut page, self.limits.max_url_bytes);
                reference::nodes(dom, &mut page, &self.wanted, rules, &self.limits)?
            }
        };
        let inner = input.warc_record_inner_offset.unwrap_or(0);
        let id = DocId::new(input.warc_filename, input.warc_record_offset, inner);
        Ok(Document { id, page, nodes })
    }
}

/// Refuses a document whose text is mostly U+FFFD.
fn check_decodable(nodes: &[Node], decoded: &Decoded<'_>) -> Result<(), Failure> {
    let (replaced, seen) = replaced_characters(nodes);
    if replaced * 2 > seen {
        let detail = format!("most of the text is undecodable as {}", decoded.charset);
        return Err(Failure::new(Reason::UndecodableText, &detail, replaced, seen / 2));
    }
    Ok(())
}

/// U+FFFD in the texts, and where there is any, all characters but white space.
fn replaced_characters(nodes: &[Node]) -> (usize, usize) {
    let texts = || {
        let paragraphs = nodes.iter().flat_map(|node| match &node.content {
            Content::Text(paragraphs) => paragraphs.as_slice(),
            Content::Image(_) => &[],
        });
        paragraphs.map(|paragraph| paragraph.text.as_str())
    };
    let replaced = texts().map(charset::count_replaced).sum();
    // Characters are counted where there is something to compare them with.
    let seen = if replaced == 0 { 0 } else { texts().flat_map(str::chars).filter(|c| !c.is_whitespace()).count() };
    (replaced, seen)
}
