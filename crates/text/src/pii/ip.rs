//! IP addresses.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::{TAG, after, before, is_word};
use crate::spans::Span;

/// The longest IPv6 address: six groups and an IPv4 address.
const MAX_LENGTH: usize = 45;

/// What comes before a number that is a version or a place in a book, in lower case.
const VERSION_WORDS: [&str; 25] = [
    "version",
    "versions",
    "ver",
    "v",
    "release",
    "rev",
    "revision",
    "build",
    "firmware",
    "section",
    "sec",
    "chapter",
    "clause",
    "§",
    "§§",
    "versión",
    "versão",
    "versione",
    "versi",
    "версия",
    "版本",
    "バージョン",
    "الإصدار",
    "bản",
    "संस्करण",
];

/// IPv4 and IPv6 addresses, each to become `PI:IP_ADDRESS`, a zone (`%eth0`) included, a port or prefix length not.
///
/// Left as they are: what has no digit (`::`, `a::b`); dates, times and decimal numbers with more or fewer than four parts, or with a part that begins
/// in 0 or is above 255 (`2021.03.04.10`); numbers that continue a word or follow one that says what they are (`v1.2.3.4`, `version 10.20.30.40`,
/// `Reader/10.2.3.4`, `10.2.3.4-beta`); numbers of sections, which are four of one digit anywhere (as addresses they are public servers), or of
/// one or two at the beginning of a line that goes on as a heading; names in code (`std::`, `a::before`, `c3::d4`): an IPv6 address begins in `::`, a group of four or
/// `64:ff9b:`, or has all eight groups; hardware addresses of six or eight bytes.
pub fn ip_addresses(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|&byte| is_part(byte)) {
        let begin = at + skipped;
        // A dot next to a dot or a colon ends a sentence.
        let goes_on = |pair: &&[u8]| is_part(pair[1]) && !matches!(pair, [b'.', b'.' | b':'] | [b':', b'.']);
        at = begin + 1 + bytes[begin..].windows(2).take_while(goes_on).count();
        // Most runs are a few letters of a word, or a number.
        if at - begin < "::1".len() || !bytes[begin..at].iter().any(|byte| matches!(byte, b':' | b'.')) {
            continue;
        }
        if let Some(range) = v6(text, begin..at) {
            spans.push(range);
        } else {
            let mut piece = begin;
            for part in text[begin..at].split(':') {
                spans.extend(v4(text, piece..piece + part.len()));
                piece += part.len() + 1;
            }
        }
    }
    spans.into_iter().map(|range| Span::replace(range, "PI:IP_ADDRESS")).collect()
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

fn trimmed(text: &str, range: Range<usize>, mark: char) -> Range<usize> {
    let piece = &text[range.clone()];
    let begin = range.start + piece.len() - piece.trim_start_matches(mark).len();
    begin..begin + piece.trim_matches(mark).len()
}

/// The IPv4 address that a run of digits, letters and dots is.
fn v4(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let range = trimmed(text, range, '.');
    let number = text.get(range.clone()).filter(|number| (7..=15).contains(&number.len()))?;
    number.parse::<Ipv4Addr>().ok()?;
    let (previous, next) = (before(text, range.start), after(text, range.end));
    if previous.is_some_and(is_word) || next.is_some_and(is_word) {
        return None;
    }
    // `1.2.3.4-beta` and `4.3.2.1.in-addr.arpa` go on.
    let goes_on = match next {
        Some('-') => after(text, range.end + 1).is_some_and(char::is_alphabetic),
        Some('.') => after(text, range.end + 1).is_some_and(is_word),
        _ => false,
    };
    let is_short = number.split('.').all(|part| part.len() <= 2);
    let is_outline = number.len() == 7 || (is_short && begins_line(text, range.start) && heads(&text[range.end..]));
    (!goes_on && !is_outline && !follows_version(text, range.start)).then_some(range)
}

/// Whether only spaces stand between a byte and the beginning of its line.
fn begins_line(text: &str, at: usize) -> bool {
    let mut bytes = text.as_bytes()[..at].iter().rev();
    bytes.by_ref().take(8).find(|byte| !matches!(byte, b' ' | b'\t')).map_or(at <= 8, |&byte| byte == b'\n')
}

/// Whether what stands behind a number is that of a heading: a dot and white space, or white space and a letter.
fn heads(rest: &str) -> bool {
    let after_dot = rest.strip_prefix('.').unwrap_or(rest);
    let title = after_dot.trim_start();
    title.len() < after_dot.len() && (after_dot.len() < rest.len() || title.starts_with(char::is_alphabetic))
}

/// Whether what stands before a number says that it is a version, or the number of a section.
fn follows_version(text: &str, at: usize) -> bool {
    // More than the longest word and what may stand between.
    let mut window = at.saturating_sub(40);
    while !text.is_char_boundary(window) {
        window += 1;
    }
    let context = &text[window..at];
    if let Some(product) = context.strip_suffix('/') {
        return product.ends_with(is_word);
    }
    let context = context.trim_end_matches([' ', '\t', '\u{a0}', ':', '.', '=', '"', '\'', '#', '(']).to_lowercase();
    VERSION_WORDS.iter().any(|word| {
        context.strip_suffix(word).is_some_and(|rest| !rest.ends_with(is_word) || !word.chars().all(is_word))
    })
}

/// The IPv6 address that a run of hexadecimal digits, colons and dots is.
fn v6(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    let mut range = trimmed(text, run, '.');
    // A colon before or behind an address belongs to the sentence, two belong to the address.
    let number = &text[range.clone()];
    let is_outer = |has_two: bool, has_three: bool| usize::from(!has_two || has_three);
    if number.starts_with(':') {
        range.start += is_outer(number.starts_with("::"), number.starts_with(":::"));
    }
    if number.len() > 1 && number.ends_with(':') {
        range.end -= is_outer(number.ends_with("::"), number.ends_with(":::"));
    }
    let number = text.get(range.clone()).filter(|number| (3..=MAX_LENGTH).contains(&number.len()))?;
    if !number.contains(':') || !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<Ipv6Addr>().ok()?;
    if before(text, range.start).is_some_and(is_word) || after(text, range.end).is_some_and(is_word) {
        return None;
    }
    let mut groups = number.split(':');
    let is_address = if number.contains("::") {
        number.starts_with("::")
            || number.starts_with("64:ff9b:")
            || groups.next().is_some_and(|group| group.len() == 4)
    } else {
        !groups.all(|group| group.len() == 2)
    };
    is_address.then(|| range.start..zone_end(text, range.end))
}

/// Where the zone of an address ends, or the address that has none.
fn zone_end(text: &str, end: usize) -> usize {
    let zone = text[end..].strip_prefix('%').filter(|zone| !zone.starts_with(TAG)).unwrap_or_default();
    let length = zone.bytes().take(16).take_while(u8::is_ascii_alphanumeric).count();
    if length == 0 { end } else { end + 1 + length }
}
