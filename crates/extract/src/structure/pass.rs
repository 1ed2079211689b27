//! The pass over the tree.

use std::collections::HashMap;

use html5ever::{LocalName, local_name};

use super::hidden::segment_key;
use super::voice::{Voice, breaks_cells, holds_picture, is_anchor, is_image, voice};
use super::{BLOCK, DROPPED, HAS_FALLBACK, HAS_IMAGE, LAYOUT};
use crate::Profile;
use crate::dom::{Dom, NodeId, Space};
use crate::image::is_icon;
use crate::profile::Role;

/// A table whose end is not reached.
struct OpenTable {
    node: NodeId,
    layout: bool,
    columns: usize,
    cells: usize,
    cell: Option<Cell>,
}

/// What was seen of a cell.
#[derive(Default)]
struct Cell {
    has_text: bool,
    is_broken: bool,
}

/// What a pass knows so far.
pub(super) struct Pass<'a> {
    dom: &'a Dom,
    profile: &'a Profile,
    /// A hidden element that speaks nevertheless.
    shown: Option<NodeId>,
    /// One byte per node.
    pub(super) facts: Vec<u8>,
    /// Streamed segments, by the indices of the templates that keep their places.
    pub(super) segments: HashMap<usize, NodeId>,
    tables: Vec<OpenTable>,
    /// Open `figure`s and `picture`s.
    holders: Vec<NodeId>,
    /// Open headings and terms.
    headings: usize,
    /// Open `main`s and `article`s.
    mains: usize,
    /// The open element whose images are seen, but not its text: for screen readers, or a button around a picture.
    muted: Option<NodeId>,
    /// Whether that is a button.
    in_button: bool,
    /// The open hidden element, and its bytes of text.
    hidden: Option<(NodeId, usize)>,
    /// The hidden element with the most bytes of text.
    pub(super) largest: Option<(NodeId, usize)>,
    /// Bytes of text that speak.
    pub(super) spoken: usize,
}

impl<'a> Pass<'a> {
    /// Looks at the whole tree.
    pub(super) fn over(dom: &'a Dom, profile: &'a Profile, shown: Option<NodeId>) -> Self {
        let mut pass = Self {
            dom,
            profile,
            shown,
            facts: vec![0; dom.node_count()],
            segments: HashMap::new(),
            tables: Vec::new(),
            holders: Vec::new(),
            headings: 0,
            mains: 0,
            muted: None,
            in_button: false,
            hidden: None,
            largest: None,
            spoken: 0,
        };
        pass.find_segments();
        let mut at = dom.first_child(NodeId::DOCUMENT);
        while let Some(node) = at {
            let below = if pass.enter(node) { dom.first_child(node) } else { None };
            at = below;
            let mut left = node;
            while at.is_none() {
                // Nothing below (any more): the element ends.
                pass.leave(left);
                at = dom.next(left);
                match dom.parent(left) {
                    Some(parent) if at.is_none() => left = parent,
                    _ => break,
                }
            }
        }
        pass
    }

    /// Finds the segments that a page streams, and the templates in their places.
    fn find_segments(&mut self) {
        let dom = self.dom;
        let id = |node| dom.attribute(node, &local_name!("id")).unwrap_or_default();
        let templates = dom.unrendered().filter(|&node| dom.is_html(node, &local_name!("template")));
        let mut places = HashMap::new();
        for template in templates {
            if let Some(key) = segment_key(id(template), &['B', 'P']) {
                places.entry(key).or_insert(template);
            }
        }
        if places.is_empty() {
            return;
        }
        for node in dom.ids().filter(|&node| dom.attribute(node, &local_name!("hidden")).is_some()) {
            if let Some(template) = segment_key(id(node), &['S']).and_then(|key| places.remove(&key)) {
                self.segments.insert(template.index(), node);
                self.facts[node.index()] |= DROPPED;
            }
        }
    }

    /// Whether to look below the node.
    fn enter(&mut self, node: NodeId) -> bool {
        let Some((name, space)) = self.dom.element(node) else {
            self.text(node);
            return true;
        };
        if self.facts[node.index()] & DROPPED != 0 {
            // A streamed segment: silent where it stands, but read in its place.
            return true;
        }
        let is_shown = self.shown == Some(node);
        let voice = if is_shown { Voice::Speaks } else { voice(self.dom, node, name, space, self.profile) };
        if self.hidden.is_some() {
            // Of what is hidden, nothing but its weight matters.
            return voice != Voice::Dropped;
        }
        match voice {
            Voice::Hidden => {
                self.facts[node.index()] |= DROPPED;
                self.hidden = Some((node, 0));
                return true;
            }
            Voice::Dropped => return self.drop(node),
            Voice::Button if !self.is_heard(node) => return self.drop(node),
            Voice::Muted if self.muted.is_none() => self.muted = Some(node),
            Voice::Button | Voice::Muted | Voice::Speaks => {}
        }
        if space != Space::Html {
            // MathML is text of its own kind.
            self.line("x");
            return false;
        }
        let is_mark = || self.in_button && is_image(name) && is_icon(self.dom.attributes(node));
        if self.muted.is_some() && (*name == local_name!("br") || is_mark()) {
            return self.drop(node);
        }
        if self.headings > 0 && *name == local_name!("a") && is_anchor(self.dom, node) {
            return self.drop(node);
        }
        if self.profile.role(name) == Role::Block {
            self.facts[node.index()] |= BLOCK;
            self.boundary();
        }
        self.headings += usize::from(is_heading(name));
        self.mains += usize::from(is_main(name));
        self.element(node, name)
    }

