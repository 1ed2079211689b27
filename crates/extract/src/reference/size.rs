//! The size that an image's attribute asks for, as the reference reads it.

use obelisc_document::RenderedSize;
use serde_json::Number;

use super::python::{decimal_number, integer, strip};

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// An integer of any length: decimal digits, perhaps behind a minus.
    Integer(String),
    /// Text with a percent sign.
    Share(String),
}

/// An infinite size: the reference fails on its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Infinite;

/// Reads a size; `None` for what is passed over.
///
/// # Errors
/// A decimal number beyond the largest float.
pub(super) fn read(text: &str) -> Result<Option<Size>, Infinite> {
    let text = text.replace(['”', '"', '<', '>'], "");
    if let Some(integer) = integer(&text) {
        return Ok(Some(Size::Integer(integer)));
    }
    if text.contains("px") {
        return Ok(integer(&text.replace(['p', 'x', ';'], "")).map(Size::Integer));
    }
    if text.contains('%') {
        return Ok(Some(Size::Share(strip(&text).to_owned())));
    }
    if text.contains('.') {
        return match decimal_number(&text).map(f64::trunc) {
            Some(number) if number.is_infinite() => Err(Infinite),
            // A negative number above -1 is zero, without a sign.
            Some(number) => Ok(Some(Size::Integer(format!("{:.0}", number + 0.0)))),
            None => Ok(None),
        };
    }
    let whole = text == "full-width" || text == "auto";
    Ok(whole.then(|| Size::Share("100%".to_owned())))
}

impl From<Size> for RenderedSize {
    fn from(size: Size) -> Self {
        let digits = match size {
            Size::Share(share) => return Self::Percent(share),
            Size::Integer(digits) => digits,
        };
        if let Ok(pixels) = digits.parse() {
            return Self::Pixels(pixels);
        }
        let signed = || digits.parse::<i64>().ok().map(Number::from);
        let unsigned = || digits.parse::<u64>().ok().map(Number::from);
        let float = || digits.parse().ok().and_then(Number::from_f64);
        // What is beyond all floats is as wide as the widest integer.
        let number = signed().or_else(unsigned).or_else(float);
        Self::OutOfRange(number.unwrap_or_else(|| Number::from(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let size = read(text).unwrap().map(RenderedSize::from);
        serde_json::to_string(&size).unwrap()
    }

    #[test]
    fn pixels_shares_and_decimals_are_told_apart() {
        assert_eq!(json("300"), "300");
        assert_eq!(json("”300 px;”"), "300");
        assert_eq!(json(" 50 % "), "\"50 %\"");
        assert_eq!(json("-0.9"), "0");
        assert_eq!(json("1.5e3"), "1500");
        assert_eq!(json("auto"), "\"100%\"");
        assert_eq!(json("300PX"), "null");
        assert_eq!(json("100%px"), "null");
        assert_eq!(read("1.0e400"), Err(Infinite));
    }

    #[test]
    fn numbers_that_are_no_size_are_kept() {
        assert_eq!(json("-20px"), "-20");
        assert_eq!(json("9223372036854775807"), "9223372036854775807");
        assert_eq!(json("99999999999999999999"), "1e+20");
        assert_eq!(read("1.0e22"), Ok(Some(Size::Integer("10000000000000000000000".to_owned()))));
        assert_eq!(json(&"9".repeat(400)), u64::MAX.to_string());
    }
}
