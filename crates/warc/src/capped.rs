//! The only place where bytes are decompressed, and never without a cap.
//!
//! A [`MemberDecoder`] fills a buffer that its caller owns and has capped, and says where a member ends.  [`body`] undoes
//! the encodings of an HTTP body up to a cap.  [`Decompressed`] holds nothing itself.  No other module names a decoder.
#![allow(clippy::disallowed_methods, reason = "the one place with decompressors, each behind a cap")]

pub(crate) mod body;
mod decompressed;
mod gzip;

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use gzip::Gzip;
use lz4_flex::frame::FrameDecoder;
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

pub use decompressed::Decompressed;

use crate::source::Source;

/// Largest zstd window that is accepted, as a power of two: 128 MiB, the limit of the `zstd` command.
const MAX_WINDOW_LOG: u32 = 27;

/// Largest dictionary, in bytes, that is accepted from a zstd WARC file.
const MAX_DICTIONARY_BYTES: u64 = 16 << 20;

/// How the members of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Lz4,
    Zstd,
}

impl Compression {
    /// The bytes every member begins with.
    pub(crate) fn magic(self) -> &'static [u8] {
        match self {
            Compression::None => b"",
            Compression::Gzip => b"\x1f\x8b\x08",
            Compression::Lz4 => b"\x04\x22\x4d\x18",
            Compression::Zstd => b"\x28\xb5\x2f\xfd",
        }
    }
}

/// One step of a decoder.
pub(crate) enum Step {
    /// So many bytes were written, more than none.
    Data(usize),
    /// The member has ended, its checksum held.
    End,
}

/// Why a decoder cannot go on.
pub(crate) enum Fault {
    /// The input cannot be read.
    Io(io::Error),
    /// The input ends inside the member.
    Truncated,
    /// The member is not what its format allows.
    Damaged(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

/// Lends the source to a decoder that wants to own its input.
struct Lent(Source);

impl Read for Lent {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| {
            let copy = io::Error::from(error.kind());
            self.0.failed = Some(error);
            copy
        })
    }
}

/// The state of one decompressor; members follow one another through it.
enum State {
    Plain,
    Gzip(Box<Gzip>),
    Lz4(Option<Box<FrameDecoder<Lent>>>),
    Zstd(ZstdDecoder<'static>),
}

/// Decompresses members, one after the other.
pub(crate) struct MemberDecoder {
    state: State,
    /// The last bytes of the member have been given; its end has not been said.
    ended: bool,
}

impl MemberDecoder {
    /// A decoder; `dictionary` is used by zstd alone.
    pub(crate) fn new(compression: Compression, dictionary: &[u8]) -> io::Result<Self> {
        let state = match compression {
            Compression::None => State::Plain,
            Compression::Gzip => State::Gzip(Box::new(Gzip::new())),
            Compression::Lz4 => State::Lz4(None),
            Compression::Zstd => State::Zstd(zstd_decoder(dictionary)?),
        };
        Ok(Self { state, ended: false })
    }

    /// Makes ready for the member that begins at the source's offset.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        self.ended = false;
        match &mut self.state {
            State::Plain => {}
            State::Gzip(decoder) => decoder.begin(),
            // A new one each time: a used decoder keeps buffers of the frame before it, of another block size perhaps.
            State::Lz4(decoder) => *decoder = None,
            State::Zstd(decoder) => decoder.reinit()?,
        }
        Ok(())
    }

    /// Writes some bytes of the member to `out`, which is not empty.
    pub(crate) fn step(&mut self, source: &mut Source, out: &mut [u8]) -> Result<Step, Fault> {
        if self.ended {
            return Ok(Step::End);
        }
        match &mut self.state {
            State::Plain => Ok(match source.read(out)? {
                0 => Step::End,
                count => Step::Data(count),
            }),
            State::Gzip(decoder) => decoder.step(source, out),
            State::Zstd(decoder) => push(source, out, &mut self.ended, |input, out| zstd_step(decoder, input, out)),
            State::Lz4(slot) => lz4_step(slot, source, out),
        }
    }
}

/// Bytes read, bytes written, whether the stream ended.
type Progress = (usize, usize, bool);

