//! Texts and colour profiles in PNG files: which are too long.
//!
//! The expectations were compared with what Pillow's `load` makes of the same bytes.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use obelisc_image::{Facts, Format, ImageError, Limits, verify};

const PNG: &[u8] = include_bytes!("fixtures/rgb.png");

const LIMITS: Limits = Limits { max_image_bytes: 100 << 20, max_image_pixels: 1 << 20 };

/// Most bytes of one compressed text.
const MOST: usize = 1 << 20;

/// Kinds of chunk that hold a zlib stream, and what stands before it.
const DEFLATED: [(&[u8; 4], &[u8]); 3] = [(b"iCCP", b"p\0\0"), (b"zTXt", b"k\0\0"), (b"iTXt", b"k\0\x01\0en\0k\0")];

fn deflate(length: usize, level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(&vec![b'a'; length]).unwrap();
    encoder.finish().unwrap()
}

fn chunk(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    let length = u32::try_from(data.len()).unwrap();
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(&data);
    [&length.to_be_bytes()[..], kind, &data, &sum.sum().to_be_bytes()].concat()
}

/// Puts chunks in front of the first of kind `before`.
fn verdict(before: &[u8; 4], chunks: &[u8]) -> Result<Facts, ImageError> {
    let at = PNG.windows(4).position(|window| window == before).unwrap() - 4;
    verify(&[&PNG[..at], chunks, &PNG[at..]].concat(), LIMITS).map(|image| image.facts)
}

fn detail(verdict: Result<Facts, ImageError>) -> String {
    match verdict {
        Err(ImageError::Damaged { format: Format::Png, detail }) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_that_inflates_beyond_a_mebibyte_is_refused() {
    for (kind, head) in DEFLATED {
        for before in [b"IDAT", b"IEND"] {
            for level in [0, 9] {
                let at_most = chunk(kind, &[head, &deflate(MOST, level)]);
                assert!(verdict(before, &at_most).is_ok(), "{kind:?} before {before:?}, level {level}");
                let more = chunk(kind, &[head, &deflate(MOST + 1, level)]);
                assert_eq!(
                    detail(verdict(before, &more)),
                    "a text or colour profile inflates to more than 1048576 bytes",
                    "{kind:?} before {before:?}, level {level}"
                );
            }
        }
    }
}

#[test]
fn a_text_too_long_is_refused_where_its_stream_is_damaged_behind() {
    // Stored blocks (RFC 1951, section 3.2.4), then a block of no known type.
    let stream = |length: usize| {
        let mut stream = b"\x78\x01".to_vec();
        for block in vec![b'a'; length].chunks(0x8000) {
            let length = u16::try_from(block.len()).unwrap();
            stream.push(0);
            stream.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
            stream.extend(block);
        }
        stream.push(7);
        stream.extend([0; 16]);
        stream
    };
    for (kind, head) in DEFLATED {
        assert!(verdict(b"IDAT", &chunk(kind, &[head, &stream(MOST)])).is_ok(), "{kind:?}");
        assert!(verdict(b"IDAT", &chunk(kind, &[head, &stream(MOST + 1)])).is_err(), "{kind:?}");
    }
}

#[test]
fn a_stream_that_is_damaged_or_cut_is_no_text_and_harms_nobody() {
    let whole = deflate(5000, 9);
    for (kind, head) in DEFLATED {
        for stream in [&b"no zlib"[..], b"", &whole[..whole.len() - 6], &[&whole[..], b"more"].concat()] {
            assert!(verdict(b"IDAT", &chunk(kind, &[head, stream])).is_ok(), "{kind:?} {stream:?}");
        }
    }
}

#[test]
fn all_texts_together_are_at_most_64_mebibytes() {
    let text = chunk(b"zTXt", &[b"k\0\0", &deflate(MOST, 9)]).repeat(64);
    assert!(verdict(b"IDAT", &text).is_ok());
    let one_more = [chunk(b"tEXt", &[b"k\0a"]), chunk(b"iTXt", &[b"k\0\0\0\0\0a"])];
    for chunk in one_more {
        let texts = [&text[..], &chunk].concat();
        assert_eq!(detail(verdict(b"IDAT", &texts)), "the texts are longer than 67108864 bytes");
    }
}

#[test]
fn a_text_that_is_not_compressed_may_be_longer_than_a_mebibyte() {
    let long = vec![b'a'; 2 * MOST];
    // The last is marked as compressed by a method that does not exist.
    for (kind, head) in [(b"tEXt", &b"k\0"[..]), (b"iTXt", b"k\0\0\0\0\0"), (b"iTXt", b"k\0\x01\x01\0\0")] {
        assert!(verdict(b"IDAT", &chunk(kind, &[head, &long])).is_ok(), "{kind:?}");
    }
    let longer = vec![b'a'; 64 * MOST + 1];
    assert!(verdict(b"IDAT", &chunk(b"tEXt", &[b"k\0", &longer])).is_err());
}

#[test]
fn a_colour_profile_needs_a_method_and_a_text_does_not() {
    for data in [&b""[..], b"name", b"name\0", b"name\0\x01"] {
        assert!(verdict(b"IDAT", &chunk(b"iCCP", &[data])).is_err(), "{data:?}");
        assert_eq!(verdict(b"IDAT", &chunk(b"zTXt", &[data])).is_ok(), !data.ends_with(b"\x01"), "{data:?}");
    }
}

#[test]
fn a_changed_checksum_of_a_text_is_damage() {
    for (kind, head) in DEFLATED {
        let mut text = chunk(kind, &[head, &deflate(50, 9)]);
        let last = text.len() - 1;
        text[last] ^= 1;
        assert!(detail(verdict(b"IDAT", &text)).contains("crc"), "{kind:?}");
    }
}
