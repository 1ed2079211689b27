//! What must be known of an element before the walk enters it: one pass over the tree.

mod hidden;
mod pass;
mod voice;

use std::collections::HashMap;

use html5ever::local_name;

use self::pass::Pass;
pub(crate) use self::voice::is_image;
use crate::Profile;
use crate::dom::{Dom, NodeId};

/// Facts of the nodes.
pub(crate) struct Structure {
    /// One byte per node.
    facts: Vec<u8>,
    /// Streamed segments, by the indices of the templates that keep their places.
    segments: HashMap<usize, NodeId>,
}

const DROPPED: u8 = 1;
const LAYOUT: u8 = 2;
const HAS_IMAGE: u8 = 4;
const HAS_FALLBACK: u8 = 8;
/// A block by the profile, where the pass has looked below it.
const BLOCK: u8 = 16;

/// Bytes of text below which a part of a page does not stand for the page.
const MIN_PAGE: usize = 200;
/// How many times the text of all that speaks a part must hold to stand for the page.
const MANY: usize = 3;

impl Structure {
    /// Looks at the whole tree.  Where next to nothing speaks but one hidden part holds a page, that part speaks: it
    /// waits for a script to show it.
    pub(crate) fn of(dom: &Dom, profile: &Profile) -> Self {
        let pass = Pass::over(dom, profile, None);
        let pass = match pass.largest {
            Some((part, bytes)) if stands_for_page(bytes, pass.spoken) => Pass::over(dom, profile, Some(part)),
            _ => pass,
        };
        Self { facts: pass.facts, segments: pass.segments }
    }

    /// Whether the node is dropped with all that is below it.
    pub(crate) fn is_dropped(&self, node: NodeId) -> bool {
        self.has(node, DROPPED)
    }

    /// Whether a table is there for its looks: it has one column, or a cell with an image, a table, a list, or more than
    /// one paragraph.
    pub(crate) fn is_layout(&self, table: NodeId) -> bool {
        self.has(table, LAYOUT)
    }

    /// Whether there is an image element below a `figure` or `picture`.
    pub(crate) fn has_image(&self, node: NodeId) -> bool {
        self.has(node, HAS_IMAGE)
    }

    /// Whether there is an image for browsers without scripts below a `figure` or `picture`.
    pub(crate) fn has_fallback(&self, node: NodeId) -> bool {
        self.has(node, HAS_FALLBACK)
    }

    /// The streamed segment whose place a `template` keeps.  Each is given once.
    pub(crate) fn take_segment(&mut self, template: NodeId) -> Option<NodeId> {
        self.segments.remove(&template.index())
    }

    fn has(&self, node: NodeId, fact: u8) -> bool {
        self.facts[node.index()] & fact != 0
    }
}

/// Whether a page speaks to readers without scripts alone: its text is in `noscript`, and scripts would have brought the same.
pub(crate) fn is_in_noscript(dom: &Dom, profile: &Profile) -> bool {
    let noscripts = dom.unrendered().filter(|&node| dom.is_html(node, &local_name!("noscript")));
    let texts = noscripts.flat_map(|node| dom.children(node)).filter_map(|child| dom.text(child));
    let bytes = texts.map(spoken_in).sum();
    // What speaks beside costs a pass over the tree; few pages ask for it.
    bytes >= MIN_PAGE && {
        let pass = Pass::over(dom, profile, None);
        stands_for_page(bytes, pass.spoken.max(pass.largest.map_or(0, |(_, bytes)| bytes)))
    }
}

fn stands_for_page(bytes: usize, others: usize) -> bool {
    bytes >= MIN_PAGE && bytes >= others.saturating_mul(MANY)
}

/// Bytes of text in a piece of markup: outside of tags, without the white space around.
fn spoken_in(markup: &str) -> usize {
    let (mut bytes, mut rest) = (0, markup.as_bytes());
    while let Some(start) = memchr::memchr(b'<', rest) {
        bytes += rest[..start].trim_ascii().len();
        rest = &rest[start..];
        rest = memchr::memchr(b'>', rest).map_or(&[], |end| &rest[end + 1..]);
    }
    bytes + rest.trim_ascii().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_weighed_without_its_tags() {
        assert_eq!(spoken_in("ab <p title=c>\n d</p> e"), 4);
        assert_eq!(spoken_in("a<img src="), 1);
        assert_eq!(spoken_in(""), 0);
    }
}