/// Feeds a decoder until it writes something or ends.
fn push(
    source: &mut Source,
    out: &mut [u8],
    ended: &mut bool,
    mut step: impl FnMut(&[u8], &mut [u8]) -> Result<Progress, Fault>,
) -> Result<Step, Fault> {
    loop {
        let input = source.peek(1)?;
        // Without input too: the decoder may hold output that did not fit before.
        let nothing_left = input.is_empty();
        let (read, written, end) = step(input, out)?;
        source.consume(read);
        *ended = end;
        match (written, end) {
            (0, true) => return Ok(Step::End),
            (0, false) if nothing_left => return Err(Fault::Truncated),
            (0, false) if read == 0 => return Err(Fault::Damaged("decoder makes no progress".into())),
            (0, false) => {}
            (count, _) => return Ok(Step::Data(count)),
        }
    }
}

fn inflate_step(inflate: &mut Decompress, input: &[u8], out: &mut [u8]) -> Result<Progress, Fault> {
    let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(input, out, FlushDecompress::None);
    let read = (inflate.total_in() - before_in) as usize;
    let written = (inflate.total_out() - before_out) as usize;
    match status {
        Ok(status) => Ok((read, written, status == Status::StreamEnd)),
        Err(error) => Err(Fault::Damaged(error.to_string())),
    }
}

fn zstd_decoder(dictionary: &[u8]) -> io::Result<ZstdDecoder<'static>> {
    let mut decoder = ZstdDecoder::with_dictionary(dictionary)?;
    decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG))?;
    Ok(decoder)
}

fn zstd_step(decoder: &mut ZstdDecoder<'static>, input: &[u8], out: &mut [u8]) -> Result<Progress, Fault> {
    let (mut input, mut out) = (InBuffer::around(input), OutBuffer::around(out));
    match decoder.run(&mut input, &mut out) {
        Ok(hint) => Ok((input.pos(), out.pos(), hint == 0)),
        Err(error) => Err(Fault::Damaged(error.to_string())),
    }
}

fn lz4_step(slot: &mut Option<Box<FrameDecoder<Lent>>>, source: &mut Source, out: &mut [u8]) -> Result<Step, Fault> {
    let decoder = slot.get_or_insert_with(|| Box::new(FrameDecoder::new(Lent(Source::empty()))));
    source.at_end = false;
    std::mem::swap(&mut decoder.get_mut().0, source);
    let result = decoder.read(out);
    std::mem::swap(&mut decoder.get_mut().0, source);
    match result {
        // The decoder says 0 at the frame's end, and also where the input ends between two blocks.
        Ok(0) if source.at_end => Err(Fault::Truncated),
        Ok(0) => Ok(Step::End),
        Ok(count) => Ok(Step::Data(count)),
        Err(error) => Err(match source.failed.take() {
            Some(error) => Fault::Io(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Fault::Truncated,
            None => Fault::Damaged(error.to_string()),
        }),
    }
}

/// What the first bytes of a would-be member decompress to: at most `out.len()` bytes; none if it is no member.
///
/// `input` need not hold the whole member.
pub(crate) fn probe(compression: Compression, dictionary: &[u8], input: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut source = Source::new(Box::new(io::Cursor::new(input.to_vec())), 0, u64::MAX).ok()?;
    let mut decoder = MemberDecoder::new(compression, dictionary).ok()?;
    let mut filled = 0;
    while filled < out.len() {
        match decoder.step(&mut source, &mut out[filled..]) {
            Ok(Step::Data(count)) => filled += count,
            Ok(Step::End) | Err(Fault::Truncated) => break,
            Err(_) => return None,
        }
    }
    Some(filled)
}

/// The dictionary in the first frame of a zstd WARC file, itself compressed or not.
///
/// Source: "WARC Zstandard compression" of the IIPC, section on dictionaries.
pub(crate) fn dictionary(content: &[u8]) -> Result<Vec<u8>, String> {
    if !content.starts_with(Compression::Zstd.magic()) {
        return Ok(content.to_vec());
    }
    let decoded = body::zstd(content, MAX_DICTIONARY_BYTES).map_err(|error| error.to_string())?;
    match decoded.end {
        body::End::Whole => Ok(decoded.bytes),
        body::End::TooLarge => Err("dictionary above the cap".into()),
        body::End::Truncated => Err("dictionary cut short".into()),
        body::End::Damaged(detail) => Err(detail),
    }
}

/// Whether a stored dictionary of so many bytes is worth reading.
pub(crate) fn dictionary_fits(bytes: u64) -> bool {
    bytes <= MAX_DICTIONARY_BYTES
}
