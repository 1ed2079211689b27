//! Pages made of nodes, and what a reader sees of them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Elements that end a line before and after them.
const BLOCKS: [&str; 9] = ["div", "section", "article", "blockquote", "aside", "form", "main", "fieldset", "center"];

/// Elements that end a line, and hold no block.
const LINES: [&str; 5] = ["p", "h1", "h3", "address", "pre"];

/// Elements inside of lines.
const INLINES: [&str; 9] = ["b", "i", "em", "span", "code", "sub", "q", "a", "font"];

/// Elements that end a line and hold nothing.
const ENDS: [&str; 2] = ["br", "hr"];

/// What nobody sees: how it begins and ends.
const HIDDEN: [(&str, &str); 10] = [
    ("<script>", "</script>"),
    ("<style>", "</style>"),
    ("<template>", "</template>"),
    ("<select><option>", "</select>"),
    ("<textarea>", "</textarea>"),
    ("<svg><text>", "</text></svg>"),
    ("<iframe>", "</iframe>"),
    ("<span hidden>", "</span>"),
    ("<b aria-hidden=true>", "</b>"),
    ("<span style='color:red; display: none'>", "</span>"),
];

/// A part of a page.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// So many words, apart by spaces; and whether spaces come first and last.
    Text(bool, u8, bool),
    /// An image, and whether a twin for browsers without scripts follows.
    Image(bool),
    /// An element that ends a line.
    End(&'static str),
    /// Words that nobody sees.
    Hidden(usize),
    Comment,
    Element(&'static str, Vec<Node>),
    /// A list of that name, an item for each node.
    List(&'static str, Vec<Node>),
    /// A table, a row for each two nodes.
    Table(Vec<Node>),
    /// An image with a caption.
    Figure(Vec<Node>),
}

/// Some nodes of a page.
pub(crate) fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let leaf = prop_oneof![
        6 => (any::<bool>(), 1..4_u8, any::<bool>()).prop_map(|(first, words, last)| Node::Text(first, words, last)),
        2 => any::<bool>().prop_map(Node::Image),
        1 => select(ENDS.to_vec()).prop_map(Node::End),
        1 => (0..HIDDEN.len()).prop_map(Node::Hidden),
        1 => Just(Node::Comment),
    ];
    let node = leaf.prop_recursive(6, 60, 5, |inner| {
        let names = [&BLOCKS[..], &LINES, &INLINES].concat();
        prop_oneof![
            5 => (select(names), vec(inner.clone(), 0..5)).prop_map(|(name, below)| Node::Element(name, below)),
            1 => (select(vec!["ul", "ol"]), vec(inner.clone(), 1..4)).prop_map(|(name, items)| Node::List(name, items)),
            1 => vec(inner.clone(), 1..6).prop_map(Node::Table),
            1 => vec(inner, 0..4).prop_map(Node::Figure),
        ]
    });
    vec(node, 0..6)
}

/// In which of the many ways that mean the same a page is spelled.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spelling {
    upper_case: bool,
    single_quotes: bool,
    more_attributes: bool,
    /// Characters of words as numeric references.
    references: bool,
    comments: bool,
    carriage_returns: bool,
    /// End tags that the standard lets out.
    no_end_tags: bool,
    /// A document without `html`, `head` and `body`.
    no_frame: bool,
}

impl Arbitrary for Spelling {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let choices = any::<[bool; 8]>();
        let spelling = choices.prop_map(|[a, b, c, d, e, f, g, h]| Self {
            upper_case: a,
            single_quotes: b,
            more_attributes: c,
            references: d,
            comments: e,
            carriage_returns: f,
            no_end_tags: g,
            no_frame: h,
        });
        spelling.boxed()
    }
}

/// A page, and the words and images that a reader sees of it, in order.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) shown: Vec<String>,
}

/// Writes a page.
pub(crate) fn write(nodes: &[Node], spelling: Spelling) -> Page {
    let mut writer = Writer { spelling, html: String::new(), shown: String::new(), words: 0, images: 0, links: 0 };
    let frame = if spelling.no_frame { "" } else { "<html><head><title>Title</title></head><body>" };
    writer.html = format!("<!doctype html>{frame}");
    // Something is always seen, and what comes first is in the body.
    writer.tag("p", "");
    writer.text(false, 1, false);
    writer.end_tag("p");
    writer.shown.push(' ');
    nodes.iter().for_each(|node| writer.node(node, true));
    if !spelling.no_frame {
        writer.html += "</body></html>";
    }
    let Writer { html, shown, .. } = writer;
    let html = if spelling.carriage_returns { html.replace('\n', "\r\n") } else { html };
    Page { html, shown: shown.split_whitespace().map(str::to_owned).collect() }
}

struct Writer {
    spelling: Spelling,
    html: String,
    /// What a reader sees: lines and images apart by spaces.
    shown: String,
    words: u32,
    images: u32,
    /// Links that are open.
    links: u32,
}

