//! html5ever's own tokenizer in front of the same tree builder: the judge of ours, in tests alone.

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TreeSink;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::TreeBuilder;

use super::sink::{Handle, Sink};
use super::{Scripting, check, tree_builder};
use crate::dom::Dom;
use crate::{Failure, Limits};

/// What [`parse`](crate::parse) gives, from the tokens of html5ever's tokenizer.  Its costs are not bounded.
///
/// # Errors
/// Those of the caps on nodes, depth and bytes of attributes.
pub fn parse_judged(text: &str, limits: &Limits) -> Result<Dom, Failure> {
    parse_judged_with(text, Scripting::Enabled, limits)
}

/// The same of [`parse_with`](super::parse_with).
pub(super) fn parse_judged_with(text: &str, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    let judged = Judged { builder: tree_builder(scripting, limits, text.len()), max_attributes: limits.max_attributes };
    // The byte order mark is the decoder's.
    let tokenizer = Tokenizer::new(judged, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let buffer = BufferQueue::default();
    buffer.push_back(StrTendril::from_slice(text));
    while !matches!(tokenizer.feed(&buffer), TokenizerResult::Done) {}
    tokenizer.end();
    let sink = tokenizer.sink.builder.sink;
    check(sink.exceeded(), limits)?;
    Ok(sink.finish())
}

struct Judged {
    builder: TreeBuilder<Handle, Sink>,
    max_attributes: usize,
}

impl TokenSink for Judged {
    type Handle = Handle;

    fn process_token(&self, mut token: Token, line: u64) -> TokenSinkResult<Handle> {
        match &mut token {
            // An error is no token: the tree builder would take it for the one behind a `<pre>`, and keep a line feed
            // that the standard drops.
            Token::ParseError(_) => return TokenSinkResult::Continue,
            Token::TagToken(tag) => tag.attrs.truncate(self.max_attributes),
            _ => {}
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}
