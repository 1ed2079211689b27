//! Models of tries (model types 2 to 5).
//!
//! | part | entries | size of one |
//! |---|---|---|
//! | vocabulary's size | | 8 bytes |
//! | vocabulary: hashes in their order; a word's number is its place, from 1 | one for each word but `<unk>`, and one more | 8 bytes |
//! | types 3 and 5: [`values`] | | |
//! | words: probability, back-off, first bigram | one for each word and two more | 4, 4, 8 bytes |
//! | n-grams of 2 words and more, of each order: [`pointers`] (types 4 and 5), entries | one for each and one more | bits |
//! | n-grams of as many words as the order: entries | one for each and one more | bits |
//!
//! An n-gram's entry stands among those of the n-gram without its *first* word, sorted by the number of that word.  An entry is packed without gaps, the low
//! bits first: the word, the values, the first of the n-grams that are one word longer (not in the last table).  A table ends with eight spare bytes.

mod pointers;
mod values;

use super::bits::{bits_at, f32_at, u64_at, width_of};
use super::header::{Header, Tables};
use super::murmur;
use super::score::{Entry, Lookup};
use crate::model::ModelError;
use pointers::Pointers;
use values::Values;

/// Bytes of a word's entry.
const UNIGRAM: usize = 16;

/// After so many guesses at where a number stands, what is left is halved: guesses are bad only where the numbers of a file are odd.
const GUESSES: u32 = 8;

/// Where the parts of the model lie.
#[derive(Debug)]
pub(super) struct Trie {
    vocabulary: usize,
    /// Words that have a hash there: all but `<unk>`.
    words: u64,
    unigrams: usize,
    values: Values,
    middles: Vec<Packed>,
    longest: Packed,
}

/// A table of n-grams of one length.
#[derive(Debug)]
struct Packed {
    base: usize,
    count: u64,
    /// The greatest number of a word.
    last_word: u64,
    word_width: u32,
    /// Bits of an entry.
    width: u32,
    pointers: Pointers,
}

impl Trie {
    pub(super) fn open(bytes: &[u8], header: &Header) -> Result<Self, ModelError> {
        let counts = &header.counts;
        let order = counts.len();
        let mut tables = Tables::new(header.end, bytes.len());
        let size_at = tables.take(1, 8, "the vocabulary's size")?;
        let vocabulary = tables.take(counts[0], 8, "the vocabulary")?;
        let words = u64_at(bytes, size_at);
        if words >= counts[0] {
            let expected = format!("less than {}, as `<unk>` is none of them", counts[0]);
            return Err(ModelError::new(size_at, format!("{words} words"), expected));
        }
        let values = if header.kind == 3 || header.kind == 5 {
            Values::quantised(bytes, &mut tables, order)?
        } else {
            Values::PLAIN
        };
        let unigrams = tables.take(counts[0] + 2, UNIGRAM, "the words")?;
        let mut middles = Vec::with_capacity(order);
        // The first table says how many bits pointers were allowed to save, for all of them.
        let mut spared = None;
        for length in 2..order {
            let (count, longer) = (counts[length - 1], counts[length]);
            let pointers = if header.kind >= 4 {
                let most = match spared {
                    Some(most) => most,
                    None => *spared.insert(pointers::most_spared(bytes, tables.offset())?),
                };
                Pointers::compressed(&mut tables, count, longer, most)?
            } else {
                Pointers::plain(longer)
            };
            let width = values.middle_width() + pointers.width();
            middles.push(Packed::take(&mut tables, counts, length, width, pointers)?);
        }
        let longest = Packed::take(&mut tables, counts, order, values.longest_width(), Pointers::plain(0))?;
        if header.has_words {
            tables.check_words(bytes)?;
        }
        Ok(Self { vocabulary, words, unigrams, values, middles, longest })
    }

    pub(super) fn in_file<'a>(&'a self, bytes: &'a [u8]) -> InFile<'a> {
        InFile { parts: self, bytes }
    }
}

