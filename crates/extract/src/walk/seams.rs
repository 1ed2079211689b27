//! Places where two inline elements touch, and a page sets them apart by style alone.
//!
//! `<span class=year>2024</span><span>Drama</span>` is two words to a reader, `<b>T</b><i>ea</i>` is one.  Of 1,700 such places on
//! real pages, a capital behind a small letter or a digit begins a new word at 99 of 100, and so does a number, or a link to another place;
//! what was struck out is no part of what took its place.

use html5ever::{LocalName, local_name};

use super::Walk;
use crate::dom::{NodeId, Space};
use crate::flow::Seam;
use crate::profile::Role;

/// Generations above an element that are asked whether they are code, where letters alone make words.
const NEAR: usize = 4;

impl Walk<'_> {
    /// Notes that an inline element begins where another one ended.
    pub(super) fn seam(&mut self, element: NodeId, name: &LocalName) {
        let dom = self.dom;
        let Some(previous) = dom.previous(element) else { return };
        let Some((before, Space::Html)) = dom.element(previous) else { return };
        if matches!(*name, local_name!("sub") | local_name!("sup")) {
            return;
        }
        let is_inline = self.context.profile.role(before) == Role::Inline && dom.first_child(previous).is_some();
        let mut around = std::iter::successors(dom.parent(element), |&node| dom.parent(node)).take(NEAR);
        if !is_inline || around.any(|node| dom.element(node).is_some_and(|(name, _)| is_code(name))) {
            return;
        }
        let target = |node| dom.attribute(node, &local_name!("href"));
        let are_links = [before, name].into_iter().all(|name| *name == local_name!("a"));
        let lead_apart = are_links && target(previous) != target(element);
        let is_apart = lead_apart || is_struck(before) != is_struck(name);
        self.flow.seam(if is_apart { Seam::Words } else { Seam::Elements });
    }
}

fn is_struck(name: &LocalName) -> bool {
    matches!(*name, local_name!("del") | local_name!("s") | local_name!("strike"))
}

fn is_code(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("code") | local_name!("kbd") | local_name!("samp") | local_name!("tt") | local_name!("var")
    )
}
