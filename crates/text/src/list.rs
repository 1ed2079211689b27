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

impl WordList {
    /// One word for each line; lines are taken as they stand, so that one with a space at its end equals no word.  Empty
    /// lines are left out.
    pub fn from_lines(list: &str) -> Self {
        Self::from_words(list.lines().filter(|line| !line.is_empty()).map(str::to_owned))
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
    fn words_of_any_length_are_found() {
        let long = "\u{e9}".repeat(40);
        let list = WordList::from_words([String::new(), "a".to_owned(), long.clone()]);
        for (word, found) in [("a", true), ("b", false), ("aa", false), (&long, true), (&*long.repeat(2), false)] {
            assert_eq!(list.contains(word), found, "{word}");
        }
        assert!(!WordList::default().contains("a"));
    }

    #[test]
    fn no_word_is_no_share() {
        assert!(WordList::from_lines("a").share_of(&Words::default()).abs() < 1e-12);
        assert!(WordList::default().is_empty());
    }
}
