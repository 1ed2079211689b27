//! Names of users.

use super::email::domain_end;
use super::{TAG, after, before, is_word};
use crate::spans::Span;

/// The fewest characters of a name, as in the ROOTS reference.
const MIN_CHARACTERS: usize = 3;
/// The most characters of a name.
const MAX_CHARACTERS: usize = 64;

/// What an `@` begins in style sheets and in comments on code.
const CODE: [&str; 30] = [
    "author",
    "charset",
    "classmethod",
    "code",
    "container",
    "counter-style",
    "deprecated",
    "font-face",
    "import",
    "inheritdoc",
    "keyframes",
    "layer",
    "link",
    "media",
    "namespace",
    "override",
    "page",
    "param",
    "property",
    "return",
    "returns",
    "see",
    "staticmethod",
    "since",
    "supports",
    "test",
    "throws",
    "todo",
    "type",
    "version",
];

/// Names of users, each with its `@` to become `PI:USER`: at least three letters, digits, underscores, or dots and hyphens between them, of any script; with
/// their server too (`@alice@social.example`).  A name that begins in ASCII ends where a script without spaces begins.
///
/// Left as they are: the `@` of an e-mail address or of any other word (`me@home`), prices, times and sizes (`@10am`, `@2x`), rules of style sheets and tags of
/// comments (`@media`, `@param`), decorators that are called (`@app.route("/")`), and packages (`@scope/name`).
pub fn users(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let previous = before(text, at);
        let is_free = spans.last().is_none_or(|last| last.range.end <= at);
        if !is_free || previous.is_some_and(is_word) {
            continue;
        }
        let Some(end) = name_end(text, at + 1) else { continue };
        let next = after(text, end);
        let is_package = next == Some('/') && previous != Some('/') && after(text, end + 1).is_some_and(is_word);
        if is_package || matches!(next, Some('(' | '{')) || is_other(&text[at + 1..end]) {
            continue;
        }
        let server = if next == Some('@') { domain_end(text, end + 1) } else { None };
        spans.push(Span::replace(at..server.unwrap_or(end), "PI:USER"));
    }
    spans
}

/// Where a name that begins at a byte ends, if it is long enough and not too long.
fn name_end(text: &str, begin: usize) -> Option<usize> {
    let rest = text.get(begin..)?;
    let first = rest.chars().next()?;
    let is_name = |c: char| if is_word(first) { is_word(c) } else { c == '_' || c.is_alphanumeric() || is_mark(c) };
    let mut end = begin;
    for (characters, (at, c)) in rest.char_indices().enumerate() {
        // A name without spaces around it may stand before what another finder has put there.
        if at > 0 && rest[at..].starts_with(TAG) {
            break;
        }
        if characters > MAX_CHARACTERS || !(is_name(c) || (at > 0 && matches!(c, '.' | '-'))) {
            break;
        }
        if is_name(c) {
            end = begin + at + c.len_utf8();
        }
    }
    let length = text[begin..end].chars().count();
    (MIN_CHARACTERS..=MAX_CHARACTERS).contains(&length).then_some(end)
}

/// Whether a mark is part of a letter, as the vowels of Indian scripts are.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Whether a name is a word of code, or a number with its unit.
fn is_other(name: &str) -> bool {
    let unit = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_measure = unit.len() < name.len() && unit.chars().count() <= 3;
    is_measure || CODE.iter().any(|code| name.eq_ignore_ascii_case(code))
}
