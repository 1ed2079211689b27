//! Gzip members (RFC 1952).
//!
//! Header and trailer are read here, since a bare inflater can be used again for the next member at no cost.

use flate2::{Crc, Decompress};

use super::{Fault, Step, inflate_step, push};
use crate::source::Source;

/// Longest member header, in bytes: an extra field and two names of 64 KiB would be longer, and nobody writes them.
const MAX_HEADER_BYTES: usize = 128 << 10;

/// What of the member comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Header,
    Body,
    Ended,
}

pub(super) struct Gzip {
    inflate: Decompress,
    crc: Crc,
    phase: Phase,
    body_ended: bool,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(false), crc: Crc::new(), phase: Phase::Header, body_ended: false }
    }

    /// Makes ready for another member.
    pub(super) fn begin(&mut self) {
        self.inflate.reset(false);
        self.crc.reset();
        self.phase = Phase::Header;
        self.body_ended = false;
    }

    pub(super) fn step(&mut self, source: &mut Source, out: &mut [u8]) -> Result<Step, Fault> {
        if self.phase == Phase::Header {
            skip_header(source)?;
            self.phase = Phase::Body;
        }
        if self.phase == Phase::Body && !self.body_ended {
            let inflate = &mut self.inflate;
            let step = push(source, out, &mut self.body_ended, |input, out| inflate_step(inflate, input, out))?;
            if let Step::Data(count) = step {
                self.crc.update(&out[..count]);
                return Ok(step);
            }
        }
        if self.phase == Phase::Body {
            let Some(trailer) = source.peek(8)?.first_chunk::<8>() else { return Err(Fault::Truncated) };
            let sum = u32::from_le_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]);
            let size = u32::from_le_bytes([trailer[4], trailer[5], trailer[6], trailer[7]]);
            if (sum, size) != (self.crc.sum(), self.crc.amount()) {
                return Err(Fault::Damaged("gzip checksum or size does not match".into()));
            }
            source.consume(8);
            self.phase = Phase::Ended;
        }
        Ok(Step::End)
    }
}

/// Passes the member header.
fn skip_header(source: &mut Source) -> Result<(), Fault> {
    let mut want = 10;
    loop {
        let have = source.peek(want)?;
        if let Some(length) = header_length(have)? {
            source.consume(length);
            return Ok(());
        }
        if have.len() < want {
            return Err(Fault::Truncated);
        }
        if want > MAX_HEADER_BYTES {
            return Err(Fault::Damaged("gzip header above the cap".into()));
        }
        want = (have.len() + 1).max(want * 2);
    }
}

/// The length of the header, if `bytes` hold all of it.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Fault> {
    let Some(&[a, b, method, flags, ..]) = bytes.first_chunk::<10>() else { return Ok(None) };
    if (a, b, method) != (0x1f, 0x8b, 8) || flags & 0xe0 != 0 {
        return Err(Fault::Damaged("gzip header is not valid".into()));
    }
    let mut length = 10;
    if flags & 4 != 0 {
        let Some(&[low, high]) = bytes.get(length..length + 2) else { return Ok(None) };
        length += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    // File name and comment, each ended by a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(end) = bytes.get(length..).and_then(|rest| memchr::memchr(0, rest)) else { return Ok(None) };
            length += end + 1;
        }
    }
    // The header's own checksum is not looked at: what it guards is not used.
    length += if flags & 2 != 0 { 2 } else { 0 };
    Ok((length <= bytes.len()).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(bytes: &[u8]) -> Option<usize> {
        header_length(bytes).unwrap_or(Some(usize::MAX))
    }

    #[test]
    fn headers_with_all_fields_are_passed() {
        let mut header = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0abcname\0comment\0cc".to_vec();
        let whole = header.len();
        assert_eq!(length(&header), Some(whole));
        header.extend(b"data");
        assert_eq!(length(&header), Some(whole));
        for cut in 0..whole {
            assert_eq!(length(&header[..cut]), None, "{cut}");
        }
        header[3] = 0x20;
        assert!(header_length(&header).is_err());
    }
}
