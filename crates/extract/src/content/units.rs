//! Paragraphs and images one by one: what can be seen of each without looking around.

use foldhash::{HashMap, HashMapExt as _, HashSet};
use obelisc_document::{Content, ImageNode, Node, RenderedSize};

use super::skeleton::{Skeleton, Sums, Tag};
use crate::flow::Piece;

/// A paragraph or an image.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// The element around its first piece.
    pub(super) bone: u32,
    pub(super) is_image: bool,
    /// An image that the page shows as small as an icon.
    pub(super) is_small: bool,
    /// An image without caption that the page shows with one elsewhere: in a gallery, say.
    pub(super) is_repeated: bool,
    /// Bytes of text.
    pub(super) text: u32,
    /// Bytes of text in links.
    pub(super) linked: u32,
    pub(super) look: TextLook,
    pub(super) is_heading: bool,
    /// Whether the heading is a `h1`.
    pub(super) is_first_heading: bool,
    /// How many paragraphs have its text, and how many of them come before it.
    pub(super) copies: u32,
    pub(super) copy: u32,
}

/// What a text looks like, in counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextLook {
    pub(super) characters: u32,
    pub(super) words: u32,
    /// Full stops and their like.
    pub(super) ends: u32,
    pub(super) commas: u32,
    pub(super) digits: u32,
    pub(super) capitals: u32,
    pub(super) lines: u32,
    /// `|`, `»`, `•` and their like, which stand between links.
    pub(super) bars: u32,
    /// Whether the last character ends a sentence.
    pub(super) is_ended: bool,
    pub(super) has_copyright: bool,
}

impl TextLook {
    fn of(text: &str) -> Self {
        let mut look = Self { lines: 1, ..Self::default() };
        let mut in_word = false;
        let mut last = ' ';
        let mut rest = text;
        loop {
            // Most of most texts.
            let small = rest.bytes().take_while(u8::is_ascii_lowercase).count();
            if small > 0 {
                look.characters += small as u32;
                look.words += u32::from(!in_word);
                (in_word, last) = (true, 'a');
                rest = &rest[small..];
            }
            let mut characters = rest.chars();
            let Some(c) = characters.next() else { break };
            rest = characters.as_str();
            look.characters += 1;
            match c {
                ' ' => in_word = false,
                '\n' => {
                    look.lines += 1;
                    in_word = false;
                }
                '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' => look.ends += 1,
                ',' | ';' | '、' | '，' | '；' | '،' => look.commas += 1,
                '|' | '»' | '›' | '•' | '·' | '→' | '>' | '/' => look.bars += 1,
                '©' => look.has_copyright = true,
                '0'..='9' => {
                    look.digits += 1;
                    look.words += u32::from(!in_word);
                    in_word = true;
                }
                _ if c.is_alphabetic() => {
                    look.capitals += u32::from(c.is_uppercase());
                    // Scripts without spaces: every other character is a word.
                    let is_unspaced = ('\u{e00}'..='\u{eff}').contains(&c) || ('\u{3040}'..='\u{9fff}').contains(&c);
                    look.words += u32::from(!in_word || is_unspaced && look.characters.is_multiple_of(2));
                    in_word = true;
                }
                _ => {}
            }
            if !c.is_whitespace() {
                last = c;
            }
        }
        look.is_ended = matches!(last, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' | ':' | '"' | '”');
        look
    }
}

/// Pixels of a side of an icon, at most.
const SMALL: u32 = 79;
/// Elements around a paragraph in which a heading is looked for.
const HEADING_LEVELS: usize = 4;

impl Unit {
    /// A paragraph's text, or an image.
    fn of(text: Option<&str>) -> Self {
        let look = text.map(TextLook::of);
        Self { is_image: look.is_none(), look: look.unwrap_or_default(), ..Self::default() }
    }

    /// What it adds to the elements around it.
    pub(super) fn sums(&self) -> Sums {
        Sums {
            text: self.text,
            linked: self.linked,
            prose: if self.is_prose() { self.text } else { 0 },
            paragraphs: u32::from(!self.is_image),
            images: u32::from(self.is_image),
        }
    }

    /// Whether it reads like prose: sentences, few links.
    pub(super) fn is_prose(&self) -> bool {
        self.look.words >= 12 && self.linked * 3 < self.text && self.look.ends + self.look.commas > 0
    }
}

/// Numbers the paragraphs that have the same text.
fn count_copies(units: &mut [Unit], texts: &[Option<&str>]) {
    let mut groups: HashMap<&str, usize> = HashMap::with_capacity(units.len());
    // How many have the text of each group.
    let mut sizes: Vec<u32> = Vec::new();
    let mut group_of = vec![0; units.len()];
    for ((unit, text), group) in units.iter_mut().zip(texts).zip(&mut group_of) {
        let Some(text) = text else { continue };
        *group = *groups.entry(text).or_insert(sizes.len());
        if *group == sizes.len() {
            sizes.push(0);
        }
        unit.copy = sizes[*group];
        sizes[*group] += 1;
    }
    for (unit, group) in units.iter_mut().zip(group_of).filter(|(unit, _)| !unit.is_image) {
        unit.copies = sizes[group];
    }
}

/// The units of a page, in order; the skeleton learns what each of its elements holds.
pub(super) fn units(nodes: &[Node], texts: &[Option<&str>], pieces: &[Piece], skeleton: &mut Skeleton) -> Vec<Unit> {
    let mut units: Vec<Unit> = texts.iter().map(|text| Unit::of(*text)).collect();
    count_copies(&mut units, texts);
    let mut last = None;
    for (piece, &bone) in pieces.iter().zip(&skeleton.around) {
        let Some(unit) = units.get_mut(piece.unit as usize) else { continue };
        let is_first = last != Some(piece.unit);
        last = Some(piece.unit);
        if is_first {
            unit.bone = bone;
        }
        let linked = if skeleton.bones[bone as usize].in_link { piece.bytes } else { 0 };
        unit.text += piece.bytes;
        unit.linked += linked;
        let sums = &mut skeleton.bones[bone as usize].sums;
        sums.text += piece.bytes;
        sums.linked += linked;
        sums.images += u32::from(unit.is_image);
        sums.paragraphs += u32::from(is_first && !unit.is_image);
    }
    for unit in &mut units {
        if unit.is_prose() {
            skeleton.bones[unit.bone as usize].sums.prose += unit.text;
        }
        let mut around = skeleton.up(unit.bone).take(HEADING_LEVELS);
        if let Some(heading) = around.find(|bone| bone.tag == Tag::Heading) {
            (unit.is_heading, unit.is_first_heading) = (true, heading.is_h1);
        }
    }
    skeleton.sum_up();
    let images = nodes.iter().filter_map(|node| match &node.content {
        Content::Image(image) => Some(image),
        Content::Text(_) => None,
    });
    let images: Vec<&ImageNode> = images.map(|image| &**image).collect();
    let captioned: HashSet<&str> =
        images.iter().filter(|image| image.caption.is_some()).map(|image| image.src.as_str()).collect();
    for (unit, image) in units.iter_mut().filter(|unit| unit.is_image).zip(images) {
        unit.is_repeated = image.caption.is_none() && captioned.contains(image.src.as_str());
        let sides = [&image.rendered_width, &image.rendered_height];
        unit.is_small = sides.iter().any(|side| matches!(side, Some(RenderedSize::Pixels(0..=SMALL))));
    }
    units
}
