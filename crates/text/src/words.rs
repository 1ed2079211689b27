//! Words as the OBELICS reference splits them, or as others do.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::SpecialCharacters;
use crate::repetition::Grams;

/// Words are cut at these bytes, each of which is a character.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t')
}

/// The words of a text: split at space, line feed and tab, lower-case, [special characters](SpecialCharacters) stripped
/// from both ends, what is then empty left out.
///
/// Languages that set no spaces between words need [`segment`](Self::segment) or [`from_pieces`](Self::from_pieces) in place of the split.
///
/// They lie side by side in one buffer, a space between two of them, so that any run of words is a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    /// Where the word ends, in bytes; the next begins one byte behind.
    end: usize,
    hash: u64,
}

/// The hash of a word, another in each process.
pub(crate) fn word_hash(word: &str) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    let mut hasher = STATE.build_hasher();
    hasher.write(word.as_bytes());
    hasher.finish()
}

impl Words {
    /// Splits a text.
    pub fn split(text: &str, special: &SpecialCharacters) -> Self {
        let mut words = Self { text: String::with_capacity(text.len()), words: Vec::with_capacity(text.len() / 6 + 1) };
        // All letters at once are faster than those of each word.
        let lower = text.to_ascii_lowercase();
        let bytes = lower.as_bytes();
        let mut begin = 0;
        while begin < bytes.len() {
            let (mut end, mut seen) = (begin, 0);
            while let Some(&byte) = bytes.get(end).filter(|&&byte| !is_separator(byte)) {
                seen |= byte;
                end += 1;
            }
            if seen.is_ascii() {
                words.push_lower_ascii(&lower[begin..end], special);
            } else {
                words.push_beyond_ascii(&text[begin..end], special);
            }
            begin = end + 1;
        }
        words
    }

