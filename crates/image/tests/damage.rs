//! Damaged images: what is refused, and that nothing panics.
//!
//! The fixtures were written by Pillow 13.0 for this project, 24 by 18 pixels (`rgb.png` 12 by 9).  The expectations
//! were compared with what Pillow's `load` makes of the same bytes.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

mod fixtures;

use obelisc_image::{
    Encoding, Format, ImageError, Limits, Reencode, decoded, facts, reencode, sniff, verify, without_metadata,
};

use crate::fixtures::FIXTURES;

const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

const ANEW: Reencode = Reencode { format: Encoding::Png, max_side: None };

fn fixture(name: &str) -> Vec<u8> {
    FIXTURES.iter().find(|(other, _)| *other == name).unwrap().1.to_vec()
}

fn is_damaged(bytes: &[u8]) -> bool {
    matches!(verify(bytes, LIMITS), Err(ImageError::Damaged { .. }))
}

/// A small generator of numbers, the same on every machine (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }
}

#[test]
fn whole_images_are_accepted_with_their_size() {
    for (name, bytes) in FIXTURES {
        let image = verify(bytes, LIMITS).unwrap_or_else(|error| panic!("{name}: {error}")).facts;
        let size = if name == "rgb.png" { (12, 9) } else { (24, 18) };
        assert_eq!((image.width, image.height), size, "{name}");
        assert_eq!(facts(bytes, LIMITS), Ok(image), "{name}");
        assert_eq!(sniff(bytes), Some(image.format), "{name}");
    }
}

#[test]
fn an_image_cut_anywhere_is_refused() {
    for (name, bytes) in FIXTURES {
        // Of a GIF what follows the first image can be missing.
        let needed = match name {
            "still.gif" => bytes.len() - 1,
            "animated.gif" => continue,
            _ => bytes.len(),
        };
        for end in 0..needed {
            assert!(verify(&bytes[..end], LIMITS).is_err(), "{name} cut at {end}");
        }
        assert!(verify(&bytes[..needed], LIMITS).is_ok(), "{name} cut at {needed}");
    }
}

#[test]
fn bytes_behind_the_end_harm_nobody() {
    for (name, bytes) in FIXTURES {
        let longer = [bytes, b"\r\n<!-- served by an old server -->".as_slice()].concat();
        assert!(verify(&longer, LIMITS).is_ok(), "{name}");
    }
}

#[test]
fn a_cut_jpeg_with_an_end_marker_put_on_is_what_its_decoder_makes_of_it() {
    let bytes = fixture("baseline.jpg");
    let cut = [&bytes[..bytes.len() - 12], b"\xFF\xD9"].concat();
    assert!(verify(&cut, LIMITS).is_ok(), "decoders fill the rest with grey, Pillow too");
}

#[test]
fn a_changed_checksum_is_damage() {
    let png = fixture("rgb.png");
    let chunk = |kind: &[u8; 4]| png.windows(4).position(|window| window == kind).unwrap();
    // Data of an ancillary chunk, data of the pixels, checksum of the last chunk.
    for at in [chunk(b"pHYs") + 4, chunk(b"IDAT") + 20, png.len() - 1] {
        let mut changed = png.clone();
        changed[at] ^= 1;
        assert!(is_damaged(&changed), "byte {at}");
    }
}

#[test]
fn a_jpeg_scan_without_its_tables_is_damage() {
    for name in ["baseline.jpg", "progressive.jpg"] {
        for kind in [0xC4, 0xDB] {
            let mut bytes = fixture(name);
            // The segment becomes a comment.
            let at = bytes.windows(2).position(|window| window == [0xFF, kind]).unwrap();
            bytes[at + 1] = 0xFE;
            assert!(is_damaged(&bytes), "{name} without {kind:x}");
        }
    }
}

