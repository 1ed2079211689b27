//! E-mail addresses.

use super::{TAG, after, before, is_word};
use crate::spans::Span;

/// The greatest length of what stands before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The greatest length of a domain, in bytes (RFC 5321, 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;

/// E-mail addresses, each to become `PI:EMAIL`: letters, digits and `._%+-`, an `@`, a domain of at least two labels whose last is of letters.
/// Letters may be Latin, Greek or Cyrillic ones.
///
/// Left as they are: hosts without a dot (`me@localhost`) and numbers (`root@192.0.2.1`, whose address [`ip_addresses`](super::ip_addresses) finds), versions
/// (`tool@1.2.3`), names of pictures (`logo@2x.png`), names of users with their server (`@alice@social.example`, which [`users`](super::users) finds), and
/// addresses written to be read by people only (`alice (at) site.example`).
pub fn emails(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let Some(begin) = local_begin(text, at) else { continue };
        let Some(end) = domain_end(text, at + 1) else { continue };
        let is_free = spans.last().is_none_or(|last| last.range.end <= begin);
        if is_free && after(text, end) != Some('@') {
            spans.push(Span::replace(begin..end, "PI:EMAIL"));
        }
    }
    spans
}

/// Where the part before an `@` begins.
fn local_begin(text: &str, at: usize) -> Option<usize> {
    let is_local = |c: char| is_word(c) || matches!(c, '.' | '%' | '+' | '-');
    // One character more than may be, at most four bytes long.
    let mut window = at.saturating_sub(MAX_LOCAL + 4);
    while !text.is_char_boundary(window) {
        window += 1;
    }
    let local = &text[window..at];
    let length = local.len() - local.trim_end_matches(is_local).len();
    let local = local[local.len() - length..].rsplit("..").next().unwrap_or_default();
    let local = local.trim_start_matches(|c| !is_word(c));
    let begin = at - local.len();
    // What ends in a mark is no name, and `@name@server` is a user.
    let is_user = before(text, begin) == Some('@') && !before(text, begin - 1).is_some_and(is_word);
    let is_name = local.ends_with(is_word) && local.len() <= MAX_LOCAL;
    (is_name && !is_user && !text[..begin].ends_with(TAG)).then_some(begin)
}

/// Where a domain that begins at a byte ends: behind the longest run of labels whose last one is of two letters or more.
pub(super) fn domain_end(text: &str, begin: usize) -> Option<usize> {
    let is_label = |c: char| (is_word(c) && c != '_') || c == '-';
    let rest = &text[begin..];
    let length = rest.find(|c| !is_label(c) && c != '.').unwrap_or(rest.len());
    if length > MAX_DOMAIN {
        return None;
    }
    let mut end = None;
    let mut at = begin;
    let mut numbers = true;
    for (labels, label) in rest[..length].split('.').enumerate() {
        numbers &= label.bytes().all(|byte| byte.is_ascii_digit());
        if label.is_empty() || label.starts_with('-') || (numbers && labels > 0) {
            break;
        }
        // A hyphen may go on with the sentence, not with a top-level domain.
        let top = label.find('-').filter(|_| !label.starts_with("xn--")).unwrap_or(label.len());
        let is_top = label.starts_with("xn--") || (top >= 2 && label[..top].chars().all(char::is_alphabetic));
        if labels > 0 && is_top && !is_picture(&label[..top]) {
            end = Some(at + top);
        }
        at += label.len() + 1;
    }
    end
}

/// Whether a last label is the ending of a picture's name.
fn is_picture(label: &str) -> bool {
    ["png", "jpg", "jpeg", "gif", "webp", "svg"].iter().any(|ending| label.eq_ignore_ascii_case(ending))
}
