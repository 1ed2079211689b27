//! Unigram models: of all ways to split a text, the one whose pieces have the greatest sum of scores.

use super::Part;
use super::vocabulary::{Kind, Vocabulary};

/// The best way to a place: its score, the piece that ends there, and where that one begins.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    id: u32,
    begin: usize,
}

impl Best {
    const NONE: Self = Self { score: 0.0, id: 0, begin: usize::MAX };

    /// Of equal scores the first stays.  Sums are of 32 bits, as SentencePiece's, so that ties fall as there.
    fn try_with(&mut self, score: f32, id: u32, begin: usize) {
        if self.begin == usize::MAX || score > self.score {
            *self = Self { score, id, begin };
        }
    }
}

pub(super) fn split(text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    let bytes = text.as_bytes();
    let trie = vocabulary.pieces();
    let mut best = vec![Best::NONE; bytes.len() + 1];
    for (begin, character) in text.char_indices() {
        let so_far = best[begin].score;
        let next = begin + character.len_utf8();
        let mut is_piece = false;
        let mut node = trie.root();
        for (end, &byte) in (begin + 1..).zip(&bytes[begin..]) {
            let Some(child) = trie.child(node, byte) else { break };
            node = child;
            let Some(id) = trie.value(node) else { continue };
            let score = match vocabulary.kind(id) {
                Kind::Unused => continue,
                Kind::UserDefined => user_defined_score(end - begin),
                _ => vocabulary.score(id),
            };
            best[end].try_with(score + so_far, id, begin);
            is_piece |= end == next;
        }
        if !is_piece {
            best[next].try_with(vocabulary.unknown_score() + so_far, vocabulary.unknown(), begin);
        }
    }
    let mut parts = Vec::with_capacity(bytes.len() / 3 + 1);
    let mut end = bytes.len();
    while end > 0 {
        let Best { id, begin, .. } = best[end];
        parts.push(Part { end, id });
        end = begin;
    }
    parts.reverse();
    parts
}

/// More than any sum of other pieces, and more for longer ones: such a piece always wins.
#[expect(clippy::cast_precision_loss, reason = "pieces are short")]
fn user_defined_score(length: usize) -> f32 {
    0.1 * (length as f32 - 1.0)
}
