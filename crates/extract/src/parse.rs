//! Text → DOM.  The boundary to the parser: what the rest of the crate sees is [`Dom`] alone.
//!
//! html5ever's tree builder builds the tree that the HTML Standard prescribes, from the tokens of [`Tokenizer`].  Two of its costs are not
//! linear in the page:
//!
//! - looking through the open elements (and the list of active formatting elements, with their attributes) at each tag.  The page is read in
//!   pieces; after each, the lists are measured, and `(tags + attributes) × open elements` is held under a budget, beside the caps on depth and nodes;
//! - repeating the elements that format (`b`, `font`) with all their attributes in each block until they are closed: the bytes of
//!   attributes are held under a budget, so that whoever reads them costs no more than the page allows.
//!
//! Scripting counts as enabled, unless asked otherwise: the tree is the one that a reader's browser builds, so that what a page keeps for browsers without scripts
//! (tracking pixels in a `noscript` of its head above all) neither ends the head nor breaks the body.  `noscript` holds
//! raw text then, which the walk reads on its own.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod differential;
#[cfg(any(test, feature = "judge"))]
pub(crate) mod judge;
mod sink;
mod tags;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use html5ever::Attribute;
use html5ever::interface::{Tracer, TreeSink};
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use obelisc_document::Reason;

pub(crate) use self::tags::start_tags;

use self::sink::{Exceeded, Handle, Sink};
use crate::dom::Dom;
use crate::tokenize::{self, Tokenizer, Wanted, preprocess};
use crate::{Failure, Limits};

/// Bytes read at a time: what a page can cost beyond a cap before the cap is seen.
const PIECE: usize = 16 << 10;
/// Steps of the tree builder (tags and attributes times open elements) per piece, on average, that a page may cost: some 10 ms.
const STEPS_PER_PIECE: u64 = 1_000_000;
/// Steps that any page may cost.
const MIN_STEPS: u64 = 100_000_000;

/// Whether a page is read as by a browser that runs its scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripting {
    /// `noscript` holds raw text.
    Enabled,
    /// `noscript` holds elements; those that a head cannot hold end it.
    Disabled,
}

/// Parses a decoded page, whole.  What extraction by a profile parses leaves out what the profile does not read:
/// [`Extractor::parse`](crate::Extractor::parse).
///
/// # Errors
/// [`TooDeep`](Reason::TooDeep), [`TooManyNodes`](Reason::TooManyNodes) by the caps; [`ParserFailed`](Reason::ParserFailed) where the parser gave up.
pub fn parse(text: &str, limits: &Limits) -> Result<Dom, Failure> {
    parse_with(text, Scripting::Enabled, limits)
}

/// Parses a decoded page as [`parse`] does, in either of two ways.
pub(crate) fn parse_with(text: &str, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    parse_wanted(text, &Wanted::Everything, scripting, limits)
}

/// Parses what is wanted of a decoded page.
pub(crate) fn parse_wanted(text: &str, wanted: &Wanted, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    // Unwinding leaves nothing behind: all that the parser touches is dropped with it.
    catch_unwind(AssertUnwindSafe(|| build(text, wanted, scripting, limits)))
        .unwrap_or_else(|_| Err(Failure::new(Reason::ParserFailed, "the parser panicked", 0, 0)))
}

fn tree_builder(scripting: Scripting, limits: &Limits, page_bytes: usize) -> TreeBuilder<Handle, Sink> {
    let scripting_enabled = scripting == Scripting::Enabled;
    let options = TreeBuilderOpts { scripting_enabled, drop_doctype: true, ..TreeBuilderOpts::default() };
    TreeBuilder::new(Sink::new(limits, page_bytes), options)
}

/// The tree builder, and how much it was asked to do.
struct Counted {
    builder: TreeBuilder<Handle, Sink>,
    /// Tokens, and attributes of tags.
    asked: Cell<u64>,
}

impl TokenSink for Counted {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        let attributes = if let Token::TagToken(tag) = &token { tag.attrs.len() } else { 0 };
        self.asked.set(self.asked.get() + 1 + attributes as u64);
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

impl tokenize::Sink for Counted {
    fn spare(&self) -> Vec<Attribute> {
        self.builder.sink.spare()
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

fn build(text: &str, wanted: &Wanted, scripting: Scripting, limits: &Limits) -> Result<Dom, Failure> {
    let builder = tree_builder(scripting, limits, text.len());
    let page = preprocess(text);
    let mut tokenizer = Tokenizer::new(&page, wanted, limits.max_attributes, Counted { builder, asked: Cell::new(0) });
    let max_steps = MIN_STEPS + STEPS_PER_PIECE * (text.len() / PIECE) as u64;
    let (mut steps, mut asked) = (0, 0);
    while tokenizer.advance(PIECE) {
        let Counted { builder, asked: now } = &tokenizer.sink;
        check(builder.sink.exceeded(), limits)?;
        let held = HeldNodes(Cell::new(0));
        builder.trace_handles(&held);
        steps += (now.get() - asked) * held.0.get();
        asked = now.get();
        if steps + builder.sink.moves() as u64 > max_steps {
            let depth = held.0.get() as usize;
            return Err(Failure::new(Reason::TooDeep, "too many elements are left open", depth, limits.max_dom_depth));
        }
    }
    let sink = tokenizer.sink.builder.sink;
    check(sink.exceeded(), limits)?;
    Ok(sink.finish())
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
    fn a_million_attributes_are_passed_over_behind_the_cap() {
        let page: String = (0..1_000_000).map(|i| format!(" a{i}=1")).collect();
        let dom = parse(&format!("<div{page}>"), &Limits::default()).unwrap();
        assert_eq!(dom.ids().map(|node| dom.attributes(node).len()).max(), Some(Limits::default().max_attributes));
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
