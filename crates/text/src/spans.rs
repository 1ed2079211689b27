//! Changes to a text as spans: where, and what stands there afterwards.
//!
//! A finder says what it would change and changes nothing, so that each change can be named, counted and recorded.  Its spans
//! are sorted, disjoint, and fit the text they were found in; [`apply`] makes the changed text, in which the next finder looks.
//!
//! The cleaning of the ROOTS corpus (Laurençon et al. 2022, [arXiv 2303.03915](https://arxiv.org/abs/2303.03915)) is five of them, in this order:
//! [`odd_spaces`], [`outer_white_space`], then, for languages that set spaces between words, [`url_like_words`], [`long_words`],
//! [`white_space_runs`].
//!
//! ```
//! use obelisc_text::{SpecialCharacters, spans};
//!
//! let special = SpecialCharacters::from_lines("(\n)\n.\n")?;
//! let text = "Read\u{a0}more (https://site.example/a) there.";
//! let spaces = spans::odd_spaces(text);
//! assert_eq!(text[spaces[0].range.clone()], *"\u{a0}");
//!
//! let text = spans::apply(text, &spaces);
//! let text = spans::apply(&text, &spans::url_like_words(&text, &special));
//! assert_eq!(text, "Read more  there.");
//! let text = spans::apply(&text, &spans::white_space_runs(&text));
//! assert_eq!(text, "Read more there.");
//! # Ok::<(), obelisc_text::UnknownCharacter>(())
//! ```

mod white_space;
mod words;

use std::borrow::Cow;
use std::ops::Range;

pub use white_space::{odd_spaces, outer_white_space, white_space_runs};
pub use words::{URL_PARTS, long_words, url_like_words};

/// A change to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What goes, in bytes of the text, on character boundaries.
    pub range: Range<usize>,
    /// What comes in its place.
    pub replacement: Cow<'static, str>,
}

impl Span {
    /// A span whose text goes, and another comes.
    pub fn replace(range: Range<usize>, replacement: &'static str) -> Self {
        Self { range, replacement: Cow::Borrowed(replacement) }
    }

    /// A span whose text goes.
    pub fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The text with all spans replaced, which are sorted and disjoint.
///
/// One that is no range of the text, or begins before the last one ended, is left out.
pub fn apply(text: &str, spans: &[Span]) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut kept = 0;
    for span in spans {
        if let (Some(between), Some(_)) = (text.get(kept..span.range.start), text.get(span.range.clone())) {
            changed.push_str(between);
            changed.push_str(&span.replacement);
            kept = span.range.end;
        }
    }
    changed.push_str(text.get(kept..).unwrap_or_default());
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_replaced_in_their_order() {
        let spans = [Span::remove(0..2), Span::replace(3..3, "+"), Span::replace(4..5, "yz")];
        assert_eq!(apply("éabc", &spans), "a+byz");
        assert_eq!(apply("é\0", &[]), "é\0");
    }

    #[test]
    fn a_span_that_does_not_fit_changes_nothing() {
        for range in [1..2, 0..1, 3..9, 9..9, Range { start: 2, end: 0 }] {
            assert_eq!(apply("éa", &[Span::remove(range.clone())]), "éa", "{range:?}");
        }
        assert_eq!(apply("abc", &[Span::remove(0..2), Span::remove(1..3), Span::replace(2..3, "d")]), "d");
    }
}
