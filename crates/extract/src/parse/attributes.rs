//! Counts the attributes of a page's tags without parsing it.
//!
//! Asked only of pages on which the parser was silent for long, so that a plain look is enough: comments, raw text
//! elements and quotes are seen, foreign content and escaped scripts are not.

use memchr::memmem;

/// Bytes without a token after which a page is looked at.
pub(super) const SILENCE: usize = 64 << 10;
/// Attributes of one tag that the parser is asked to tell apart.
pub(super) const MOST: usize = 20_000;

const RAW: [&str; 7] = ["script", "style", "textarea", "title", "xmp", "iframe", "noscript"];

/// The most attributes that a tag of `page` has.
pub(super) fn most(page: &str) -> usize {
    let bytes = page.as_bytes();
    let mut most = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at += memmem::find(rest, b"-->").map_or(rest.len(), |end| end + 3);
        } else if rest.first().is_some_and(u8::is_ascii_alphabetic) {
            let (length, attributes) = tag(rest);
            most = most.max(attributes);
            at += length;
            let raw = RAW.iter().find(|name| starts_with_name(rest, name));
            if let Some(name) = raw {
                at += closing(&bytes[at..], name);
            }
        }
    }
    most
}

fn starts_with_name(bytes: &[u8], name: &str) -> bool {
    bytes.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        && !bytes.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
}

/// Bytes up to the end tag of that name.
fn closing(bytes: &[u8], name: &str) -> usize {
    memmem::find_iter(bytes, b"</").find(|&end| starts_with_name(&bytes[end + 2..], name)).unwrap_or(bytes.len())
}

/// Bytes of the tag that begins here, without its `<`, and how many attributes it has.
fn tag(bytes: &[u8]) -> (usize, usize) {
    let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
    let mut at = bytes.iter().take_while(|&&byte| !is_space(byte) && byte != b'>').count();
    let mut attributes = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'>' {
            break;
        }
        if is_space(byte) {
            continue;
        }
        // A name, perhaps a value.
        attributes += 1;
        let name = bytes[at..].iter().take_while(|&&byte| !is_space(byte) && byte != b'=' && byte != b'>').count();
        at += name;
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if bytes.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        at += match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let value = &bytes[at + 1..];
                memchr::memchr(quote, value).map_or(value.len(), |end| end + 1) + 1
            }
            _ => bytes[at..].iter().take_while(|&&byte| !byte.is_ascii_whitespace() && byte != b'>').count(),
        };
    }
    (at, attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted_with_and_without_values() {
        assert_eq!(most("<p><a b c=d e='f g h' i = \"j k\"l/m>"), 6);
        assert_eq!(most("<a"), 0);
        assert_eq!(most("<a b='"), 1);
    }

    #[test]
    fn scripts_and_comments_hold_no_tags() {
        assert_eq!(most("<script>if (a <b c d e f g) </script><p a><!-- <p b c d> -->"), 1);
    }
}
