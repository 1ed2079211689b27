//! Text → DOM.  The boundary to the parser: what the rest of the crate sees is [`Dom`] alone.
//!
//! html5ever builds the tree that the HTML Standard prescribes.  Three of its costs are not linear in the page:
//!
//! - looking through the open elements (and the list of active formatting elements) at each tag.  The page is fed in
//!   pieces; after each, the lists are measured, and `tags × open elements` is held under a budget, beside the caps on depth and nodes;
//! - repeating the elements that format (`b`, `font`) with all their attributes in each block until they are closed: the bytes of
//!   attributes are held under a budget, so that whoever reads them costs no more than the page allows;
//! - looking for an attribute's name among those before it.  [`attributes`] finds a tag that would make this dear.
//!
//! Scripting counts as enabled, unless asked otherwise: the tree is the one that a reader's browser builds, so that what a page keeps for browsers without scripts
//! (tracking pixels in a `noscript` of its head above all) neither ends the head nor breaks the body.  `noscript` holds
//! raw text then, which the walk reads on its own.

mod attributes;
#[cfg(test)]
mod conformance;
mod sink;
mod tags;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::Tracer;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use obelisc_document::Reason;

pub(crate) use self::tags::start_tags;

use self::sink::{Exceeded, Handle, Sink};
use crate::dom::Dom;
use crate::{Failure, Limits};

/// Bytes fed at a time: what a page can cost beyond a cap before the cap is seen.
const PIECE: usize = 16 << 10;
/// Steps of the tree builder (tags times open elements) per piece, on average, that a page may cost: some 10 ms.
const STEPS_PER_PIECE: u64 = 1_000_000;
/// Steps that any page may cost.
const MIN_STEPS: u64 = 100_000_000;

/// Parses a decoded page.
///
/// # Errors
/// [`TooDeep`](Reason::TooDeep), [`TooManyNodes`](Reason::TooManyNodes) by the caps; [`ParserFailed`](Reason::ParserFailed) where the parser gave up.
pub fn parse(text: &str, limits: &Limits) -> Result<Dom, Failure> {
    parse_with(text, Scripting::Enabled, limits)
}

/// Whether a page is read as by a browser that runs its scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripting {
    /// `noscript` holds raw text.
    Enabled,
    /// `noscript` holds elements; those that a head cannot hold end it.
    Disabled,
}

/// Parses a decoded page as [`parse`] does, in either of two ways.
pub(crate) fn parse_with(text: &str, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    // Unwinding leaves nothing behind: all that the parser touches is dropped with it.
    catch_unwind(AssertUnwindSafe(|| feed(text, scripting, limits)))
        .unwrap_or_else(|_| Err(Failure::new(Reason::ParserFailed, "the parser panicked", 0, 0)))
}

/// The tree builder, and how much it was asked to do.
struct Counted {
    builder: TreeBuilder<Handle, Sink>,
    tokens: Cell<u64>,
    max_attributes: usize,
}

impl TokenSink for Counted {
    type Handle = Handle;

