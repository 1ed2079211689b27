//! Byte-pair models: of all neighbours that make a piece together, those with the greatest score are joined first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use foldhash::{HashMap, HashMapExt};

use super::Part;
use super::vocabulary::{Kind, Vocabulary};

const NONE: usize = usize::MAX;

/// A stretch of the text, linked with its neighbours; without bytes once it was joined with the one before.
#[derive(Clone, Copy)]
struct Symbol {
    begin: usize,
    end: usize,
    before: usize,
    after: usize,
    is_whole: bool,
}

/// Two neighbours that make a piece.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    length: usize,
}

impl Ord for Pair {
    /// The greater score first, of equals the one further left.  Scores are numbers, and -0 equals 0.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.partial_cmp(&other.score).unwrap_or(Ordering::Equal).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pair {}

pub(super) fn split(text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    let mut joining = Joining {
        text,
        vocabulary,
        symbols: symbols(text, vocabulary),
        pairs: BinaryHeap::new(),
        unused: HashMap::new(),
    };
    for right in 1..joining.symbols.len() {
        joining.consider(right - 1, right);
    }
    joining.join();
    joining.parts()
}

fn symbols(text: &str, vocabulary: &Vocabulary) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::with_capacity(text.len());
    let mut begin = 0;
    while let Some(character) = text[begin..].chars().next() {
        let whole = vocabulary.user_defined(&text[begin..]);
        let end = begin + whole.unwrap_or(character.len_utf8());
        let before = symbols.len().checked_sub(1).unwrap_or(NONE);
        symbols.push(Symbol { begin, end, before, after: symbols.len() + 1, is_whole: whole.is_some() });
        begin = end;
    }
    if let Some(last) = symbols.last_mut() {
        last.after = NONE;
    }
    symbols
}

struct Joining<'a> {
    text: &'a str,
    vocabulary: &'a Vocabulary,
    symbols: Vec<Symbol>,
    pairs: BinaryHeap<Pair>,
    /// Pieces that are joined on the way to others, but not given out: the length of their left part.
    unused: HashMap<u32, usize>,
}

impl Joining<'_> {
    /// Two neighbours come into question if they make a piece.
    fn consider(&mut self, left: usize, right: usize) {
        if left == NONE || right == NONE {
            return;
        }
        let (first, second) = (self.symbols[left], self.symbols[right]);
        if first.is_whole || second.is_whole {
            return;
        }
        let piece = &self.text.as_bytes()[first.begin..second.end];
        let Some(id) = self.vocabulary.pieces().get(piece) else { return };
        if self.vocabulary.kind(id) == Kind::Unused {
            self.unused.insert(id, first.end - first.begin);
        }
        self.pairs.push(Pair { score: self.vocabulary.score(id), left, right, length: piece.len() });
    }

    fn join(&mut self) {
        while let Some(Pair { left, right, length, .. }) = self.pairs.pop() {
            let (first, second) = (self.symbols[left], self.symbols[right]);
            let is_joined = first.begin == first.end || second.begin == second.end;
            // One of them has grown since.
            if is_joined || first.end - first.begin + (second.end - second.begin) != length {
                continue;
            }
            self.symbols[left].end = second.end;
            self.symbols[left].after = second.after;
            if second.after != NONE {
                self.symbols[second.after].before = left;
            }
            self.symbols[right].end = second.begin;
            self.consider(first.before, left);
            self.consider(left, second.after);
        }
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::with_capacity(self.symbols.len());
        let mut open = Vec::new();
        let mut at = if self.symbols.is_empty() { NONE } else { 0 };
        while at != NONE {
            let symbol = self.symbols[at];
            open.push((symbol.begin, symbol.end));
            // Unused pieces are taken apart again, the left part first.
            while let Some((begin, end)) = open.pop() {
                let id = self.vocabulary.pieces().get(&self.text.as_bytes()[begin..end]);
                match id.and_then(|id| self.unused.get(&id)) {
                    Some(&left) if left > 0 && left < end - begin => {
                        open.push((begin + left, end));
                        open.push((begin, begin + left));
                    }
                    _ => parts.push(Part { end, id: id.unwrap_or(self.vocabulary.unknown()) }),
                }
            }
            at = symbol.after;
        }
        parts
    }
}
