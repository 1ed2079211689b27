//! HTTP responses in records: header, and the body with its encodings undone.

mod chunked;
mod encoding;
mod sniff;

use std::borrow::Cow;

use obelisc_document::Reason;

use crate::capped::Compression;
use crate::fields::{Fields, block_end, lines, text};
use crate::limits::Limits;

pub use encoding::Encoding;

/// An HTTP response as a crawler stored it.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// Status code; 200 where a record holds a page without an HTTP header.
    pub status: u16,
    /// Header fields.
    pub fields: Fields<'a>,
    /// The body as stored, encodings and all.
    pub raw_body: &'a [u8],
}

/// What was passed over while a body was decoded: headers that lie, and ends that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// `Transfer-Encoding: chunked` on a body without chunks: the crawler undid them and kept the header.
    NotChunked,
    /// A chunk's size does not fit what follows; the body ends before it, as in a browser.  So many bytes were left.
    WrongChunkSize(usize),
    /// The body ends inside a chunk.
    ClippedChunk,
    /// `Content-Encoding` names an encoding that the body does not have.
    NotEncoded(Encoding),
    /// The encoded body ends early; what could be decoded was kept, as a browser shows it.
    ClippedEncoding(Encoding),
    /// An encoding that is not known, on a body that is text as it stands.
    UnknownEncoding(String),
}

/// A decoded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// The bytes of the page or file.
    pub bytes: Cow<'a, [u8]>,
    /// What was passed over.
    pub notes: Vec<Note>,
}

/// A page that stands alone, taken out of the gzip or Zstandard file in which it may lie.
///
/// # Errors
///
/// [`Reason::BodyTooLarge`] above the cap, [`Reason::DamagedContentEncoding`] for a file that does not decompress to its
/// end, [`Reason::NotHtml`] for what is no page: a picture, a PDF, bytes that are no text.  The detail says what it is.
pub fn lone_page<'a>(file: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, (Reason, String)> {
    let known = [(Compression::Gzip, "gzip"), (Compression::Zstd, "zstd")];
    let name = known.into_iter().find(|(known, _)| file.starts_with(known.magic())).map(|(_, name)| name);
    let mut page = Cow::Borrowed(file);
    if let Some(name) = name {
        let mut notes = Vec::new();
        page = encoding::undo(name, page, limits, &mut notes)?;
        // A browser shows what came before the connection broke; a file that was cut is broken.
        if !notes.is_empty() {
            return Err((Reason::DamagedContentEncoding, format!("{name}: the file ends early")));
        }
    }
    match (sniff::other_than_page(&page), name) {
        (None, _) => Ok(page),
        (Some(other), None) => Err((Reason::NotHtml, other.to_owned())),
        (Some(other), Some(name)) => Err((Reason::NotHtml, format!("{other} inside {name}"))),
    }
}

impl<'a> Response<'a> {
    /// Reads the block of a `response` record (RFC 9112).  Lines may end in LF; lines without a colon are passed over.
    ///
    /// # Errors
    ///
    /// [`Reason::InvalidHttpHeader`] without a status line, [`Reason::HeaderTooLarge`] above the cap.
    pub fn parse(block: &'a [u8], limits: &Limits) -> Result<Self, (Reason, String)> {
        let line_end = memchr::memchr(b'\n', &block[..block.len().min(limits.max_header_bytes)]);
        let line = lines(&block[..line_end.unwrap_or(block.len().min(limits.max_header_bytes))]).next();
        let status = line.and_then(status).ok_or_else(|| {
            let start = text(&block[..block.len().min(40)]);
            (Reason::InvalidHttpHeader, format!("no status line: {start:?}"))
        })?;
        let fields_from = line_end.map_or(block.len(), |at| at + 1);
        // From the line's own end: a response may have no fields at all.
        let head = line_end.and_then(|at| block_end(block, at));
        let body_from = head.unwrap_or(block.len());
        if body_from > limits.max_header_bytes {
            return Err((Reason::HeaderTooLarge, format!("header of {body_from} bytes")));
        }
        let fields = Fields::parse(&block[fields_from..body_from.max(fields_from)]);
        Ok(Self { status, fields, raw_body: &block[body_from..] })
    }

    /// A page or file that stands in its record without an HTTP header.
    pub fn bare(content_type: Option<&'a str>, body: &'a [u8]) -> Self {
        let mut fields = Fields::default();
        if let Some(content_type) = content_type {
            fields.push("Content-Type", Cow::Borrowed(content_type));
        }
        Self { status: 200, fields, raw_body: body }
    }

    /// The media type that the header states: lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let stated = self.fields.get_all("Content-Type").last()?;
        let essence = stated.trim_start().split([';', ',', ' ', '\t']).next()?;
        essence.contains('/').then(|| essence.to_ascii_lowercase())
    }

    /// Whether the header says that the body is HTML or XHTML, whatever it is.
    pub fn declares_html(&self) -> bool {
        self.media_type().is_some_and(|media_type| sniff::is_html_type(&media_type))
    }

    /// Whether the decoded body is an HTML or XHTML page.
    ///
    /// By the stated type, except that a body which begins like a picture, a PDF or an archive is none; by the WHATWG
    /// MIME Sniffing Standard (section 7.1, HTML signatures) where no type or a meaningless one is stated; and by the
    /// root element's namespace where the type is XML.
    pub fn is_html(&self, body: &[u8]) -> bool {
        sniff::is_html(self.media_type().as_deref(), body)
    }

    /// The body with chunks and content encodings undone.
    ///
    /// `Content-Length` is not looked at: crawlers keep it after they have changed the body, and the record's length is
    /// the better witness.
    ///
    /// # Errors
    ///
    /// [`Reason::BodyTooLarge`] above the cap, [`Reason::DamagedContentEncoding`] where an encoded body does not decode
    /// and is no text either, [`Reason::UnsupportedContentEncoding`] for an encoding that is not read.
    pub fn body(&self, limits: &Limits) -> Result<Body<'a>, (Reason, String)> {
        let mut notes = Vec::new();
        let mut bytes = Cow::Borrowed(self.raw_body);
        if self.names("Transfer-Encoding").any(|name| name.eq_ignore_ascii_case("chunked")) && !bytes.is_empty() {
            let (joined, note) = chunked::join(self.raw_body);
            bytes = joined;
            notes.extend(note);
        }
        // A transfer coding other than chunked is undone after the content codings were applied: so it comes first here.
        let transfer: Vec<&str> =
            self.names("Transfer-Encoding").filter(|name| !name.eq_ignore_ascii_case("chunked")).collect();
        let content: Vec<&str> = self.names("Content-Encoding").collect();
        for name in transfer.into_iter().rev().chain(content.into_iter().rev()) {
            bytes = encoding::undo(name, bytes, limits, &mut notes)?;
        }
        if bytes.len() as u64 > limits.max_body_bytes {
            return Err((Reason::BodyTooLarge, format!("{} bytes", bytes.len())));
        }
        Ok(Body { bytes, notes })
    }

    fn names<'s>(&'s self, field: &'s str) -> impl Iterator<Item = &'s str> {
        self.fields.get_all(field).flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty())
    }
}

/// The code of a status line such as `HTTP/1.1 200 OK` or `HTTP/2 200`.
fn status(line: &[u8]) -> Option<u16> {
    let mut words = line.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
    words.next().filter(|word| word.starts_with(b"HTTP"))?;
    let code = words.next()?;
    let code = std::str::from_utf8(code.get(..3)?).ok()?;
    code.parse().ok().filter(|code| (100..1000).contains(code))
}

#[cfg(test)]
mod tests;
