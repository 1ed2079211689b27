//! What becomes of a text before a language model sees it, as the OBELICS and ROOTS references have it.

use std::borrow::Cow;

use crate::standard_spaces;

/// The zeros of the decimal digits; nine digits follow each.  Those of Unicode 13, which the references' Python knows.
const ZEROS: [char; 65] = [
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// A text as models of the references were trained on it: control characters deleted (line ends and tabs too, so that lines are joined and words across
/// them with it), trimmed, [standard spaces](standard_spaces), [zeros for digits](zero_digits), [ASCII punctuation](ascii_punctuation).
///
/// ```
/// assert_eq!(obelisc_text::model_text(" He said:\n\u{201c}1 of 30\u{201d} "), "He said:\"0 of 00\"");
/// ```
pub fn model_text(text: &str) -> String {
    ascii_punctuation(&zero_digits(&standard_spaces(without_control_characters(text).trim()))).into_owned()
}

/// [`model_text`] in lower case (before spaces, digits and punctuation change): what words are split from where a SentencePiece model splits them.
pub fn lower_case_model_text(text: &str) -> String {
    let lower_case = without_control_characters(text).trim().to_lowercase();
    ascii_punctuation(&zero_digits(&standard_spaces(&lower_case))).into_owned()
}

/// Text without control characters (U+0000 to U+001F and U+007F to U+009F), line ends and tabs among them.
pub fn without_control_characters(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, "")) } else { Cow::Borrowed(text) }
}

/// Zeros (`0`) for decimal digits of all scripts.
///
/// ```
/// assert_eq!(obelisc_text::zero_digits("10 or \u{96e}"), "00 or 0");
/// ```
pub fn zero_digits(text: &str) -> Cow<'_, str> {
    if text.contains(is_digit) { Cow::Owned(text.replace(is_digit, "0")) } else { Cow::Borrowed(text) }
}

fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    let zeros = ZEROS.partition_point(|&zero| zero <= character);
    zeros > 0 && character as u32 - (ZEROS[zeros - 1] as u32) < 10
}

/// ASCII for thirty-three marks of punctuation, as the references map them (a full-width `１` too, which becomes a quotation mark).
///
/// ```
/// assert_eq!(obelisc_text::ascii_punctuation("so\u{2014}what\u{2026}"), "so - what...");
/// ```
pub fn ascii_punctuation(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(|character| ascii_for(character).is_some()) else { return Cow::Borrowed(text) };
    let mut ascii = String::with_capacity(text.len());
    ascii.push_str(&text[..first]);
    for character in text[first..].chars() {
        match ascii_for(character) {
            Some(mark) => ascii.push_str(mark),
            None => ascii.push(character),
        }
    }
    Cow::Owned(ascii)
}

fn ascii_for(character: char) -> Option<&'static str> {
    if character.is_ascii() {
        return None;
    }
    Some(match character {
        '\u{ab}' | '\u{bb}' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{300a}' | '\u{300b}' | '\u{300c}'
        | '\u{300d}' | '\u{ff11}' => "\"",
        '\u{b4}' | '\u{2019}' => "'",
        '\u{2013}' | '\u{2501}' | '\u{25ba}' => "-",
        '\u{2014}' => " - ",
        '\u{2026}' => "...",
        '\u{2236}' | '\u{ff1a}' => ":",
        '\u{3001}' | '\u{ff0c}' => ",",
        '\u{3002}' => ".",
        '\u{3008}' => "<",
        '\u{3009}' => ">",
        '\u{3010}' => "[",
        '\u{3011}' => "]",
        '\u{ff01}' => "!",
        '\u{ff05}' => "%",
        '\u{ff08}' => "(",
        '\u{ff09}' => ")",
        '\u{ff0e}' => ". ",
        '\u{ff1b}' => ";",
        '\u{ff1f}' => "?",
        '\u{ff5e}' => "~",
        _ => return None,
    })
}
