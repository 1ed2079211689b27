//! HTML Standard 13.2.3.2: what a page's first bytes say of its encoding.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use memchr::memmem;

/// Bytes that are looked at.
const LENGTH: usize = 1024;

/// The encoding that the page's first 1,024 bytes declare, in a `<meta>` or else in an XML declaration.
pub(super) fn prescan(body: &[u8]) -> Option<&'static Encoding> {
    let bytes = &body[..body.len().min(LENGTH)];
    if bytes.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if bytes.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    from_meta(bytes).or_else(|| from_xml_declaration(bytes))
}

fn from_meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"<!--") {
            // The two hyphens may be those of the opening: `<!-->` is a comment.
            at += 2 + memmem::find(&rest[2..], b"-->")? + 3;
        } else if is_meta(rest) {
            at += 5;
            if let Some(encoding) = meta_encoding(bytes, &mut at) {
                return Some(encoding);
            }
        } else if is_tag(rest) {
            at += rest.iter().position(|&byte| is_space(byte) || byte == b'>')?;
            while attribute(bytes, &mut at).is_some() {}
            at += 1;
        } else if rest[0] == b'<' && matches!(rest.get(1), Some(b'!' | b'/' | b'?')) {
            at += memchr::memchr(b'>', rest)? + 1;
        } else {
            at += 1;
        }
    }
    None
}

fn is_meta(rest: &[u8]) -> bool {
    rest.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"<meta"))
        && rest.get(5).is_some_and(|&byte| is_space(byte) || byte == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"<").map(|rest| rest.strip_prefix(b"/").unwrap_or(rest));
    name.and_then(|name| name.first()).is_some_and(u8::is_ascii_alphabetic)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// Reads the attributes of a `meta` and gives the encoding that they declare.
fn meta_encoding(bytes: &[u8], at: &mut usize) -> Option<&'static Encoding> {
    let (mut seen, mut got_pragma, mut need_pragma, mut charset) = (Vec::new(), false, None, None);
    while let Some((name, value)) = attribute(bytes, at) {
        if seen.contains(&name) {
            continue;
        }
        match name.as_slice() {
            b"http-equiv" => got_pragma |= value == b"content-type",
            b"content" if charset.is_none() => {
                if let Some(encoding) = encoding_in(&value) {
                    (charset, need_pragma) = (Some(encoding), Some(true));
                }
            }
            b"charset" => (charset, need_pragma) = (Encoding::for_label(&value), Some(false)),
            _ => {}
        }
        seen.push(name);
    }
    if need_pragma? && !got_pragma {
        return None;
    }
    charset.map(as_declared)
}

/// A page that says in ASCII that it is UTF-16 is not; `x-user-defined` stands for windows-1252.
fn as_declared(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    }
}

/// "Get an attribute": name and value in lower case; `None` at the end of the tag or of the bytes.
fn attribute(bytes: &[u8], at: &mut usize) -> Option<(Vec<u8>, Vec<u8>)> {
    skip(bytes, at, |byte| is_space(byte) || byte == b'/');
    if matches!(bytes.get(*at), None | Some(b'>')) {
        return None;
    }
    let start = *at;
    // A `=` in the first place belongs to the name.
    *at += 1;
    skip(bytes, at, |byte| !is_space(byte) && !matches!(byte, b'=' | b'/' | b'>'));
    let name = bytes[start..*at].to_ascii_lowercase();
    let after_name = *at;
    skip(bytes, at, is_space);
    if bytes.get(*at) != Some(&b'=') {
        *at = after_name;
        return Some((name, Vec::new()));
    }
    *at += 1;
    skip(bytes, at, is_space);
    let quote = bytes.get(*at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    *at += usize::from(quote.is_some());
    let start = *at;
    skip(bytes, at, |byte| match quote {
        Some(quote) => byte != quote,
        None => !is_space(byte) && byte != b'>',
    });
    let value = bytes[start..*at].to_ascii_lowercase();
    *at += usize::from(quote.is_some());
    Some((name, value))
}

fn skip(bytes: &[u8], at: &mut usize, passes: impl Fn(u8) -> bool) {
    *at += bytes.get(*at..).unwrap_or_default().iter().take_while(|&&byte| passes(byte)).count();
}

/// "Extracting a character encoding from a meta element": `text/html; charset=…`.
fn encoding_in(content: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    loop {
        at += memmem::find(content.get(at..)?, b"charset")? + 7;
        skip(content, &mut at, is_space);
        if content.get(at) == Some(&b'=') {
            break;
        }
    }
    at += 1;
    skip(content, &mut at, is_space);
    let value = &content[at.min(content.len())..];
    let label = match value.first()? {
        quote @ (b'"' | b'\'') => {
            let value = &value[1..];
            &value[..memchr::memchr(*quote, value)?]
        }
        _ => &value[..value.iter().position(|&byte| is_space(byte) || byte == b';').unwrap_or(value.len())],
    };
    Encoding::for_label(label)
}

/// "Get an XML encoding": the `encoding` of an XML declaration at the very start.
fn from_xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memchr(b'>', declaration)?];
    let mut value = &declaration[memmem::find(declaration, b"encoding")? + 8..];
    value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let quote = *value.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let value = &value[1..];
    let label = &value[..memchr::memchr(quote, value)?];
    if label.iter().any(|&byte| byte <= b' ') {
        return None;
    }
    Encoding::for_label(label)
        .map(|encoding| if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(page: &str) -> Option<&'static str> {
        prescan(page.as_bytes()).map(Encoding::name)
    }

    #[test]
    fn a_meta_declares_the_encoding() {
        assert_eq!(name("<!doctype html><html><head><META Charset='KOI8-R'>"), Some("KOI8-R"));
        assert_eq!(name("<meta content='text/html; charset = \"euc-jp\"' http-equiv=content-type>"), Some("EUC-JP"));
        assert_eq!(name("<meta http-equiv=Content-Type content='text/html;charset=big5;x'>"), Some("Big5"));
    }

    #[test]
    fn a_content_without_pragma_declares_nothing() {
        assert_eq!(name("<meta name=x content='text/html; charset=euc-jp'>"), None);
        assert_eq!(name("<meta charset=none><meta charset=gbk>"), Some("GBK"));
    }

    #[test]
    fn comments_and_attributes_hold_no_meta() {
        assert_eq!(name("<!-- <meta charset=gbk> --><meta charset=big5>"), Some("Big5"));
        assert_eq!(name("<!--><meta charset=gbk>"), Some("GBK"));
        assert_eq!(name("<p title='<meta charset=gbk>'><meta charset=big5>"), Some("Big5"));
        assert_eq!(name("<meta charset"), None);
    }

    #[test]
    fn utf_16_said_in_ascii_is_utf_8() {
        assert_eq!(name("<meta charset=utf-16>"), Some("UTF-8"));
        assert_eq!(name("<meta charset=x-user-defined>"), Some("windows-1252"));
    }

    #[test]
    fn an_xml_declaration_counts_where_no_meta_does() {
        assert_eq!(name("<?xml version='1.0' encoding='windows-1251'?><html>"), Some("windows-1251"));
        assert_eq!(name("<?xml version='1.0' encoding='gbk'?><meta charset=big5>"), Some("Big5"));
    }

    #[test]
    fn only_the_first_1024_bytes_count() {
        let page = format!("{}<meta charset=gbk>", " ".repeat(1020));
        assert_eq!(name(&page), None);
    }
}
