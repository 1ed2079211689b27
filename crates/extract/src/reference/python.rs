//! What the reference's language calls white space, digits and numbers.  (CPython 3.10, Unicode 13.)

/// The zeros of all runs of decimal digits (general category Nd), ASCII's left out.
const ZEROS: [u32; 64] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Digits beyond which text is no integer (`sys.int_info.default_max_str_digits`).
const MAX_DIGITS: usize = 4300;

/// Whether `str.isspace`, `str.strip` and a regular expression's `\s` take a character for white space.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// `str.strip`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The value of a decimal digit of any script.
pub(super) fn decimal(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).map(|digit| digit as u8);
    }
    let code = c as u32;
    let zero = ZEROS[..ZEROS.partition_point(|&zero| zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|&digit| digit < 10)
}

/// `int`: sign and decimal digits without leading zeros; `None` for what is no integer.
pub(super) fn integer(text: &str) -> Option<String> {
    let ascii = ascii(text)?;
    let (negative, digits) = sign(trim(&ascii));
    let digits = joined(digits)?;
    if digits.len() > MAX_DIGITS {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(match (digits, negative) {
        ("", _) => "0".to_owned(),
        (_, true) => format!("-{digits}"),
        (_, false) => digits.to_owned(),
    })
}

/// `float`, of text that holds a full stop (so that `inf` and `nan` are no numbers).
pub(super) fn decimal_number(text: &str) -> Option<f64> {
    let ascii = ascii(text)?;
    let text = trim(&ascii);
    let (negative, number) = sign(text);
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, joined(sign(exponent).1).map(|digits| (sign(exponent).0, digits))?),
        None => (number, (false, "0".to_owned())),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    // Digits may lack on one side of the full stop.
    let part = |digits: &str| if digits.is_empty() { Some(String::new()) } else { joined(digits) };
    let (whole, fraction) = (part(whole)?, part(fraction)?);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let minus = |negative: bool| if negative { "-" } else { "" };
    format!("{}{whole}.{fraction}e{}{}", minus(negative), minus(exponent.0), exponent.1).parse().ok()
}

/// Digits and white space of all scripts as ASCII's, before a number is read; `None` where there is another character.
fn ascii(text: &str) -> Option<String> {
    let ascii = |c: char| match c {
        '\0'..='\u{7e}' => Some(c),
        _ if is_space(c) => Some(' '),
        _ => decimal(c).map(|digit| char::from(b'0' + digit)),
    };
    text.chars().map(ascii).collect()
}

/// Without the white space that C's `isspace` knows.
fn trim(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, '\t'..='\r' | ' '))
}

/// Whether a minus stands before, and what comes after the sign.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Digits without the single underscores that may stand between them; `None` for anything else.
fn joined(text: &str) -> Option<String> {
    let groups = || text.split('_');
    let all_digits = groups().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    all_digits.then(|| groups().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_count() {
        assert_eq!(decimal('7'), Some(7));
        assert_eq!(decimal('٣'), Some(3));
        assert_eq!(decimal('９'), Some(9));
        assert_eq!(decimal('𝟿'), Some(9));
        assert!(['²', '①', 'Ⅷ', '一', 'a'].iter().all(|&c| decimal(c).is_none()));
        assert!(ZEROS.is_sorted());
    }

    #[test]
    fn integers_are_read_as_the_reference_reads_them() {
        let integer = |text: &str| integer(text).unwrap_or("none".to_owned());
        assert_eq!(["+5", " 007\n", "-0", "1_000", "1٠"].map(integer), ["5", "7", "0", "1000", "10"]);
        assert_eq!(["", "_1", "1__0", "1 0", "+ 1", "1.0", "\u{1c}3"].map(integer), ["none"; 7]);
        assert_eq!(integer("\u{2028}３"), "3");
        assert_eq!(integer("-99999999999999999999"), "-99999999999999999999");
        assert_eq!(integer(&"9".repeat(4301)), "none");
    }

    #[test]
    fn decimal_numbers_are_read_as_the_reference_reads_them() {
        assert_eq!(
            ["5.", ".5", "1_0.0_1", "-1.e2", " 1.5E+1 "].map(decimal_number),
            [Some(5.0), Some(0.5), Some(10.01), Some(-100.0), Some(15.0)]
        );
        assert_eq!([".", "inf.", "nan.", "1._0", "1.5.2", "1.5em", "1e400."].map(decimal_number), [None; 7]);
        assert_eq!(decimal_number("1.0e400"), Some(f64::INFINITY));
    }
}