impl Packed {
    fn take(
        tables: &mut Tables,
        counts: &[u64],
        length: usize,
        values_width: u32,
        pointers: Pointers,
    ) -> Result<Self, ModelError> {
        let (count, last_word) = (counts[length - 1], counts[0]);
        let word_width = width_of(last_word);
        let width = word_width + values_width;
        // In 128 bits, where no count overflows; a table too long for the file is refused whatever its length.
        let length_in_bytes = ((u128::from(count) + 1) * u128::from(width)).div_ceil(8) + 8;
        let length_in_bytes = u64::try_from(length_in_bytes).unwrap_or(u64::MAX);
        let base = tables.take(length_in_bytes, 1, &format!("the {length}-grams"))?;
        Ok(Self { base, count, last_word, word_width, width, pointers })
    }

    /// The entry of `word` among those of a range.
    fn find(&self, bytes: &[u8], word: u32, range: Range) -> Option<u64> {
        let width = u64::from(self.width);
        let read = |index: u64| bits_at(bytes, self.base, index * width, self.word_width);
        find(u64::from(word), range.begin, range.end.min(self.count), self.last_word, read)
    }
}

/// A number's place in a sorted row, guessed by how far it lies between the numbers around it.
fn find(wanted: u64, mut begin: u64, mut end: u64, last: u64, read: impl Fn(u64) -> u64) -> Option<u64> {
    let (mut least, mut most) = (0, last);
    let mut guesses = 0;
    while begin < end {
        let length = end - begin;
        let at = if guesses < GUESSES { guess(wanted, least, most, length) } else { length / 2 };
        guesses += 1;
        let at = begin + at;
        let number = read(at);
        if number == wanted {
            return Some(at);
        }
        if number < wanted {
            begin = at + 1;
            least = number;
        } else {
            end = at;
            most = number;
        }
    }
    None
}

/// How far into a row of `length` numbers from `least` to `most` a number is to be expected.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a guess, cut to the row's length"
)]
fn guess(wanted: u64, least: u64, most: u64, length: u64) -> u64 {
    let share = wanted.saturating_sub(least) as f64 / (most.saturating_sub(least) as f64 + 1.0);
    ((share * length as f64) as u64).min(length - 1)
}

/// The entries of n-grams that end with the same words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    begin: u64,
    end: u64,
}

/// The parts and the file that they lie in.
pub(super) struct InFile<'a> {
    parts: &'a Trie,
    bytes: &'a [u8],
}

impl Lookup for InFile<'_> {
    /// The n-grams that are one word longer.
    type Node = Range;

    fn order(&self) -> usize {
        self.parts.middles.len() + 2
    }

    #[expect(clippy::cast_possible_truncation, reason = "the header has 32-bit numbers of words only")]
    fn word(&self, word: &[u8]) -> u32 {
        let Trie { vocabulary, words, .. } = *self.parts;
        let read = |index: u64| u64_at(self.bytes, vocabulary + index as usize * 8);
        let found = find(murmur::hash(word), 0, words, u64::MAX, read);
        found.map_or(0, |index| index as u32 + 1)
    }

    fn unigram(&self, word: u32) -> (Entry, Range) {
        let at = self.parts.unigrams + word as usize * UNIGRAM;
        let range = Range { begin: u64_at(self.bytes, at + 8), end: u64_at(self.bytes, at + UNIGRAM + 8) };
        let entry = Entry {
            probability: f32_at(self.bytes, at),
            back_off: f32_at(self.bytes, at + 4),
            is_longest: range.begin == range.end,
        };
        (entry, range)
    }

    fn middle(&self, length: usize, word: u32, node: &mut Range) -> Option<Entry> {
        let table = &self.parts.middles[length - 2];
        let index = table.find(self.bytes, word, *node)?;
        let width = u64::from(table.width);
        let at = index * width + u64::from(table.word_width);
        let pointer = at + u64::from(self.parts.values.middle_width());
        *node = table.pointers.read(self.bytes, table.base, index, [pointer, pointer + width]);
        let (probability, back_off) = self.parts.values.middle(self.bytes, length, table.base, at);
        Some(Entry { probability, back_off, is_longest: node.begin == node.end })
    }

    fn longest(&self, word: u32, node: &Range) -> Option<f32> {
        let table = &self.parts.longest;
        let index = table.find(self.bytes, word, *node)?;
        let at = index * u64::from(table.width) + u64::from(table.word_width);
        Some(self.parts.values.longest(self.bytes, table.base, at))
    }
}
