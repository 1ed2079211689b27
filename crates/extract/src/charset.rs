//! Bytes → text, in the encoding that the HTML Standard's order finds.

mod prescan;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};
use obelisc_document::Reason;
use url::Url;

use crate::{Failure, Limits};

/// A page as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without byte order mark; undecodable bytes became U+FFFD.
    pub text: Cow<'a, str>,
    /// Name of the encoding, as the Encoding Standard spells it.
    pub charset: &'static str,
    /// What said so: `bom`, `http`, `meta` (a `<meta>` or an XML declaration), `detected`.
    pub source: &'static str,
}

/// Decodes a page: by its byte order mark, else the HTTP header, else its own `<meta>` (HTML Standard, "prescan a byte stream to
/// determine its encoding"), else by what its bytes look like on a host of that top-level domain.
///
/// # Errors
/// [`BodyTooLarge`](Reason::BodyTooLarge) by the cap; [`UndecodableText`](Reason::UndecodableText) where more than half of the characters are U+FFFD.
pub fn decode<'a>(
    body: &'a [u8],
    url: &str,
    http_content_type: Option<&str>,
    limits: &Limits,
) -> Result<Decoded<'a>, Failure> {
    let max = limits.max_html_bytes.min(1 << 30);
    if body.len() > max {
        return Err(Failure::new(Reason::BodyTooLarge, "the page has too many bytes", body.len(), max));
    }
    let (encoding, source) = encoding_of(body, url, http_content_type);
    let (text, replaced) = encoding.decode_with_bom_removal(body);
    if replaced && is_mostly_replaced(&text) {
        let detail = format!("most characters are undecodable as {}", encoding.name());
        return Err(Failure::new(Reason::UndecodableText, &detail, count_replaced(&text), text.chars().count() / 2));
    }
    Ok(Decoded { text, charset: encoding.name(), source })
}

fn encoding_of(body: &[u8], url: &str, http_content_type: Option<&str>) -> (&'static Encoding, &'static str) {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        (encoding, "bom")
    } else if let Some(encoding) = http_content_type.and_then(http_charset) {
        (encoding, "http")
    } else if let Some(encoding) = prescan::prescan(body) {
        (encoding, "meta")
    } else {
        (detect(body, url), "detected")
    }
}

/// The encoding that a Content-Type's `charset` parameter names (MIME Sniffing Standard, "parse a MIME type", leniently).
fn http_charset(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| Encoding::for_label(value.as_bytes()))?
    })
}

/// What the bytes look like, on a host of that URL's top-level domain.
pub(crate) fn detect(body: &[u8], url: &str) -> &'static Encoding {
    // Valid UTF-8 is UTF-8; only ISO-2022-JP, which is ASCII with escapes, could be mistaken for it.
    if memchr::memchr(0x1b, body).is_none() && std::str::from_utf8(body).is_ok() {
        return UTF_8;
    }
    let host = Url::parse(url).ok().and_then(|url| url.domain().map(str::to_ascii_lowercase));
    let domain = host.as_deref().and_then(|host| host.trim_end_matches('.').rsplit('.').next());
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(body, true);
    detector.guess(domain.map(str::as_bytes), Utf8Detection::Allow)
}

/// Whether more than half of the characters, white space apart, are U+FFFD.
pub(crate) fn is_mostly_replaced(text: &str) -> bool {
    let replaced = count_replaced(text);
    replaced > 0 && replaced * 2 > text.chars().filter(|c| !c.is_whitespace()).count()
}

fn count_replaced(text: &str) -> usize {
    memchr::memmem::find_iter(text.as_bytes(), "\u{fffd}".as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], url: &str, header: Option<&str>) -> (String, &'static str, &'static str) {
        let decoded = decode(body, url, header, &Limits::default()).unwrap();
        (decoded.text.into_owned(), decoded.charset, decoded.source)
    }

    #[test]
    fn a_byte_order_mark_beats_the_header() {
        let page = b"\xef\xbb\xbfcaf\xc3\xa9";
        assert_eq!(read(page, "", Some("text/html; charset=latin1")), ("café".into(), "UTF-8", "bom"));
        assert_eq!(read(b"\xff\xfea\0", "", None), ("a".into(), "UTF-16LE", "bom"));
    }

    #[test]
    fn the_header_beats_the_page() {
        let page = b"<meta charset=utf-8>caf\xe9";
        let (text, charset, source) = read(page, "", Some("text/html;Charset=\"ISO-8859-1\""));
        assert_eq!((charset, source), ("windows-1252", "http"));
        assert!(text.ends_with("café"));
        assert_eq!(read(b"<meta charset=koi8-r>\xc1", "", Some("text/html; charset=none")).1, "KOI8-R");
    }

    #[test]
    fn a_silent_page_is_detected_with_its_domain() {
        assert_eq!(read("plain".as_bytes(), "", None).1, "UTF-8");
        assert_eq!(read("привет".as_bytes(), "", None).1, "UTF-8");
        let russian = encoding_rs::WINDOWS_1251.encode("Съешь же ещё этих мягких французских булок").0;
        assert_eq!(read(&russian, "http://example.ru/", None).1, "windows-1251");
        let japanese = encoding_rs::ISO_2022_JP.encode("日本語の文章です").0;
        assert_eq!(read(&japanese, "http://example.jp/", None).1, "ISO-2022-JP");
    }

    #[test]
    fn noise_is_undecodable() {
        let noise = vec![0xff; 1000];
        let failure = decode(&noise, "", Some("text/html; charset=utf-8"), &Limits::default()).unwrap_err();
        assert_eq!(failure.reason, Reason::UndecodableText);
        assert_eq!(failure.value, 1000);
    }

    #[test]
    fn a_page_over_the_cap_is_refused() {
        let limits = Limits { max_html_bytes: 3, ..Limits::default() };
        let failure = decode(b"four", "", None, &limits).unwrap_err();
        assert_eq!((failure.reason, failure.value, failure.limit), (Reason::BodyTooLarge, 4, 3));
    }
}
