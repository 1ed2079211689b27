//! Scoring: what any form of the tables is asked, and how the answers are summed.
//!
//! The last word's n-gram is looked for from the shortest to the longest, the words before it last to first.  The longest that is found gives the
//! probability; for each context longer than that one's, the context's back-off is added.

use super::header::MAX_ORDER;

/// Marks that no longer n-gram begins with this one: a back-off of nothing, with a minus sign.
const NO_EXTENSION: u32 = 0x8000_0000;

/// What is known of an n-gram.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) probability: f32,
    pub(super) back_off: f32,
    /// No longer n-gram ends with this one.
    pub(super) is_longest: bool,
}

/// The tables of a model.
pub(super) trait Lookup {
    /// A place in the tables: that of an n-gram.
    type Node;

    fn order(&self) -> usize;
    /// The number of a word, 0 of an unknown one.
    fn word(&self, word: &[u8]) -> u32;
    fn unigram(&self, word: u32) -> (Entry, Self::Node);
    /// The n-gram of `length` words, 2 at least and less than the order, that is `word` before the n-gram at `node`, which moves there.
    fn middle(&self, length: usize, word: u32, node: &mut Self::Node) -> Option<Entry>;
    /// The probability of the n-gram as long as the order that is `word` before that at `node`.
    fn longest(&self, word: u32, node: &Self::Node) -> Option<f32>;
}

/// As much of the words before as the model can use: the last one first, and the back-off of the n-gram of the last one, two, three, …
#[derive(Clone, Copy, Default)]
struct Context {
    words: [u32; MAX_ORDER],
    back_offs: [f32; MAX_ORDER],
    /// What lies behind so many words is left over from another context.
    length: usize,
}

/// A word, or its number where that is known already.
#[derive(Clone, Copy)]
pub(crate) enum Word<'a> {
    Text(&'a str),
    Number(u32),
}

/// The sum of the base-10 logarithms of the probabilities of words that follow one another, in 32-bit floats as KenLM sums.
pub(super) fn score<'a>(tables: &impl Lookup, words: impl Iterator<Item = Word<'a>>, bos: bool, eos: bool) -> f32 {
    let [mut context, mut next] = [Context::default(); 2];
    if bos {
        context.words[0] = tables.word(b"<s>");
        context.back_offs[0] = tables.unigram(context.words[0]).0.back_off;
        context.length = 1;
    }
    let mut sum = 0.0;
    for word in words {
        let word = match word {
            Word::Text(text) => tables.word(text.as_bytes()),
            Word::Number(number) => number,
        };
        sum += context.follow(tables, word, &mut next);
        std::mem::swap(&mut context, &mut next);
    }
    if eos {
        sum += context.follow(tables, tables.word(b"</s>"), &mut next);
    }
    sum
}

impl Context {
    /// The logarithm of the probability of `word` behind this context; `next` becomes the context that ends with it.
    fn follow(&self, tables: &impl Lookup, word: u32, next: &mut Self) -> f32 {
        let (mut entry, mut node) = tables.unigram(word);
        next.words[0] = word;
        next.back_offs[0] = entry.back_off;
        next.length = usize::from(is_extended(entry.back_off));
        let mut probability = entry.probability;
        let mut found = 1;
        for (length, &before) in (2..).zip(&self.words[..self.length]) {
            if entry.is_longest {
                break;
            }
            if length == tables.order() {
                if let Some(longest) = tables.longest(before, &node) {
                    probability = longest;
                    found = length;
                }
                break;
            }
            let Some(longer) = tables.middle(length, before, &mut node) else { break };
            entry = longer;
            probability = entry.probability;
            found = length;
            next.back_offs[length - 1] = entry.back_off;
            if is_extended(entry.back_off) {
                next.length = length;
            }
        }
        for back_off in self.back_offs[..self.length].iter().skip(found - 1) {
            probability += back_off;
        }
        for (word, before) in next.words[..next.length].iter_mut().skip(1).zip(&self.words) {
            *word = *before;
        }
        probability
    }
}

fn is_extended(back_off: f32) -> bool {
    back_off.to_bits() != NO_EXTENSION
}
