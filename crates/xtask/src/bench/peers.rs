//! What others need for the same work.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Result;
use fastwarc::warc::iter::{ArchiveIterator, ArchiveIteratorOptions};
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{ParseOpts, TokenizerResult, parse_document};
use markup5ever_rcdom::{Handle, RcDom};

fn options() -> TreeBuilderOpts {
    TreeBuilderOpts { scripting_enabled: true, drop_doctype: true, ..TreeBuilderOpts::default() }
}

/// Parses a page with html5ever into the tree that comes with it, and lets the tree go; gives the number of children of
/// the document, so that nothing can be left out.
pub(super) fn rcdom(text: &str) -> usize {
    let options = ParseOpts { tree_builder: options(), ..ParseOpts::default() };
    let dom = parse_document(RcDom::default(), options).one(StrTendril::from_slice(text));
    dom.document.children.borrow().len()
}

/// A page's tokens, recorded while html5ever read it.
pub(super) struct Tokens(Vec<Token>);

/// Reads a page with html5ever's tokenizer, and keeps the tokens that its tree builder got.
pub(super) fn record(text: &str) -> Tokens {
    let recorder = Recorder { builder: tree_builder(), tokens: RefCell::new(Vec::new()) };
    let tokenizer = Tokenizer::new(recorder, TokenizerOpts::default());
    let buffer = BufferQueue::default();
    buffer.push_back(StrTendril::from_slice(text));
    while !matches!(tokenizer.feed(&buffer), TokenizerResult::Done) {}
    tokenizer.end();
    Tokens(tokenizer.sink.tokens.into_inner())
}

/// Builds the tree that comes with html5ever from tokens that are there, and lets it go.
pub(super) fn replay(tokens: Tokens) -> usize {
    let builder = tree_builder();
    for token in tokens.0 {
        let _ = builder.process_token(token, 1);
    }
    builder.end();
    builder.sink.document.children.borrow().len()
}

fn tree_builder() -> TreeBuilder<Handle, RcDom> {
    TreeBuilder::new(RcDom::default(), options())
}

struct Recorder {
    builder: TreeBuilder<Handle, RcDom>,
    tokens: RefCell<Vec<Token>>,
}

impl TokenSink for Recorder {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        let copy = match &token {
            // What was wrong with the page is not part of the tree.
            Token::ParseError(_) => return TokenSinkResult::Continue,
            Token::TagToken(tag) => Token::TagToken(tag.clone()),
            Token::DoctypeToken(doctype) => Token::DoctypeToken(doctype.clone()),
            Token::CommentToken(text) => Token::CommentToken(text.clone()),
            Token::CharacterTokens(text) => Token::CharacterTokens(text.clone()),
            Token::NullCharacterToken => Token::NullCharacterToken,
            Token::EOFToken => Token::EOFToken,
        };
        self.tokens.borrow_mut().push(copy);
        self.builder.process_token(token, line)
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Records, and bytes of their blocks, that the crate fastwarc reads.
pub(super) fn fastwarc(path: &Path) -> Result<(u64, u64)> {
    let options = ArchiveIteratorOptions { parse_http: false, quirks_mode: true, ..ArchiveIteratorOptions::default() };
    let (mut records, mut bytes) = (0, 0);
    for record in ArchiveIterator::with_options(BufReader::with_capacity(1 << 20, File::open(path)?), options) {
        let record = record?;
        let mut record = record.borrow_mut();
        record.freeze()?;
        records += 1;
        bytes += record.frozen_payload_bytes().map_or(0, <[u8]>::len) as u64;
    }
    Ok((records, bytes))
}
