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
    /// What said so: `bom`, `http`, `meta` (a `<meta>` or an XML declaration), `bytes` (valid UTF-8, whatever is declared), `detected`.
    pub source: &'static str,
}

/// Decodes a page: by its byte order mark, else the HTTP header, else its own `<meta>` (HTML Standard, "prescan a byte stream to
/// determine its encoding"), else by what its bytes look like on a host of that top-level domain.
///
/// In one thing this departs from the standard: bytes that are valid UTF-8, with several characters beyond ASCII, are UTF-8 whatever the header or
/// the page declares.  Text in a legacy encoding is not UTF-8 by accident, but pages are stored and sent anew with their old declarations.
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
    } else {
        let by_header = http_content_type.and_then(http_charset).map(|encoding| (encoding, "http"));
        match by_header.or_else(|| prescan::prescan(body).map(|encoding| (encoding, "meta"))) {
            Some((encoding, _)) if encoding != UTF_8 && is_surely_utf8(body) => (UTF_8, "bytes"),
            Some(declared) => declared,
            None => (detect(body, url), "detected"),
        }
    }
}

/// Characters beyond ASCII that valid UTF-8 must have to be taken for it against a declaration.  A character of GBK is valid
/// UTF-8 in one of eight cases, one of the other legacy encodings in fewer.
const SURE: usize = 5;

fn is_surely_utf8(body: &[u8]) -> bool {
    let leads = body.iter().filter(|&&byte| byte >= 0xc2).take(SURE).count();
    let is_valid = || match std::str::from_utf8(body) {
        Ok(_) => true,
        // A body that was cut may end within a character.
        Err(error) => error.error_len().is_none(),
    };
    // The encodings that switch between sets by escapes, and those of two bytes for everything, are ASCII to this look.
    leads == SURE && memchr::memchr2(0x1b, 0, body).is_none() && is_valid()
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

/// How many U+FFFD there are.
pub(crate) fn count_replaced(text: &str) -> usize {
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
    fn valid_utf_8_beats_what_is_declared() {
        let page = "<meta charset=gb2312>三月に桜が";
        assert_eq!(read(page.as_bytes(), "", Some("text/html; charset=gbk")), (page.to_owned(), "UTF-8", "bytes"));
        assert_eq!(read(page.as_bytes(), "", None).2, "bytes");
        let cut = &page.as_bytes()[..page.len() - 1];
        assert_eq!(read(cut, "", None).1, "UTF-8");
        // Too few characters to be sure, and text that is what it is declared to be.
        assert_eq!(read("<meta charset=gbk>三月".as_bytes(), "", None).2, "meta");
        for (encoding, text) in [
            (encoding_rs::GBK, "三月的樱花开了，我们去看花"),
            (encoding_rs::KOI8_R, "Съешь же ещё этих мягких булок"),
            (encoding_rs::WINDOWS_1252, "Où l’été a-t-il été ? À Noël, déjà."),
        ] {
            let body =
                [format!("<meta charset={}>", encoding.name()).into_bytes(), encoding.encode(text).0.into()].concat();
            let (found, charset, source) = read(&body, "", None);
            assert!(found.ends_with(text), "{found}");
            assert_eq!((charset, source), (encoding.name(), "meta"));
        }
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
