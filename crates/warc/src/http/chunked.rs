//! Chunked transfer coding (RFC 9112, section 7.1), as far as it is really there.

use std::borrow::Cow;

use super::Note;

/// Joins the chunks of a body.
///
/// Where the first chunk is none, the body was stored joined and is given as it is.
pub(super) fn join(body: &[u8]) -> (Cow<'_, [u8]>, Option<Note>) {
    let mut joined = Vec::new();
    let mut rest = body;
    let mut first = true;
    loop {
        let Some((size, data)) = size_line(rest) else {
            let note = if first {
                Note::NotChunked
            } else if rest.is_empty() {
                // The last chunk, of size 0, is missing.
                Note::ClippedChunk
            } else {
                Note::WrongChunkSize(rest.len())
            };
            let bytes = if first { Cow::Borrowed(body) } else { Cow::Owned(joined) };
            return (bytes, Some(note));
        };
        if size == 0 {
            // Trailer fields may follow; they are about the response, not of the body.
            return (Cow::Owned(joined), None);
        }
        let Some(after) = usize::try_from(size).ok().and_then(|size| data.get(size..)) else {
            joined.extend_from_slice(data);
            return (Cow::Owned(joined), Some(Note::ClippedChunk));
        };
        let chunk = &data[..data.len() - after.len()];
        let end = if after.starts_with(b"\r\n") {
            2
        } else if after.starts_with(b"\n") {
            1
        } else if after.is_empty() || after == b"\r" {
            after.len()
        } else if first {
            // A page whose first line happens to be a number.
            return (Cow::Borrowed(body), Some(Note::NotChunked));
        } else {
            joined.extend_from_slice(chunk);
            return (Cow::Owned(joined), Some(Note::WrongChunkSize(after.len())));
        };
        joined.extend_from_slice(chunk);
        rest = &after[end..];
        first = false;
    }
}

/// A line with a chunk's size, and what follows it.
fn size_line(bytes: &[u8]) -> Option<(u64, &[u8])> {
    // Extensions may follow the size; a line of more than a few hundred bytes is no such line.
    let end = memchr::memchr(b'\n', &bytes[..bytes.len().min(512)])?;
    let line = bytes[..end].trim_ascii();
    let digits = &line[..line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len())];
    let extension = line[digits.len()..].trim_ascii_start();
    if digits.is_empty() || digits.len() > 16 || !(extension.is_empty() || extension.starts_with(b";")) {
        return None;
    }
    let size = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((size, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(body: &[u8]) -> (Vec<u8>, Option<Note>) {
        let (bytes, note) = join(body);
        (bytes.into_owned(), note)
    }

    #[test]
    fn chunks_with_extensions_spaces_and_trailers_are_joined() {
        let body = b"5;a=b\r\nhello\r\n1  \r\n \r\n5\nworld\n0\r\nX: y\r\n\r\n";
        assert_eq!(joined(body), (b"hello world".to_vec(), None));
    }

    #[test]
    fn a_body_that_was_stored_joined_is_given_as_it_is() {
        for body in [&b"<html>\n<p>"[..], b"12\r\nmonths have passed, and more", b"no line end"] {
            assert_eq!(joined(body), (body.to_vec(), Some(Note::NotChunked)), "{body:?}");
        }
    }

    #[test]
    fn a_wrong_size_ends_the_body_and_a_clipped_chunk_is_kept() {
        assert_eq!(joined(b"2\r\nab\r\n2\r\ncdef\r\n0\r\n"), (b"abcd".to_vec(), Some(Note::WrongChunkSize(7))));
        assert_eq!(joined(b"2\r\nab\r\nzz\r\n"), (b"ab".to_vec(), Some(Note::WrongChunkSize(4))));
        assert_eq!(joined(b"2\r\nab\r\nff\r\ncd"), (b"abcd".to_vec(), Some(Note::ClippedChunk)));
        assert_eq!(joined(b"2\r\nab\r\n"), (b"ab".to_vec(), Some(Note::ClippedChunk)));
        assert_eq!(joined(b"ffffffffffffffff\r\nab"), (b"ab".to_vec(), Some(Note::ClippedChunk)));
    }
}
