//! The set of special characters.

use thiserror::Error;

use crate::ascii::ascii_runs;

/// Characters below this are in the basic plane.
const BASIC_PLANE: usize = 0x1_0000;

/// Characters that are no part of a word: punctuation, digits, white space, symbols.
///
/// As the OBELICS reference uses them: stripped from both ends of a word, counted by the special-character ratio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialCharacters {
    /// Whether each byte is a special character of ASCII.
    ascii: [bool; 256],
    /// A bit for each character of the basic plane without ASCII; empty where there is none.
    plane: Vec<u64>,
    /// Sorted, without ASCII.
    others: Vec<char>,
}

impl Default for SpecialCharacters {
    fn default() -> Self {
        Self { ascii: [false; 256], plane: Vec::new(), others: Vec::new() }
    }
}

/// A line that is neither `U+` with the hexadecimal number of a character nor one character.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: `{text}` is no character")]
pub struct UnknownCharacter {
    /// Line, from 1.
    pub line: usize,
    /// The line's text.
    pub text: String,
}

impl SpecialCharacters {
    /// Reads a list of one character per line: `U+00B7`, or the character itself.  Empty lines are left out.
    ///
    /// # Errors
    /// The first line that is something else.
    pub fn from_lines(list: &str) -> Result<Self, UnknownCharacter> {
        let mut set = Self::default();
        for (line, text) in (1..).zip(list.lines()).filter(|(_, text)| !text.is_empty()) {
            let character = character(text).ok_or_else(|| UnknownCharacter { line, text: text.to_owned() })?;
            if character.is_ascii() {
                set.ascii[character as usize] = true;
            } else {
                set.others.push(character);
            }
        }
        set.others.sort_unstable();
        set.others.dedup();
        for character in set.others.iter().map(|&character| character as usize).filter(|&at| at < BASIC_PLANE) {
            set.plane.resize(BASIC_PLANE / 64, 0);
            set.plane[character / 64] |= 1 << (character % 64);
        }
        Ok(set)
    }

    /// Whether `character` is special.
    pub fn contains(&self, character: char) -> bool {
        let at = character as usize;
        match self.ascii.get(at) {
            Some(&special) if at < 128 => special,
            _ if at < BASIC_PLANE => self.plane.get(at / 64).is_some_and(|bits| (bits >> (at % 64)) & 1 == 1),
            _ => self.others.binary_search(&character).is_ok(),
        }
    }

    /// Whether a byte is an ASCII character that is special.
    pub(crate) fn has_ascii(&self, byte: u8) -> bool {
        self.ascii[usize::from(byte)]
    }

    /// Counts those of a text.
    pub fn count(&self, text: &str) -> SpecialCount {
        let mut count = SpecialCount::default();
        for (ascii, others) in ascii_runs(text) {
            count.special += ascii.bytes().map(|byte| usize::from(self.ascii[usize::from(byte)])).sum::<usize>();
            count.all += ascii.len();
            for character in others.chars() {
                count.special += usize::from(self.contains(character));
                count.all += 1;
            }
        }
        count
    }

    /// How many characters the set holds.
    pub fn len(&self) -> usize {
        self.ascii.iter().filter(|&&special| special).count() + self.others.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many characters of a text are special.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecialCount {
    /// Special characters.
    pub special: usize,
    /// All characters.
    pub all: usize,
}

impl SpecialCount {
    /// The share of the special characters, 0 to 1; 0 for an empty text.
    #[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 characters")]
    pub fn ratio(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.special as f64 / self.all as f64 }
    }
}

fn character(line: &str) -> Option<char> {
    let mut characters = line.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Some(only);
    }
    char::from_u32(u32::from_str_radix(line.strip_prefix("U+")?, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_numbers_and_characters() {
        let set = SpecialCharacters::from_lines("U+0009\n!\n\u{2014}\nU+1F600\n\nU+0009\n").unwrap();
        assert_eq!(set.len(), 4);
        for character in ['\t', '!', '\u{2014}', '\u{1f600}'] {
            assert!(set.contains(character), "{character:?}");
        }
        assert!(!set.contains('a') && !set.contains('é'));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let set = SpecialCharacters::from_lines("!\n\u{2014}\n").unwrap();
        let count = set.count("é\u{2014}a!");
        assert_eq!(count, SpecialCount { special: 2, all: 4 });
        assert!((count.ratio() - 0.5).abs() < 1e-12 && set.count("").ratio().abs() < 1e-12);
    }

    #[test]
    fn a_line_that_is_no_character_is_named() {
        let error = SpecialCharacters::from_lines("!\nU+D800\n").unwrap_err();
        assert_eq!(error, UnknownCharacter { line: 2, text: "U+D800".to_owned() });
        assert_eq!(error.to_string(), "line 2: `U+D800` is no character");
    }
}
