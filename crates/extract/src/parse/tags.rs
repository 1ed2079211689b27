//! The image tags of a piece of markup, without its tree.

use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::{Attribute, LocalName};

use super::attributes;

/// The start tags of `markup` whose name `wanted` takes, with their attributes, in order; none where a tag has too many
/// attributes to read.
pub(crate) fn start_tags(markup: &str, wanted: fn(&LocalName) -> bool) -> Vec<(LocalName, Vec<Attribute>)> {
    if markup.len() >= attributes::SILENCE && attributes::most(markup) > attributes::MOST {
        return Vec::new();
    }
    let tokenizer = Tokenizer::new(StartTags { wanted, found: RefCell::new(Vec::new()) }, TokenizerOpts::default());
    let buffer = BufferQueue::default();
    buffer.push_back(StrTendril::from_slice(markup));
    // Nothing in the sink asks for a pause, so one call reads everything.
    let _ = tokenizer.feed(&buffer);
    tokenizer.end();
    tokenizer.sink.found.into_inner()
}

struct StartTags {
    wanted: fn(&LocalName) -> bool,
    found: RefCell<Vec<(LocalName, Vec<Attribute>)>>,
}

impl TokenSink for StartTags {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(Tag { kind: TagKind::StartTag, name, attrs, .. }) = token
            && (self.wanted)(&name)
        {
            self.found.borrow_mut().push((name, attrs));
        }
        TokenSinkResult::Continue
    }
}
