//! The elements around what the document shows, with what each holds: sums over the page in two passes.

use foldhash::{HashMap, HashMapExt as _};
use html5ever::local_name;

use super::names::{Names, NamesReader};
use crate::dom::{Dom, NodeId, Space};
use crate::flow::Piece;

/// An element that holds text or images of the document.
#[derive(Clone, Debug)]
pub(super) struct Bone {
    pub(super) node: NodeId,
    /// Index of the element around it; its own at the root.
    pub(super) parent: u32,
    pub(super) depth: u32,
    pub(super) tag: Tag,
    pub(super) is_h1: bool,
    /// What authors call it and the elements around it.
    pub(super) names: Names,
    /// Whether it stands in a link.
    pub(super) in_link: bool,
    /// What its name and its first class are, as a number.
    pub(super) look: u64,
    /// How many of its siblings, itself included, look the same.
    pub(super) alike: u32,
    pub(super) sums: Sums,
}

/// What an element holds, all that is below it included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Bytes of text.
    pub(super) text: u32,
    /// Bytes of text in links.
    pub(super) linked: u32,
    /// Bytes of text in paragraphs that read like prose.
    pub(super) prose: u32,
    /// Paragraphs.
    pub(super) paragraphs: u32,
    pub(super) images: u32,
}

/// What an element's name says of its role on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub(super) enum Tag {
    #[default]
    Other,
    Div,
    Span,
    P,
    Heading,
    Item,
    List,
    Cell,
    Table,
    Link,
    Section,
    Article,
    Main,
    Aside,
    Header,
    Figure,
    Caption,
    Quote,
    Pre,
    Definition,
    Form,
    Emphasis,
    Details,
    Summary,
    Label,
    Time,
}

impl Sums {
    pub(super) fn add(&mut self, more: &Self) {
        self.text = self.text.saturating_add(more.text);
        self.linked = self.linked.saturating_add(more.linked);
        self.prose = self.prose.saturating_add(more.prose);
        self.paragraphs = self.paragraphs.saturating_add(more.paragraphs);
        self.images = self.images.saturating_add(more.images);
    }

    /// What is left without a part of it.
    pub(super) fn less(&self, part: &Self) -> Self {
        Self {
            text: self.text.saturating_sub(part.text),
            linked: self.linked.saturating_sub(part.linked),
            prose: self.prose.saturating_sub(part.prose),
            paragraphs: self.paragraphs.saturating_sub(part.paragraphs),
            images: self.images.saturating_sub(part.images),
        }
    }
}

impl Tag {
    /// How many there are.
    pub(super) const COUNT: usize = Self::NAMED.len() + 1;
    /// All but `Other`.
    pub(super) const NAMED: [Self; 25] = [
        Self::Div,
        Self::Span,
        Self::P,
        Self::Heading,
        Self::Item,
        Self::List,
        Self::Cell,
        Self::Table,
        Self::Link,
        Self::Section,
        Self::Article,
        Self::Main,
        Self::Aside,
        Self::Header,
        Self::Figure,
        Self::Caption,
        Self::Quote,
        Self::Pre,
        Self::Definition,
        Self::Form,
        Self::Emphasis,
        Self::Details,
        Self::Summary,
        Self::Label,
        Self::Time,
    ];
}

/// The page's elements around its text and images.
pub(super) struct Skeleton {
    /// A parent stands before its children.
    pub(super) bones: Vec<Bone>,
    /// For each piece, the element around it.
    pub(super) around: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Skeleton {
    /// Gathers the elements around the pieces.
    pub(super) fn of<'a>(dom: &'a Dom, pieces: &[Piece], names: &mut NamesReader<'a>) -> Self {
        let mut index = vec![NONE; dom.node_count()];
        index[NodeId::DOCUMENT.index()] = 0;
        let root = Bone {
            node: NodeId::DOCUMENT,
            parent: 0,
            depth: 0,
            tag: Tag::Other,
            is_h1: false,
            names: Names::default(),
            in_link: false,
            look: 0,
            alike: 1,
            sums: Sums::default(),
        };
        let mut skeleton = Self { bones: vec![root], around: Vec::with_capacity(pieces.len()) };
        let mut path = Vec::new();
        for piece in pieces {
            let mut at = piece.node;
            if dom.text(at).is_some() {
                at = dom.parent(at).unwrap_or(NodeId::DOCUMENT);
            }
            while index[at.index()] == NONE {
                path.push(at);
                at = dom.parent(at).unwrap_or(NodeId::DOCUMENT);
            }
            let mut bone = index[at.index()];
            while let Some(node) = path.pop() {
                index[node.index()] = skeleton.bones.len() as u32;
                let child = skeleton.bone(dom, node, bone, names);
                bone = skeleton.bones.len() as u32;
                skeleton.bones.push(child);
            }
            skeleton.around.push(bone);
        }
        skeleton.count_alike();
        skeleton
    }