    fn process_token(&self, mut token: Token, line: u64) -> TokenSinkResult<Handle> {
        self.tokens.set(self.tokens.get() + 1);
        if let Token::TagToken(tag) = &mut token {
            tag.attrs.truncate(self.max_attributes);
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

/// Counts the nodes that the tree builder holds on to.
struct HeldNodes(Cell<u64>);

impl Tracer for HeldNodes {
    type Handle = Handle;

    fn trace_handle(&self, _: &Handle) {
        self.0.set(self.0.get() + 1);
    }
}

fn feed(text: &str, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    let scripting_enabled = scripting == Scripting::Enabled;
    let options = TreeBuilderOpts { scripting_enabled, drop_doctype: true, ..TreeBuilderOpts::default() };
    let counted = Counted {
        builder: TreeBuilder::new(Sink::new(limits, text.len()), options),
        tokens: Cell::new(0),
        max_attributes: limits.max_attributes,
    };
    let tokenizer = Tokenizer::new(counted, TokenizerOpts::default());
    let buffer = BufferQueue::default();
    let max_steps = MIN_STEPS + STEPS_PER_PIECE * (text.len() / PIECE) as u64;
    let (mut steps, mut tokens, mut silent, mut looked) = (0, 0, 0, false);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        buffer.push_back(StrTendril::from_slice(piece));
        while !matches!(tokenizer.feed(&buffer), TokenizerResult::Done) {}

        let sink = &tokenizer.sink.builder.sink;
        check(sink.exceeded(), limits)?;
        let held = HeldNodes(Cell::new(0));
        tokenizer.sink.builder.trace_handles(&held);
        let new_tokens = tokenizer.sink.tokens.get() - tokens;
        tokens += new_tokens;
        steps += new_tokens * held.0.get();
        if steps + sink.moves() as u64 > max_steps {
            let depth = held.0.get() as usize;
            return Err(Failure::new(Reason::TooDeep, "too many elements are left open", depth, limits.max_dom_depth));
        }
        // A piece without a token lies inside a tag or a comment.
        silent = if new_tokens == 0 { silent + piece.len() } else { 0 };
        if silent >= attributes::SILENCE && !looked {
            looked = true;
            let count = attributes::most(text);
            if count > attributes::MOST {
                return Err(Failure::new(
                    Reason::ParserFailed,
                    "a tag has too many attributes",
                    count,
                    attributes::MOST,
                ));
            }
        }
    }
    tokenizer.end();
    check(tokenizer.sink.builder.sink.exceeded(), limits)?;
    Ok(html5ever::interface::TreeSink::finish(tokenizer.sink.builder.sink))
}

fn check(exceeded: Option<Exceeded>, limits: &Limits) -> Result<(), Failure> {
    match exceeded {
        None => Ok(()),
        Some(Exceeded::Nodes(nodes)) => {
            Err(Failure::new(Reason::TooManyNodes, "the page has too many nodes", nodes, limits.max_dom_nodes))
        }
        Some(Exceeded::Attributes(bytes, max)) => {
            Err(Failure::new(Reason::ParserFailed, "attributes are repeated too often", bytes, max))
        }
        Some(Exceeded::Depth(depth)) => {
            Err(Failure::new(Reason::TooDeep, "the page nests too deep", depth, limits.max_dom_depth))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(page: &str) -> Option<Reason> {
        parse(page, &Limits::default()).err().map(|failure| failure.reason)
    }

    #[test]
    fn deep_pages_stop_at_the_cap() {
        assert_eq!(reason(&"<div>".repeat(1_000_000)), Some(Reason::TooDeep));
        assert_eq!(reason(&"<div>".repeat(1_000)), None);
    }

    #[test]
    fn wide_pages_stop_at_the_cap() {
        assert_eq!(reason(&"<p>a".repeat(600_000)), Some(Reason::TooManyNodes));
    }

    #[test]
    fn formatting_left_open_stops_at_a_cap() {
        let page: String = (0..100_000).map(|i| format!("<p><font color={i}></p>")).collect();
        assert!(matches!(reason(&page), Some(Reason::TooDeep | Reason::TooManyNodes)));
    }

    #[test]
    fn a_million_attributes_are_refused_and_one_long_one_is_not() {
        let page: String = (0..1_000_000).map(|i| format!(" a{i}=1")).collect();
        assert_eq!(reason(&format!("<div{page}>")), Some(Reason::ParserFailed));
        assert_eq!(reason(&format!("<div title='{page}'>x")), None);
        assert_eq!(reason(&format!("<!-- <div {page}> -->x")), None);
    }

    #[test]
    fn text_around_pieces_stays_whole() {
        let page = format!("<p>{}</p>", "é".repeat(PIECE));
        let dom = parse(&page, &Limits::default()).unwrap();
        assert_eq!(dom.text_below(crate::dom::NodeId::DOCUMENT), "é".repeat(PIECE));
    }
}
