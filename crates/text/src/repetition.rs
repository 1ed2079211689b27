//! How much of a text repeats itself.

use foldhash::{HashMap, HashMapExt as _};

/// How often each gram occurs, in no order.
pub(crate) fn counts_of<'a>(grams: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<u32> {
    let mut counts: HashMap<&[u8], u32> = HashMap::with_capacity(grams.len());
    for gram in grams {
        *counts.entry(gram).or_default() += 1;
    }
    counts.into_values().collect()
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
    if text.is_ascii() {
        return share_of_most_frequent(text.as_bytes().windows(length));
    }
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    ends.push(text.len());
    let bytes = text.as_bytes();
    let last = ends.get(length..).unwrap_or_default();
    share_of_most_frequent(last.iter().zip(&ends).map(|(&end, &begin)| &bytes[begin..end]))
}

fn share_of_most_frequent<'a>(grams: impl ExactSizeIterator<Item = &'a [u8]>) -> f64 {
    let all = grams.len();
    let counts = counts_of(grams);
    let most = counts.len().isqrt();
    let mut repeated: Vec<u32> = counts.into_iter().filter(|&count| count > 1).collect();
    repeated.sort_unstable_by(|a, b| b.cmp(a));
    repeated_share(repeated.into_iter().take(most), all)
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
