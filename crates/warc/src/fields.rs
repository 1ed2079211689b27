//! Named fields: the header lines of records and of HTTP responses.

use std::borrow::Cow;

/// Header lines in their order, duplicates kept.  Names are compared without regard to ASCII case.
///
/// The form is that of RFC 5322 as WARC (ISO 28500, section 4) and HTTP/1 use it: `Name: value`, lines ended by CRLF or
/// LF, a line that begins with a space or tab continuing the one before.  Lines without a colon are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'a> {
    list: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Fields<'a> {
    /// Reads the lines up to the first empty one.
    pub(crate) fn parse(bytes: &'a [u8]) -> Self {
        let mut list: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(16);
        for line in lines(bytes) {
            if line.is_empty() {
                break;
            }
            if line[0] == b' ' || line[0] == b'\t' {
                if let Some((_, value)) = list.last_mut() {
                    let value = value.to_mut();
                    value.push(' ');
                    value.push_str(&text(line.trim_ascii()));
                }
            } else if let Some(colon) = memchr::memchr(b':', line) {
                list.push((text(line[..colon].trim_ascii()), text(line[colon + 1..].trim_ascii())));
            }
        }
        Self { list }
    }

    pub(crate) fn push(&mut self, name: &'static str, value: Cow<'a, str>) {
        self.list.push((Cow::Borrowed(name), value));
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all fields of this name, in order.
    pub fn get_all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All fields, in order, names as written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// UTF-8 as it is; anything else as ISO 8859-1, which HTTP once named and which loses no byte.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// Lines without their ends (LF or CRLF).
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Where the header block that begins `bytes` ends, its empty line included.
pub(crate) fn block_end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at).find_map(|at| match bytes.get(at + 1..) {
        Some([b'\n', ..]) => Some(at + 2),
        Some([b'\r', b'\n', ..]) => Some(at + 3),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_duplicates_and_continued_lines_are_kept() {
        let fields = Fields::parse(b"B: 1\r\nno colon\r\na: x\r\n\ty\r\nb:2\n\nc: 3\r\n");
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(all, [("B", "1"), ("a", "x y"), ("b", "2")]);
        assert_eq!(fields.get_all("b").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("C"), None);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_read_as_latin_1() {
        assert_eq!(Fields::parse(b"x: caf\xe9\n").get("X"), Some("caf\u{e9}"));
    }

    #[test]
    fn a_header_block_ends_after_its_empty_line() {
        assert_eq!(block_end(b"a: b\r\n\r\nrest", 0), Some(8));
        assert_eq!(block_end(b"a: b\n\nrest", 0), Some(6));
        assert_eq!(block_end(b"a: b\r\n", 0), None);
    }
}
