//! What a page keeps from its readers, and what of it they get to see nevertheless.
//!
//! An element is hidden by `hidden`, `aria-hidden` or its inline style.  Some of what is hidden so is read all the same:
//!
//! - panels that a tab or the head of an accordion opens, known by their role or by words of their name and class;
//! - what a page streams in hidden segments, and moves to their places by script as it arrives (React);
//! - the page itself, where it is hidden until a script has run.  [`Structure`](super::Structure) weighs that.

use std::collections::HashSet;

use html5ever::{LocalName, local_name};

use crate::Profile;
use crate::dom::{Dom, NodeId};
use crate::profile::Role;
use crate::style::hides;

/// Whether the attributes of an element keep it from the readers.
pub(crate) fn is_hidden(dom: &Dom, node: NodeId, name: &LocalName, profile: &Profile) -> bool {
    // A page that hides its body shows it by script.
    if matches!(*name, local_name!("html") | local_name!("body")) {
        return false;
    }
    let hidden = dom.attributes(node).iter().any(|attribute| match attribute.name.local {
        // What a search in the page opens is read, too.
        local_name!("hidden") => !attribute.value.trim().eq_ignore_ascii_case("until-found"),
        local_name!("aria-hidden") => {
            attribute.value.trim().eq_ignore_ascii_case("true") && !is_shown_to_eyes(dom, node, name)
        }
        // MathML for those who cannot see the picture of a formula is the formula's text.
        local_name!("style") => hides(&attribute.value) && !begins_with_math(dom, node),
        _ => false,
    });
    hidden && !is_panel(dom, node, name, profile)
}

/// Whether `aria-hidden` is said of what eyes see: of the main content while a dialog is open, of a link that stands
/// beside another one to the same place.
fn is_shown_to_eyes(dom: &Dom, node: NodeId, name: &LocalName) -> bool {
    match *name {
        local_name!("main") => true,
        local_name!("a") => {
            let href = dom.attribute(node, &local_name!("href")).unwrap_or_default().trim();
            !href.is_empty() && !href.starts_with('#')
        }
        _ => false,
    }
}

fn begins_with_math(dom: &Dom, node: NodeId) -> bool {
    dom.first_child(node).and_then(|child| dom.element(child)).is_some_and(|(name, _)| *name == local_name!("math"))
}

/// Whether an element is a panel that its reader opens.
fn is_panel(dom: &Dom, node: NodeId, name: &LocalName, profile: &Profile) -> bool {
    let attribute = |name| dom.attribute(node, &name).unwrap_or_default();
    let names = || [attribute(local_name!("id")), attribute(local_name!("class"))];
    let has_word = |words: &HashSet<String>| {
        names().into_iter().flat_map(words_of).any(|word| words.contains(&word.to_ascii_lowercase()))
    };
    let role = attribute(local_name!("role")).trim();
    let in_details = || dom.parent(node).is_some_and(|parent| dom.is_html(parent, &local_name!("details")));
    let opens = profile.opened_roles.iter().any(|opened| opened.eq_ignore_ascii_case(role))
        || role.is_empty() && profile.role(name) == Role::Block && has_word(&profile.opened_words)
        || in_details();
    opens && !has_word(&profile.unopened_words)
}

/// The words of an identifier: runs of letters, a capital letter behind a small one begins another.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphabetic()).flat_map(|run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let mut before = 'A';
            let end = rest.char_indices().find(|&(_, c)| {
                let begins = before.is_ascii_lowercase() && c.is_ascii_uppercase();
                before = c;
                begins
            });
            let (word, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            rest = after;
            (!word.is_empty()).then_some(word)
        })
    })
}

/// What tells a streamed segment (`S:1f`) or the template in its place (`B:1f`, `P:1f`) from others: the prefix before
/// the letter and the number behind it.
///
/// React writes them so: `react-dom`, `ReactFizzConfigDOM.js`, `startSegmentHTML` and `startPendingSuspenseBoundary1`.
pub(crate) fn segment_key<'a>(id: &'a str, letters: &[char]) -> Option<(&'a str, &'a str)> {
    let (head, number) = id.rsplit_once(':')?;
    let prefix = head.strip_suffix(letters)?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((prefix, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_apart() {
        let words = |name| words_of(name).collect::<Vec<_>>();
        assert_eq!(words("js-accordionPanel__2 FAQItem"), ["js", "accordion", "Panel", "FAQItem"]);
        assert!(words("12").is_empty());
    }

    #[test]
    fn segments_are_known_by_their_numbers() {
        assert_eq!(segment_key("S:1f", &['S']), Some(("", "1f")));
        assert_eq!(segment_key("app-B:0", &['B', 'P']), Some(("app-", "0")));
        for other in ["S:", "S:x", "S1", "B:0"] {
            assert_eq!(segment_key(other, &['S']), None, "{other}");
        }
    }
}
