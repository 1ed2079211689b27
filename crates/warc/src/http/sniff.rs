//! What a body is, by its bytes: the WHATWG MIME Sniffing Standard as far as pages need it.

/// Bytes that the standard looks at (section 5.2, resource header).
const HEADER: usize = 1445;

/// Tags that begin an HTML page (section 7.1), followed by a space or `>`.
const TAGS: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

/// First bytes of files that are sent as HTML by mistake (sections 6.1, 6.2, 7.1), and what they are called.
const BINARY: [(&[u8], &str); 13] = [
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"RIFF", "a RIFF file, such as a WebP image or sound"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"Rar!\x1a\x07", "a RAR file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"OggS\0", "an Ogg file"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
];

pub(super) fn is_html_type(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "application/xhtml+xml")
}

pub(super) fn is_html(media_type: Option<&str>, body: &[u8]) -> bool {
    match media_type {
        Some(media_type) if is_html_type(media_type) => !is_binary_file(body),
        Some("text/xml" | "application/xml") => has_xhtml_root(body),
        None | Some("unknown/unknown" | "application/unknown" | "*/*" | "application/octet-stream") => {
            begins_html(body) || has_xhtml_root(body)
        }
        Some(_) => false,
    }
}

/// Whether the bytes are those of a known file format that is no text.
pub(super) fn is_binary_file(body: &[u8]) -> bool {
    BINARY.iter().any(|(magic, _)| body.starts_with(magic))
}

/// What a file is called that somebody takes for a page, where it is none: a known format that is no text, or bytes that are
/// neither text nor begin like HTML.
pub(super) fn other_than_page(body: &[u8]) -> Option<&'static str> {
    let known = BINARY.iter().find(|(magic, _)| body.starts_with(magic)).map(|&(_, name)| name);
    known.or_else(|| (!is_text(body) && !begins_html(body)).then_some("binary data"))
}

/// Whether the bytes have no control character that text does not have ("binary data byte").  UTF-16 with its mark is
/// text too.
pub(super) fn is_text(body: &[u8]) -> bool {
    if body.starts_with(b"\xfe\xff") || body.starts_with(b"\xff\xfe") {
        return true;
    }
    !body[..body.len().min(HEADER)].iter().any(|byte| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

fn begins_html(body: &[u8]) -> bool {
    let body = skip_blank(body);
    TAGS.iter().any(|tag| {
        let matches = body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        matches && (*tag == b"<!--" || matches!(body.get(tag.len()), Some(b' ' | b'>')))
    })
}

/// Whether an XML document's root is `html` in the XHTML namespace.
fn has_xhtml_root(body: &[u8]) -> bool {
    let body = &skip_blank(body)[..skip_blank(body).len().min(4 * HEADER)];
    let root = memchr::memmem::find_iter(body, b"<").find(|&at| {
        let next = body.get(at + 1);
        next.is_some_and(|byte| byte.is_ascii_alphabetic())
    });
    let Some(root) = root.map(|at| &body[at..]) else { return false };
    let end = memchr::memchr(b'>', root).unwrap_or(root.len());
    let name = memchr::memchr3(b' ', b'\n', b'\t', &root[..end]).unwrap_or(end);
    let local = root[1..name].rsplit(|&byte| byte == b':').next();
    local == Some(b"html") && memchr::memmem::find(&root[..end], b"http://www.w3.org/1999/xhtml").is_some()
}

fn skip_blank(body: &[u8]) -> &[u8] {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    &body[body.iter().take_while(|byte| byte.is_ascii_whitespace()).count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_type_counts_unless_the_body_is_another_file() {
        assert!(is_html(Some("text/html"), b"anything"));
        assert!(is_html(Some("application/xhtml+xml"), b""));
        assert!(!is_html(Some("text/html"), b"%PDF-1.4"));
        assert!(!is_html(Some("text/html"), b"\x89PNG\r\n\x1a\n"));
        assert!(!is_html(Some("text/plain"), b"<html>"));
        assert!(!is_html(Some("image/png"), b"<html>"));
    }

    #[test]
    fn a_body_without_a_stated_type_is_sniffed() {
        for body in [&b"\n <!doctype html>"[..], b"<HTML>", b"\xef\xbb\xbf<p>", b"<!-- x --><html>", b"<a href=x>"] {
            assert!(is_html(None, body), "{body:?}");
        }
        for body in [&b""[..], b"<htmlx>", b"<article>", b"plain", b"{\"a\":1}"] {
            assert!(!is_html(None, body), "{body:?}");
        }
        assert!(is_html(Some("application/octet-stream"), b"<html>"));
    }

    #[test]
    fn xml_is_a_page_if_its_root_is_xhtml() {
        let page = b"<?xml version='1.0'?>\n<!DOCTYPE html>\n<html\n xmlns=\"http://www.w3.org/1999/xhtml\">";
        assert!(is_html(Some("application/xml"), page));
        assert!(is_html(Some("text/xml"), page));
        assert!(!is_html(Some("text/xml"), b"<?xml version='1.0'?><rss><html xmlns='http://www.w3.org/1999/xhtml'>"));
        assert!(!is_html(Some("text/xml"), b"<html>"));
    }

    #[test]
    fn a_file_that_is_no_page_is_called_by_its_format() {
        for (body, name) in [
            (&b"%PDF-1.7\n%\xe2\xe3"[..], "a PDF document"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
            (b"\x01\x02\x03<p>", "binary data"),
        ] {
            assert_eq!(other_than_page(body), Some(name));
        }
        for page in [&b""[..], b"Words alone.", b"<article>", b"<html>\0", b"\xff\xfe<\0p\0>\0", b"caf\xe9"] {
            assert_eq!(other_than_page(page), None, "{page:?}");
        }
    }

    #[test]
    fn control_characters_are_no_text() {
        assert!(is_text(b"caf\xe9\r\n\t\x0c\x1b[1m"));
        assert!(is_text(b"\xff\xfe<\0h\0"));
        assert!(!is_text(b"a\0b"));
    }
}
