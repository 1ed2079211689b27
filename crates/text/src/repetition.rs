//! How much of a text repeats itself.

mod grams;

pub(crate) use grams::Grams;

use crate::ascii::ascii_runs;

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
    if length == 0 || text.len() < length {
        return 0.0;
    }
    let bytes = text.as_bytes();
    Grams::with(|grams| {
        if text.is_ascii() {
            let symbols = bytes.iter().map(|&byte| u64::from(byte));
            grams.count(symbols, length, |one, other| bytes[one..one + length] == bytes[other..other + length]);
        } else {
            let mut characters = std::mem::take(&mut grams.characters);
            characters.clear();
            for (ascii, others) in ascii_runs(text) {
                characters.extend(ascii.bytes().map(u32::from));
                characters.extend(others.chars().map(u32::from));
            }
            let symbols = characters.iter().map(|&character| u64::from(character));
            let run = |first: usize| &characters[first..first + length];
            grams.count(symbols, length, |one, other| run(one) == run(other));
            grams.characters = characters;
        }
        grams.share_of_most_frequent()
    })
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

    #[test]
    fn runs_are_counted_as_if_each_were_compared_with_each() {
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (seed >> 33) % below
        };
        for round in 0..300 {
            let letters = ["ab", "abcd ", "aé湖😀", "éàüö"][round % 4].chars().collect::<Vec<_>>();
            let text: String = (0..next(200)).map(|_| letters[next(letters.len() as u64) as usize]).collect();
            let length = next(12) as usize + 1;
            let characters: Vec<char> = text.chars().collect();
            let mut counts = std::collections::HashMap::new();
            characters.windows(length).for_each(|run| *counts.entry(run).or_insert(0_u32) += 1);
            let mut repeated: Vec<u32> = counts.values().copied().filter(|&count| count > 1).collect();
            repeated.sort_unstable_by(|a, b| b.cmp(a));
            let sum: u32 = repeated.iter().take(counts.len().isqrt()).sum();
            let all = characters.windows(length).len();
            check(&text, length, if all == 0 { 0.0 } else { f64::from(sum) / all as f64 });
        }
    }
}
