//! Secret keys.

use std::ops::Range;

use super::{after, before, is_word};
use crate::spans::Span;

/// How the keys of widespread services begin, and how many characters of `[A-Za-z0-9_-]` follow, capitals and digits among them, at least and at most; as
/// these services document them.
const PREFIXES: [(&str, usize, usize); 18] = [
    ("AKIA", 16, 16),
    ("ASIA", 16, 16),
    ("AIza", 35, 35),
    ("ghp_", 36, 255),
    ("gho_", 36, 255),
    ("ghu_", 36, 255),
    ("ghs_", 36, 255),
    ("ghr_", 36, 255),
    ("github_pat_", 40, 255),
    ("glpat-", 20, 64),
    ("hf_", 30, 64),
    ("npm_", 36, 36),
    ("sk-", 32, 255),
    ("sk_live_", 16, 255),
    ("rk_live_", 16, 255),
    ("xoxb-", 20, 255),
    ("xoxp-", 20, 255),
    ("ya29", 32, 255),
];

/// The greatest length of a key without a known beginning; what is longer is data.
const MAX_LENGTH: usize = 200;

/// Secret keys, each to become `PI:KEY`:
///
/// - keys of known services by how they begin (`AKIA…`, `ghp_…`), signed tokens (`eyJ….eyJ….…`), and private keys in PEM, whole;
/// - hexadecimal numbers of 32 digits or more that hold digits and letters;
/// - tokens of at least 20 letters of both cases and digits, or of 24 of one case and digits, between whose kinds there is a change at every third character at least
///   (words written in one, as `iPhone12ProMaxCase`, change at their borders only), and secrets of 40 characters with `/` and `+` among them;
/// - keys in four groups or more of equal length, of capitals and digits (`A1B2-…`).
///
/// Left as they are: numbers, words, UUIDs, tokens behind `#` or next to `@`, and those that are part of a path or of a file's name (`/…`, `….png`), which
/// name a thing and open nothing, unless they begin as the keys of a service do.
pub fn keys(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|&byte| is_token(byte)) {
        let begin = at + skipped;
        at = begin + bytes[begin..].iter().take_while(|&&byte| is_token(byte)).count();
        if let Some(end) = pem_end(text, begin).or_else(|| signed_token_end(text, begin)) {
            at = end;
            spans.push(begin..end);
        } else {
            of_run(text, begin..at, &mut spans);
        }
    }
    spans.into_iter().map(|range| Span::replace(range, "PI:KEY")).collect()
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/')
}

/// Where a private key in PEM ends that begins at a byte.
fn pem_end(text: &str, begin: usize) -> Option<usize> {
    let label = text[begin..].strip_prefix("-----BEGIN ")?;
    let label = &label[..label.find("-----").filter(|&length| length <= 32)?];
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    // The last line begins as no line of the key does.
    let body = begin + "-----BEGIN ".len() + label.len() + "-----".len();
    let end = body + text[body..].find("-----")?;
    let last = text[end..].strip_prefix("-----END ")?.strip_prefix(label)?.strip_prefix("-----")?;
    Some(text.len() - last.len())
}

/// Where a signed token (RFC 7519) ends that begins at a byte: two objects of JSON and a signature in base64, joined by dots.
fn signed_token_end(text: &str, begin: usize) -> Option<usize> {
    if before(text, begin).is_some_and(is_word) {
        return None;
    }
    let mut end = begin;
    for start in ["eyJ", ".eyJ", "."] {
        let rest = text[end..].strip_prefix(start)?;
        let length =
            rest.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
        end += start.len() + Some(length).filter(|&length| length >= 12)?;
    }
    Some(end)
}

