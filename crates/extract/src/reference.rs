//! The algorithm of the OBELICS reference, so that its dataset can be made again: the same texts, images and metadata.
//!
//! ```text
//! bytes ─charset─▶ text ─prepare─▶ text ─parse─▶ DOM ─simplify─▶ tree ─serialise─▶ text ─parse─▶ DOM ─walk─▶ leaves
//! ```
//!
//! Each step is the reference's, with its losses; what it takes for what is data (`profiles/obelisc.toml`).  The reference
//! searches anew after each change of its tree and so needs time in the square of the page; here every step is one pass.
//!
//! Where the reference fails on a page (a size beyond all numbers, a page URL that it cannot split), it gives a document
//! without nodes, and so does this module.

mod charset;
mod filename;
mod image;
mod modest;
mod python;
mod rules;
mod serialise;
mod simplify;
mod size;
mod text;
mod url;
mod walk;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod tests;

use obelisc_document::{Content, Node, Page, Paragraph};

pub(crate) use self::charset::decode;
pub(crate) use self::rules::Rules;

use self::walk::Leaf;
use crate::dom::Dom;
use crate::parse::{Scripting, parse_wanted};
use crate::tokenize::Wanted;
use crate::{Failure, Limits};

/// Why a page is not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stop {
    /// The reference fails, and gives a document without nodes.
    Emptied,
    /// The page gives no document.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<size::Infinite> for Stop {
    fn from(_: size::Infinite) -> Self {
        Self::Emptied
    }
}

impl From<url::Unsplittable> for Stop {
    fn from(_: url::Unsplittable) -> Self {
        Self::Emptied
    }
}

/// Parses a decoded page, prepared as the reference does it.
///
/// # Errors
/// Those of [`parse`](crate::parse()).
pub(crate) fn parse(page: &str, wanted: &Wanted, rules: &Rules, limits: &Limits) -> Result<Dom, Failure> {
    let prepared = modest::mend(text::prepare(page, rules));
    if prepared.len() > rules.max_bytes {
        return Ok(Dom::new(prepared.len()));
    }
    parse_wanted(&prepared, wanted, Scripting::Disabled, limits)
}

/// The nodes of a parsed page; writes into `page` the images that its URL has no host for.
///
/// # Errors
/// Those of [`parse`](crate::parse()), and the caps on images.
pub(crate) fn nodes(
    dom: &Dom,
    page: &mut Page,
    wanted: &Wanted,
    rules: &Rules,
    limits: &Limits,
) -> Result<Vec<Node>, Failure> {
    let simplified = serialise::serialise(dom, &simplify::simplify(dom, rules), rules);
    let dom = parse_wanted(&simplified, wanted, Scripting::Disabled, limits)?;
    page.unresolved_images = image::unresolved(&dom, &page.url, rules, limits);
    let leaves = match walk::walk(&dom, &page.url, rules, limits) {
        Ok(leaves) => leaves,
        Err(Stop::Emptied) => Vec::new(),
        Err(Stop::Failed(failure)) => return Err(failure),
    };
    let contents = leaves.into_iter().map(|leaf| match leaf {
        Leaf::Text(text) => Content::Text(paragraphs(&text)),
        Leaf::Image(image) => Content::Image(image),
    });
    Ok(contents.zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect())
}

/// All pieces between blank lines, the blank ones too: joined they are the text again, and the reference counts them.
fn paragraphs(text: &str) -> Vec<Paragraph> {
    text.split("\n\n").zip(0..).map(|(piece, k)| Paragraph { k, text: piece.to_owned(), content_score: None }).collect()
}
