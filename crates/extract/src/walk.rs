//! DOM → nodes: one pass in document order, without recursion.

mod figures;
mod images;
mod lists;
mod math;
mod seams;

#[cfg(test)]
mod tests;

use html5ever::{LocalName, local_name};
use obelisc_document::{Node, Page, Reason};

use self::figures::Figures;
use self::images::{LastImage, Link};
use self::lists::Lists;
use crate::dom::{Dom, NodeId, Space};
use crate::flow::{Flow, Gap, Mark, Piece};
use crate::image::{Candidate, Context};
use crate::profile::Role;
use crate::structure::{Structure, is_image};
use crate::{Failure, Limits, Profile};

/// Walks a page: gives its nodes in reading order, and writes into `page` what the page says of itself.  `page.url` is
/// what references are resolved against.
///
/// # Errors
/// [`DocumentTooLong`](Reason::DocumentTooLong) for a page whose images, or what is said of them, outgrow their caps.
pub(crate) fn walk<'a>(
    dom: &'a Dom,
    profile: &'a Profile,
    limits: &'a Limits,
    page: &mut Page,
) -> Result<(Vec<Node>, Vec<Piece>), Failure> {
    let facts = crate::page::read(dom, page, limits.max_url_bytes);
    let mut walk = Walk {
        dom,
        structure: Structure::of(dom, profile),
        context: Context::new(facts, profile, limits, dom.page_bytes()),
        flow: Flow::new(),
        steps: Vec::new(),
        lists: Lists::default(),
        figures: Figures::default(),
        rows: Vec::new(),
        link: None,
        picture: Vec::new(),
        last_image: LastImage::None,
        preformatted: 0,
        quotes: 0,
        images: 0,
    };
    walk.steps.extend(dom.first_child(NodeId::DOCUMENT).map(Step::Siblings));
    while let Some(step) = walk.steps.pop() {
        match step {
            Step::Siblings(node) => {
                walk.steps.extend(dom.next(node).map(Step::Siblings));
                walk.enter(node);
            }
            Step::Only(node) => walk.enter(node),
            Step::Leave(node, end) => walk.leave(node, end),
        }
        walk.check_images()?;
    }
    page.unresolved_images = walk.context.missed();
    Ok(walk.flow.finish())
}

/// What is still to do, innermost last.
enum Step {
    /// A node and those after it.
    Siblings(NodeId),
    /// A node alone.
    Only(NodeId),
    /// What an element's end changes.
    Leave(NodeId, End),
}

/// What an element's end changes.
enum End {
    Gap(Gap),
    List,
    Item(Mark),
    Table,
    Row,
    Cell,
    Preformatted,
    Quote,
    Caption,
    Figure,
    Link(Option<Link>),
    Picture(Vec<Candidate>),
}

struct Walk<'a> {
    dom: &'a Dom,
    structure: Structure,
    context: Context<'a>,
    flow: Flow,
    steps: Vec<Step>,
    lists: Lists,
    figures: Figures,
    /// Open tables: the cells so far of a data table's row, `None` for a layout table.
    rows: Vec<Option<usize>>,
    /// The link around.
    link: Option<Link>,
    /// What the `source`s of the picture around offer.
    picture: Vec<Candidate>,
    last_image: LastImage,
    /// Open `pre`s.
    preformatted: usize,
    /// Open quotations.
    quotes: usize,
    /// Image nodes so far.
    images: usize,
}