/// The keys in a run of token characters.
fn of_run(text: &str, run: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let (previous, next) = (before(text, run.start), after(text, run.end));
    let continues = |c: Option<char>| c.is_some_and(|c| c == '@' || is_word(c));
    if run.len() < 16 || continues(previous) || continues(next) {
        return;
    }
    let mut begin = run.start;
    let found = spans.len();
    for token in text[run.clone()].split(['/', '+']) {
        if has_known_beginning(token) {
            spans.push(begin..begin + token.len());
        }
        begin += token.len() + 1;
    }
    // A dot between two names is that of a file or a host.
    let is_name = (next == Some('.') && after(text, run.end + 1).is_some_and(is_word))
        || (previous == Some('.') && before(text, run.start - 1).is_some_and(is_word));
    if spans.len() > found || is_name || previous == Some('#') {
        return;
    }
    let inner = text[run.clone()].trim_start_matches(['-', '_']);
    let token = inner.trim_end_matches(['-', '_']);
    if is_key(token) {
        let begin = run.end - inner.len();
        let end = begin + token.len();
        let padding = text.as_bytes()[end..].iter().take(2).take_while(|&&byte| byte == b'=').count();
        spans.push(begin..end + padding);
    }
}

fn has_known_beginning(token: &str) -> bool {
    PREFIXES.iter().any(|&(prefix, least, most)| {
        token.strip_prefix(prefix).is_some_and(|rest| {
            let kinds = Kinds::of(rest);
            (least..=most).contains(&rest.len()) && kinds.digits > 0 && kinds.upper > 0
        })
    })
}

/// Whether a token looks random enough to be a key.
fn is_key(token: &str) -> bool {
    if token.len() > MAX_LENGTH {
        return false;
    }
    let kinds = Kinds::of(token);
    if kinds.digits == 0 || kinds.upper + kinds.lower == 0 {
        return false;
    }
    // Few different characters are a pattern.
    let mixes = kinds.changes * 3 >= token.len() && kinds.different() >= 10;
    if token.contains(['/', '+']) {
        return token.len() == 40 && !token.contains(['-', '_']) && kinds.upper > 0 && kinds.lower > 0 && mixes;
    }
    if kinds.others > 0 {
        return is_grouped(token, &kinds) || (is_url_safe(token, &kinds) && mixes);
    }
    let is_hexadecimal = token.len() >= 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let least = if kinds.upper > 0 && kinds.lower > 0 { 20 } else { 24 };
    is_hexadecimal || (token.len() >= least && mixes)
}

/// Whether hyphens and underscores are but two characters of an alphabet of 64: few, and of all other kinds some.
fn is_url_safe(token: &str, kinds: &Kinds) -> bool {
    token.len() >= 20 && kinds.others * 10 <= token.len() && kinds.upper > 0 && kinds.lower > 0
}

/// Whether a token is of four groups or more, all of the same length of four to eight capitals and digits, half of them of both.
fn is_grouped(token: &str, kinds: &Kinds) -> bool {
    if kinds.lower > 0 {
        return false;
    }
    let (mut groups, mut mixed) = (0, 0);
    let length = token.find('-').unwrap_or_default();
    for group in token.split('-') {
        let kinds = Kinds::of(group);
        if group.len() != length || kinds.others > 0 {
            return false;
        }
        groups += 1;
        mixed += usize::from(kinds.upper > 0 && kinds.digits > 0);
    }
    (4..=8).contains(&length) && groups >= 4 && mixed * 2 >= groups
}

/// How many characters of each kind a token of ASCII has.
#[derive(Default)]
struct Kinds {
    upper: usize,
    lower: usize,
    digits: usize,
    others: usize,
    /// How often a character is of another kind than the one before, but for a capital before a small letter.
    changes: usize,
    /// A bit for each character.
    seen: u128,
}

impl Kinds {
    fn of(token: &str) -> Self {
        let mut kinds = Self::default();
        let mut previous = b'_';
        for byte in token.bytes() {
            let kind = match byte {
                b'A'..=b'Z' => (&mut kinds.upper, b'A'),
                b'a'..=b'z' => (&mut kinds.lower, b'a'),
                b'0'..=b'9' => (&mut kinds.digits, b'0'),
                _ => (&mut kinds.others, b'_'),
            };
            *kind.0 += 1;
            let is_change = kind.1 != previous && previous != b'_' && kind.1 != b'_';
            kinds.changes += usize::from(is_change && (previous, kind.1) != (b'A', b'a'));
            previous = kind.1;
            kinds.seen |= 1 << (byte & 0x7f);
        }
        kinds
    }

    fn different(&self) -> u32 {
        self.seen.count_ones()
    }
}
