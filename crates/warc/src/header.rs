//! The first lines of records: WARC version lines, ARC URL lines, and how they are told from other bytes.

use std::borrow::Cow;

use crate::fields::{Fields, lines, text};

/// Longest line, in bytes, that is looked at when asking whether a record begins here.
pub(crate) const LOOK: usize = 4096;

/// What begins at some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Warc,
    Arc,
}

/// Whether a record begins with these bytes, of which [`LOOK`] suffice.
///
/// WARC (ISO 28500, section 4): `WARC/` and a version, in any case of letters since some writers lower it.
/// ARC (Internet Archive, "ARC File Format", 1996): a line of URL, address, date and more that ends in a length.
pub(crate) fn start(bytes: &[u8]) -> Option<Start> {
    let line = lines(&bytes[..bytes.len().min(LOOK)]).next()?;
    if version(line).is_some() {
        // A version line that is quoted in running text is not followed by a field.
        let rest = &bytes[memchr::memchr(b'\n', bytes)? + 1..];
        let next = lines(&rest[..rest.len().min(LOOK)]).next()?;
        let name = memchr::memchr(b':', next).map_or(next, |colon| &next[..colon]);
        let plausible = name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        return plausible.then_some(Start::Warc);
    }
    if memchr::memchr(b'\n', &bytes[..bytes.len().min(LOOK)]).is_some() && ArcLine::parse(line).is_some() {
        return Some(Start::Arc);
    }
    None
}

/// The version of a WARC version line, such as `1.1`.
pub(crate) fn version(line: &[u8]) -> Option<&[u8]> {
    let rest = line.get(5..).filter(|_| line[..5].eq_ignore_ascii_case(b"WARC/"))?.trim_ascii_end();
    let dot = memchr::memchr(b'.', rest)?;
    let digits = |part: &[u8]| !part.is_empty() && part.len() < 5 && part.iter().all(u8::is_ascii_digit);
    (digits(&rest[..dot]) && digits(&rest[dot + 1..])).then_some(rest)
}

/// The parts of an ARC URL line.
pub(crate) struct ArcLine<'a> {
    url: &'a [u8],
    address: &'a [u8],
    date: &'a [u8],
    content_type: &'a [u8],
    /// Bytes of the block.
    pub(crate) length: u64,
}

impl<'a> ArcLine<'a> {
    /// Reads a line of version 1 (URL, address, date, type, length) or 2 (five more before the length).
    ///
    /// Fields are counted from the end, since crawlers let spaces into URLs.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii_end();
        if !line.first()?.is_ascii_alphabetic() || !line.last()?.is_ascii_digit() {
            return None;
        }
        let scheme = &line[..memchr::memchr(b':', line)?];
        if !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            return None;
        }
        let cuts: Vec<usize> = memchr::memchr_iter(b' ', line).collect();
        let (&last, before) = cuts.split_last()?;
        let length = number(&line[last + 1..])?;
        // The date is a field of 14 digits (12 or more in early files) after at least URL and address.
        let at = (1..before.len()).rev().find(|&at| {
            let field = &line[before[at] + 1..cuts[at + 1]];
            (12..=17).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
        })?;
        let rest = &line[cuts[at + 1]..last];
        let content_type = rest.trim_ascii_start();
        let content_type = &content_type[..memchr::memchr(b' ', content_type).unwrap_or(content_type.len())];
        Some(Self {
            url: &line[..before[at - 1]],
            address: &line[before[at - 1] + 1..before[at]],
            date: &line[before[at] + 1..cuts[at + 1]],
            content_type,
            length,
        })
    }

    /// The line as the named fields that a WARC record would have.
    pub(crate) fn fields(&self) -> Fields<'a> {
        let mut fields = Fields::default();
        fields.push("WARC-Target-URI", text(self.url));
        fields.push("WARC-IP-Address", text(self.address));
        fields.push("WARC-Date", date(self.date));
        fields.push("Content-Type", text(self.content_type));
        fields.push("Content-Length", Cow::Owned(self.length.to_string()));
        fields
    }
}

/// `YYYYMMDDhhmmss` as `YYYY-MM-DDThh:mm:ssZ`; other digits as they are.
fn date(digits: &[u8]) -> Cow<'_, str> {
    let digits = text(digits);
    match (digits.get(..4), digits.get(4..6), digits.get(6..8), digits.get(8..10), digits.get(10..12)) {
        (Some(year), Some(month), Some(day), Some(hour), Some(minute)) if digits.len() == 14 => {
            Cow::Owned(format!("{year}-{month}-{day}T{hour}:{minute}:{}Z", &digits[12..]))
        }
        _ => digits,
    }
}

/// The block length that a WARC header block states.
pub(crate) fn content_length(header: &[u8]) -> Option<u64> {
    lines(header).find_map(|line| {
        let (name, value) = line.split_at(memchr::memchr(b':', line)?);
        name.trim_ascii().eq_ignore_ascii_case(b"Content-Length").then(|| number(value[1..].trim_ascii())).flatten()
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_lines_are_known_in_any_case_and_version() {
        for line in ["WARC/0.17", "WARC/0.18", "WARC/1.0", "warc/1.1 "] {
            assert!(version(line.as_bytes()).is_some(), "{line}");
        }
        for line in ["WARC/", "WARC/1", "WARC/1.x", "XARC/1.0", "WARC/1.0 is a version"] {
            assert!(version(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn arc_lines_of_both_versions_are_read_and_spaces_in_urls_kept() {
        let one = ArcLine::parse(b"http://a.org/b c?d=1 2 10.0.0.1 20080430204825 text/html 123").unwrap();
        assert_eq!((one.url, one.length), (&b"http://a.org/b c?d=1 2"[..], 123));
        assert_eq!(one.fields().get("warc-date"), Some("2008-04-30T20:48:25Z"));
        let two = ArcLine::parse(b"http://a.org/ 1.2.3.4 19961104142103 text/html 200 fac0 - 209 IA.arc 202").unwrap();
        assert_eq!((two.content_type, two.length), (&b"text/html"[..], 202));
        assert!(ArcLine::parse(b"HTTP/1.0 200 Document follows").is_none());
        assert!(ArcLine::parse(b"see http://a.org 1 2 3").is_none());
    }

    #[test]
    fn a_version_line_inside_running_text_begins_no_record() {
        assert_eq!(start(b"WARC/1.0\r\nWARC-Type: response\r\n"), Some(Start::Warc));
        assert_eq!(start(b"WARC/1.0 was the first\nversion"), None);
        assert_eq!(start(b"WARC/1.0\n\xff\xfe: 1\n"), None);
    }
}
