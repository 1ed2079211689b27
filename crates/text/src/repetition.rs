//! How much of a text repeats itself.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;

/// The upper half of a slot.
const HASH_HALF: u64 = !(u32::MAX as u64);

/// How often the grams of a text occur.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GramCounts {
    /// Grams that differ.
    pub different: usize,
    /// The counts above 1, in no order.
    pub repeated: Vec<u32>,
}

impl GramCounts {
    /// Counts `grams` grams, of which `gram` gives each by its index from 0.
    ///
    /// A table of indices: a text of ten thousand characters has as many grams, and most of them once, so that what a
    /// gram costs is the memory that is touched for it.  Of a text of 2^32 grams the last is left out.
    pub(crate) fn of<'a>(grams: usize, gram: impl Fn(usize) -> &'a [u8]) -> Self {
        let grams = grams.min(u32::MAX as usize - 1);
        let state = RandomState::default();
        let mask = (grams * 2).next_power_of_two() - 1;
        // Half of the hash, then the index of the first of its like and 1; or 0.
        let mut slots = vec![0_u64; mask + 1];
        let mut counts = vec![0_u32; grams];
        let mut different = 0;
        for index in 0..grams {
            let this = gram(index);
            let mut hasher = state.build_hasher();
            hasher.write(this);
            let hash = hasher.finish();
            let mut slot = hash as usize & mask;
            let first = loop {
                let entry = slots[slot];
                if entry == 0 {
                    slots[slot] = hash & HASH_HALF | (index as u64 + 1);
                    different += 1;
                    break index;
                }
                let first = (entry & !HASH_HALF) as usize - 1;
                if (entry ^ hash) & HASH_HALF == 0 && gram(first) == this {
                    break first;
                }
                slot = (slot + 1) & mask;
            };
            counts[first] += 1;
        }
        counts.retain(|&count| count > 1);
        Self { different, repeated: counts }
    }
}

/// The sum of `counts` by `all`; 0 where there is nothing.
#[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 characters")]
pub(crate) fn repeated_share(counts: impl Iterator<Item = u32>, all: usize) -> f64 {
    if all == 0 { 0.0 } else { counts.map(u64::from).sum::<u64>() as f64 / all as f64 }
}

/// The share of a text's runs of `length` characters that its most frequent runs make up, 0 to 1; 0 where there is no
/// such run.
///
/// Of *d* different runs the √*d* most frequent count, but none that occurs only once: long texts repeat some runs
/// whatever they say.  As the ROOTS and OBELICS references have it.
///
/// ```
/// use obelisc_text::character_repetition_ratio;
///
/// // Of ab, ba, ab, bc two are alike; three are different, so that one counts.
/// assert_eq!(character_repetition_ratio("ababc", 2), 0.5);
/// ```
pub fn character_repetition_ratio(text: &str, length: usize) -> f64 {
    if length == 0 {
        return 0.0;
    }
    let bytes = text.as_bytes();
    if text.is_ascii() {
        let grams = (bytes.len() + 1).saturating_sub(length);
        return share_of_most_frequent(grams, |index| &bytes[index..index + length]);
    }
    let begins: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let grams = begins.len().saturating_sub(length);
    share_of_most_frequent(grams, |index| &bytes[begins[index]..begins[index + length]])
}

fn share_of_most_frequent<'a>(grams: usize, gram: impl Fn(usize) -> &'a [u8]) -> f64 {
    let GramCounts { different, mut repeated } = GramCounts::of(grams, gram);
    repeated.sort_unstable_by(|a, b| b.cmp(a));
    repeated_share(repeated.into_iter().take(different.isqrt()), grams)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, length: usize, expected: f64) {
        let ratio = character_repetition_ratio(text, length);
        assert!((ratio - expected).abs() < 1e-12, "{text:?}: {ratio}");
    }

    #[test]
    fn text_without_a_run_repeats_nothing() {
        check("", 10, 0.0);
        check("nine char", 10, 0.0);
        check("ten chars.", 10, 0.0);
        check("aa", 0, 0.0);
    }

    #[test]
    fn the_most_frequent_runs_count_and_no_more_than_the_root_of_their_number() {
        check("aaaaaaaaaaaa", 10, 1.0);
        // ab, bx, xa, ab, by, ya, ab, bc: six different, two may count, one occurs more than once.
        check("abxabyabc", 2, 3.0 / 8.0);
        // ab, ba, aa, ac, ca, ab, ba, aa, ac: all but ca occur twice, and two count.
        check("abaacabaac", 2, 4.0 / 9.0);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        check("éàéàé", 2, 2.0 / 4.0);
        check("éàéàü", 2, 2.0 / 4.0);
    }
}
