//! Words and punctuation marks, as the punctuation ratio counts them.

use unicode_normalization::char::is_combining_mark;

use crate::ascii::ascii_runs;

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
        for (ascii, others) in ascii_runs(text) {
            inside = tokens.count_ascii(ascii.as_bytes(), inside);
            for character in others.chars() {
                let is_word = is_word_beyond_ascii(character);
                tokens.all += usize::from(is_word && !inside);
                inside = is_word;
            }
        }
        tokens
    }

    /// Counts those of ASCII behind the inside of a token or not; gives the same for what follows.
    fn count_ascii(&mut self, bytes: &[u8], mut inside: bool) -> bool {
        // Sums of so many fit a byte, and bytes are what most are added of at once.
        for block in bytes.chunks(128) {
            let marks: u8 = block.iter().map(|&byte| u8::from(is_mark(byte))).sum();
            let begins = |(before, byte): (&u8, &u8)| u8::from(is_word(*byte) & !is_word(*before));
            let begun: u8 = block.iter().zip(&block[1..]).map(begins).sum();
            let first = !inside && is_word(block[0]);
            self.marks += usize::from(marks);
            self.all += usize::from(marks) + usize::from(begun) + usize::from(first);
            inside = block.last().is_some_and(|&byte| is_word(byte));
        }
        inside
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

/// A punctuation mark that is counted.
fn is_mark(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b':' | b'?' | b'!' | b'.')
}

/// A letter, a number, the underscore (`\w` of Python), or an apostrophe, in ASCII.
fn is_word(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'_') | (byte == b'\'')
}

/// The same beyond ASCII.  Marks that combine are no part of a word, so that a word in a script of India is several tokens.
fn is_word_beyond_ascii(character: char) -> bool {
    // Letters in circles and squares are symbols, though Unicode calls them alphabetic.
    let in_circle = matches!(character, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    character.is_alphanumeric() && !is_combining_mark(character) && !in_circle
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
    fn tokens_of_long_texts_are_those_of_their_parts() {
        let part = "It's so, e.g. here (3.5)! ";
        for times in [1, 4, 5, 100] {
            check(&part.repeat(times), 5 * times, 12 * times);
        }
        check(&format!("{}é{}", "a".repeat(300), "_".repeat(129)), 0, 1);
    }

    #[test]
    fn combining_marks_and_circled_letters_end_a_token() {
        check("हिन्दी", 0, 3);
        check("aⒶb 🅰", 0, 2);
    }
}
