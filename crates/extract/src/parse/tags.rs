//! The image tags of a piece of markup, without its tree.

use std::cell::RefCell;

use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::{Attribute, LocalName};

use crate::tokenize::{self, Tokenizer, Wanted, preprocess};

/// Attributes that a tag keeps.
const MAX_ATTRIBUTES: usize = 256;

/// The start tags of `markup` whose name `wanted` takes, with their first attributes, in order.
pub(crate) fn start_tags(markup: &str, wanted: fn(&LocalName) -> bool) -> Vec<(LocalName, Vec<Attribute>)> {
    let page = preprocess(markup);
    let found = StartTags { wanted, found: RefCell::new(Vec::new()) };
    let mut tokenizer = Tokenizer::new(&page, &Wanted::Everything, MAX_ATTRIBUTES, found);
    while tokenizer.advance(markup.len()) {}
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

impl tokenize::Sink for StartTags {}
