//! Metadata goes, the picture stays.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

mod fixtures;

use std::borrow::Cow;

use obelisc_image::{Limits, facts, verify, without_metadata};

use crate::fixtures::FIXTURES;

const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

const SECRET: &[u8] = b"at 52.5 N 13.4 E";

/// Exif of an orientation and a description (TIFF 6.0), in the byte order of Intel.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x02\0\x0e\x01\x02\0\x10\0\0\0\x26\0\0\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(SECRET);
    exif
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], data].concat()
}

fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), &kind[..], data, &sum.sum().to_be_bytes()].concat()
}

fn webp_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if data.len().is_multiple_of(2) { &[] } else { &[0] };
    [&kind[..], &u32::try_from(data.len()).unwrap().to_le_bytes(), data, padding].concat()
}

/// The same file with metadata of all its format's kinds; an orientation where the format has one.
fn with_metadata(name: &str, bytes: &[u8], orientation: u8) -> Vec<u8> {
    let exif = exif(orientation);
    match name.rsplit_once('.').unwrap().1 {
        "jpg" => {
            let jfif = 2 + 2 + usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
            let metadata = [
                segment(0xE1, &[b"Exif\0\0", &exif[..]].concat()),
                segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()),
                segment(0xED, SECRET),
                segment(0xE2, &[b"MPF\0", SECRET].concat()),
                segment(0xFE, SECRET),
            ];
            [&bytes[..jfif], &metadata.concat(), &bytes[jfif..], SECRET].concat()
        }
        "png" => {
            let metadata = [
                png_chunk(b"eXIf", &exif),
                png_chunk(b"tEXt", &[b"Comment\0", SECRET].concat()),
                png_chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", SECRET].concat()),
                png_chunk(b"prVt", SECRET),
            ];
            [&bytes[..33], &metadata.concat(), &bytes[33..], SECRET].concat()
        }
        "webp" => {
            let metadata =
                [webp_chunk(b"EXIF", &exif), webp_chunk(b"XMP ", SECRET), webp_chunk(b"prVt", SECRET)].concat();
            let mut chunks = bytes[12..].to_vec();
            if &chunks[..4] == b"VP8X" {
                chunks[8] |= 0x0C;
            } else {
                let side = |side: u32| (side - 1).to_le_bytes();
                let found = facts(bytes, LIMITS).unwrap();
                let alpha = if &chunks[..4] == b"VP8L" { 0x10 } else { 0 };
                let header = [&[0x0C | alpha, 0, 0, 0], &side(found.width)[..3], &side(found.height)[..3]].concat();
                chunks = [webp_chunk(b"VP8X", &header), chunks].concat();
            }
            let body = [&b"WEBP"[..], &chunks, &metadata].concat();
            [&b"RIFF"[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body, SECRET].concat()
        }
        _ => {
            let trailer = bytes.iter().rposition(|byte| *byte == b';').unwrap();
            let comment = [&[b'!', 0xFE, SECRET.len() as u8][..], SECRET, &[0]].concat();
            let xmp = [&b"!\xFF\x0BXMP DataXMP"[..], &[SECRET.len() as u8], SECRET, &[0]].concat();
            [&bytes[..trailer], &comment, &xmp, &bytes[trailer..], SECRET].concat()
        }
    }
}

fn holds_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET)
}

#[test]
fn what_is_said_beside_the_picture_goes_and_the_picture_stays() {
    for (name, bytes) in FIXTURES {
        let plain = verify(bytes, LIMITS).unwrap();
        for orientation in [1, 6] {
            let file = with_metadata(name, bytes, orientation);
            let before = verify(&file, LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
            let turns = if name.ends_with("gif") { 1 } else { orientation };
            assert_eq!(before.facts.orientation, turns, "{name}");
            let clean = without_metadata(&file, &before.facts);
            assert!(holds_secret(&file) && !holds_secret(&clean), "{name}");
            // Orientation, size, frames and looks are the same; so are all bytes, where nothing is turned.
            assert_eq!(verify(&clean, LIMITS), Ok(before), "{name}");
            assert!(matches!(without_metadata(&clean, &before.facts), Cow::Borrowed(_)) || turns == 6, "{name}");
            assert_eq!(without_metadata(&clean, &before.facts), clean, "{name}");
            if orientation == 1 {
                assert_eq!(before.perceptual_hash, plain.perceptual_hash, "{name}");
                let without = without_metadata(bytes, &plain.facts);
                assert!(name.ends_with("webp") || clean == without, "{name}");
            }
        }
    }
}

#[test]
fn a_file_without_metadata_is_not_copied() {
    for (name, bytes) in FIXTURES {
        let facts = facts(bytes, LIMITS).unwrap();
        let clean = without_metadata(bytes, &facts);
        assert!(matches!(clean, Cow::Borrowed(_)), "{name}");
    }
}

#[test]
fn a_damaged_tail_of_an_animation_stays_as_it_is() {
    let animated = include_bytes!("fixtures/animated.gif");
    let cut = &animated[..animated.len() - 20];
    let facts = facts(cut, LIMITS).unwrap();
    assert_eq!(&*without_metadata(cut, &facts), cut);
}

#[test]
fn colour_profiles_are_seen_and_stay() {
    let jpeg = include_bytes!("fixtures/baseline.jpg");
    let jfif = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
    let profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01profile");
    let file = [&jpeg[..jfif], &profile, &segment(0xFE, SECRET), &jpeg[jfif..]].concat();
    let found = facts(&file, LIMITS).unwrap();
    assert!(found.has_icc_profile && !facts(jpeg, LIMITS).unwrap().has_icc_profile);
    assert_eq!(&*without_metadata(&file, &found), [&jpeg[..jfif], &profile, &jpeg[jfif..]].concat());
}

#[test]
fn frames_are_counted() {
    for (name, bytes) in FIXTURES {
        let frames = facts(bytes, LIMITS).unwrap().frames;
        assert_eq!(frames > 1, name.starts_with("animated"), "{name}: {frames}");
    }
}
