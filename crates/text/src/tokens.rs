//! Words and punctuation marks, as the punctuation ratio counts them.

use unicode_normalization::char::is_combining_mark;

/// How many tokens a text has: each run of letters, digits, underscores and apostrophes is one, and each of the marks
/// `, ; : ? ! .`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens that are marks.
    pub marks: usize,
    /// Tokens, marks and others.
    pub all: usize,
}

impl Tokens {
    /// Counts the tokens of a text.
    ///
    /// ```
    /// use obelisc_text::Tokens;
    ///
    /// assert_eq!(Tokens::count("Don't stop: go on ..."), Tokens { marks: 4, all: 8 });
    /// ```
    pub fn count(text: &str) -> Self {
        let mut tokens = Self::default();
        let mut inside = false;
        for character in text.chars() {
            let class = CLASSES.get(character as usize).copied().unwrap_or_else(|| Class::beyond_ascii(character));
            tokens.marks += usize::from(class == Class::Mark);
            tokens.all += usize::from(class == Class::Mark || (class == Class::Word && !inside));
            inside = class == Class::Word;
        }
        tokens
    }

    /// The tokens of several texts between which stands white space.
    #[must_use]
    pub fn joined(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self::default(), |sum, part| Self { marks: sum.marks + part.marks, all: sum.all + part.all })
    }

    /// The share of the marks among the tokens, 0 to 1; 0 where there is no token.
    #[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 characters")]
    pub fn punctuation_ratio(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.marks as f64 / self.all as f64 }
    }
}

/// What a character is to a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A letter, a number, the underscore (`\w` of Python), or an apostrophe.
    Word,
    /// A punctuation mark that is counted.
    Mark,
    Other,
}

/// The classes of ASCII.
const CLASSES: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b',' | b';' | b':' | b'?' | b'!' | b'.' => Class::Mark,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'\'' => Class::Word,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

impl Class {
    /// Marks that combine are no part of a word, so that a word in a script of India is several tokens.
    fn beyond_ascii(character: char) -> Self {
        // Letters in circles and squares are symbols, though Unicode calls them alphabetic.
        let in_circle = matches!(character, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
        if character.is_alphanumeric() && !is_combining_mark(character) && !in_circle {
            Self::Word
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, marks: usize, all: usize) {
        assert_eq!(Tokens::count(text), Tokens { marks, all }, "{text:?}");
    }

    #[test]
    fn runs_of_word_characters_and_single_marks_are_tokens() {
        check("", 0, 0);
        check("-- ( ) / “", 0, 0);
        check("e.g. it's_so, 3.5!", 5, 10);
        check("½ ² Ⅷ ١٢ 日本", 0, 5);
    }

    #[test]
    fn combining_marks_and_circled_letters_end_a_token() {
        check("हिन्दी", 0, 3);
        check("aⒶb 🅰", 0, 2);
    }
}