    /// Starts an element that speaks; whether to look below it.
    fn element(&mut self, node: NodeId, name: &LocalName) -> bool {
        match *name {
            local_name!("table") => {
                self.make_layout();
                self.tables.push(OpenTable { node, layout: false, columns: 0, cells: 0, cell: None });
            }
            local_name!("tr") => self.in_table(|table| table.cells = 0),
            local_name!("td") | local_name!("th") => self.in_table(|table| {
                table.cells += 1;
                table.columns = table.columns.max(table.cells);
                table.cell = Some(Cell::default());
            }),
            local_name!("figure") | local_name!("picture") => {
                self.make_layout();
                self.holders.push(node);
            }
            _ if is_image(name) => {
                self.make_layout();
                self.holder_has(HAS_IMAGE);
            }
            local_name!("noscript") if !self.dom.children(node).any(|child| self.dom.element(child).is_some()) => {
                let below = self.dom.children(node).filter_map(|child| self.dom.text(child));
                if below.into_iter().any(|text| memchr::memmem::find(text.as_bytes(), b"<img").is_some()) {
                    self.make_layout();
                    self.holder_has(HAS_FALLBACK);
                }
                return false;
            }
            _ if breaks_cells(name) => self.make_layout(),
            _ => {}
        }
        true
    }

    fn drop(&mut self, node: NodeId) -> bool {
        self.facts[node.index()] |= DROPPED;
        false
    }

    /// Whether a button is more than a control: the words of a heading, the head of a panel in the main content, or the
    /// frame of a picture that it enlarges.  Of the last, only the picture is read.
    fn is_heard(&mut self, button: NodeId) -> bool {
        let is_head = self.headings > 0
            || self.mains > 0 && self.dom.attribute(button, &LocalName::from("aria-expanded")).is_some();
        if is_head || self.muted.is_some() {
            return true;
        }
        self.in_button = holds_picture(self.dom, button);
        self.muted = self.in_button.then_some(button);
        self.in_button
    }

    fn leave(&mut self, node: NodeId) {
        if let Some((hidden, bytes)) = self.hidden {
            if hidden == node {
                self.hidden = None;
                if self.largest.is_none_or(|(_, most)| bytes > most) {
                    self.largest = Some((node, bytes));
                }
            }
            return;
        }
        let Some((name, Space::Html)) = self.dom.element(node) else { return };
        if self.facts[node.index()] & DROPPED != 0 {
            return;
        }
        if self.muted == Some(node) {
            (self.muted, self.in_button) = (None, false);
        }
        if self.facts[node.index()] & BLOCK != 0 {
            self.boundary();
        }
        self.headings -= usize::from(is_heading(name));
        self.mains -= usize::from(is_main(name));
        match *name {
            local_name!("table") => {
                if let Some(table) = self.tables.pop()
                    && (table.layout || table.columns < 2)
                {
                    self.facts[table.node.index()] |= LAYOUT;
                }
            }
            local_name!("td") | local_name!("th") => self.in_table(|table| table.cell = None),
            local_name!("figure") | local_name!("picture") => {
                self.holders.pop();
                self.holder_has(self.facts[node.index()] & (HAS_IMAGE | HAS_FALLBACK));
                // A picture without an image shows one of its sources.
                if *name == local_name!("picture") && self.dom.first_child(node).is_some() {
                    self.holder_has(HAS_IMAGE);
                }
            }
            _ => {}
        }
    }

    fn holder_has(&mut self, facts: u8) {
        if let Some(&holder) = self.holders.last() {
            self.facts[holder.index()] |= facts;
        }
    }

    fn in_table(&mut self, change: impl FnOnce(&mut OpenTable)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    /// The cell around holds what no line of text can show.
    fn make_layout(&mut self) {
        self.in_table(|table| table.layout |= table.cell.is_some());
    }

    fn boundary(&mut self) {
        self.in_table(|table| {
            if let Some(cell) = &mut table.cell {
                cell.is_broken |= cell.has_text;
            }
        });
    }

    fn text(&mut self, node: NodeId) {
        let text = self.dom.text(node).unwrap_or_default();
        let bytes = text.trim_ascii().len();
        if let Some((_, hidden)) = &mut self.hidden {
            *hidden += bytes;
        } else if self.muted.is_some() {
            self.facts[node.index()] |= DROPPED;
        } else {
            self.spoken += bytes;
            self.line(text);
        }
    }

    /// Text of a cell.
    fn line(&mut self, text: &str) {
        let Some(OpenTable { cell: Some(cell), layout, .. }) = self.tables.last_mut() else { return };
        if !cell.has_text || cell.is_broken {
            let speaks = !text.trim_ascii().is_empty();
            cell.has_text |= speaks;
            *layout |= speaks && cell.is_broken;
        }
    }
}

fn is_main(name: &LocalName) -> bool {
    matches!(*name, local_name!("main") | local_name!("article"))
}

fn is_heading(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
            | local_name!("dt")
            | local_name!("summary")
    )
}