    /// The words that a splitter of its own has found, such as a SentencePiece model: each piece in lower case, special characters stripped from both ends,
    /// what is then empty left out, as the ROOTS reference does for Chinese.
    ///
    /// ```
    /// use obelisc_text::{SpecialCharacters, Words};
    ///
    /// let special = SpecialCharacters::from_lines("。\n-\n")?;
    /// let words = Words::from_pieces(["\u{2581}Debian", "-", "软件", "包。"], &special);
    /// assert_eq!(words.iter().collect::<Vec<_>>(), ["\u{2581}debian", "软件", "包"]);
    /// # Ok::<(), obelisc_text::UnknownCharacter>(())
    /// ```
    pub fn from_pieces<'a>(pieces: impl IntoIterator<Item = &'a str>, special: &SpecialCharacters) -> Self {
        let mut words = Self::default();
        for piece in pieces {
            words.push_piece(piece, special);
        }
        words
    }

    fn push_piece(&mut self, piece: &str, special: &SpecialCharacters) {
        if piece.is_ascii() {
            self.push_lower_ascii(&piece.to_ascii_lowercase(), special);
        } else {
            self.push_beyond_ascii(piece, special);
        }
    }

    fn push_beyond_ascii(&mut self, piece: &str, special: &SpecialCharacters) {
        self.push(piece.to_lowercase().trim_matches(|c| special.contains(c)));
    }

    /// The words of several texts, one behind the other.
    pub fn joined<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut joined = Self::default();
        for part in parts.filter(|part| !part.is_empty()) {
            let begin = joined.begin(joined.len());
            if begin > 0 {
                joined.text.push(' ');
            }
            joined.text.push_str(&part.text);
            joined.words.extend(part.words.iter().map(|word| Word { end: begin + word.end, ..*word }));
        }
        joined
    }

    fn push(&mut self, word: &str) {
        if !word.is_empty() {
            self.separate();
            self.text.push_str(word);
            self.words.push(Word { end: self.text.len(), hash: word_hash(word) });
        }
    }

    fn push_lower_ascii(&mut self, piece: &str, special: &SpecialCharacters) {
        let is_special = |byte: &u8| special.has_ascii(*byte);
        let bytes = piece.as_bytes();
        let Some(first) = bytes.iter().position(|byte| !is_special(byte)) else { return };
        let last = bytes.iter().rposition(|byte| !is_special(byte)).unwrap_or(first);
        self.push(&piece[first..=last]);
    }

    fn separate(&mut self) {
        if !self.words.is_empty() {
            self.text.push(' ');
        }
    }

    /// Where a word begins, or would.
    fn begin(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.words.get(before)).map_or(0, |word| word.end + 1)
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.runs(1)
    }

    /// The words whose [hash](word_hash) is wanted, with it.
    pub(crate) fn with_hash(&self, wanted: impl Fn(u64) -> bool) -> impl Iterator<Item = (u64, &str)> {
        let words = self.words.iter().enumerate().filter(move |(_, word)| wanted(word.hash));
        words.map(|(index, word)| (word.hash, self.run(index, 1)))
    }

    /// All runs of `length` words (of one, where it is 0) that follow each other, a space between two words.
    pub fn runs(&self, length: usize) -> impl ExactSizeIterator<Item = &str> {
        let runs = (self.len() + 1).saturating_sub(length.max(1));
        (0..runs).map(move |first| self.run(first, length))
    }

    fn run(&self, first: usize, length: usize) -> &str {
        &self.text[self.begin(first)..self.words[first + length.max(1) - 1].end]
    }

    /// The share of the runs of `length` words whose like occurs more than once, 0 to 1; 0 where there is no such run.
    pub fn repetition_ratio(&self, length: usize) -> f64 {
        let length = length.max(1);
        if self.len() < length {
            return 0.0;
        }
        Grams::with(|grams| {
            let symbols = self.words.iter().map(|word| word.hash);
            grams.count(symbols, length, |one, other| self.run(one, length) == self.run(other, length));
            grams.repeated_share()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn special() -> SpecialCharacters {
        SpecialCharacters::from_lines("!\n.\n,\n-\n1\n2\nU+00A0\nU+0307\n").unwrap()
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(Words::split(text, &special()).iter().collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn special_characters_go_from_the_ends_only() {
        check("--Well-known!! 12 e.g.\tX2", &["well-known", "e.g", "x"]);
    }

    #[test]
    fn other_white_space_does_not_split() {
        check("a\u{a0}b c\rd\u{a0}", &["a\u{a0}b", "c\rd"]);
    }

    #[test]
    fn text_without_words_has_none() {
        check("", &[]);
        check(" \n\t ", &[]);
        check("1 2 -- !", &[]);
    }

    #[test]
    fn lower_case_comes_before_stripping() {
        check("\u{130}", &["i"]);
        check("ΟΔΟΣ", &["οδος"]);
    }

    #[test]
    fn nul_and_other_scripts_are_words() {
        check("\0 日本語 हिन्दी", &["\0", "日本語", "हिन्दी"]);
    }

    #[test]
    fn words_of_parts_are_those_of_the_whole() {
        let texts = ["--", "A b, c", "", "Ö 12", "a b c"];
        let parts = texts.map(|text| Words::split(text, &special()));
        let joined = Words::joined(parts.iter());
        assert_eq!(joined, Words::split(&texts.join("\n\n"), &special()));
        assert_eq!(joined.runs(3).collect::<Vec<_>>(), ["a b c", "b c ö", "c ö a", "ö a b", "a b c"]);
        assert_eq!(joined.runs(8).len(), 0);
    }

    #[test]
    fn each_run_that_occurs_twice_counts_as_often_as_it_occurs() {
        let words = |text| Words::split(text, &special());
        // Of a b, b a, a b, b c, c a, a b the first, the third and the last are alike.
        assert!((words("a b a b c a b").repetition_ratio(2) - 3.0 / 6.0).abs() < 1e-12);
        assert!(words("a b c d").repetition_ratio(5).abs() < 1e-12);
        assert!(words("").repetition_ratio(5).abs() < 1e-12);
    }
}
