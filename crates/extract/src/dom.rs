//! The DOM: nodes in one vector, linked by 32-bit indices, in the order in which the parser made them.
//!
//! A parser fills it; nothing else of this crate knows which parser that was.

use html5ever::{Attribute, LocalName, local_name};

/// Index of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// No node.
    pub(crate) const NONE: Self = Self(u32::MAX);
    /// The document.
    pub(crate) const DOCUMENT: Self = Self(0);

    pub(crate) fn get(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Namespaces that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Html,
    Svg,
    MathMl,
    Other,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Document,
    Element {
        name: LocalName,
        space: Space,
        attributes: Span,
    },
    /// Adjacent text nodes are allowed, and stand for one.
    Text(Span),
}

/// A range of the DOM's text, in bytes, or of its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Debug)]
struct NodeData {
    parent: NodeId,
    previous: NodeId,
    next: NodeId,
    first_child: NodeId,
    last_child: NodeId,
    depth: u32,
    kind: Kind,
}

/// A parsed page.
#[derive(Debug)]
pub struct Dom {
    nodes: Vec<NodeData>,
    attributes: Vec<Attribute>,
    text: String,
    /// `noscript` and `template`, few on a page and asked for often.
    unrendered: Vec<NodeId>,
    /// Bytes of the page as decoded.
    page_bytes: usize,
}

impl Dom {
    /// The document of a page of that many bytes, without anything in it.
    pub(crate) fn new(page_bytes: usize) -> Self {
        // As many as most pages have at least: what is not used is not touched.
        let mut dom = Self {
            nodes: Vec::with_capacity(page_bytes / 128),
            attributes: Vec::with_capacity(page_bytes / 256),
            text: String::with_capacity(page_bytes / 8),
            unrendered: Vec::new(),
            page_bytes,
        };
        dom.create(Kind::Document);
        dom
    }

    /// How many nodes there are, detached ones included.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes of the page as decoded, which what is made of it is measured by.
    pub(crate) fn page_bytes(&self) -> usize {
        self.page_bytes
    }

    /// All nodes in the order in which the parser made them: the order of the page's tags.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The elements `noscript` and `template` among them.
    pub(crate) fn unrendered(&self) -> impl Iterator<Item = NodeId> {
        self.unrendered.iter().copied()
    }

    pub(crate) fn kind(&self, node: NodeId) -> &Kind {
        &self.nodes[node.index()].kind
    }

