//! html5ever's tree builder writes the DOM through this.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElementFlags, ExpandedName, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName, ns};

use crate::Limits;
use crate::dom::{Dom, NodeId, Space};

/// A node, with its name at hand: the tree builder asks for names all the time, and copies handles as often.
#[derive(Clone)]
pub(super) struct Handle {
    name: LocalName,
    node: NodeId,
    space: Space,
    /// Whether HTML goes on below this element of MathML.
    holds_html: bool,
}

/// The namespaces, to be lent.
static HTML: Namespace = ns!(html);
static SVG: Namespace = ns!(svg);
static MATHML: Namespace = ns!(mathml);
static NONE: Namespace = ns!();

fn namespace(space: Space) -> &'static Namespace {
    match space {
        Space::Html => &HTML,
        Space::Svg => &SVG,
        Space::MathMl => &MATHML,
        Space::Other => &NONE,
    }
}

/// A cap that the page exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Nodes(usize),
    Depth(usize),
    /// Bytes of attributes, and how many there may be.
    Attributes(usize, usize),
}

/// Bytes of attributes that any page may have.
const FREE_BYTES: usize = 64 << 20;

pub(super) struct Sink {
    dom: RefCell<Dom>,
    max_nodes: usize,
    max_depth: usize,
    max_attributes: usize,
    exceeded: Cell<Option<Exceeded>>,
    moves: Cell<usize>,
    /// Bytes of the attributes of all elements, those of elements that the parser repeats as well.
    attribute_bytes: Cell<usize>,
    max_attribute_bytes: usize,
    /// What held the attributes of the last element, for those of the next one.
    spare: Cell<Vec<Attribute>>,
}

impl Sink {
    pub(super) fn new(limits: &Limits, page_bytes: usize) -> Self {
        Self {
            dom: RefCell::new(Dom::new(page_bytes)),
            max_nodes: limits.max_dom_nodes,
            max_depth: limits.max_dom_depth,
            max_attributes: limits.max_attributes,
            exceeded: Cell::new(None),
            moves: Cell::new(0),
            attribute_bytes: Cell::new(0),
            max_attribute_bytes: page_bytes.saturating_mul(limits.max_expansion).saturating_add(FREE_BYTES),
            spare: Cell::new(Vec::new()),
        }
    }

    /// A vector for attributes, empty, perhaps with room.
    pub(super) fn spare(&self) -> Vec<Attribute> {
        self.spare.take()
    }

    /// The first cap that was exceeded.  From then on the sink builds nothing.
    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded.get()
    }

    /// How many nodes were moved from one parent to another.
    pub(super) fn moves(&self) -> usize {
        self.moves.get()
    }

    fn exceed(&self, exceeded: Exceeded) {
        if self.exceeded.get().is_none() {
            self.exceeded.set(Some(exceeded));
        }
    }

    fn no_node() -> Handle {
        Handle { name: LocalName::default(), node: NodeId::NONE, space: Space::Other, holds_html: false }
    }

    fn place(&self, parent: NodeId, child: NodeOrText<Handle>, before: Option<NodeId>) {
        if self.exceeded.get().is_some() || parent == NodeId::NONE {
            return;
        }
        let mut dom = self.dom.borrow_mut();
        let depth = dom.depth(parent) + 1;
        if depth > self.max_depth {
            return self.exceed(Exceeded::Depth(depth));
        }
        match child {
            NodeOrText::AppendNode(Handle { node: NodeId::NONE, .. }) => {}
            NodeOrText::AppendNode(child) => {
                dom.detach(child.node);
                dom.insert(child.node, parent, before);
            }
            NodeOrText::AppendText(text) => dom.insert_text(&text, parent, before),
        }
        if dom.node_count() > self.max_nodes {
            self.exceed(Exceeded::Nodes(dom.node_count()));
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { node: NodeId::DOCUMENT, ..Self::no_node() }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        ExpandedName { ns: namespace(target.space), local: &target.name }
    }

    fn create_element(&self, name: QualName, mut attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let QualName { ns: space, local: name, .. } = name;
        let space = match space {
            ns!(html) => Space::Html,
            ns!(svg) => Space::Svg,
            ns!(mathml) => Space::MathMl,
            _ => Space::Other,
        };
        let holds_html = flags.mathml_annotation_xml_integration_point;
        if self.exceeded.get().is_some() {
            return Handle { name, node: NodeId::NONE, space, holds_html };
        }
        let bytes = attributes.iter().map(|attribute| size_of::<Attribute>() + attribute.value.len()).sum::<usize>();
        let bytes = self.attribute_bytes.get() + bytes;
        self.attribute_bytes.set(bytes);
        if bytes > self.max_attribute_bytes {
            self.exceed(Exceeded::Attributes(bytes, self.max_attribute_bytes));
        }
        let node = self.dom.borrow_mut().create_element(name.clone(), space, &mut attributes);
        self.spare.set(attributes);
        Handle { name, node, space, holds_html }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        Self::no_node()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        Self::no_node()
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.place(parent.node, child, None);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        let has_parent = element.node.get().is_some_and(|node| self.dom.borrow().parent(node).is_some());
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    // A template's contents are its children here: the walk drops templates, or reads them as the shadow tree.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.node == y.node
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        let parent = sibling.node.get().and_then(|node| self.dom.borrow().parent(node));
        if let Some(parent) = parent {
            self.place(parent, new_node, Some(sibling.node));
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        if target.node != NodeId::NONE {
            self.dom.borrow_mut().add_attributes(target.node, attributes, self.max_attributes);
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        if target.node != NodeId::NONE {
            self.dom.borrow_mut().detach(target.node);
        }
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        if self.exceeded.get().is_none() && node.node != NodeId::NONE && new_parent.node != NodeId::NONE {
            let moved = self.dom.borrow_mut().move_children(node.node, new_parent.node);
            self.moves.set(self.moves.get() + moved);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Handle) -> bool {
        target.holds_html
    }

    fn allow_declarative_shadow_roots(&self, _: &Handle) -> bool {
        false
    }
}
