//! The charset that a page declares, found as BeautifulSoup finds it: by two regular expressions, which know no comments.

use memchr::memmem;

/// Bytes in which an XML declaration is looked for.
const XML: usize = 1024;
/// Bytes in which a `meta` is looked for, at least; in a long page it is a twentieth of it.
const META: usize = 2048;

/// The name of the charset: `^\s*<\?.*encoding=['"](.*?)['"].*\?>`, else
/// `<\s*meta[^>]+charset\s*=\s*["']?([^>]*?)[ /;'">]`, both without regard to case.
pub(super) fn find(body: &[u8]) -> Option<String> {
    let declaration = xml(&body[..body.len().min(XML)]);
    let name = declaration.or_else(|| meta(&body[..body.len().min((body.len() / 20).max(META))]))?;
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

/// What the declaration's last `encoding` holds that has a closing quote and the declaration's end behind it.
fn xml(bytes: &[u8]) -> Option<&[u8]> {
    let line = bytes[spaces(bytes)..].strip_prefix(b"<?")?;
    let line = line.split(|&byte| byte == b'\n').next()?;
    let end = memmem::rfind(line, b"?>")?;
    let lower = line.to_ascii_lowercase();
    memmem::rfind_iter(&lower, "encoding=").map(|at| at + "encoding=".len()).find_map(|at| {
        is_quote(*line.get(at)?).then_some(())?;
        let value = &line[at + 1..];
        let length = value.iter().position(|&byte| is_quote(byte))?;
        (at + 1 + length < end).then(|| &value[..length])
    })
}

/// What the first `meta` with a charset holds in its last one.
fn meta(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'<', &bytes[at..]) {
        at += start + 1;
        let name = at + spaces(&bytes[at..]);
        if !bytes[name..].get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"meta")) {
            continue;
        }
        // One byte at least stands between `meta` and `charset`.
        let inside = bytes.get(name + 5..).unwrap_or_default();
        let end = memchr::memchr(b'>', inside);
        let tag = &inside[..end.unwrap_or(inside.len())];
        if let Some(charset) = last_charset(tag, end.is_some()) {
            return Some(charset);
        }
        // What begins before the tag's end would find the same words.
        at = name + 5 + tag.len();
        if at >= bytes.len() {
            break;
        }
    }
    None
}

/// What the last `charset` of a tag holds that has a value.  An unclosed tag is looked at to its last delimiter, so that each
/// search for one finds it.
fn last_charset(tag: &[u8], closed: bool) -> Option<&[u8]> {
    let last_delimiter = || tag.iter().rposition(is_delimiter).map_or(0, |at| at + 1);
    let tag = &tag[..if closed { tag.len() } else { last_delimiter() }];
    let lower = tag.to_ascii_lowercase();
    memmem::rfind_iter(&lower, b"charset").find_map(|at| value(&tag[at + b"charset".len()..], closed))
}

/// What stands behind an equals sign, up to a delimiter, which the end of a closed tag is as well.
fn value(rest: &[u8], closed: bool) -> Option<&[u8]> {
    let rest = rest[spaces(rest)..].strip_prefix(b"=")?;
    let rest = &rest[spaces(rest)..];
    let rest = if rest.first().is_some_and(|&byte| is_quote(byte)) { &rest[1..] } else { rest };
    let length = rest.iter().position(is_delimiter);
    length.or(closed.then_some(rest.len())).map(|length| &rest[..length])
}

fn is_delimiter(byte: &u8) -> bool {
    b" /;'\"".contains(byte)
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// How many white space bytes stand at the start.
fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\t'..=b'\r' | b' ')).count()
}

#[cfg(test)]
mod tests {
    use super::find;

    fn name(page: &str) -> Option<String> {
        find(page.as_bytes())
    }

    #[test]
    fn a_meta_is_found_even_in_a_comment() {
        assert_eq!(name("<!-- < META content='text/html; Charset = utf-8' -->").as_deref(), Some("utf-8"));
        assert_eq!(name("<meta charset=a charset=\"b\">").as_deref(), Some("b"));
        assert_eq!(name("<meta name=x><meta charset=koi8-r>").as_deref(), Some("koi8-r"));
        assert_eq!(name("<meta charset=''><meta charset=a>"), None);
        assert_eq!(name("<metacharset=a><meta charset>"), None);
        assert_eq!(name("<meta charset=a"), None);
        assert_eq!(name("<meta charset=a "), Some("a".into()));
    }

    #[test]
    fn an_xml_declaration_comes_first() {
        let page = "\n <?xml version='1.0' Encoding='latin1' standalone='no'?><meta charset=utf-8>";
        assert_eq!(name(page).as_deref(), Some("latin1"));
        assert_eq!(name("x<?xml encoding='latin1'?>"), None);
        assert_eq!(name("<?xml encoding='latin1\n'?>"), None);
        assert_eq!(name("<?x encoding='a' encoding='b?>").as_deref(), Some("a"));
    }

    #[test]
    fn only_the_first_part_of_a_page_counts() {
        let page = |before: usize, after: usize| format!("{}<meta charset=a>{}", " ".repeat(before), " ".repeat(after));
        assert_eq!(name(&page(2000, 0)).as_deref(), Some("a"));
        assert_eq!(name(&page(3000, 0)), None);
        assert_eq!(name(&page(3000, 70_000)).as_deref(), Some("a"));
    }
}
