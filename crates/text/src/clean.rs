//! White space, invisible characters, normalisation.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Runs of white space (Unicode's) to one space each, none at the ends.
pub fn collapse_white_space(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for piece in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(piece);
    }
    collapsed
}

/// What the OBELICS and ROOTS references take for odd spaces.
pub(crate) const ODD_SPACES: [char; 11] = [
    '\u{84}', '\u{a0}', '\u{2002}', '\u{2003}', '\u{2005}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{3000}',
    '\u{fffc}',
];

/// Odd spaces as spaces (U+0020): the no-break space, some spaces of a fixed width, the ideographic one, the object
/// replacement character, eleven characters in all, as the OBELICS and ROOTS references have them.  Nothing is trimmed,
/// and runs stay runs.
///
/// ```
/// assert_eq!(obelisc_text::standard_spaces("12\u{a0}km\u{3000}"), "12 km ");
/// ```
pub fn standard_spaces(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(ODD_SPACES) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(ODD_SPACES, " "))
}

/// Text without invisible characters, in Normalization Form C.
///
/// Soft hyphens, zero-width spaces, word joiners and byte order marks go, and so do ASCII's control characters but tab and
/// line ends.  The zero-width joiner and non-joiner go as
/// well, except between two characters beyond ASCII, where they are spelling (Persian, the scripts of India) or hold an emoji together.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Most text is ASCII, or has nothing to change.
    let plain = plain_bytes(text.as_bytes());
    if plain == text.len() {
        return Cow::Borrowed(text);
    }
    // What is not plain ASCII begins a character, as the byte before it ends one.
    let rest = &text[plain..];
    let visible = if rest.contains(is_invisible) { Cow::Owned(without_invisible(text)) } else { Cow::Borrowed(text) };
    if is_composed(&visible) { visible } else { Cow::Owned(visible.nfc().collect()) }
}

/// ASCII that stays.
const IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        is_plain[byte as usize] = true;
        byte += 1;
    }
    is_plain[b'\t' as usize] = true;
    is_plain[b'\n' as usize] = true;
    is_plain[b'\x0c' as usize] = true;
    is_plain[b'\r' as usize] = true;
    is_plain
};

/// How many bytes are plain ASCII, from the first one on.
fn plain_bytes(text: &[u8]) -> usize {
    const AT_A_TIME: usize = 32;
    let is_plain = |byte: &u8| IS_PLAIN[usize::from(*byte)];
    // What is at once told to be plain: all but the rare tabs and line ends.
    let is_line = |some: &&[u8]| some.iter().fold(true, |all, byte| all & (b' '..0x7f).contains(byte));
    let lines = text.chunks_exact(AT_A_TIME).take_while(is_line).count() * AT_A_TIME;
    lines + text[lines..].iter().take_while(|byte| is_plain(byte)).count()
}

/// Whether a text is in Normalization Form C, without much thought.
fn is_composed(text: &str) -> bool {
    // All characters before the first combining mark are composed, whatever stands beside them.
    text.chars().all(|c| c < '\u{300}') || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn without_invisible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let spells = |c: Option<&char>| c.is_some_and(|c| !c.is_ascii() && !c.is_whitespace() && !is_invisible(*c));
        let joins = matches!(c, '\u{200c}' | '\u{200d}')
            && spells(visible.chars().next_back().as_ref())
            && spells(characters.peek());
        if joins || !is_invisible(c) {
            visible.push(c);
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_of_every_kind_becomes_one_space() {
        assert_eq!(collapse_white_space(" a\u{a0}\n b\t"), "a b");
        assert_eq!(collapse_white_space("\n"), "");
    }

    #[test]
    fn odd_spaces_become_spaces_and_others_stay() {
        assert_eq!(standard_spaces("\u{84}\u{2002}\u{2005}\u{2008}\u{2009}\u{200a}\u{202f}\u{fffc}"), " ".repeat(8));
        assert_eq!(standard_spaces("a\u{2004}\u{2007}\tb\n"), "a\u{2004}\u{2007}\tb\n");
        assert!(matches!(standard_spaces("é"), Cow::Borrowed("é")));
    }

    #[test]
    fn invisible_characters_go() {
        assert_eq!(clean("\u{feff}co\u{ad}op\u{200b}\u{2060} a\u{200d}b\0\u{1b}"), "coop ab");
        assert_eq!(clean("a\tb\r\n"), "a\tb\r\n");
    }

    #[test]
    fn joiners_that_spell_stay() {
        let persian = "می\u{200c}خواهم";
        let family = "👩\u{200d}👧";
        assert_eq!(clean(persian), persian);
        assert_eq!(clean(family), family);
        assert_eq!(clean("می\u{200c} x"), "می x");
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(clean("e\u{301}"), "é");
        assert!(matches!(clean("é plain"), Cow::Borrowed(_)));
    }
}
