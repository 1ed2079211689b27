//! The document in the making: texts as a browser would break and space them, images between them.

use std::borrow::Cow;

use obelisc_document::{Content, ImageNode, Node, Paragraph, paragraphs};
use obelisc_text::clean;

use crate::dom::NodeId;

/// What stands between the text that was written and the text that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    None,
    Space,
    Line,
    Blank,
}

/// What lies between two inline elements that touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seam {
    /// Nothing but their tags.
    Elements,
    /// Their tags, and they say two things: two links, the old and the new.
    Words,
}

/// What begins a price.
const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// White space that collapses; a no-break space does not.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

/// Where a paragraph or an image came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which paragraph or image it is part of, counted through the document.
    pub(crate) unit: u32,
    /// The text node, or the image's element.
    pub(crate) node: NodeId,
    /// Bytes of text; 0 for an image.
    pub(crate) bytes: u32,
}

/// Collects the nodes.
pub(crate) struct Flow {
    nodes: Vec<Node>,
    /// Paragraphs and images so far.
    units: u32,
    pieces: Vec<Piece>,
    /// Which node of the page speaks.
    source: NodeId,
    /// Where in `text` another node began to speak.
    sources: Vec<(usize, NodeId)>,
    /// The text node in the making.
    text: String,
    /// Whether all of it was cleaned word by word, and no word continues another with what may join it.
    is_clean: bool,
    gap: Gap,
    /// What the next word touches.
    seam: Option<Seam>,
    /// The list item's mark, until its first text.
    marker: Option<String>,
    /// End of the last blank line in `text`.
    last_blank: usize,
    /// Inside a cell of a data table: the line does not end.
    in_cell: bool,
    /// Whether the table row has no text so far.
    row_is_fresh: bool,
    /// Cells that ended or were empty since the last text of the row.
    separators: usize,
}

