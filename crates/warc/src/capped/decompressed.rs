//! A compressed file, read as the bytes that it holds.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Compression, Fault, MemberDecoder, Step};
use crate::source::Source;

/// The bytes of a file that is compressed, or not, as its first bytes say: gzip, Zstandard, LZ4 frames, any number of members
/// one behind the other.  It is read forwards, a pipe will do.
///
/// There is no cap on what comes: it fills the buffers of its reader and nothing else, so that the reader says how much it
/// takes.
///
/// ```
/// use std::io::Read;
///
/// let mut text = String::new();
/// obelisc_warc::Decompressed::new(&b"as it stands"[..])?.read_to_string(&mut text)?;
/// assert_eq!(text, "as it stands");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Decompressed {
    source: Source,
    compression: Compression,
    decoder: MemberDecoder,
    /// Whether a member has begun that has not ended.
    inside: bool,
}

impl Decompressed {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(file: impl Read + Send + 'static) -> io::Result<Self> {
        let mut source = Source::new(Box::new(Forwards { file, position: 0 }), 0, u64::MAX)?;
        let head = source.peek(4)?;
        let known = [Compression::Gzip, Compression::Zstd, Compression::Lz4];
        let found = known.into_iter().find(|compression| head.starts_with(compression.magic()));
        let compression = found.unwrap_or(Compression::None);
        Ok(Self { source, compression, decoder: MemberDecoder::new(compression, &[])?, inside: false })
    }

    /// Why it cannot go on, with the place in the file as stored.
    fn fault(&self, fault: Fault) -> io::Error {
        let offset = self.source.offset();
        match fault {
            Fault::Io(error) => error,
            Fault::Truncated => {
                let text = format!("{:?}: the file ends early, at byte {offset}", self.compression);
                io::Error::new(io::ErrorKind::UnexpectedEof, text.to_lowercase())
            }
            Fault::Damaged(detail) => {
                let text = format!("{:?}: damaged near byte {offset}", self.compression).to_lowercase();
                io::Error::new(io::ErrorKind::InvalidData, format!("{text}: {detail}"))
            }
        }
    }
}

impl Read for Decompressed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.compression == Compression::None || out.is_empty() {
            return self.source.read(out);
        }
        loop {
            if !self.inside {
                let head = self.source.peek(4)?;
                if head.is_empty() {
                    return Ok(0);
                }
                if !head.starts_with(self.compression.magic()) {
                    return Err(self.fault(Fault::Damaged("bytes that begin no member".to_owned())));
                }
                self.decoder.begin()?;
                self.inside = true;
            }
            match self.decoder.step(&mut self.source, out) {
                Ok(Step::Data(count)) => return Ok(count),
                Ok(Step::End) => self.inside = false,
                Err(fault) => return Err(self.fault(fault)),
            }
        }
    }
}

/// What can be read once, as an input that is never asked to go back.
struct Forwards<R> {
    file: R,
    position: u64,
}

impl<R: Read> Read for Forwards<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl<R> Seek for Forwards<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(position) if position == self.position => Ok(position),
            _ => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use lz4_flex::frame::FrameEncoder;
    use obelisc_testkit::gzip;

    use super::*;

    fn text(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        Decompressed::new(Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 3).unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_of_every_kind_are_read_one_behind_the_other() {
        let long = "words, ".repeat(100_000);
        for compress in [|bytes: &[u8]| bytes.to_vec(), gzip, zstd, lz4] {
            let file = [compress(b"one "), compress(long.as_bytes()), compress(b"three")].concat();
            assert_eq!(text(file).unwrap(), format!("one {long}three"));
        }
        assert_eq!(text(Vec::new()).unwrap(), "");
    }

    #[test]
    fn damage_is_an_error_that_names_its_place() {
        let whole = gzip("words ".repeat(100).as_bytes());
        let cut = text(whole[..whole.len() - 5].to_vec()).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        assert!(cut.to_string().starts_with("gzip: the file ends early, at byte "), "{cut}");
        let mut changed = whole.clone();
        let last = changed.len() - 6;
        changed[last] ^= 1;
        let error = text(changed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        let followed = text([whole, b"not a member".to_vec()].concat()).unwrap_err();
        assert!(followed.to_string().ends_with(": bytes that begin no member"), "{followed}");
    }
}
