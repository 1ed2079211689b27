//! Text → tokens: the tokenization stage of the HTML Standard (section 13.2.5) on slices of the page.
//!
//! What it reads is what the standard's state machine reads; what it does not do is step through that machine character
//! by character.  Each function below takes a stretch of the page that several states would walk, and says which:
//!
//! | states of the standard | where |
//! |---|---|
//! | data, plaintext, CDATA section (13.2.5.1, .5, .69–71) | [`text`] |
//! | RCDATA, RAWTEXT, script data, their less-than, end tag and escape states (.2–4, .9–31) | [`raw`] |
//! | tag open, end tag open, tag name, all of attributes, self-closing start tag (.6–8, .32–40) | [`tag`] |
//! | bogus comment, markup declaration open, all of comments (.41–52) | [`comment`] |
//! | all of doctypes (.53–68) | [`doctype`] |
//! | character references (.72–80) | [`reference`] |
//!
//! Three things make it fast.  Texts and values are slices that share the page's memory, found by `memchr`.  An attribute that
//! nobody reads ([`Wanted`]) is passed over to its closing quote.  Line ends are made one kind beforehand ([`preprocess`]).
//!
//! It costs a constant number of looks at each byte, whatever the page holds: no state looks further ahead than the longest
//! name of a character reference, unless it takes what it looked at.
//!
//! Tokens are html5ever's, for its tree builder, which trusts its tokenizer: no empty texts, U+0000 as a token of its own in data and CDATA
//! sections and as U+FFFD everywhere else, nothing but text and the end tag within raw text.  Parse errors are not reported.

mod comment;
mod doctype;
mod raw;
mod reference;
mod tag;
mod text;
mod wanted;

#[cfg(test)]
mod conformance;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult};
use html5ever::{Attribute, LocalName};

pub(crate) use self::wanted::Wanted;

/// Makes line ends one kind: CR LF and CR become LF (section 13.2.3.5, "preprocessing the input stream").
///
/// # Panics
/// For a text of 4 GiB and more.
pub(crate) fn preprocess(text: &str) -> StrTendril {
    let Some(mut found) = memchr::memchr(b'\r', text.as_bytes()) else { return StrTendril::from_slice(text) };
    let mut page = StrTendril::with_capacity(text.len() as u32);
    let mut rest = text;
    loop {
        page.push_slice(&rest[..found]);
        rest = &rest[found + 1..];
        if !rest.starts_with('\n') {
            page.push_slice("\n");
        }
        match memchr::memchr(b'\r', rest.as_bytes()) {
            Some(next) => found = next,
            None => break,
        }
    }
    page.push_slice(rest);
    page
}

/// Who takes tokens.
pub(crate) trait Sink: TokenSink {
    /// An empty vector for the attributes of the next tag: one that was used before, if there is one.
    fn spare(&self) -> Vec<Attribute> {
        Vec::new()
    }
}

/// How the page is read from here on: the states in which the standard's machine rests between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Data,
    /// Up to the end tag of the last start tag.
    Raw(RawKind),
    Plaintext,
    CdataSection,
}

/// Reads a page, and hands its tokens to `sink`.
pub(crate) struct Tokenizer<'a, S> {
    /// The page, after [`preprocess`]; slices of it are tokens' texts and attributes' values.
    page: &'a StrTendril,
    text: &'a str,
    bytes: &'a [u8],
    /// Where to read on.
    at: usize,
    content: Content,
    /// Name of the last start tag: what an "appropriate end tag" ends.
    last_start_tag: LocalName,
    /// Whether somebody reads the raw text that comes.
    keeps_text: bool,
    wanted: &'a Wanted,
    max_attributes: usize,
    /// Takes the tokens.
    pub(crate) sink: S,
}

impl<'a, S: Sink> Tokenizer<'a, S> {
    /// A tokenizer at the start of a page that [`preprocess`] gave.  A tag keeps its first `max_attributes` wanted attributes.
    pub(crate) fn new(page: &'a StrTendril, wanted: &'a Wanted, max_attributes: usize, sink: S) -> Self {
        Self {
            page,
            text: page,
            bytes: page.as_bytes(),
            at: 0,
            content: Content::Data,
            last_start_tag: LocalName::default(),
            keeps_text: true,
            wanted,
            max_attributes,
            sink,
        }
    }

    /// Starts as if a start tag of that name had switched to `content`.
    #[cfg(test)]
    fn within(mut self, content: Content, last_start_tag: LocalName) -> Self {
        (self.content, self.last_start_tag) = (content, last_start_tag);
        self
    }

    /// Reads the tokens that begin in the next `bytes` bytes; whether the page goes on behind them.  At the page's end it
    /// hands over the end-of-file token.
    pub(crate) fn advance(&mut self, bytes: usize) -> bool {
        let target = self.at.saturating_add(bytes);
        while self.at < self.bytes.len() {
            if self.at >= target {
                return true;
            }
            match self.content {
                Content::Data => self.data(),
                Content::Raw(kind) => self.raw(kind),
                Content::Plaintext => self.plaintext(),
                Content::CdataSection => self.cdata_section(),
            }
        }
        self.emit(Token::EOFToken);
        self.sink.end();
        false
    }

    /// Hands over a token.
    fn emit(&mut self, token: Token) {
        // Lines are not counted.
        match self.sink.process_token(token, 1) {
            TokenSinkResult::Plaintext => self.content = Content::Plaintext,
            TokenSinkResult::RawData(kind) => self.content = Content::Raw(kind),
            // Scripts do not run, and the page's encoding is settled.
            TokenSinkResult::Continue | TokenSinkResult::Script(_) | TokenSinkResult::EncodingIndicator(_) => {}
        }
    }

    /// A piece of the page.
    fn slice(&self, start: usize, end: usize) -> StrTendril {
        self.page.subtendril(start as u32, (end - start) as u32)
    }

    /// A piece of the page with U+FFFD for each U+0000.
    fn replaced(&self, start: usize, end: usize) -> StrTendril {
        if memchr::memchr(0, &self.bytes[start..end]).is_none() {
            return self.slice(start, end);
        }
        StrTendril::from(self.text[start..end].replace('\0', "\u{fffd}"))
    }

    /// The byte `ahead` of where the page is read.
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Ends the page within a token that the standard then drops.
    fn drop_rest(&mut self) {
        self.at = self.bytes.len();
    }
}

/// What the standard's states skip as white space: tab, line feed, form feed and space.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b' ')
}