#[test]
fn a_marker_without_meaning_is_damage() {
    let jpeg = fixture("grey.jpg");
    for marker in [0x02, 0x60, 0xC8, 0xF0] {
        let mut bytes = jpeg.clone();
        bytes[3] = marker;
        assert!(is_damaged(&bytes), "{marker:x}");
    }
}

#[test]
fn a_webp_whose_container_lies_is_damage() {
    for name in ["lossy.webp", "alpha.webp", "animated.webp"] {
        let webp = fixture(name);
        // Length of the container: one less, one more.
        for change in [-1_i8, 1] {
            let mut bytes = webp.clone();
            bytes[4] = bytes[4].wrapping_add_signed(change);
            assert!(is_damaged(&bytes), "{name} by {change}");
        }
    }
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let (_, bytes) = FIXTURES[0];
    let length = bytes.len() as u64;
    for (max_image_bytes, max_image_pixels, expected) in
        [(length - 1, 432, Some("image_too_large")), (length, 431, Some("too_many_pixels")), (length, 432, None)]
    {
        let limits = Limits { max_image_bytes, max_image_pixels };
        assert_eq!(verify(bytes, limits).err().map(|error| error.name()), expected);
        assert_eq!(facts(bytes, limits).err().map(|error| error.name()), expected);
    }
}

#[test]
fn a_small_file_that_claims_many_pixels_is_refused_by_them() {
    let mut png = fixture("rgb.png");
    png[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    assert_eq!(verify(&png, LIMITS).unwrap_err().name(), "too_many_pixels");
    let mut gif = fixture("still.gif");
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(verify(&gif, LIMITS).unwrap_err().name(), "too_many_pixels");
}

#[test]
fn a_format_that_is_not_decoded_is_named() {
    let error = verify(b"\0\0\0\x1Cftypavif\0\0\0\0mif1avifmiaf", LIMITS).unwrap_err();
    assert_eq!(error, ImageError::Unsupported(Format::Avif));
    assert_eq!((error.name(), error.to_string().as_str()), ("unsupported_image", "avif is not decoded"));
    assert_eq!(verify(b"<html>", LIMITS), Err(ImageError::NotAnImage));
}

#[test]
fn no_change_of_bytes_makes_a_panic_or_breaks_a_limit() {
    let mut numbers = Numbers(7);
    let mut accepted = 0;
    for (name, bytes) in FIXTURES {
        for _ in 0..1500 {
            let mut changed = bytes.to_vec();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(changed.len());
                match numbers.below(5) {
                    0 => changed[at] ^= 1 << numbers.below(8),
                    1 => changed[at] = [0, 0xFF, 0x7F, 0x80][numbers.below(4)],
                    2 => drop(changed.drain(at..changed.len().min(at + numbers.below(16)))),
                    3 => drop(changed.splice(at..at, vec![0xFF; numbers.below(8)])),
                    // The head of another file.
                    _ => {
                        let (_, other) = FIXTURES[numbers.below(FIXTURES.len())];
                        let head = at.min(64).min(other.len());
                        changed[..head].copy_from_slice(&other[..head]);
                    }
                }
                if changed.is_empty() {
                    break;
                }
            }
            match verify(&changed, LIMITS) {
                Ok(image) => {
                    accepted += 1;
                    assert!(
                        u64::from(image.facts.width) * u64::from(image.facts.height) <= LIMITS.max_image_pixels,
                        "{name}"
                    );
                    let stripped = without_metadata(&changed, &image.facts);
                    assert!(stripped.len() <= changed.len() + 64, "{name}");
                    let picture = decoded(&stripped, LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert!(u64::from(picture.width()) * u64::from(picture.height()) <= LIMITS.max_image_pixels);
                    if accepted % 16 == 0 {
                        reencode(&changed, LIMITS, &ANEW).unwrap_or_else(|error| panic!("{name}: {error}"));
                    }
                }
                Err(error) => assert!(!error.to_string().contains("panicked"), "{name}: {error}"),
            }
        }
    }
    assert!(accepted > 0, "some changes do no harm");
}