impl Writer {
    fn node(&mut self, node: &Node, may_hold_blocks: bool) {
        if self.spelling.comments {
            self.html += "<!-- <p>none of this > is -- shown -->";
        }
        match node {
            Node::Text(first, words, last) => self.text(*first, *words, *last),
            Node::Image(twin) => self.image(*twin),
            Node::End(name) => {
                // A rule would end the paragraph that it stands in.
                let name = if may_hold_blocks { name } else { "br" };
                self.tag(name, "");
                self.shown.push(' ');
            }
            Node::Hidden(index) => self.hidden(*index),
            Node::Comment => self.html += "<!--x--><!---->",
            Node::Element(name, below) => {
                let name = if INLINES.contains(name) || may_hold_blocks { name } else { "span" };
                self.element(name, below);
            }
            // What only stands between lines stands for its nodes inside of one.
            Node::List(_, below) | Node::Table(below) | Node::Figure(below) if !may_hold_blocks => {
                below.iter().for_each(|node| self.node(node, false));
            }
            Node::List(name, items) => {
                self.line(name, |writer| items.iter().for_each(|item| writer.item("li", item)));
            }
            Node::Table(cells) => self.line("table", |writer| {
                for row in cells.chunks(2) {
                    writer.tag("tr", "");
                    row.iter().for_each(|cell| writer.item("td", cell));
                    writer.optional_end_tag("tr");
                }
            }),
            Node::Figure(caption) => self.line("figure", |writer| {
                writer.image(false);
                writer.line("figcaption", |writer| caption.iter().for_each(|node| writer.node(node, true)));
            }),
        }
    }

    fn element(&mut self, name: &'static str, below: &[Node]) {
        // A link in a link, and a form in a form, end the outer one.
        let name = match name {
            "a" if self.links > 0 => "span",
            "form" => "div",
            name => name,
        };
        self.links += u32::from(name == "a");
        if INLINES.contains(&name) {
            self.tag(name, if name == "a" { "href=\"/elsewhere\"" } else { "" });
            below.iter().for_each(|node| self.node(node, false));
            self.end_tag(name);
        } else {
            let may_hold_blocks = !LINES.contains(&name);
            self.line(name, |writer| below.iter().for_each(|node| writer.node(node, may_hold_blocks)));
        }
        self.links -= u32::from(name == "a");
    }

    /// An element that ends a line before and after it.
    fn line(&mut self, name: &'static str, below: impl FnOnce(&mut Self)) {
        self.shown.push(' ');
        self.tag(name, "");
        if name == "pre" {
            // The line end that comes first is none, so that what follows is the same with and without a comment before it.
            self.html.push('\n');
        }
        below(self);
        self.end_tag(name);
        self.shown.push(' ');
    }

    /// An item of a list, or a cell.
    fn item(&mut self, name: &'static str, node: &Node) {
        self.shown.push(' ');
        self.tag(name, "");
        self.node(node, true);
        self.optional_end_tag(name);
        self.shown.push(' ');
    }

    fn tag(&mut self, name: &str, attributes: &str) {
        let Spelling { upper_case, single_quotes, more_attributes, .. } = self.spelling;
        let name = if upper_case { name.to_ascii_uppercase() } else { name.to_owned() };
        let attributes = if single_quotes { attributes.replace('"', "'") } else { attributes.to_owned() };
        let space = if attributes.is_empty() { "" } else { " " };
        let more =
            if more_attributes { "\n class=wide data-n='a > \"b\"' id onclick=\"if (a < b) { c('d') }\"" } else { "" };
        self.html += &format!("<{name}{space}{attributes}{more}>");
    }

    fn end_tag(&mut self, name: &str) {
        let name = if self.spelling.upper_case { name.to_ascii_uppercase() } else { name.to_owned() };
        let space = if self.spelling.more_attributes { " " } else { "" };
        self.html += &format!("</{name}{space}>");
    }

    fn optional_end_tag(&mut self, name: &str) {
        if !self.spelling.no_end_tags {
            self.end_tag(name);
        }
    }

    fn text(&mut self, space_first: bool, words: u8, space_last: bool) {
        let mut text = String::new();
        for number in 0..words {
            if number > 0 || space_first {
                text.push(if number % 2 == 0 { '\n' } else { ' ' });
            }
            self.words += 1;
            // Letters of several bytes and outside of the first plane, and those that stand escaped.
            text += &format!("w{}é&𝔸", self.words);
        }
        if space_last {
            text.push(' ');
        }
        self.shown += &text;
        let reference = |c: char| match c {
            '&' => "&amp;".to_owned(),
            c if self.spelling.references && !c.is_whitespace() => format!("&#x{:x};", u32::from(c)),
            c => c.to_string(),
        };
        self.html.extend(text.chars().map(reference));
    }

    fn image(&mut self, twin: bool) {
        self.images += 1;
        let source = format!("src=\"/img/photo-{}.jpg\" alt=\"An image\"", self.images);
        self.tag("img", &source);
        if twin {
            self.html += &format!("<noscript><img {source}></noscript>");
        }
        self.shown += &format!(" photo-{}.jpg ", self.images);
    }

    fn hidden(&mut self, index: usize) {
        let (begin, end) = HIDDEN[index];
        self.html += &format!("{begin}nothing of this{end}");
    }
}
