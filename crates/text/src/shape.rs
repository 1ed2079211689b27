//! How long the words of a text are, and how its lines begin and end.

use crate::ascii::ascii_runs;

/// Lines of fewer characters are short.
const SHORT_LINE: usize = 30;

/// What is counted of a text to tell prose from lists, teasers and machine output.
///
/// A word is whatever stands between white space, a line what stands between line feeds and is not blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Words.
    pub words: usize,
    /// Characters of the words.
    pub word_characters: usize,
    /// Words with a letter.
    pub alphabetic_words: usize,
    /// Signs `#`.
    pub hashes: usize,
    /// Ellipses, `…` or `...`.
    pub ellipses: usize,
    /// Lines.
    pub lines: usize,
    /// Lines that begin with a bullet: `•`, `-`, `*` and their like.
    pub bullet_lines: usize,
    /// Lines that end with an ellipsis.
    pub ellipsis_lines: usize,
    /// Lines that end as sentences do: with a full stop, an exclamation or question mark or a closing quotation mark, but no ellipsis.
    pub ended_lines: usize,
    /// Lines of fewer than 30 characters.
    pub short_lines: usize,
}

/// Where a line is read: inside of a word or not, and whether the word has had a letter.
#[derive(Default)]
struct WordState {
    inside: bool,
    alphabetic: bool,
}

impl WordState {
    #[inline]
    fn step(&mut self, shape: &mut Shape, of_word: bool, letter: bool) {
        shape.words += usize::from(of_word & !self.inside);
        shape.word_characters += usize::from(of_word);
        shape.alphabetic_words += usize::from(letter & !self.alphabetic);
        *self = Self { inside: of_word, alphabetic: of_word & (self.alphabetic | letter) };
    }
}

impl Shape {
    /// Counts them.
    ///
    /// ```
    /// use obelisc_text::Shape;
    ///
    /// let shape = Shape::count("- A boat #1 ...\n- Two boats crossed the lake at 7.");
    /// assert_eq!((shape.words, shape.alphabetic_words, shape.hashes, shape.ellipses), (13, 8, 1, 1));
    /// assert_eq!((shape.lines, shape.bullet_lines, shape.ellipsis_lines, shape.ended_lines), (2, 2, 1, 1));
    /// assert_eq!(shape.short_lines, 1);
    /// ```
    pub fn count(text: &str) -> Self {
        let count_of = |byte: u8| memchr::memchr_iter(byte, text.as_bytes()).count();
        let mut shape = Self { hashes: count_of(b'#'), ..Self::default() };
        // To look for more than a byte costs more than most texts are long.
        if count_of(b'.') >= 3 {
            shape.ellipses += text.matches("...").count();
        }
        if !text.is_ascii() {
            shape.ellipses += text.matches('…').count();
        }
        for line in text.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
            let ellipsis = ends_with_ellipsis(line);
            shape.lines += 1;
            shape.bullet_lines += usize::from(line.starts_with(is_bullet));
            shape.ellipsis_lines += usize::from(ellipsis);
            shape.ended_lines += usize::from(!ellipsis && line.ends_with(is_end));
            shape.short_lines += usize::from(line.chars().take(SHORT_LINE).count() < SHORT_LINE);
            shape.add_words(line);
        }
        shape
    }

    fn add_words(&mut self, line: &str) {
        let mut state = WordState::default();
        for (ascii, others) in ascii_runs(line) {
            for byte in ascii.bytes() {
                let is_space = matches!(byte, b'\t'..=b'\r' | b' ');
                state.step(self, !is_space, byte.is_ascii_alphabetic());
            }
            for character in others.chars() {
                state.step(self, !character.is_whitespace(), character.is_alphabetic());
            }
        }
    }

    /// That of several texts between which line feeds stand.
    #[must_use]
    pub fn joined(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            words: sum.words + part.words,
            word_characters: sum.word_characters + part.word_characters,
            alphabetic_words: sum.alphabetic_words + part.alphabetic_words,
            hashes: sum.hashes + part.hashes,
            ellipses: sum.ellipses + part.ellipses,
            lines: sum.lines + part.lines,
            bullet_lines: sum.bullet_lines + part.bullet_lines,
            ellipsis_lines: sum.ellipsis_lines + part.ellipsis_lines,
            ended_lines: sum.ended_lines + part.ended_lines,
            short_lines: sum.short_lines + part.short_lines,
        })
    }
}

fn is_bullet(character: char) -> bool {
    matches!(character, '-' | '*' | '·' | '–' | '•' | '‣' | '⁃' | '∙' | '■' | '□' | '▪' | '▫' | '▶' | '●' | '○' | '◦')
}

fn is_end(character: char) -> bool {
    matches!(
        character,
        '.' | '!'
            | '?'
            | '"'
            | '”'
            | '»'
            | '。'
            | '！'
            | '？'
            | '．'
            | '」'
            | '』'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '։'
            | '።'
    )
}

fn ends_with_ellipsis(line: &str) -> bool {
    line.ends_with("...") || line.ends_with('…')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_words_has_no_shape() {
        for text in ["", " \n\t\r\n\u{a0}\u{3000}\n"] {
            assert_eq!(Shape::count(text), Shape::default(), "{text:?}");
        }
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let shape = Shape::count("é\u{a0}àü 1");
        assert_eq!((shape.words, shape.word_characters, shape.alphabetic_words), (3, 4, 2));
        assert_eq!(Shape::count(&"é".repeat(29)).short_lines, 1);
        assert_eq!(Shape::count(&"é".repeat(30)).short_lines, 0);
    }

    #[test]
    fn lines_begin_and_end_behind_white_space() {
        let shape = Shape::count(" \u{a0}• a. \r\n\n* b ...\n湖。\nHe said \u{201c}no\u{201d}\nA… b");
        assert_eq!((shape.lines, shape.bullet_lines, shape.ellipsis_lines, shape.ended_lines), (5, 2, 1, 3));
        assert_eq!(shape.ellipses, 2);
    }

    #[test]
    fn words_are_the_same_whether_all_is_ascii_or_not() {
        let line = "a 1\tb2\u{b}3c, \u{c}-- d";
        let (ascii, other) = (Shape::count(line), Shape::count(&format!("{line} é")));
        assert_eq!((ascii.words, ascii.word_characters, ascii.alphabetic_words), (6, 10, 4));
        assert_eq!((other.words, other.word_characters, other.alphabetic_words), (7, 11, 5));
    }

    #[test]
    fn the_shape_of_parts_is_that_of_the_whole() {
        let texts = ["- a b…", "", "#1 ...\nÖ.", "c"];
        let joined = Shape::joined(texts.iter().map(|text| Shape::count(text)));
        assert_eq!(joined, Shape::count(&texts.join("\n\n")));
    }
}