impl Walk<'_> {
    /// Ends a page whose images outgrow their caps, before they fill the memory.
    fn check_images(&self) -> Result<(), Failure> {
        let max = self.context.limits.max_images;
        let too_many = (self.images > max).then_some(("more image nodes than a page may have", self.images, max));
        let too_long =
            || self.context.too_long().map(|(said, max)| ("more is said of images than a page may say", said, max));
        match too_many.or_else(too_long) {
            Some((detail, value, limit)) => Err(Failure::new(Reason::DocumentTooLong, detail, value, limit)),
            None => Ok(()),
        }
    }

    fn enter(&mut self, node: NodeId) {
        if let Some(text) = self.dom.text(node) {
            if self.structure.is_dropped(node) {
                return;
            }
            self.flow.speaks(node);
            if self.preformatted > 0 {
                self.flow.preformatted(text);
            } else {
                self.flow.text(text);
            }
            return;
        }
        let Some((name, space)) = self.dom.element(node) else { return };
        if self.structure.is_dropped(node) {
            if let Some(segment) = self.structure.take_segment(node) {
                self.steps.extend(self.dom.first_child(segment).map(Step::Siblings));
            }
            return;
        }
        match space {
            Space::MathMl if *name == local_name!("math") => return self.math(node),
            Space::Html => {}
            _ => return,
        }
        if is_image(name) {
            return self.image_element(node);
        }
        if self.element(node, name) {
            self.steps.extend(self.dom.first_child(node).map(Step::Siblings));
        }
    }

    /// Starts an element; whether to go below it.
    fn element(&mut self, node: NodeId, name: &LocalName) -> bool {
        let role = self.context.profile.role(name);
        if role == Role::Inline {
            self.seam(node, name);
        }
        match *name {
            local_name!("br") => {
                if self.preformatted > 0 {
                    self.flow.preformatted("\n");
                } else {
                    self.flow.line_break();
                }
                return false;
            }
            local_name!("script") => {
                self.tex_script(node);
                return false;
            }
            local_name!("noscript") if !self.dom.children(node).any(|child| self.dom.element(child).is_some()) => {
                self.noscript(node);
                return false;
            }
            local_name!("video") => {
                self.poster(node);
                return false;
            }
            local_name!("ul") | local_name!("ol") | local_name!("menu") | local_name!("dir") => self.list(node, name),
            local_name!("li") => {
                let marker = self.lists.item(self.dom, node);
                let start = self.flow.start_item(marker);
                self.end(node, End::Item(start));
            }
            local_name!("table") => self.table(node),
            local_name!("tr") if matches!(self.rows.last(), Some(Some(_))) => {
                self.rows.pop();
                self.rows.push(Some(0));
                self.flow.start_row();
                self.end(node, End::Row);
            }
            local_name!("thead") | local_name!("tbody") | local_name!("tfoot")
                if matches!(self.rows.last(), Some(Some(_))) => {}
            local_name!("td") | local_name!("th") if matches!(self.rows.last(), Some(Some(_))) => {
                if let Some(Some(cells)) = self.rows.last_mut() {
                    self.flow.start_cell(*cells);
                    *cells += 1;
                }
                self.end(node, End::Cell);
            }
            local_name!("pre") | local_name!("listing") | local_name!("xmp") | local_name!("plaintext") => {
                self.flow.request(Gap::Blank);
                self.preformatted += 1;
                self.end(node, End::Preformatted);
            }
            local_name!("q") => {
                self.flow.word(if self.quotes.is_multiple_of(2) { "\u{201c}" } else { "\u{2018}" });
                self.quotes += 1;
                self.end(node, End::Quote);
            }
            local_name!("a") => {
                let around = self.link.replace(Link { element: node, target: None });
                self.end(node, End::Link(around));
            }
            local_name!("picture") => {
                let sources = self.sources(node);
                let around = std::mem::replace(&mut self.picture, sources);
                self.end(node, End::Picture(around));
                if !self.structure.has_image(node) {
                    self.bare_picture(node);
                }
            }
            local_name!("figure") => self.figure(node),
            local_name!("figcaption") => return self.caption(node),
            // A footer that is not dropped is that of a quotation.
            _ if role == Role::Block || *name == local_name!("footer") => {
                // Blocks in preformatted text are its lines.
                let gap = if self.preformatted > 0 { Gap::Line } else { Gap::Blank };
                self.flow.request(gap);
                if !self.loose_caption(node) {
                    self.end(node, End::Gap(gap));
                }
            }
            _ => {}
        }
        true
    }

    fn end(&mut self, node: NodeId, end: End) {
        self.steps.push(Step::Leave(node, end));
    }

    fn leave(&mut self, node: NodeId, end: End) {
        match end {
            End::Gap(gap) => self.flow.request(gap),
            End::List => {
                self.lists.end();
                self.flow.request(self.gap_around_list());
            }
            End::Item(start) => self.flow.end_item(start),
            End::Table => {
                self.rows.pop();
                self.flow.request(Gap::Blank);
            }
            End::Row => self.flow.end_row(),
            End::Cell => self.flow.end_cell(),
            End::Preformatted => {
                self.preformatted -= 1;
                self.flow.request(Gap::Blank);
            }
            End::Quote => {
                self.quotes -= 1;
                self.flow.word(if self.quotes.is_multiple_of(2) { "\u{201d}" } else { "\u{2019}" });
            }
            End::Caption => self.end_caption(),
            End::Figure => self.end_figure(node),
            End::Link(around) => self.link = around,
            End::Picture(around) => self.picture = around,
        }
    }

    fn list(&mut self, node: NodeId, name: &LocalName) {
        self.flow.request(self.gap_around_list());
        self.lists.start(self.dom, node, name);
        self.end(node, End::List);
    }

    /// A list in a list continues it.
    fn gap_around_list(&self) -> Gap {
        if self.lists.is_open() { Gap::Line } else { Gap::Blank }
    }

    fn table(&mut self, node: NodeId) {
        self.flow.request(Gap::Blank);
        self.rows.push((!self.structure.is_layout(node)).then_some(0));
        self.end(node, End::Table);
    }
}