/// A place in the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    node: usize,
    at: usize,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            units: 0,
            pieces: Vec::new(),
            source: NodeId::DOCUMENT,
            sources: Vec::new(),
            text: String::new(),
            is_clean: true,
            gap: Gap::None,
            seam: None,
            marker: None,
            last_blank: 0,
            in_cell: false,
            row_is_fresh: false,
            separators: 0,
        }
    }

    /// Says which node of the page the next words come from.
    pub(crate) fn speaks(&mut self, node: NodeId) {
        self.source = node;
    }

    /// Where the next text will begin.
    pub(crate) fn mark(&self) -> Mark {
        Mark { node: self.nodes.len(), at: self.text.len() }
    }

    /// The mark of a list item that waits for its first text.
    pub(crate) fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// Whether any text was written since the last image, or the start.
    pub(crate) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Text written since the mark, in this text node.
    pub(crate) fn since(&self, mark: Mark) -> &str {
        let start = if mark.node == self.nodes.len() { mark.at } else { 0 };
        self.text.get(start..).unwrap_or_default()
    }

    /// Asks for a gap before the next text; the widest one asked for counts.
    pub(crate) fn request(&mut self, gap: Gap) {
        let gap = if self.in_cell { gap.min(Gap::Space) } else { gap };
        // Nothing comes between a list item's mark and its text.
        if self.marker.is_none() {
            self.gap = self.gap.max(gap);
        }
    }

    /// Says that the next word comes from another element than the one before it.
    pub(crate) fn seam(&mut self, seam: Seam) {
        // Of several in a row, one that parts two words does.
        if self.seam != Some(Seam::Words) {
            self.seam = Some(seam);
        }
    }

    /// Whether two words touch, at the seam before `word`, that a reader sees apart.
    fn is_apart(&mut self, word: &str) -> bool {
        let Some(seam) = self.seam.take() else { return false };
        let (Some(last), Some(first)) = (self.text.chars().next_back(), word.chars().next()) else { return false };
        match seam {
            Seam::Words => last.is_alphanumeric() && (first.is_alphanumeric() || CURRENCIES.contains(&first)),
            Seam::Elements if first.is_uppercase() => last.is_lowercase() || last.is_numeric(),
            // One digit beside another may be a part of a number, and one letter before it a variable.
            Seam::Elements => {
                first.is_numeric()
                    && self.text.chars().rev().take(2).filter(|c| c.is_alphanumeric()).count() == 2
                    && (last.is_alphabetic() || word.chars().nth(1).is_some_and(char::is_alphanumeric))
            }
        }
    }

    /// A line break: the second in a row makes a blank line.
    pub(crate) fn line_break(&mut self) {
        let gap = if self.gap == Gap::Line { Gap::Blank } else { Gap::Line };
        self.request(gap);
    }

    /// Starts a list item; the mark goes before its first text.
    pub(crate) fn start_item(&mut self, marker: String) -> Mark {
        self.marker = None;
        self.request(Gap::Line);
        self.marker = Some(marker);
        self.mark()
    }

    /// Ends a list item: the next one follows on the next line, unless this one held several paragraphs.
    pub(crate) fn end_item(&mut self, start: Mark) {
        self.marker = None;
        let broken = start.node != self.nodes.len() || self.last_blank > start.at + 2;
        if !broken && self.gap == Gap::Blank {
            self.gap = Gap::Line;
        }
        self.request(Gap::Line);
    }

    pub(crate) fn start_row(&mut self) {
        self.request(Gap::Line);
        (self.row_is_fresh, self.separators) = (true, 0);
    }

    pub(crate) fn end_row(&mut self) {
        if !self.row_is_fresh {
            self.text.push_str(" | ".repeat(self.separators).trim_end());
            self.gap = Gap::Line;
        }
        (self.row_is_fresh, self.separators) = (false, 0);
    }

    /// Starts the cell at that position of its row.
    pub(crate) fn start_cell(&mut self, position: usize) {
        self.separators += usize::from(position > 0);
        if !self.row_is_fresh {
            self.gap = Gap::None;
        }
        self.in_cell = true;
    }

    pub(crate) fn end_cell(&mut self) {
        self.in_cell = false;
    }

    /// Writes text whose white space collapses.
    pub(crate) fn text(&mut self, text: &str) {
        let mut rest = text;
        // Whether the word before came from this text, so that nothing but a space can stand before the next.
        let mut follows = false;
        loop {
            let spaces = rest.bytes().take_while(is_space).count();
            let word = &rest[spaces..];
            if word.is_empty() {
                if spaces > 0 {
                    self.request(Gap::Space);
                }
                return;
            }
            let plain = word.bytes().take_while(u8::is_ascii_graphic).count();
            if follows && word.as_bytes().get(plain).is_none_or(is_space) {
                self.text.push(' ');
                self.text.push_str(&word[..plain]);
                rest = &word[plain..];
                continue;
            }
            if spaces > 0 {
                self.request(Gap::Space);
            }
            let end = word.bytes().position(|byte| is_space(&byte)).unwrap_or(word.len());
            follows = self.word(&word[..end]);
            rest = &word[end..];
        }
    }

    /// Writes a word, or a part of one; whether there is anything to write.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        let word = clean(word);
        let mut word = &*word;
        if self.gap >= Gap::Line || self.text.is_empty() || self.text.ends_with('\n') {
            // What a page puts before a line to indent it.
            word = word.trim_start();
        }
        if !word.is_empty() {
            if self.is_apart(word) {
                self.request(Gap::Space);
            }
            // From here on Unicode has characters that combine with the one before them.
            self.is_clean &= self.gap != Gap::None || !word.starts_with(|c| c >= '\u{300}');
            self.flush();
            self.text.push_str(word);
        }
        !word.is_empty()
    }

    /// Writes text as it stands, line breaks and spaces included.
    pub(crate) fn preformatted(&mut self, text: &str) {
        if !text.is_empty() {
            self.seam = None;
            self.is_clean = false;
            self.flush();
            self.text.push_str(text);
        }
    }

    fn flush(&mut self) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        let separators = std::mem::take(&mut self.separators);
        let row_is_fresh = std::mem::take(&mut self.row_is_fresh);
        if !self.text.is_empty() && (separators == 0 || row_is_fresh) {
            self.text.push_str(match gap {
                Gap::None => "",
                Gap::Space => " ",
                // A line of preformatted text may have ended with its own break.
                Gap::Line if self.text.ends_with('\n') => "",
                Gap::Line => "\n",
                Gap::Blank => "\n\n",
            });
            if gap == Gap::Blank {
                self.last_blank = self.text.len();
            }
        }
        if separators > 0 {
            let between = " | ".repeat(separators);
            self.text.push_str(if row_is_fresh { between.trim_start() } else { &between });
        }
        if let Some(marker) = self.marker.take() {
            self.text.push_str(&marker);
        }
        if self.sources.last().is_none_or(|&(_, last)| last != self.source) {
            self.sources.push((self.text.len(), self.source));
        }
    }

    /// Ends the text node in the making.
    fn end_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        let sources = std::mem::take(&mut self.sources);
        let is_clean = std::mem::replace(&mut self.is_clean, true);
        (self.gap, self.last_blank) = (Gap::None, 0);
        let mut all: Vec<Paragraph> = Vec::new();
        let (mut start, mut first) = (0, 0);
        for piece in text.split("\n\n") {
            let end = start + piece.len();
            // The node that spoke when the piece began may have begun before it.
            while sources.get(first + 1).is_some_and(|&(at, _)| at <= start) {
                first += 1;
            }
            let piece = if is_clean { Cow::Borrowed(piece) } else { clean(piece) };
            for mut paragraph in paragraphs(&piece) {
                paragraph.text.truncate(paragraph.text.trim_end().len());
                paragraph.k = all.len() as u32;
                for (i, &(at, node)) in sources.iter().enumerate().skip(first).take_while(|(_, (at, _))| *at < end) {
                    let until = sources.get(i + 1).map_or(end, |&(next, _)| next.min(end));
                    let bytes = (until - at.max(start)) as u32;
                    self.pieces.push(Piece { unit: self.units, node, bytes });
                }
                self.units += 1;
                all.push(paragraph);
            }
            start = end + 2;
        }
        if !all.is_empty() {
            self.push(Content::Text(all));
        }
    }

    fn push(&mut self, content: Content) {
        let ordinal = self.nodes.len() as u32;
        self.nodes.push(Node { ordinal, content });
    }

    /// Adds an image; gives its position.
    pub(crate) fn image(&mut self, image: ImageNode, element: NodeId) -> usize {
        self.end_text();
        self.pieces.push(Piece { unit: self.units, node: element, bytes: 0 });
        self.units += 1;
        self.push(Content::Image(Box::new(image)));
        self.nodes.len() - 1
    }

    /// The image at that position.
    pub(crate) fn image_at(&mut self, position: usize) -> Option<&mut ImageNode> {
        match &mut self.nodes.get_mut(position)?.content {
            Content::Image(image) => Some(image),
            Content::Text(_) => None,
        }
    }

    /// Position of the last node, where no text was written since.
    pub(crate) fn last_image(&self) -> Option<usize> {
        let last = self.nodes.len().checked_sub(1)?;
        (!self.has_text() && matches!(self.nodes[last].content, Content::Image(_))).then_some(last)
    }

    /// The nodes, in reading order, and where their paragraphs and images came from.
    pub(crate) fn finish(mut self) -> (Vec<Node>, Vec<Piece>) {
        self.end_text();
        (self.nodes, self.pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of what was written.
    fn texts(flow: Flow) -> Vec<String> {
        let (nodes, _) = flow.finish();
        let paragraphs = nodes.into_iter().flat_map(|node| match node.content {
            Content::Text(paragraphs) => paragraphs,
            Content::Image(_) => Vec::new(),
        });
        paragraphs.map(|paragraph| paragraph.text).collect()
    }

    /// Writes text a word at a time, each as if it were alone.
    fn word_by_word(flow: &mut Flow, text: &str) {
        let is_gap = |c: char| c.is_ascii() && is_space(&(c as u8));
        for piece in text.split_inclusive(is_gap) {
            let word = piece.trim_end_matches(is_gap);
            if !word.is_empty() {
                flow.word(word);
            }
            if word.len() < piece.len() {
                flow.request(Gap::Space);
            }
        }
    }

    #[test]
    fn text_written_at_once_is_text_written_word_by_word_and_clean() {
        let words = [
            "tea",
            " ",
            "  ",
            "\n",
            "\u{a0}",
            "caf\u{e9}",
            "e",
            "\u{301}",
            "\u{ad}",
            "\u{200d}",
            "\u{915}",
            "\u{200c}x",
            "A1",
            "$",
            "\u{1112}",
            "\u{1161}",
        ];
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let (mut at_once, mut slowly) = (Flow::new(), Flow::new());
            for _ in 0..=next(4) {
                let text: String = (0..=next(6)).map(|_| words[next(words.len())]).collect();
                at_once.text(&text);
                word_by_word(&mut slowly, &text);
                let (gap, is_seam) = ([Gap::None, Gap::None, Gap::Line, Gap::Blank][next(4)], next(3) == 0);
                for flow in [&mut at_once, &mut slowly] {
                    flow.request(gap);
                    if is_seam {
                        flow.seam(Seam::Elements);
                    }
                }
            }
            let texts = texts(at_once);
            assert!(texts.iter().all(|text| clean(text) == *text), "{texts:?}");
            assert_eq!(texts, self::texts(slowly));
        }
    }
}
