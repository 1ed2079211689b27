//! Character references (13.2.5.72 to .80).

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use html5ever::tendril::StrTendril;
use memchr::memchr2;

use super::{Sink, Tokenizer};

/// Letters of the longest name, `CounterClockwiseContourIntegral`.
const LONGEST: usize = 31;

/// Where a reference stands: in an attribute a name without semicolon is no reference where the name could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// A character reference.
pub(super) struct Reference {
    /// The one or two characters that it stands for; the second is U+0000 where there is none.
    characters: (char, char),
    /// Its length, from `&` on.
    pub(super) bytes: usize,
}

impl Reference {
    pub(super) fn push_to(&self, text: &mut StrTendril) {
        let (first, second) = self.characters;
        text.push_char(first);
        if second != '\0' {
            text.push_char(second);
        }
    }
}

/// The reference that `text`, which begins with `&`, begins with; `None` where the `&` is text.
pub(super) fn reference(text: &str, place: Place) -> Option<Reference> {
    match text.as_bytes().get(1)? {
        b'#' => numeric(text.as_bytes()),
        byte if byte.is_ascii_alphanumeric() => named(text, place),
        _ => None,
    }
}

/// Named character reference state (13.2.5.73): the longest name that is known.
fn named(text: &str, place: Place) -> Option<Reference> {
    let name = &text[1..];
    let letters = name.bytes().take(LONGEST).take_while(u8::is_ascii_alphanumeric).count();
    let whole = if name.as_bytes().get(letters) == Some(&b';') { &name[..=letters] } else { &name[..letters] };
    let (known, (first, second)) = match NAMED_ENTITIES.get(whole) {
        Some(&characters) if characters.0 != 0 => (whole, characters),
        _ => longest(whole)?,
    };
    let next = name.as_bytes().get(known.len());
    let goes_on = next.is_some_and(|&byte| byte == b'=' || byte.is_ascii_alphanumeric());
    if place == Place::Attribute && goes_on && !known.ends_with(';') {
        return None;
    }
    let characters = (char::from_u32(first)?, char::from_u32(second)?);
    Some(Reference { characters, bytes: 1 + known.len() })
}

/// The longest known name that `name` begins with.
fn longest(name: &str) -> Option<(&str, (u32, u32))> {
    let mut best = None;
    for end in 1..=name.len() {
        // The table has the beginnings of all names as well, with no characters: it says when to stop.
        let Some(&characters) = NAMED_ENTITIES.get(&name[..end]) else { break };
        if characters.0 != 0 {
            best = Some((&name[..end], characters));
        }
    }
    best
}

/// Numeric character reference states (13.2.5.75 to .80).
fn numeric(text: &[u8]) -> Option<Reference> {
    let (base, start) = if matches!(text.get(2), Some(b'x' | b'X')) { (16, 3) } else { (10, 2) };
    let (mut number, mut at) = (0u32, start);
    while let Some(digit) = text.get(at).and_then(|&byte| char::from(byte).to_digit(base)) {
        number = number.saturating_mul(base).saturating_add(digit);
        at += 1;
    }
    if at == start {
        return None;
    }
    at += usize::from(text.get(at) == Some(&b';'));
    let by_table = number.checked_sub(0x80).and_then(|c1| *C1_REPLACEMENTS.get(c1 as usize)?);
    let character = by_table.or(char::from_u32(number)).filter(|&c| c != '\0').unwrap_or('\u{fffd}');
    Some(Reference { characters: (character, '\0'), bytes: at })
}

impl<S: Sink> Tokenizer<'_, S> {
    /// Text of RCDATA: with its references read, and U+FFFD for U+0000.
    pub(super) fn decoded_text(&self, start: usize, end: usize) -> StrTendril {
        self.decoded(start, end, Place::Text)
    }

    /// An attribute's value, likewise.
    pub(super) fn decoded_value(&self, start: usize, end: usize) -> StrTendril {
        self.decoded(start, end, Place::Attribute)
    }

    fn decoded(&self, start: usize, end: usize, place: Place) -> StrTendril {
        let Some(mut found) = memchr2(b'&', 0, &self.bytes[start..end]) else { return self.slice(start, end) };
        let mut text = StrTendril::with_capacity((end - start) as u32);
        let mut rest = &self.text[start..end];
        loop {
            text.push_slice(&rest[..found]);
            rest = &rest[found..];
            if rest.starts_with('\0') {
                text.push_slice("\u{fffd}");
                rest = &rest[1..];
            } else if let Some(found) = reference(rest, place) {
                found.push_to(&mut text);
                rest = &rest[found.bytes..];
            } else {
                text.push_slice("&");
                rest = &rest[1..];
            }
            match memchr2(b'&', 0, rest.as_bytes()) {
                Some(next) => found = next,
                None => break,
            }
        }
        text.push_slice(rest);
        text
    }
}
