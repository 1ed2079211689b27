//! The simplified page in reading order: texts, joined by what stands between them, and images.

use std::borrow::Cow;

use html5ever::local_name;
use obelisc_document::{ImageNode, Reason};

use super::Stop;
use super::python::strip;
use super::rules::{Rules, Separator};
use crate::dom::{Dom, NodeId};
use crate::{Failure, Limits};

/// A text or an image, in reading order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    Text(String),
    Image(Box<ImageNode>),
}

/// Reads a page that was simplified.
///
/// # Errors
/// What makes the reference give up the page, and the caps on images.
pub(super) fn walk(dom: &Dom, page_url: &str, rules: &Rules, limits: &Limits) -> Result<Vec<Leaf>, Stop> {
    let mut walk = Walk { rules, limits, path: Vec::new(), leaves: Vec::new(), run: None, images: 0, image_bytes: 0 };
    let mut node = NodeId::DOCUMENT;
    loop {
        let mut below = dom.first_child(node);
        if let Some(text) = dom.text(node) {
            // Texts side by side are one text.
            let mut text = Cow::Borrowed(text);
            while let Some((next, more)) = dom.next(node).and_then(|next| Some((next, dom.text(next)?))) {
                text.to_mut().push_str(more);
                node = next;
            }
            walk.text(&text);
        } else if let Some((name, _)) = dom.element(node) {
            walk.path.push(rules.separators.get(name).copied().unwrap_or_default());
            if rules.media.contains(name) {
                below = None;
                if *name == local_name!("img")
                    && let Some(image) = super::image::read(dom, node, page_url, rules)?
                {
                    walk.image(image)?;
                }
            }
        }
        if let Some(child) = below {
            node = child;
            continue;
        }
        loop {
            if dom.element(node).is_some() {
                walk.leave();
            }
            if let Some(next) = dom.next(node) {
                node = next;
                break;
            }
            let Some(parent) = dom.parent(node) else {
                walk.end_run();
                return Ok(walk.leaves);
            };
            node = parent;
        }
    }
}

/// Texts that no image parts.
struct Run {
    text: String,
    /// Depth of the innermost element around the last text that is still open.
    common: usize,
    /// The strongest separator of the elements around the last text that are closed.
    closed: Separator,
}

struct Walk<'d> {
    rules: &'d Rules,
    limits: &'d Limits,
    /// What each open element puts between texts.
    path: Vec<Separator>,
    leaves: Vec<Leaf>,
    run: Option<Run>,
    images: usize,
    /// Bytes of all that is said of the images.
    image_bytes: usize,
}

impl Walk<'_> {
    fn leave(&mut self) {
        let separator = self.path.pop().unwrap_or_default();
        if let Some(run) = &mut self.run
            && run.common > self.path.len()
        {
            run.common = self.path.len();
            run.closed = run.closed.max(separator);
        }
    }

    fn text(&mut self, text: &str) {
        let text = formatted(text, &self.rules.line_break_marker);
        if text.is_empty() {
            return;
        }
        let depth = self.path.len();
        let Some(run) = &mut self.run else {
            self.run = Some(Run { text, common: depth, closed: Separator::None });
            return;
        };
        // Each element is looked at once here: from now on it is common to the last text and those to come.
        let opened = self.path[run.common..].iter().copied().max().unwrap_or_default();
        join(&mut run.text, &text, run.closed.max(opened));
        (run.common, run.closed) = (depth, Separator::None);
    }

    fn image(&mut self, image: ImageNode) -> Result<(), Failure> {
        self.end_run();
        self.images += 1;
        self.image_bytes += image.text_bytes();
        let (images, bytes) = (self.limits.max_images, self.limits.max_image_text_bytes);
        if self.images > images {
            return Err(Failure::new(Reason::DocumentTooLong, "the page has too many images", self.images, images));
        }
        if self.image_bytes > bytes {
            let detail = "the page says too much of its images";
            return Err(Failure::new(Reason::DocumentTooLong, detail, self.image_bytes, bytes));
        }
        self.leaves.push(Leaf::Image(Box::new(image)));
        Ok(())
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        let text = strip(&run.text);
        if !text.is_empty() {
            self.leaves.push(Leaf::Text(text.to_owned()));
        }
    }
}

/// One text of the tree: white space thinned out, trimmed around line breaks, a space at each end where there was one.
fn formatted(text: &str, line_break: &str) -> String {
    let mut thin = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if matches!(c, '\n' | '\t') { ' ' } else { c };
        if c != ' ' || !thin.ends_with(' ') {
            thin.push(c);
        }
    }
    let mut formatted = String::with_capacity(thin.len());
    if thin.starts_with(' ') {
        formatted.push(' ');
    }
    for (position, line) in thin.split(line_break).enumerate() {
        if position > 0 {
            formatted.push('\n');
        }
        formatted.push_str(strip(line));
    }
    if thin.len() > 1 && thin.ends_with(' ') {
        formatted.push(' ');
    }
    formatted
}

/// Appends a text behind a separator: the strongest of those between them, of which each text may bring some.
fn join(text: &mut String, next: &str, between: Separator) {
    let mut strongest = between;
    let mut next = next;
    for separator in Separator::MARKED {
        if text.ends_with(separator.text()) {
            text.truncate(text.len() - separator.text().len());
            strongest = strongest.max(separator);
        }
        if let Some(rest) = next.strip_prefix(separator.text()) {
            next = rest;
            strongest = strongest.max(separator);
        }
    }
    text.push_str(strongest.text());
    text.push_str(next);
}
