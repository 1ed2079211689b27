//! How records are packed into a file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression as Level, GzBuilder};

/// The packing of an archive file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Records one after another, uncompressed.
    Plain,
    /// One gzip member per record, as WARC 1.1 annex D asks.
    GzipPerRecord,
    /// One gzip member around the whole file: readable, but without random access.
    GzipWhole,
    /// One lz4 frame per record.
    Lz4PerRecord,
    /// One zstd frame per record.
    ZstdPerRecord,
    /// One zstd frame per record, all against this dictionary, which the file carries in a first skippable frame with
    /// magic number `0x184D2A5D` (the zstd WARC proposal). The bytes may be a trained dictionary or any sample text.
    ZstdDictionary(Vec<u8>),
}

impl Compression {
    /// The ending a file of this kind has after `.warc` or `.arc`.
    #[must_use]
    pub fn extension(&self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::GzipPerRecord | Self::GzipWhole => ".gz",
            Self::Lz4PerRecord => ".lz4",
            Self::ZstdPerRecord | Self::ZstdDictionary(_) => ".zst",
        }
    }

    /// What stands before the first record: the dictionary frame, or nothing.
    pub(crate) fn preamble(&self) -> Vec<u8> {
        let Self::ZstdDictionary(dictionary) = self else { return Vec::new() };
        let mut frame = vec![0x5D, 0x2A, 0x4D, 0x18];
        frame.extend_from_slice(&(dictionary.len() as u32).to_le_bytes());
        frame.extend_from_slice(dictionary);
        frame
    }

    /// One record as a member of the file. Under [`Compression::GzipWhole`] records stay plain until the end.
    pub(crate) fn member(&self, record: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain | Self::GzipWhole => Ok(record),
            Self::GzipPerRecord => Ok(gzip(&record)),
            Self::Lz4PerRecord => {
                let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
                writer.write_all(&record)?;
                writer.finish().map_err(io::Error::other)
            }
            Self::ZstdPerRecord => zstd::bulk::compress(&record, 3),
            Self::ZstdDictionary(dictionary) => {
                zstd::bulk::Compressor::with_dictionary(3, dictionary)?.compress(&record)
            }
        }
    }
}

/// One gzip member (RFC 1952) with an empty head: no name, time 0, system unknown, level 6.
#[must_use]
#[expect(clippy::expect_used, reason = "development only, and writing to memory does not fail")]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Level::new(6));
    writer.write_all(bytes).and_then(|()| writer.finish()).expect("gzip to memory")
}

/// All members of a gzip file of the data folder, one after another.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn read_gzip(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| MultiGzDecoder::new(file).read_to_end(&mut bytes));
    if let Err(error) = read {
        panic!("{}: {error}", file.display());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gzip_head_holds_neither_time_nor_system() {
        assert_eq!(&gzip(b"text")[..10], &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn a_dictionary_frame_is_skippable_and_helps() {
        let sample = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://site.example/".to_vec();
        let packed = Compression::ZstdDictionary(sample.clone());
        let frame = packed.preamble();
        assert_eq!(&frame[..8], &[0x5D, 0x2A, 0x4D, 0x18, sample.len() as u8, 0, 0, 0]);
        let with = packed.member(sample.clone()).unwrap();
        let without = Compression::ZstdPerRecord.member(sample.clone()).unwrap();
        assert!(with.len() < without.len());
        let mut reader = zstd::bulk::Decompressor::with_dictionary(&sample).unwrap();
        assert_eq!(reader.decompress(&with, 1000).unwrap(), sample);
    }

    #[test]
    fn an_lz4_member_gives_the_record_back() {
        let record = b"a record ".repeat(40);
        let member = Compression::Lz4PerRecord.member(record.clone()).unwrap();
        let mut back = Vec::new();
        io::copy(&mut lz4_flex::frame::FrameDecoder::new(&member[..]), &mut back).unwrap();
        assert_eq!(back, record);
    }
}
