//! Bytes → text as the reference does it: BeautifulSoup 4.12.2, told of the archive's charset.
//!
//! Tried in this order, each strictly: the charset in the record's header, the byte order mark, what the page declares.  The HTTP header
//! is not asked.  Where none decodes all bytes, the reference guesses with a library of its language (charset-normalizer); here it is this
//! crate's own guess, but for the one thing in which that library is known to be wrong mostly.

mod codec;
mod declared;

use encoding_rs::WINDOWS_1252;
use obelisc_document::Reason;

use self::codec::Codec;
use super::Rules;
use crate::charset::detect;
use crate::{Decoded, Failure, Limits};

/// Byte order marks in the order in which they are looked for, and the names that they stand for.
const MARKS: [(&[u8], &str); 3] = [(b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"), (b"\xef\xbb\xbf", "utf-8")];
/// Bytes that a page must have so that the first two of its marks count.
const MIN_UTF_16: usize = 4;

/// Decodes a page.
///
/// # Errors
/// [`BodyTooLarge`](Reason::BodyTooLarge) by the cap.
pub(crate) fn decode<'a>(
    body: &'a [u8],
    url: &str,
    warc_charset: Option<&str>,
    rules: &Rules,
    limits: &Limits,
) -> Result<Decoded<'a>, Failure> {
    let max = limits.max_html_bytes.min(1 << 30);
    if body.len() > max {
        return Err(Failure::new(Reason::BodyTooLarge, "the page has too many bytes", body.len(), max));
    }
    let mark = MARKS.iter().find(|(mark, _)| body.starts_with(mark) && (mark.len() > 2 || body.len() >= MIN_UTF_16));
    let body = &body[mark.map_or(0, |(mark, _)| mark.len())..];
    let declared = declared::find(body);
    let named = [(warc_charset, "warc"), (mark.map(|(_, name)| *name), "bom"), (declared.as_deref(), "meta")];
    for (name, source) in named {
        if let Some(codec) = name.and_then(Codec::named)
            && let Some(text) = codec.decode(body)
        {
            return Ok(Decoded { text, charset: codec.name, source });
        }
    }
    let encoding = detect(body, url);
    if encoding == WINDOWS_1252
        && let Some(codec) = Codec::named(&rules.western_charset)
        && let Some(text) = codec.decode(body)
    {
        return Ok(Decoded { text, charset: codec.name, source: "detected" });
    }
    let (text, _) = encoding.decode_without_bom_handling(body);
    Ok(Decoded { text, charset: encoding.name(), source: "detected" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::tests::rules;

    fn read(body: &[u8], header: Option<&str>) -> (String, &'static str, &'static str) {
        let decoded = decode(body, "https://example.org/", header, &rules(), &Limits::default()).unwrap();
        (decoded.text.into_owned(), decoded.charset, decoded.source)
    }

    #[test]
    fn the_records_header_comes_first_if_it_decodes_all_bytes() {
        assert_eq!(read(b"\xef\xbb\xbf\xa4", Some("ISO-8859-15")), ("€".into(), "ISO-8859-15", "warc"));
        assert_eq!(read("é".as_bytes(), Some("ascii")).1, "UTF-8");
        assert_eq!(read(b"<meta charset=koi8-r>\xc1", Some("no-such-charset")).2, "meta");
        assert_eq!(read(b"a\0b\0", Some("UTF-16")), ("ab".into(), "UTF-16LE", "warc"));
        assert_eq!(read(b"<meta charset=koi8-r>", Some("UTF-16")).1, "KOI8-R");
    }

    #[test]
    fn a_mark_comes_before_what_the_page_declares() {
        assert_eq!(read(b"\xef\xbb\xbf<meta charset=koi8-r>", None), ("<meta charset=koi8-r>".into(), "UTF-8", "bom"));
        assert_eq!(read(b"\xff\xfea\0", None), ("a".into(), "UTF-16LE", "bom"));
    }

    #[test]
    fn a_charset_that_does_not_decode_all_bytes_gives_way() {
        assert_eq!(
            read(b"<meta charset=utf-8>caf\xe9", None),
            ("<meta charset=utf-8>café".into(), "windows-1250", "detected")
        );
        let undefined = read(b"<meta charset=windows-1252>caf\xe9 \x81", None);
        assert_eq!((undefined.1, undefined.2), ("windows-1252", "detected"));
        assert_eq!(read(b"<meta charset=iso-8859-1>\x85", None).0, "<meta charset=iso-8859-1>\u{85}");
    }

    #[test]
    fn a_page_over_the_cap_is_refused() {
        let limits = Limits { max_html_bytes: 3, ..Limits::default() };
        assert_eq!(decode(b"four", "", None, &rules(), &limits).unwrap_err().reason, Reason::BodyTooLarge);
    }
}
