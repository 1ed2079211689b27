//! Models of hash tables (model types 0 and 1).
//!
//! | part | entries | bytes of one |
//! |---|---|---|
//! | vocabulary's version (0) and size | | 8 |
//! | vocabulary: hash, number | buckets | 12 |
//! | words: probability, back-off (type 1: and rest cost) | one for each word and one more | 8 (12) |
//! | n-grams of 2 words and more, of each order: hash, probability, back-off (rest cost) | buckets | 16 (20) |
//! | n-grams of as many words as the order: hash, probability | buckets | 12 |
//!
//! A table of `n` entries has `max(n + 1, multiplier × n)` buckets.  An entry stands in the bucket of its hash's remainder, or in the
//! next free one; a free one's hash is 0.
//! The sign of a probability is no sign: cleared, it says that a longer n-gram ends with this one.

use super::bits::{f32_at, u32_at, u64_at};
use super::header::{Header, Tables};
use super::murmur;
use super::score::{Entry, Lookup};
use crate::model::{Fields, ModelError};

/// The bit of a probability that says whether a longer n-gram ends with this one.
pub(super) const SIGN: u32 = 1 << 31;

/// A hash table: where it is, its buckets, and the bytes of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    base: usize,
    buckets: u64,
    width: usize,
}

/// Buckets that are looked at for one entry: a sound table has a free one long before.
const MAX_PROBES: u64 = 1 << 20;

impl Table {
    pub(super) fn take(
        tables: &mut Tables,
        count: u64,
        multiplier: f32,
        width: usize,
        name: &str,
    ) -> Result<Self, ModelError> {
        let buckets = buckets(count, multiplier);
        Ok(Self { base: tables.take(buckets, width, name)?, buckets, width })
    }

    /// The place of the entry of a hash, or of the bucket where it would stand; none in a full table without it.
    #[expect(clippy::cast_possible_truncation, reason = "buckets lie in memory")]
    pub(super) fn find(&self, bytes: &[u8], hash: u64) -> Option<(usize, bool)> {
        let mut bucket = hash % self.buckets;
        for _ in 0..self.buckets.min(MAX_PROBES) {
            let at = self.base + bucket as usize * self.width;
            let found = u64_at(bytes, at);
            if found == hash || found == 0 {
                return Some((at, found == hash));
            }
            bucket += 1;
            if bucket == self.buckets {
                bucket = 0;
            }
        }
        None
    }

    fn get(&self, bytes: &[u8], hash: u64) -> Option<usize> {
        self.find(bytes, hash).and_then(|(at, is_there)| is_there.then_some(at))
    }
}

/// How many buckets a table of `count` entries has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "computed in 32-bit floats, as where the file was made"
)]
fn buckets(count: u64, multiplier: f32) -> u64 {
    ((multiplier * count as f32) as u64).max(count + 1)
}

/// The hash of an n-gram that is `word` before another.
pub(super) fn with_word(hash: u64, word: u32) -> u64 {
    let word = (1 + u64::from(word)).wrapping_mul(17_894_857_484_156_487_943);
    hash.wrapping_mul(8_978_948_897_894_561_157) ^ word
}

/// Where the parts of the model lie.
#[derive(Debug)]
pub(super) struct Probing {
    pub(super) vocabulary: Table,
    pub(super) unigrams: usize,
    /// How many words have numbers.
    words: u32,
    /// Bytes of a word's values.
    pub(super) values: usize,
    pub(super) middles: Vec<Table>,
    pub(super) longest: Table,
    /// Behind all tables.
    pub(super) end: usize,
}

impl Probing {
    /// Finds the parts in a file.
    pub(super) fn open(bytes: &[u8], header: &Header) -> Result<Self, ModelError> {
        let mut tables = Tables::new(header.end, bytes.len());
        let at = tables.take(1, 8, "the vocabulary's version and size")?;
        let mut fields = Fields::new(&bytes[at..]);
        let version = fields.u32("the vocabulary's version")?;
        if version != 0 {
            return Err(ModelError::new(at, format!("vocabulary version {version}"), "0"));
        }
        let probing = Self::lay_out(tables, header)?;
        if header.has_words {
            Tables::new(probing.end, bytes.len()).check_words(bytes)?;
        }
        Ok(probing)
    }

    /// Finds the parts behind the vocabulary's version and size.
    #[expect(clippy::cast_possible_truncation, reason = "the header has 32-bit numbers of words only")]
    pub(super) fn lay_out(mut tables: Tables, header: &Header) -> Result<Self, ModelError> {
        let Header { multiplier, ref counts, .. } = *header;
        let values = if header.kind == 1 { 12 } else { 8 };
        let vocabulary = Table::take(&mut tables, counts[0], multiplier, 12, "the vocabulary")?;
        let unigrams = tables.take(counts[0] + 1, values, "the words")?;
        let mut middles = Vec::with_capacity(counts.len());
        for (length, &count) in (2..).zip(&counts[1..counts.len() - 1]) {
            middles.push(Table::take(&mut tables, count, multiplier, 8 + values, &format!("the {length}-grams"))?);
        }
        let name = format!("the {}-grams", counts.len());
        let longest = Table::take(&mut tables, counts[counts.len() - 1], multiplier, 12, &name)?;
        let words = counts[0] as u32 + 1;
        Ok(Self { vocabulary, unigrams, words, values, middles, longest, end: tables.offset() })
    }

    pub(super) fn in_file<'a>(&'a self, bytes: &'a [u8]) -> InFile<'a> {
        InFile { parts: self, bytes }
    }
}

/// The parts and the file that they lie in.
pub(super) struct InFile<'a> {
    parts: &'a Probing,
    bytes: &'a [u8],
}

impl InFile<'_> {
    fn entry(&self, at: usize) -> Entry {
        let probability = u32_at(self.bytes, at);
        Entry {
            probability: f32::from_bits(probability | SIGN),
            back_off: f32_at(self.bytes, at + 4),
            is_longest: probability & SIGN != 0,
        }
    }
}

impl Lookup for InFile<'_> {
    /// The n-gram's hash.
    type Node = u64;

    fn order(&self) -> usize {
        self.parts.middles.len() + 2
    }

    fn word(&self, word: &[u8]) -> u32 {
        let found = self.parts.vocabulary.get(self.bytes, murmur::hash(word));
        let word = found.map_or(0, |at| u32_at(self.bytes, at + 8));
        // A damaged file's numbers may be any.
        if word < self.parts.words { word } else { 0 }
    }

    fn unigram(&self, word: u32) -> (Entry, u64) {
        (self.entry(self.parts.unigrams + word as usize * self.parts.values), u64::from(word))
    }

    fn middle(&self, length: usize, word: u32, node: &mut u64) -> Option<Entry> {
        *node = with_word(*node, word);
        self.parts.middles[length - 2].get(self.bytes, *node).map(|at| self.entry(at + 8))
    }

    fn longest(&self, word: u32, node: &u64) -> Option<f32> {
        let at = self.parts.longest.get(self.bytes, with_word(*node, word))?;
        Some(f32_at(self.bytes, at + 8))
    }
}
