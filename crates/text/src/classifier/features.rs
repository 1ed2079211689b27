//! Words and pairs of words as numbers.

use std::ops::RangeInclusive;

use xxhash_rust::xxh3::xxh3_64;

use crate::words::Words;

/// How n-grams become numbers: xxh3-64 of the words with a space between them, of which the highest bits are the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    bits: u32,
    longest: u32,
}

impl Default for Hashing {
    /// 2^20 buckets for words and pairs of words.
    fn default() -> Self {
        Self { bits: 20, longest: 2 }
    }
}

impl Hashing {
    /// Bits of a bucket's number.
    pub const BITS: RangeInclusive<u32> = 10..=24;
    /// Most words of an n-gram.
    pub const LONGEST: RangeInclusive<u32> = 1..=4;

    /// N-grams of one to `longest` words in 2^`bits` buckets; `None` where one of them is out of its range.
    pub fn new(bits: u32, longest: u32) -> Option<Self> {
        (Self::BITS.contains(&bits) && Self::LONGEST.contains(&longest)).then_some(Self { bits, longest })
    }

    /// How many buckets there are.
    pub fn buckets(self) -> usize {
        1 << self.bits
    }

    /// The same as a power of two.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// Most words of an n-gram.
    pub fn longest(self) -> u32 {
        self.longest
    }

    /// The features of a text.
    ///
    /// ```
    /// use obelisc_text::{Hashing, SpecialCharacters, Words};
    ///
    /// let words = Words::split("To be or not to be", &SpecialCharacters::default());
    /// let features = Hashing::default().features(&words);
    /// // be, not, or, to; be or, not to, or not, to be.
    /// assert_eq!(features.len(), 8);
    /// let length: f32 = features.iter().map(|(_, value)| value * value).sum();
    /// assert!((length - 1.0).abs() < 1e-6);
    /// ```
    pub fn features(self, words: &Words) -> Features {
        let mut buckets = Vec::with_capacity(words.len() * self.longest as usize);
        for length in 1..=self.longest {
            let runs = words.runs(length as usize);
            buckets.extend(runs.map(|gram| (xxh3_64(gram.as_bytes()) >> (64 - self.bits)) as u32));
        }
        buckets.sort_unstable();
        let equal = || buckets.chunk_by(|a, b| a == b);
        let squares: f64 = equal().map(|same| weight(same.len()).powi(2)).sum();
        let norm = squares.sqrt();
        let values = equal().map(|same| (weight(same.len()) / norm) as f32).collect();
        buckets.dedup();
        Features { buckets: buckets.into_boxed_slice(), values }
    }
}

/// What a bucket that is met so often weighs: 1 + ln(count), so that a word that is repeated does not drown the others.
#[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 words")]
fn weight(count: usize) -> f64 {
    if count == 1 { 1.0 } else { 1.0 + libm::log(count as f64) }
}

/// The features of a text: buckets in ascending order, each with its value.  The squares of the values sum up to 1, so that
/// long texts weigh as much as short ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    buckets: Box<[u32]>,
    values: Box<[f32]>,
}

impl Features {
    /// Buckets and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.buckets.iter().copied().zip(self.values.iter().copied())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether the text had no word.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.len() * (size_of::<u32>() + size_of::<f32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpecialCharacters;

    fn features(hashing: Hashing, text: &str) -> Features {
        hashing.features(&Words::split(text, &SpecialCharacters::default()))
    }

    #[test]
    fn a_bucket_is_the_top_of_its_hash() {
        let hashing = Hashing::new(24, 1).unwrap();
        let found: Vec<_> = features(hashing, "abc").iter().collect();
        // xxh3-64 of "abc" without a seed, from the tests of xxHash.
        assert_eq!(found, [(0x0078_af5f, 1.0)]);
        assert!(features(hashing, "").is_empty());
    }

    #[test]
    fn a_word_that_is_repeated_weighs_more_but_not_as_often() {
        let one = Hashing::new(20, 1).unwrap();
        let values: Vec<f32> = features(one, "a a a a b").iter().map(|(_, value)| value).collect();
        let (small, large) = (values[0].min(values[1]), values[0].max(values[1]));
        assert!((large / small - (1.0 + 4.0_f32.ln())).abs() < 1e-5, "{values:?}");
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        for (bits, longest) in [(9, 2), (25, 2), (20, 0), (20, 5)] {
            assert_eq!(Hashing::new(bits, longest), None);
        }
        assert_eq!(Hashing::new(20, 2), Some(Hashing::default()));
    }
}
