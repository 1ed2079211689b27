//! Lists of words.

use hashbrown::HashTable;

use crate::Words;
use crate::words::word_hash;

/// A list of words to look for.
#[derive(Clone, Debug, Default)]
pub struct WordList {
    words: HashTable<(u64, Box<str>)>,
    /// A bit for each value that the top of a word's hash can have.  Most words of a text need not be looked up: no word of the
    /// list looks like them.
    tops: Vec<u64>,
    /// How far a hash is shifted to be a number of those bits.
    shift: u32,
}

/// Bits of `tops` for each word, and most of them.
const TOPS_EACH: usize = 32;
const MOST_TOPS: usize = 1 << 20;

/// A line without its count.  No word has a tab in it, since words are cut there.
fn without_count(line: &str) -> &str {
    match line.rsplit_once('\t') {
        Some((word, count)) if !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()) => word,
        _ => line,
    }
}

impl WordList {
    /// One word for each line; lines are taken as they stand, so that one with a space at its end equals no word.  Empty
    /// lines are left out, and so is a count behind the word: a tab and digits, as `obelisc lexicon --counts` writes them.
    pub fn from_lines(list: &str) -> Self {
        Self::from_words(list.lines().map(without_count).filter(|word| !word.is_empty()).map(str::to_owned))
    }

    /// The words as they are.
    pub fn from_words(words: impl IntoIterator<Item = String>) -> Self {
        let mut table = HashTable::new();
        for word in words {
            let hash = word_hash(&word);
            let is_same = |(_, listed): &(u64, Box<str>)| **listed == *word;
            if table.find(hash, is_same).is_none() {
                table.insert_unique(hash, (hash, word.into_boxed_str()), |(hash, _)| *hash);
            }
        }
        let bits = (table.len() * TOPS_EACH).clamp(64, MOST_TOPS).next_power_of_two();
        let shift = u64::BITS - bits.trailing_zeros();
        let mut tops = vec![0_u64; bits / 64];
        for (hash, _) in &table {
            let top = hash >> shift;
            tops[(top / 64) as usize] |= 1 << (top % 64);
        }
        Self { words: table, tops, shift }
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn contains(&self, word: &str) -> bool {
        let hash = word_hash(word);
        self.may_contain(hash) && self.contains_hashed(hash, word)
    }

    /// Whether a word with this hash can stand in the list.
    fn may_contain(&self, hash: u64) -> bool {
        let top = hash.checked_shr(self.shift).unwrap_or(0);
        self.tops.get((top / 64) as usize).is_some_and(|bits| (bits >> (top % 64)) & 1 == 1)
    }

    fn contains_hashed(&self, hash: u64, word: &str) -> bool {
        self.words.find(hash, |(listed, text)| *listed == hash && **text == *word).is_some()
    }

    /// How many of the words stand in the list.
    pub fn count(&self, words: &Words) -> usize {
        let may = words.with_hash(|hash| self.may_contain(hash));
        may.filter(|(hash, word)| self.contains_hashed(*hash, word)).count()
    }

    /// The share of `words` that stand in the list, 0 to 1; 0 where there is no word.
    ///
    /// ```
    /// use obelisc_text::{SpecialCharacters, WordList, Words};
    ///
    /// let words = Words::split("The boat and the lake", &SpecialCharacters::default());
    /// assert_eq!(WordList::from_lines("the\nand\n").share_of(&words), 0.6);
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 words")]
    pub fn share_of(&self, words: &Words) -> f64 {
        let listed = self.count(words);
        if words.is_empty() { 0.0 } else { listed as f64 / words.len() as f64 }
    }

    /// The same where words go together: groups of `sizes` words that follow each other, joined by `separator`, count as further words
    /// to look for.  The share is that of all that stand in the list among the words, without the groups, and no more than 1; 0 where there is no word.
    ///
    /// The ROOTS reference does so for Vietnamese, in pairs with a space between, as a space stands between syllables; and for Chinese, in
    /// pairs with nothing between, whose splitter may cut words into characters.
    ///
    /// ```
    /// use obelisc_text::{SpecialCharacters, WordList, Words};
    ///
    /// let words = Words::split("bao giờ anh đi", &SpecialCharacters::default());
    /// assert_eq!(WordList::from_lines("anh\nbao giờ\n").share_of_groups(&words, &[2], " "), 0.5);
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 words")]
    pub fn share_of_groups(&self, words: &Words, sizes: &[usize], separator: &str) -> f64 {
        if words.is_empty() {
            return 0.0;
        }
        let mut listed = self.count(words);
        let all: Vec<&str> = words.iter().collect();
        let mut group = String::new();
        for &size in sizes.iter().filter(|&&size| size > 0) {
            for run in all.windows(size) {
                group.clear();
                for (index, word) in run.iter().enumerate() {
                    group.push_str(if index == 0 { "" } else { separator });
                    group.push_str(word);
                }
                listed += usize::from(self.contains(&group));
            }
        }
        (listed as f64 / words.len() as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpecialCharacters;

    #[test]
    fn lines_are_not_trimmed() {
        let words = Words::split("a b", &SpecialCharacters::default());
        let list = WordList::from_lines("a \n\nb\nb\n");
        assert_eq!(list.len(), 2);
        assert!((list.share_of(&words) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_count_behind_a_word_is_left_out() {
        let list = WordList::from_lines("a\t12\nb\nc\t\nd\t1x\ne 5\n\t7\n");
        for (word, found) in [("a", true), ("b", true), ("c\t", true), ("d\t1x", true), ("e 5", true), ("c", false)] {
            assert_eq!(list.contains(word), found, "{word:?}");
        }
        assert_eq!(list.len(), 5);
    }

    #[test]
    fn words_of_any_length_are_found() {
        let long = "\u{e9}".repeat(40);
        let list = WordList::from_words([String::new(), "a".to_owned(), long.clone()]);
        for (word, found) in [("a", true), ("b", false), ("aa", false), (&long, true), (&*long.repeat(2), false)] {
            assert_eq!(list.contains(word), found, "{word}");
        }
        assert!(!WordList::default().contains("a"));
    }

    #[test]
    fn groups_count_on_top_of_words_up_to_all() {
        let words = Words::split("a b a b", &SpecialCharacters::default());
        let share = |list: &str, sizes: &[usize], separator| {
            WordList::from_lines(list).share_of_groups(&words, sizes, separator)
        };
        for (value, expected) in [
            (share("a\na b\n", &[2], " "), 1.0),
            (share("ab\n", &[2], ""), 0.5),
            (share("ab\n", &[2], " "), 0.0),
            (share("b\na-b-a\nab\n", &[3, 2], "-"), 0.75),
            (share("a\nb\nab\nba\n", &[2], ""), 1.0),
            (share("a\n", &[], ""), 0.5),
            (share("a\n", &[0, 9], ""), 0.5),
        ] {
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
        assert!(WordList::from_lines("a").share_of_groups(&Words::default(), &[2], "").abs() < 1e-12);
    }

    #[test]
    fn no_word_is_no_share() {
        assert!(WordList::from_lines("a").share_of(&Words::default()).abs() < 1e-12);
        assert!(WordList::default().is_empty());
    }
}
