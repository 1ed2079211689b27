//! Lists of words.

use foldhash::{HashSet, HashSetExt as _};

use crate::Words;

/// A list of words to look for.
#[derive(Clone, Debug, Default)]
pub struct WordList {
    words: HashSet<String>,
    /// For each first byte, a bit for each length in bytes that a word which begins so has; the last bit stands for all
    /// greater lengths.  Most words of a text need not be looked up: no word of the list looks like them.
    lengths: Vec<u64>,
}

/// The bit of a length.
fn length_bit(word: &str) -> u64 {
    1 << word.len().min(63)
}

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
        let mut set = HashSet::new();
        set.extend(words);
        let mut lengths = vec![0; 256];
        for word in &set {
            if let Some(&first) = word.as_bytes().first() {
                lengths[usize::from(first)] |= length_bit(word);
            }
        }
        Self { words: set, lengths }
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
        let lengths = word.as_bytes().first().and_then(|&first| self.lengths.get(usize::from(first)));
        lengths.is_some_and(|lengths| lengths & length_bit(word) != 0) && self.words.contains(word)
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
        let listed = words.iter().filter(|word| self.contains(word)).count();
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
        let mut listed = words.iter().filter(|word| self.contains(word)).count();
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
