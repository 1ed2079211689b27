//! The page's tree, simplified: what is left of it after ten steps of the reference, in one pass.
//!
//! The reference searches its tree anew after each change.  What comes out is the same here, because what becomes of a node
//! does not depend on the order of the searches:
//!
//! - *On the way down* an element is judged by its name, its attributes and the elements above it alone: dropped (by class, by
//!   name, as a special `div`), turned into text, or unwrapped.  Dropping one element never changes what is said of another, so that
//!   "search, drop, search again" drops all that match.  Unwrapped elements that are empty have nothing to leave behind.
//! - *On the way up* an element is judged by what is left of its children, which is final by then.  Empty leaves are taken away
//!   round after round until none is left; a removal can only make more elements empty, so the rounds end in the one state in
//!   which each element that stays has an element or a text below it, whatever their order.
//! - Unnesting replaces an element by its only child of the same name.  Neither the number nor the name of anyone's children
//!   changes by that, so who is replaced does not depend on when.

use html5ever::{LocalName, local_name};

use super::python::{decimal, is_space};
use super::rules::Rules;
use crate::dom::{Dom, NodeId};

/// A node that stays.
#[derive(Clone, Copy, Debug)]
pub(super) enum Child<'d> {
    Text(&'d str),
    /// Position in [`Simplified::elements`].
    Element(usize),
}

/// An element that stays, and what stays below it.
#[derive(Debug)]
pub(super) struct Element<'d> {
    /// The element in the page's tree, which has name and attributes.
    pub(super) node: NodeId,
    pub(super) children: Vec<Child<'d>>,
}

/// What is left of a page.
#[derive(Debug)]
pub(super) struct Simplified<'d> {
    pub(super) elements: Vec<Element<'d>>,
    /// What stands at the top: `html`, or the text that it became.
    pub(super) top: Vec<Child<'d>>,
}

/// What becomes of an element, as far as can be said on the way down.
enum Fate {
    Dropped,
    Replaced,
    Unwrapped,
    Kept,
}

/// An element that is not finished.
struct Open {
    node: NodeId,
    /// Where its children begin among those that wait for their parent.
    first_child: usize,
    /// Whether the text right below it goes.
    dated: bool,
}

/// Simplifies a page's tree.
pub(super) fn simplify<'d>(dom: &'d Dom, rules: &'d Rules) -> Simplified<'d> {
    let mut simplifier = Simplifier { dom, rules, open: Vec::new(), waiting: Vec::new(), elements: Vec::new() };
    let mut node = NodeId::DOCUMENT;
    loop {
        if simplifier.enter(node)
            && let Some(child) = dom.first_child(node)
        {
            node = child;
            continue;
        }
        // Leaves all elements that end here.
        loop {
            simplifier.leave(node);
            if let Some(next) = dom.next(node) {
                node = next;
                break;
            }
            let Some(parent) = dom.parent(node) else {
                return Simplified { elements: simplifier.elements, top: simplifier.waiting };
            };
            node = parent;
        }
    }
}

struct Simplifier<'d> {
    dom: &'d Dom,
    rules: &'d Rules,
    open: Vec<Open>,
    /// Finished nodes whose parent is not finished.
    waiting: Vec<Child<'d>>,
    elements: Vec<Element<'d>>,
}

impl<'d> Simplifier<'d> {
    /// Takes a node; says whether what is below it counts.
    fn enter(&mut self, node: NodeId) -> bool {
        if let Some(text) = self.dom.text(node) {
            self.text(text);
            return false;
        }
        let Some((name, _)) = self.dom.element(node) else { return true };
        match self.fate(node, name) {
            Fate::Dropped => false,
            Fate::Replaced => {
                self.text(&self.rules.replacement);
                false
            }
            Fate::Unwrapped => true,
            Fate::Kept => {
                let dated = *name == local_name!("div") && self.is_dated(node);
                self.open.push(Open { node, first_child: self.waiting.len(), dated });
                true
            }
        }
    }

    fn text(&mut self, text: &'d str) {
        if !self.open.last().is_some_and(|parent| parent.dated) {
            self.waiting.push(Child::Text(text));
        }
    }

    fn fate(&self, node: NodeId, name: &LocalName) -> Fate {
        let rules = self.rules;
        if *name != local_name!("html") && self.has_class(node, &rules.removed_classes) {
            Fate::Dropped
        } else if self.has_class(node, &rules.replaced_classes) {
            Fate::Replaced
        } else if rules.unwrapped.contains(name) {
            Fate::Unwrapped
        } else if !self.is_kept(name) || (*name == local_name!("div") && self.is_special(node)) {
            Fate::Dropped
        } else {
            Fate::Kept
        }
    }

    /// Whether one of the classes stands in any `class` attribute: an element may have several.
    fn has_class(&self, node: NodeId, classes: &[String]) -> bool {
        let attributes = self.dom.attributes(node).iter();
        let mut values = attributes
            .filter(|attribute| attribute.name.local == local_name!("class"))
            .map(|attribute| &*attribute.value);
        values.any(|value| {
            value.split_ascii_whitespace().any(|word| classes.iter().any(|class| class.eq_ignore_ascii_case(word)))
        })
    }

    fn is_kept(&self, name: &LocalName) -> bool {
        let is_digit = |c| decimal(c).is_some();
        let kept = &self.rules.kept;
        kept.contains(&**name) || (name.contains(is_digit) && kept.contains(&name.replace(is_digit, "")))
    }

    fn is_special(&self, node: NodeId) -> bool {
        let mut values = self.rules.special_attributes.iter().filter_map(|name| self.dom.last_attribute(node, name));
        values.any(|value| self.rules.special_values.contains(value))
    }

    fn is_dated(&self, node: NodeId) -> bool {
        let class = self.dom.last_attribute(node, &local_name!("class")).unwrap_or_default();
        self.rules.date_words.iter().any(|word| class.contains(word.as_str()))
    }

    /// Finishes the element, if it is one that was kept.
    fn leave(&mut self, node: NodeId) {
        let Some(open) = self.open.pop_if(|open| open.node == node) else { return };
        let Some((name, _)) = self.dom.element(node) else { return };
        let children = &self.waiting[open.first_child..];
        let is_blank =
            children.iter().all(|child| !matches!(child, Child::Text(text) if text.contains(|c| !is_space(c))));
        let mut below = children.iter().filter_map(|child| match child {
            Child::Element(position) => Some(*position),
            Child::Text(_) => None,
        });
        let (first, second) = (below.next(), below.next());
        let stays = match self.rules.media.contains(name) {
            true => super::image::has_source(self.dom, node, self.rules),
            false => first.is_some() || !is_blank || *name == local_name!("html"),
        };
        if !stays {
            self.waiting.truncate(open.first_child);
            return;
        }
        let only = first.filter(|_| second.is_none() && is_blank);
        let only = only.filter(|&only| self.dom.element(self.elements[only].node).map(|(name, _)| name) == Some(name));
        let finished = only.unwrap_or_else(|| {
            let children = self.waiting.drain(open.first_child..).collect();
            self.elements.push(Element { node, children });
            self.elements.len() - 1
        });
        self.waiting.truncate(open.first_child);
        self.waiting.push(Child::Element(finished));
    }
}
