//! White space: which, where, how much.

use super::Span;
use crate::clean::ODD_SPACES;

/// Odd spaces, each to become a space: those of [`standard_spaces`](crate::standard_spaces), of which the ROOTS reference has the same as
/// OBELICS's, and the space itself.  Nothing is trimmed, and runs stay runs.
pub fn odd_spaces(text: &str) -> Vec<Span> {
    if text.is_ascii() {
        return Vec::new();
    }
    text.match_indices(ODD_SPACES).map(|(at, space)| Span::replace(at..at + space.len(), " ")).collect()
}

/// White space at both ends, to go.  What is white space is Python's notion of it, as in the ROOTS reference: Unicode's, and the
/// four separators of ASCII (U+001C to U+001F).
pub fn outer_white_space(text: &str) -> Vec<Span> {
    let is_space = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}');
    let begin = text.len() - text.trim_start_matches(is_space).len();
    let end = text.trim_end_matches(is_space).len().max(begin);
    [0..begin, end..text.len()].into_iter().filter(|range| !range.is_empty()).map(Span::remove).collect()
}

/// What stands between two words, as the ROOTS reference leaves it: of a run of spaces, tabs and line feeds one line feed if the run
/// holds one, else one tab if it holds one, else one space; at both ends nothing.
///
/// So empty lines go, and so do the places that removed words leave.  Other white space is part of a word.  A run that is already
/// as it should be is no span.
pub fn white_space_runs(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(before) = bytes[at..].iter().position(|&byte| is_separator(byte)) {
        let begin = at + before;
        let length = bytes[begin..].iter().take_while(|&&byte| is_separator(byte)).count();
        at = begin + length;
        let left = if begin == 0 || at == bytes.len() { "" } else { strongest(&bytes[begin..at]) };
        if left.as_bytes() != &bytes[begin..at] {
            spans.push(Span::replace(begin..at, left));
        }
    }
    spans
}

/// Words lie between these bytes, each of which is a character.
pub(super) const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t')
}

fn strongest(run: &[u8]) -> &'static str {
    if run.contains(&b'\n') {
        "\n"
    } else if run.contains(&b'\t') {
        "\t"
    } else {
        " "
    }
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;
    use crate::standard_spaces;

    #[test]
    fn odd_spaces_are_those_of_standard_spaces() {
        let text = "\u{84}a\u{2002}b\u{2004}\u{3000}\u{fffc}\0 \u{feff}\t";
        let spans = odd_spaces(text);
        assert_eq!(spans.iter().map(|span| span.range.clone()).collect::<Vec<_>>(), [0..2, 3..6, 10..13, 13..16]);
        assert_eq!(apply(text, &spans), standard_spaces(text));
        assert_eq!(odd_spaces("plain text"), []);
    }

    #[test]
    fn white_space_at_the_ends_goes() {
        let check = |text: &str, expected: &[Span], stripped| {
            let spans = outer_white_space(text);
            assert_eq!(spans, expected, "{text:?}");
            assert_eq!(apply(text, &spans), stripped);
        };
        check("a b", &[], "a b");
        check("", &[], "");
        check(" \u{1f}\u{3000}a \u{85}", &[Span::remove(0..5), Span::remove(6..9)], "a");
        check("\u{a0}\n", &[Span::remove(0..3)], "");
        check("\u{200b}a\0", &[], "\u{200b}a\0");
    }

    #[test]
    fn of_a_run_the_strongest_separator_stays() {
        for (text, expected) in [
            ("a\tb\n\nc  d \t\t e", "a\tb\nc d\te"),
            ("\n a \n\t", "a"),
            (" \t\n", ""),
            ("a b\tc\nd", "a b\tc\nd"),
            ("a\r\n\u{3000} b", "a\r\n\u{3000} b"),
            ("", ""),
        ] {
            let spans = white_space_runs(text);
            assert_eq!(apply(text, &spans), expected, "{text:?}");
            assert_eq!(spans.is_empty(), text == expected, "{text:?}");
        }
    }
}
