//! Lists of words.

use foldhash::{HashSet, HashSetExt as _};

use crate::Words;

/// A list of words to look for.
#[derive(Clone, Debug, Default)]
pub struct WordList {
    words: HashSet<String>,
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
        Self { words: set }
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
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
        let listed = words.iter().filter(|word| self.words.contains(*word)).count();
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
    fn no_word_is_no_share() {
        assert!(WordList::from_lines("a").share_of(&Words::default()).abs() < 1e-12);
        assert!(WordList::default().is_empty());
    }
}
