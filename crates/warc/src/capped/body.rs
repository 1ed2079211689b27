//! HTTP bodies and zip entries: whole buffers decompressed up to a cap.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Decompress;

use super::{Fault, Progress, inflate_step, zstd_decoder, zstd_step};
use crate::source::Input;

/// Bytes by which an output buffer grows.
const GROWTH: usize = 64 << 10;

/// How a body ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// The input ran out; the bytes are the beginning of the body.
    Truncated,
    /// The input is not of this encoding, or was changed.
    Damaged(String),
    /// The output would be larger than the cap.
    TooLarge,
}

/// A decompressed body.
pub(crate) struct Decoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

/// Gzip (RFC 1952), any number of members; what follows the last one is passed over, as browsers do.
pub(crate) fn gzip(input: &[u8], cap: u64) -> Decoded {
    let mut inflate = Decompress::new_gzip(15);
    let mut rest = input;
    let mut bytes = Vec::new();
    loop {
        let (read, end) = drive(&mut bytes, rest, cap, |input, out| inflate_step(&mut inflate, input, out));
        rest = &rest[read..];
        if end != End::Whole || !rest.starts_with(b"\x1f\x8b\x08") {
            return Decoded { bytes, end };
        }
        inflate.reset(true);
    }
}

/// Deflate as HTTP names it: zlib (RFC 1950) with its header, or without (RFC 1951).
pub(crate) fn deflate(input: &[u8], cap: u64) -> Decoded {
    let run = |header| {
        let mut inflate = Decompress::new(header);
        let mut bytes = Vec::new();
        let (_, end) = drive(&mut bytes, input, cap, |input, out| inflate_step(&mut inflate, input, out));
        Decoded { bytes, end }
    };
    let zlib = run(true);
    if matches!(zlib.end, End::Damaged(_)) && zlib.bytes.is_empty() { run(false) } else { zlib }
}

/// Zstandard (RFC 8878), any number of frames.
pub(crate) fn zstd(input: &[u8], cap: u64) -> io::Result<Decoded> {
    let mut decoder = zstd_decoder(&[])?;
    let mut rest = input;
    let mut bytes = Vec::new();
    loop {
        let (read, end) = drive(&mut bytes, rest, cap, |input, out| zstd_step(&mut decoder, input, out));
        rest = &rest[read..];
        if end != End::Whole || !rest.starts_with(b"\x28\xb5\x2f\xfd") {
            return Ok(Decoded { bytes, end });
        }
    }
}

/// Brotli (RFC 7932).
pub(crate) fn brotli(input: &[u8], cap: u64) -> Decoded {
    /// Remembers that the decoder asked for more than there was.
    struct Counted<'a>(&'a [u8], &'a mut bool);
    impl Read for Counted<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            *self.1 |= self.0.is_empty();
            self.0.read(out)
        }
    }
    let mut ran_out = false;
    let mut decoder = brotli::Decompressor::new(Counted(input, &mut ran_out), 4096);
    let mut bytes = Vec::new();
    let end = loop {
        let filled = bytes.len();
        bytes.resize(filled + GROWTH, 0);
        let result = decoder.read(&mut bytes[filled..]);
        bytes.truncate(filled + result.as_ref().map_or(0, |&count| count));
        match result {
            Ok(0) => break End::Whole,
            Ok(_) if bytes.len() as u64 > cap => break End::TooLarge,
            Ok(_) => {}
            Err(error) => break End::Damaged(error.to_string()),
        }
    };
    drop(decoder);
    let end = if ran_out && matches!(end, End::Damaged(_)) { End::Truncated } else { end };
    Decoded { bytes, end }
}

/// Runs one stream of a decoder to its end; gives the bytes of input it took.
fn drive(
    bytes: &mut Vec<u8>,
    input: &[u8],
    cap: u64,
    mut step: impl FnMut(&[u8], &mut [u8]) -> Result<Progress, Fault>,
) -> (usize, End) {
    let mut taken = 0;
    loop {
        let filled = bytes.len();
        bytes.resize(filled + GROWTH.max(filled / 2), 0);
        let result = step(&input[taken..], &mut bytes[filled..]);
        let (read, written, end) = match result {
            Ok(progress) => progress,
            Err(fault) => {
                bytes.truncate(filled);
                let detail = match fault {
                    Fault::Damaged(detail) => detail,
                    Fault::Io(error) => error.to_string(),
                    Fault::Truncated => return (taken, End::Truncated),
                };
                return (taken, End::Damaged(detail));
            }
        };
        bytes.truncate(filled + written);
        taken += read;
        if bytes.len() as u64 > cap {
            return (taken, End::TooLarge);
        }
        if end {
            return (taken, End::Whole);
        }
        if read == 0 && written == 0 {
            return (taken, End::Truncated);
        }
    }
}

/// A deflated zip entry that can be read like a file: going back begins again, which only repairs of damage need.
pub(crate) struct Inflated<I> {
    input: I,
    inflate: Decompress,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes given so far.
    position: u64,
    /// Size the zip directory states; never more is given.
    size: u64,
    ended: bool,
}

impl<I: Input> Inflated<I> {
    pub(crate) fn new(input: I, size: u64) -> Self {
        let inflate = Decompress::new(false);
        Self { input, inflate, buffer: vec![0; GROWTH], start: 0, end: 0, position: 0, size, ended: false }
    }
}

impl<I: Input> Read for Inflated<I> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = out.len().min(self.size.saturating_sub(self.position) as usize);
        while room > 0 && !self.ended {
            if self.start == self.end {
                self.start = 0;
                self.end = self.input.read(&mut self.buffer)?;
            }
            let input = &self.buffer[self.start..self.end];
            let Ok((read, written, ended)) = inflate_step(&mut self.inflate, input, &mut out[..room]) else {
                // What follows cannot be known: the archive inside ends here, as if cut.
                self.ended = true;
                break;
            };
            self.start += read;
            self.ended = ended || (self.end == 0 && written == 0);
            if written > 0 {
                self.position += written as u64;
                return Ok(written);
            }
        }
        Ok(0)
    }
}

impl<I: Input> Seek for Inflated<I> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(delta) => self.size.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
        };
        let target = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?.min(self.size);
        if matches!(to, SeekFrom::End(0)) {
            // Asked for the size: the next seek says where reading goes on.
            return Ok(self.size);
        }
        if target < self.position {
            self.input.seek(SeekFrom::Start(0))?;
            self.inflate.reset(false);
            (self.start, self.end, self.position, self.ended) = (0, 0, 0, false);
        }
        let mut scratch = vec![0; GROWTH];
        while self.position < target {
            let room = scratch.len().min((target - self.position) as usize);
            if self.read(&mut scratch[..room])? == 0 {
                break;
            }
        }
        Ok(self.position)
    }
}