    pub(crate) fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.nodes[node.index()].parent.get()
    }

    pub(crate) fn first_child(&self, node: NodeId) -> Option<NodeId> {
        self.nodes[node.index()].first_child.get()
    }

    pub(crate) fn next(&self, node: NodeId) -> Option<NodeId> {
        self.nodes[node.index()].next.get()
    }

    pub(crate) fn previous(&self, node: NodeId) -> Option<NodeId> {
        self.nodes[node.index()].previous.get()
    }

    pub(crate) fn depth(&self, node: NodeId) -> usize {
        self.nodes[node.index()].depth as usize
    }

    /// Children, first to last.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.first_child(node), |&child| self.next(child))
    }

    /// The node after `node` in document order that is not below it, staying below `root`.
    pub(crate) fn after(&self, node: NodeId, root: NodeId) -> Option<NodeId> {
        let mut at = node;
        while at != root {
            if let Some(next) = self.next(at) {
                return Some(next);
            }
            at = self.parent(at)?;
        }
        None
    }

    /// Name and namespace of an element.
    pub(crate) fn element(&self, node: NodeId) -> Option<(&LocalName, Space)> {
        match self.kind(node) {
            Kind::Element { name, space, .. } => Some((name, *space)),
            _ => None,
        }
    }

    /// Whether `node` is the HTML element of that name.
    pub(crate) fn is_html(&self, node: NodeId, name: &LocalName) -> bool {
        self.element(node) == Some((name, Space::Html))
    }

    /// Attributes of an element; none of any other node.
    pub(crate) fn attributes(&self, node: NodeId) -> &[Attribute] {
        match self.kind(node) {
            Kind::Element { attributes, .. } => &self.attributes[attributes.range()],
            _ => &[],
        }
    }

    /// Value of an attribute.
    pub(crate) fn attribute(&self, node: NodeId, name: &LocalName) -> Option<&str> {
        self.attributes(node).iter().find(|attribute| attribute.name.local == *name).map(|attribute| &*attribute.value)
    }

    /// Value of the last attribute of that name, where a parser keeps several.
    pub(crate) fn last_attribute(&self, node: NodeId, name: &LocalName) -> Option<&str> {
        let mut attributes = self.attributes(node).iter().rev();
        attributes.find(|attribute| attribute.name.local == *name).map(|attribute| &*attribute.value)
    }

    /// Text of a text node.
    pub(crate) fn text(&self, node: NodeId) -> Option<&str> {
        match self.kind(node) {
            Kind::Text(span) => Some(&self.text[span.range()]),
            _ => None,
        }
    }

    /// All text below `root`, as it stands in the page, but for scripts and style sheets below it.
    pub(crate) fn text_below(&self, root: NodeId) -> String {
        let mut text = String::new();
        let mut at = self.first_child(root);
        while let Some(node) = at {
            text.push_str(self.text(node).unwrap_or_default());
            let below = if self.is_code(node) { None } else { self.first_child(node) };
            at = below.or_else(|| self.after(node, root));
        }
        text
    }

    /// Whether `node` is a script or a style sheet, whose text is for no reader.
    pub(crate) fn is_code(&self, node: NodeId) -> bool {
        matches!(self.element(node), Some((&(local_name!("script") | local_name!("style")), Space::Html)))
    }

    /// What tells two trees apart, in words; `None` for the same nodes in the same order.
    #[cfg(any(test, feature = "judge"))]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let links = |dom: &Self, node| {
            (dom.parent(node), dom.previous(node), dom.next(node), dom.first_child(node), dom.depth(node))
        };
        for node in self.ids().take(other.node_count()) {
            let [own, others] = [self, other].map(|dom| (dom.element(node), dom.attributes(node), dom.text(node)));
            if own != others {
                return Some(format!("node {}: {own:?} and {others:?}", node.index()));
            }
            let [own, others] = [self, other].map(|dom| links(dom, node));
            if own != others {
                return Some(format!("links of node {}: {own:?} and {others:?}", node.index()));
            }
        }
        let (own, others) = (self.node_count(), other.node_count());
        (own != others).then(|| format!("{own} and {others} nodes"))
    }

    fn create(&mut self, kind: Kind) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        let none = NodeId::NONE;
        self.nodes.push(NodeData {
            parent: none,
            previous: none,
            next: none,
            first_child: none,
            last_child: none,
            depth: 0,
            kind,
        });
        node
    }

    /// Creates an element, and takes its attributes out of `attributes`.
    pub(crate) fn create_element(&mut self, name: LocalName, space: Space, attributes: &mut Vec<Attribute>) -> NodeId {
        let attributes = self.store(attributes);
        let is_unrendered = matches!(name, local_name!("noscript") | local_name!("template"));
        let node = self.create(Kind::Element { name, space, attributes });
        if is_unrendered {
            self.unrendered.push(node);
        }
        node
    }

    fn store(&mut self, attributes: &mut Vec<Attribute>) -> Span {
        let start = self.attributes.len() as u32;
        self.attributes.append(attributes);
        Span { start, end: self.attributes.len() as u32 }
    }

    /// Adds the attributes that the element has not, up to `max` in all.
    pub(crate) fn add_attributes(&mut self, node: NodeId, more: Vec<Attribute>, max: usize) {
        let old = self.attributes(node);
        let room = max.saturating_sub(old.len());
        let new: Vec<Attribute> = more
            .into_iter()
            .filter(|attribute| old.iter().all(|have| have.name.local != attribute.name.local))
            .take(room)
            .collect();
        if new.is_empty() {
            return;
        }
        let mut all: Vec<Attribute> = old.iter().cloned().chain(new).collect();
        let span = self.store(&mut all);
        if let Kind::Element { attributes, .. } = &mut self.nodes[node.index()].kind {
            *attributes = span;
        }
    }

    /// Puts a node without parent under `parent`, before `before` or last.
    pub(crate) fn insert(&mut self, node: NodeId, parent: NodeId, before: Option<NodeId>) {
        let next = before.unwrap_or(NodeId::NONE);
        let previous = match before {
            Some(before) => self.nodes[before.index()].previous,
            None => self.nodes[parent.index()].last_child,
        };
        let depth = self.nodes[parent.index()].depth + 1;
        let data = &mut self.nodes[node.index()];
        (data.parent, data.previous, data.next, data.depth) = (parent, previous, next, depth);
        match previous.get() {
            Some(previous) => self.nodes[previous.index()].next = node,
            None => self.nodes[parent.index()].first_child = node,
        }
        match next.get() {
            Some(next) => self.nodes[next.index()].previous = node,
            None => self.nodes[parent.index()].last_child = node,
        }
    }

    /// Puts text under `parent`, before `before` or last; into the text node before that place where its text was
    /// the last to be stored.
    pub(crate) fn insert_text(&mut self, text: &str, parent: NodeId, before: Option<NodeId>) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let end = self.text.len() as u32;
        let previous = match before {
            Some(before) => self.nodes[before.index()].previous,
            None => self.nodes[parent.index()].last_child,
        };
        if let Some(previous) = previous.get()
            && let Kind::Text(span) = &mut self.nodes[previous.index()].kind
            && span.end == start
        {
            span.end = end;
            return;
        }
        let node = self.create(Kind::Text(Span { start, end }));
        self.insert(node, parent, before);
    }

    /// Takes a node from its parent.
    pub(crate) fn detach(&mut self, node: NodeId) {
        let data = &mut self.nodes[node.index()];
        let (parent, previous, next) = (data.parent, data.previous, data.next);
        let Some(parent) = parent.get() else { return };
        (data.parent, data.previous, data.next) = (NodeId::NONE, NodeId::NONE, NodeId::NONE);
        match previous.get() {
            Some(previous) => self.nodes[previous.index()].next = next,
            None => self.nodes[parent.index()].first_child = next,
        }
        match next.get() {
            Some(next) => self.nodes[next.index()].previous = previous,
            None => self.nodes[parent.index()].last_child = previous,
        }
    }

    /// Moves all children of `node` behind those of `parent`.  Costs a step per child, so a caller counts.
    pub(crate) fn move_children(&mut self, node: NodeId, parent: NodeId) -> usize {
        let mut moved = 0;
        while let Some(child) = self.first_child(node) {
            // The new parent has no place of its own yet: the children keep the depth that they had.
            let depth = self.nodes[child.index()].depth;
            self.detach(child);
            self.insert(child, parent, None);
            self.nodes[child.index()].depth = depth;
            moved += 1;
        }
        moved
    }
}
