//! Which elements speak.

use html5ever::{LocalName, local_name};

use super::hidden::is_hidden;
use crate::Profile;
use crate::dom::{Dom, NodeId, Space};
use crate::image::is_icon;
use crate::profile::Role;

/// What becomes of an element and all that is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    Speaks,
    /// Furniture, by its name or role.
    Dropped,
    /// Kept from the readers, by its attributes.
    Hidden,
    /// Its text is for screen readers.
    Muted,
    /// A control, unless what is around or below it says otherwise.
    Button,
}

/// What an element's name and attributes say.
pub(super) fn voice(dom: &Dom, node: NodeId, name: &LocalName, space: Space, profile: &Profile) -> Voice {
    if space == Space::MathMl || space == Space::Other {
        return Voice::Speaks;
    }
    let role = profile.role(name);
    if dom.attributes(node).is_empty() && role != Role::Dropped {
        return Voice::Speaks;
    }
    // The walk reads these in its own way, or shows them although they are templates.
    let is_read = *name == local_name!("noscript")
        || *name == local_name!("video") && profile.video_poster
        || *name == local_name!("template") && dom.attribute(node, &local_name!("shadowrootmode")).is_some()
        || *name == local_name!("footer") && is_of_quotation(dom, node)
        || is_tex_script(dom, node, name);
    let is_dropped = !is_read && role == Role::Dropped || is_rendered_tex(dom, node, name);
    let is_button = is_dropped && *name == local_name!("button");
    if is_dropped && !is_button || has_dropped_role(dom, node, name, profile) {
        Voice::Dropped
    } else if is_hidden(dom, node, name, profile) {
        Voice::Hidden
    } else if is_button {
        Voice::Button
    } else if is_muted(dom, node, profile) {
        Voice::Muted
    } else {
        Voice::Speaks
    }
}

/// Whether an element is a script that holds TeX for MathJax 2.
fn is_tex_script(dom: &Dom, node: NodeId, name: &LocalName) -> bool {
    *name == local_name!("script")
        && dom.attribute(node, &local_name!("type")).is_some_and(|kind| kind.trim_start().starts_with("math/tex"))
}

/// Whether an element is what MathJax 2 made of the TeX in the script beside it.
fn is_rendered_tex(dom: &Dom, node: NodeId, name: &LocalName) -> bool {
    /// Elements between a preview and its script.
    const NEAR: usize = 3;
    let class = || dom.attribute(node, &local_name!("class")).unwrap_or_default();
    matches!(*name, local_name!("span") | local_name!("div"))
        && class().starts_with("MathJax")
        && std::iter::successors(dom.next(node), |&next| dom.next(next))
            .take(NEAR)
            .any(|next| dom.element(next).is_some_and(|(name, _)| is_tex_script(dom, next, name)))
}

/// Whether a footer belongs to a quotation or figure: it says who wrote it.
fn is_of_quotation(dom: &Dom, footer: NodeId) -> bool {
    let mut around = std::iter::successors(dom.parent(footer), |&node| dom.parent(node)).take(2);
    around.any(|node| dom.is_html(node, &local_name!("blockquote")) || dom.is_html(node, &local_name!("figure")))
}

fn is_muted(dom: &Dom, node: NodeId, profile: &Profile) -> bool {
    let class = dom.attribute(node, &local_name!("class")).unwrap_or_default();
    class.split_ascii_whitespace().any(|class| profile.is_unseen(class))
}

fn has_dropped_role(dom: &Dom, node: NodeId, name: &LocalName, profile: &Profile) -> bool {
    let role = dom.attribute(node, &local_name!("role")).unwrap_or_default();
    // What a page's body is said to be, it is not to its readers.
    !matches!(*name, local_name!("html") | local_name!("body"))
        && role.split_ascii_whitespace().next().is_some_and(|role| {
            profile.dropped_roles.contains(role) || profile.dropped_roles.contains(&role.to_ascii_lowercase())
        })
}

/// Whether an element shows an image.
pub(crate) fn is_image(name: &LocalName) -> bool {
    *name == local_name!("img") || matches!(&**name, "amp-img" | "amp-anim")
}

/// Whether a link is the mark by which a heading is linked to (`¶`, `#`): it is seen when the pointer comes near.
pub(super) fn is_anchor(dom: &Dom, link: NodeId) -> bool {
    let href = dom.attribute(link, &local_name!("href")).unwrap_or_default();
    let only = dom.first_child(link).filter(|&child| dom.next(child).is_none());
    let mark = only.and_then(|child| dom.text(child)).unwrap_or_default().trim();
    href.starts_with('#') && (1..=8).contains(&mark.len()) && !mark.contains(char::is_alphanumeric)
}

/// Whether there is a picture below a button, larger than an icon.
pub(super) fn holds_picture(dom: &Dom, button: NodeId) -> bool {
    let mut at = dom.first_child(button);
    while let Some(node) = at {
        if dom.element(node).is_some_and(|(name, _)| is_image(name)) && !is_icon(dom.attributes(node)) {
            return true;
        }
        at = dom.first_child(node).or_else(|| dom.after(node, button));
    }
    false
}

/// Whether a cell that holds such an element is more than a line.
pub(super) fn breaks_cells(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("ul")
            | local_name!("ol")
            | local_name!("dl")
            | local_name!("pre")
            | local_name!("blockquote")
            | local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
            | local_name!("hr")
            | local_name!("video")
            | local_name!("form")
    )
}
