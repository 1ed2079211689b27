//! Content codings (RFC 9110, section 8.4.1; RFC 7932; RFC 8878), undone where they are really there.

use std::borrow::Cow;

use obelisc_document::Reason;

use super::{Note, sniff};
use crate::capped::body::{self, Decoded, End};
use crate::limits::Limits;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `gzip` and `x-gzip`.
    Gzip,
    /// `deflate`: zlib, or deflate without its header as some servers send it.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

impl Encoding {
    fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Encoding); 7] = [
            ("gzip", Encoding::Gzip),
            ("x-gzip", Encoding::Gzip),
            ("deflate", Encoding::Deflate),
            ("x-deflate", Encoding::Deflate),
            ("br", Encoding::Brotli),
            ("brotli", Encoding::Brotli),
            ("zstd", Encoding::Zstd),
        ];
        NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|&(_, encoding)| encoding)
    }

    fn decode(self, input: &[u8], cap: u64) -> Result<Decoded, (Reason, String)> {
        Ok(match self {
            Encoding::Gzip => body::gzip(input, cap),
            Encoding::Deflate => body::deflate(input, cap),
            Encoding::Brotli => body::brotli(input, cap),
            // A context that cannot be made is no fault of the body, and no other reason fits it better.
            Encoding::Zstd => body::zstd(input, cap)
                .map_err(|error| (Reason::UnsupportedContentEncoding, format!("zstd: {error}")))?,
        })
    }
}

/// Undoes one coding.
pub(super) fn undo<'a>(
    name: &str,
    input: Cow<'a, [u8]>,
    limits: &Limits,
    notes: &mut Vec<Note>,
) -> Result<Cow<'a, [u8]>, (Reason, String)> {
    if input.is_empty() || name.eq_ignore_ascii_case("identity") || name.eq_ignore_ascii_case("none") {
        return Ok(input);
    }
    let Some(encoding) = Encoding::from_name(name) else {
        // Browsers pass over names that they do not know.
        if sniff::is_text(&input) {
            notes.push(Note::UnknownEncoding(name.to_owned()));
            return Ok(input);
        }
        return Err((Reason::UnsupportedContentEncoding, name.to_owned()));
    };
    let Decoded { bytes, end } = encoding.decode(&input, limits.max_body_bytes)?;
    match end {
        End::Whole => Ok(Cow::Owned(bytes)),
        End::TooLarge => Err((Reason::BodyTooLarge, format!("{name}: more than {} bytes", limits.max_body_bytes))),
        // Text can look like the beginning of a stream without a magic number.
        _ if sniff::is_text(&input) => {
            notes.push(Note::NotEncoded(encoding));
            Ok(input)
        }
        End::Truncated => {
            notes.push(Note::ClippedEncoding(encoding));
            Ok(Cow::Owned(bytes))
        }
        End::Damaged(_) if sniff::is_binary_file(&input) && !input.starts_with(b"\x1f\x8b") => {
            notes.push(Note::NotEncoded(encoding));
            Ok(input)
        }
        End::Damaged(detail) => Err((Reason::DamagedContentEncoding, format!("{name}: {detail}"))),
    }
}