    fn bone<'a>(&self, dom: &'a Dom, node: NodeId, parent: u32, names: &mut NamesReader<'a>) -> Bone {
        let around = &self.bones[parent as usize];
        let tag = tag(dom, node);
        let class = dom.attribute(node, &local_name!("class")).unwrap_or_default();
        let name = dom.element(node).map_or("", |(name, _)| name);
        Bone {
            node,
            parent,
            depth: around.depth + 1,
            tag,
            is_h1: dom.is_html(node, &local_name!("h1")),
            names: names.read(dom, node, &around.names),
            in_link: around.in_link || tag == Tag::Link,
            look: look(name, class),
            alike: 1,
            sums: Sums::default(),
        }
    }

    fn count_alike(&mut self) {
        let mut counts: HashMap<(u32, u64), u32> = HashMap::with_capacity(self.bones.len());
        for bone in &self.bones {
            *counts.entry((bone.parent, bone.look)).or_default() += 1;
        }
        for bone in &mut self.bones {
            bone.alike = counts.get(&(bone.parent, bone.look)).copied().unwrap_or(1);
        }
    }

    /// Adds to each element what its children hold.
    pub(super) fn sum_up(&mut self) {
        for i in (1..self.bones.len()).rev() {
            let sums = self.bones[i].sums;
            let parent = self.bones[i].parent as usize;
            self.bones[parent].sums.add(&sums);
        }
    }

    /// The elements around the one at `bone`, itself first, without the root.
    pub(super) fn up(&self, bone: u32) -> impl Iterator<Item = &Bone> {
        let some = |bone: u32| (bone != 0).then_some(bone);
        std::iter::successors(some(bone), move |&at| some(self.bones[at as usize].parent))
            .map(|at| &self.bones[at as usize])
    }
}

/// Name and first class, digits left out: what a template repeats.
fn look(name: &str, class: &str) -> u64 {
    let class = class.split_ascii_whitespace().next().unwrap_or_default();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let bytes = name.bytes().chain([b' ']).chain(class.bytes().filter(|byte| !byte.is_ascii_digit()));
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

fn tag(dom: &Dom, node: NodeId) -> Tag {
    let Some((name, Space::Html)) = dom.element(node) else { return Tag::Other };
    match *name {
        local_name!("div") => Tag::Div,
        local_name!("span") | local_name!("font") => Tag::Span,
        local_name!("p") => Tag::P,
        local_name!("h1")
        | local_name!("h2")
        | local_name!("h3")
        | local_name!("h4")
        | local_name!("h5")
        | local_name!("h6") => Tag::Heading,
        local_name!("li") => Tag::Item,
        local_name!("ul") | local_name!("ol") | local_name!("menu") => Tag::List,
        local_name!("td") | local_name!("th") => Tag::Cell,
        local_name!("table") => Tag::Table,
        local_name!("a") => Tag::Link,
        local_name!("section") => Tag::Section,
        local_name!("article") => Tag::Article,
        local_name!("main") => Tag::Main,
        local_name!("aside") => Tag::Aside,
        local_name!("header") | local_name!("hgroup") => Tag::Header,
        local_name!("figure") => Tag::Figure,
        local_name!("figcaption") | local_name!("caption") => Tag::Caption,
        local_name!("blockquote") | local_name!("q") => Tag::Quote,
        local_name!("pre") | local_name!("code") => Tag::Pre,
        local_name!("dl") | local_name!("dt") | local_name!("dd") => Tag::Definition,
        local_name!("form") | local_name!("fieldset") => Tag::Form,
        local_name!("b") | local_name!("strong") | local_name!("em") | local_name!("i") => Tag::Emphasis,
        local_name!("details") => Tag::Details,
        local_name!("summary") => Tag::Summary,
        local_name!("label") | local_name!("legend") => Tag::Label,
        local_name!("time") | local_name!("address") => Tag::Time,
        _ => Tag::Other,
    }
}
