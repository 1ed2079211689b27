//! Words that go: those of addresses, and overlong ones.

use std::ops::Range;

use super::Span;
use super::white_space::is_separator;
use crate::SpecialCharacters;

/// What a URL-like word holds, in the ROOTS reference.
pub const URL_PARTS: [&str; 5] = ["http", "www", ".com", "href", "//"];

/// Words that hold one of [`URL_PARTS`], to go.
///
/// Words are what lies between spaces, tabs and line feeds; [special characters](SpecialCharacters) at their ends do not count
/// (`more//` is no such word), case does (`HTTP` is none).  What stood around a word stays, but for the line feed of a line that it fills: [`white_space_runs`](super::white_space_runs) closes the gap.
pub fn url_like_words(text: &str, special: &SpecialCharacters) -> Vec<Span> {
    let mut hits: Vec<usize> = URL_PARTS.iter().flat_map(|part| text.match_indices(part)).map(|(at, _)| at).collect();
    hits.sort_unstable();
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut end = 0;
    for hit in hits {
        if hit < end {
            continue;
        }
        let begin = bytes[end..hit].iter().rposition(|&byte| is_separator(byte)).map_or(end, |at| end + at + 1);
        end = bytes[hit..].iter().position(|&byte| is_separator(byte)).map_or(text.len(), |length| hit + length);
        let stripped = text[begin..end].trim_matches(|c| special.contains(c));
        if URL_PARTS.iter().any(|part| stripped.contains(part)) {
            spans.push(Span::remove(with_its_line(text, begin..end)));
        }
    }
    spans
}

/// Words of more than `max_characters` code points, to go.
///
/// Words are what lies between spaces, tabs and line feeds.  One stays whose rest is short enough, and not empty, once
/// [special characters](SpecialCharacters) are stripped from both ends.  What stood around a word stays, but for the line feed of a
/// line that it fills: [`white_space_runs`](super::white_space_runs) closes the gap.
pub fn long_words(text: &str, max_characters: usize, special: &SpecialCharacters) -> Vec<Span> {
    // No word has more characters than bytes.
    let is_long = |word: &str| word.len() > max_characters && word.chars().nth(max_characters).is_some();
    let goes = |range: &Range<usize>| {
        let word = &text[range.clone()];
        is_long(word) && {
            let stripped = word.trim_matches(|c| special.contains(c));
            stripped.is_empty() || is_long(stripped)
        }
    };
    words(text).filter(goes).map(|range| Span::remove(with_its_line(text, range))).collect()
}

/// A word, and the line feed behind it where it is a line of its own: two line feeds would begin a paragraph.
fn with_its_line(text: &str, word: Range<usize>) -> Range<usize> {
    let is_line_feed = |at: usize| text.as_bytes().get(at) == Some(&b'\n');
    let begins_line = word.start.checked_sub(1).is_none_or(is_line_feed);
    let end = word.end + usize::from(begins_line && is_line_feed(word.end));
    word.start..end
}

/// Where the words lie.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    let pieces = text.as_bytes().split(|&byte| is_separator(byte)).map(move |piece| {
        let begin = next;
        next += piece.len() + 1;
        begin..begin + piece.len()
    });
    pieces.filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;

    fn special() -> SpecialCharacters {
        SpecialCharacters::from_lines("(\n)\n.\n/\n!\n\u{2022}\n").unwrap()
    }

    #[test]
    fn words_of_addresses_go_and_their_gaps_stay() {
        for (text, expected) in [
            ("see http://site.example/a now", "see  now"),
            ("(www.site.example)\tsite.com.\n<a href=x> a//b", "\t\n<a  "),
            ("HTTP Site.COM more// // .com", "HTTP Site.COM more// // .com"),
            ("http", ""),
            ("", ""),
            ("日http本 é", " é"),
            ("ahref\u{3000}b", ""),
        ] {
            assert_eq!(apply(text, &url_like_words(text, &special())), expected, "{text:?}");
        }
    }

    #[test]
    fn long_words_go_unless_only_their_ends_are_long() {
        for (text, expected) in [
            ("abcd abcde abcdef", "abcd  "),
            ("(abcd). !!!!! ((((\u{2022}", "(abcd).  "),
            ("éééé ééééé\n日本語の日", "éééé \n"),
            ("a(b)c (a.b)", "(a.b)"),
            ("a\0b\0c", ""),
            ("", ""),
        ] {
            assert_eq!(apply(text, &long_words(text, 4, &special())).trim_start(), expected, "{text:?}");
        }
        assert_eq!(long_words("a b", 0, &special()).len(), 2);
    }
}
