//! What must be known of an element before the walk enters it: one pass over the tree.

use html5ever::{LocalName, local_name};

use crate::Profile;
use crate::dom::{Dom, NodeId, Space};
use crate::profile::Role;
use crate::style::hides;

/// One byte of facts per node.
pub(crate) struct Structure(Vec<u8>);

const DROPPED: u8 = 1;
const LAYOUT: u8 = 2;
const HAS_IMAGE: u8 = 4;
const HAS_FALLBACK: u8 = 8;

impl Structure {
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

    fn has(&self, node: NodeId, fact: u8) -> bool {
        self.0[node.index()] & fact != 0
    }

    /// Looks at the whole tree.
    pub(crate) fn of(dom: &Dom, profile: &Profile) -> Self {
        let mut pass = Pass { dom, profile, facts: vec![0; dom.node_count()], tables: Vec::new(), holders: Vec::new() };
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
        Self(pass.facts)
    }
}

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

struct Pass<'a> {
    dom: &'a Dom,
    profile: &'a Profile,
    facts: Vec<u8>,
    tables: Vec<OpenTable>,
    /// Open `figure`s and `picture`s.
    holders: Vec<NodeId>,
}

impl Pass<'_> {
    /// Whether to look below the node.
    fn enter(&mut self, node: NodeId) -> bool {
        let Some((name, space)) = self.dom.element(node) else {
            self.text(self.dom.text(node).unwrap_or_default());
            return true;
        };
        if is_dropped(self.dom, node, name, space, self.profile) {
            self.facts[node.index()] |= DROPPED;
            return false;
        }
        if space != Space::Html {
            // MathML is text of its own kind.
            self.text("x");
            return false;
        }
        if self.profile.role(name) == Role::Block {
            self.boundary();
        }
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
            local_name!("noscript") => {
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

    fn leave(&mut self, node: NodeId) {
        let Some((name, Space::Html)) = self.dom.element(node) else { return };
        if self.facts[node.index()] & DROPPED != 0 {
            return;
        }
        if self.profile.role(name) == Role::Block {
            self.boundary();
        }
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

    fn text(&mut self, text: &str) {
        let Some(OpenTable { cell: Some(cell), layout, .. }) = self.tables.last_mut() else { return };
        if !cell.has_text || cell.is_broken {
            let speaks = !text.trim_ascii().is_empty();
            cell.has_text |= speaks;
            *layout |= speaks && cell.is_broken;
        }
    }
}

/// Whether an element shows an image.
pub(crate) fn is_image(name: &LocalName) -> bool {
    *name == local_name!("img") || matches!(&**name, "amp-img" | "amp-anim")
}

fn breaks_cells(name: &LocalName) -> bool {
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

fn is_dropped(dom: &Dom, node: NodeId, name: &LocalName, space: Space, profile: &Profile) -> bool {
    if space == Space::MathMl || space == Space::Other {
        return false;
    }
    // The walk reads these in its own way, or shows them although they are templates.
    let is_read = *name == local_name!("noscript")
        || *name == local_name!("video") && profile.video_poster
        || *name == local_name!("template") && dom.attribute(node, &local_name!("shadowrootmode")).is_some();
    if !is_read && profile.role(name) == Role::Dropped {
        return true;
    }
    // A page that hides its body shows it by script.
    if matches!(*name, local_name!("html") | local_name!("body")) {
        return false;
    }
    dom.attributes(node).iter().any(|attribute| match attribute.name.local {
        local_name!("hidden") => true,
        local_name!("aria-hidden") => attribute.value.trim().eq_ignore_ascii_case("true"),
        local_name!("role") => {
            let role = attribute.value.split_ascii_whitespace().next().unwrap_or_default();
            profile.dropped_roles.contains(&role.to_ascii_lowercase())
        }
        // MathML for those who cannot see the picture of a formula is the formula's text.
        local_name!("style") => hides(&attribute.value) && !begins_with_math(dom, node),
        _ => false,
    })
}

fn begins_with_math(dom: &Dom, node: NodeId) -> bool {
    dom.first_child(node).and_then(|child| dom.element(child)).is_some_and(|(name, _)| *name == local_name!("math"))
}
