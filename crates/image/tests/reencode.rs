//! Images encoded anew: size, direction, colours, and that nothing else is left.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

mod fixtures;

use std::borrow::Cow;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use obelisc_image::{
    Encoding, Format, ImageError, Limits, Picture, Reencode, decoded, facts, reencode, without_metadata,
};

use crate::fixtures::FIXTURES;

const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

const PNG: Reencode = Reencode { format: Encoding::Png, max_side: None };
const WEBP: Reencode = Reencode { format: Encoding::Webp, max_side: None };

fn jpeg(quality: u8) -> Reencode {
    Reencode { format: Encoding::Jpeg { quality: quality.try_into().unwrap() }, max_side: None }
}

fn within(max_side: u32, to: Reencode) -> Reencode {
    Reencode { max_side: Some(max_side.try_into().unwrap()), ..to }
}

/// A picture of `channels` samples a pixel, as a PNG file, by a function of place and channel.
fn png(width: u32, height: u32, channels: u32, sample: impl Fn(u32, u32, u32) -> u32) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (x, y, c))));
    let samples: Vec<u8> = places.map(|(x, y, c)| u8::try_from(sample(x, y, c) % 256).unwrap()).collect();
    let colour = [ExtendedColorType::L8, ExtendedColorType::La8, ExtendedColorType::Rgb8, ExtendedColorType::Rgba8];
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(&samples, width, height, colour[channels as usize - 1]).unwrap();
    file
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = 3 * (y * picture.width() + x) as usize;
    picture.rgb()[at..at + 3].try_into().unwrap()
}

/// A profile of nothing but a header: of RGB, or of grey.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[16..20].copy_from_slice(space);
    profile
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn every_still_image_becomes_any_format() {
    for (name, bytes) in FIXTURES {
        let before = facts(bytes, LIMITS).unwrap();
        if before.frames > 1 {
            continue;
        }
        for to in [PNG, WEBP, jpeg(95)] {
            let after = reencode(bytes, LIMITS, &to).unwrap();
            let found = facts(&after, LIMITS).unwrap();
            assert_eq!((found.format, found.width, found.height), (to.format.format(), before.width, before.height));
            let (old, new) = (decoded(bytes, LIMITS).unwrap(), decoded(&after, LIMITS).unwrap());
            if found.format == Format::Jpeg {
                let errors = old.rgb().iter().zip(new.rgb()).map(|(&old, &new)| u32::from(old.abs_diff(new)));
                assert!(errors.sum::<u32>() < 12 * u32::try_from(old.rgb().len()).unwrap(), "{name}");
            } else {
                assert_eq!(old, new, "{name}");
            }
            assert_eq!(reencode(bytes, LIMITS, &to).unwrap(), after, "{name}");
        }
    }
}

#[test]
fn animations_stay_as_they_are() {
    for (name, bytes) in FIXTURES.iter().filter(|(name, _)| name.starts_with("animated")) {
        let after = reencode(bytes, LIMITS, &within(5, jpeg(90))).unwrap();
        assert!(matches!(after, Cow::Borrowed(_)), "{name}");
        assert_eq!(after, without_metadata(bytes, &facts(bytes, LIMITS).unwrap()), "{name}");
    }
}

#[test]
fn larger_pictures_are_made_smaller_and_smaller_ones_left() {
    let size = |max_side, width, height| within(max_side, PNG).size(width, height);
    assert_eq!(size(100, 400, 300), (100, 75));
    assert_eq!(size(100, 300, 400), (75, 100));
    assert_eq!(size(100, 100, 20), (100, 20));
    assert_eq!(size(100, 40, 20), (40, 20));
    // 12.5, 12.4, and next to nothing.
    assert_eq!(size(50, 1000, 250), (50, 13));
    assert_eq!(size(50, 1000, 248), (50, 12));
    assert_eq!(size(50, 1_000_000, 1), (50, 1));
    assert_eq!(size(u32::MAX, u32::MAX, 7), (u32::MAX, 7));
    assert_eq!(PNG.size(400, 300), (400, 300));

    let file = png(60, 40, 3, |x, y, c| 4 * x + y + 50 * c);
    for (max_side, expected) in [(30, (30, 20)), (60, (60, 40)), (1, (1, 1))] {
        for to in [PNG, WEBP, jpeg(80)] {
            let after = facts(&reencode(&file, LIMITS, &within(max_side, to)).unwrap(), LIMITS).unwrap();
            assert_eq!((after.width, after.height), expected);
        }
    }
}

#[test]
fn pictures_are_turned_upright() {
    // Red on the left, blue on the right; lying on its side, so that the left is shown on top.
    let file = png(40, 20, 3, |x, _, c| if (c == 0) == (x < 20) && c != 1 { 255 } else { 0 });
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut sum = flate2::Crc::new();
    sum.update(b"eXIf");
    sum.update(exif);
    let chunk = [&26_u32.to_be_bytes(), &b"eXIf"[..], exif, &sum.sum().to_be_bytes()].concat();
    let file = [&file[..33], &chunk, &file[33..]].concat();
    assert_eq!(facts(&file, LIMITS).unwrap().orientation, 6);
    for to in [PNG, WEBP, within(20, PNG)] {
        let after = reencode(&file, LIMITS, &to).unwrap();
        let found = facts(&after, LIMITS).unwrap();
        assert_eq!((found.orientation, found.width * 2), (1, found.height));
        let picture = decoded(&after, LIMITS).unwrap();
        assert_eq!(pixel(&picture, 3, 1), [255, 0, 0]);
        assert_eq!(pixel(&picture, 3, found.height - 2), [0, 0, 255]);
    }
}

#[test]
fn no_metadata_is_left() {
    let jpeg_file = FIXTURES[0].1;
    let jfif = 4 + usize::from(u16::from_be_bytes([jpeg_file[4], jpeg_file[5]]));
    let comment = [&[0xFF, 0xFE, 0, 18][..], b"at 52.5 N 13.4 E"].concat();
    let file = [&jpeg_file[..jfif], &comment, &jpeg_file[jfif..]].concat();
    for to in [PNG, WEBP, jpeg(95)] {
        let after = reencode(&file, LIMITS, &to).unwrap();
        assert!(!holds(&after, b"52.5 N"));
        assert!(matches!(without_metadata(&after, &facts(&after, LIMITS).unwrap()), Cow::Borrowed(_)));
    }
}

#[test]
fn a_colour_profile_stays_where_it_is_one_of_the_colours_written() {
    let with = |space: &[u8; 4], channels: u32| {
        let samples = vec![100; 16 * channels as usize];
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new(&mut file);
        encoder.set_icc_profile(profile(space)).unwrap();
        let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        encoder.write_image(&samples, 4, 4, colour).unwrap();
        file
    };
    for (space, channels, stays) in [(b"RGB ", 3, true), (b"GRAY", 1, true), (b"CMYK", 3, false), (b"RGB ", 1, false)] {
        let file = with(space, channels);
        for to in [PNG, WEBP, jpeg(90)] {
            let after = reencode(&file, LIMITS, &to).unwrap();
            let after = facts(&after, LIMITS).unwrap();
            assert_eq!(after.has_icc_profile, stays, "{space:?} {:?}", after.format);
        }
        let again = reencode(&file, LIMITS, &jpeg(90)).unwrap();
        assert_eq!(holds(&again, &profile(space)), stays);
    }
}

#[test]
fn alpha_lies_on_white_in_a_jpeg_and_stays_elsewhere() {
    let clear = png(16, 16, 4, |_, _, _| 0);
    let after = decoded(&reencode(&clear, LIMITS, &jpeg(90)).unwrap(), LIMITS).unwrap();
    assert!(after.rgb().iter().all(|&sample| sample >= 254));
    let grey = png(16, 16, 2, |_, _, c| if c == 0 { 10 } else { 0 });
    let after = decoded(&reencode(&grey, LIMITS, &jpeg(90)).unwrap(), LIMITS).unwrap();
    assert!(after.rgb().iter().all(|&sample| sample >= 254));
    // The type of colour of a PNG (section 11.2.1): 6 with alpha, 2 without.
    let colour = |file: &[u8]| reencode(file, LIMITS, &PNG).unwrap()[25];
    assert_eq!(colour(&clear), 6);
    assert_eq!(colour(&png(16, 16, 4, |x, _, c| if c == 3 { 255 } else { x })), 2);
    // What nobody sees does not shine through where a picture is made smaller.
    let half = png(16, 16, 4, |x, _, c| if c != 3 && (c == 1) == (x < 8) || c == 3 && x < 8 { 255 } else { 0 });
    let small = reencode(&half, LIMITS, &within(4, PNG)).unwrap();
    let small = decoded(&small, LIMITS).unwrap();
    assert_eq!(pixel(&small, 0, 0), [0, 255, 0]);
    assert_eq!(pixel(&small, 3, 0), [255, 255, 255]);
}

#[test]
fn quality_costs_bytes() {
    let file = png(64, 64, 3, |x, y, c| x * y / 3 + x * x + 40 * c);
    let sizes: Vec<usize> =
        [1, 30, 60, 90, 100, 255].map(|quality| reencode(&file, LIMITS, &jpeg(quality)).unwrap().len()).to_vec();
    assert!(sizes[..5].is_sorted_by(|one, next| one < next), "{sizes:?}");
    assert_eq!(sizes[4], sizes[5]);
}

/// Where the resizing or an encoder counts otherwise on some machine, or in a new version, these differ: then `Reencode::VERSION` is to be raised.
#[test]
fn the_bytes_are_the_same_everywhere() {
    let mut sums = Vec::new();
    for channels in 1..=4 {
        let file = png(211, 157, channels, |x, y, c| x * (3 + c) + y * y / 7 + 31 * c);
        for to in [within(77, PNG), within(77, WEBP), within(77, jpeg(95)), jpeg(75)] {
            let mut sum = flate2::Crc::new();
            sum.update(&reencode(&file, LIMITS, &to).unwrap());
            sums.push(sum.sum());
        }
    }
    // By their coefficients: of colour, and of grey.
    for name in ["baseline.jpg", "grey.jpg"] {
        let (_, file) = FIXTURES.iter().find(|(fixture, _)| *fixture == name).unwrap();
        for quality in [50, 95] {
            let mut sum = flate2::Crc::new();
            sum.update(&reencode(file, LIMITS, &jpeg(quality)).unwrap());
            sums.push(sum.sum());
        }
    }
    let expected = [
        3_951_305_203,
        1_268_204_093,
        3_749_257_169,
        3_021_179_463,
        1_657_187_481,
        4_132_415_276,
        678_254_940,
        4_256_861_440,
        325_400_152,
        4_291_508_831,
        1_914_528_557,
        74_056_846,
        518_059_671,
        235_218_920,
        1_340_753_262,
        914_278_992,
        3_555_595_820,
        4_004_445_049,
        2_192_301_071,
        2_137_447_761_u32,
    ];
    assert_eq!(sums, expected);
}

#[test]
fn what_is_no_image_gives_its_reason() {
    let name = |bytes: &[u8], limits, to| reencode(bytes, limits, &to).unwrap_err().name();
    let file = png(60, 40, 3, |x, y, c| x + y + c);
    assert_eq!(name(b"<html>", LIMITS, PNG), "not_an_image");
    assert_eq!(name(&file[..file.len() / 2], LIMITS, PNG), "damaged_image");
    assert_eq!(name(&file, Limits { max_image_bytes: 10, ..LIMITS }, PNG), "image_too_large");
    assert_eq!(name(&file, Limits { max_image_pixels: 2399, ..LIMITS }, PNG), "too_many_pixels");
    let long = png(70_000, 1, 1, |x, _, _| x);
    for to in [jpeg(90), WEBP] {
        let error = reencode(&long, LIMITS, &to).unwrap_err();
        assert!(matches!(&error, ImageError::NotEncoded { format, .. } if *format == to.format.format()), "{error}");
        assert_eq!(error.name(), "image_not_encoded");
    }
    assert!(reencode(&long, LIMITS, &PNG).is_ok());
    assert!(reencode(&long, LIMITS, &within(1000, jpeg(90))).is_ok());
}

#[test]
fn both_at_once_give_what_each_gives_alone() {
    let large = obelisc_image::Encoding::Jpeg { quality: std::num::NonZeroU8::new(70).unwrap() };
    let to = Reencode { format: large, max_side: None };
    let limits = obelisc_image::Limits { max_image_bytes: 1 << 24, max_image_pixels: 1 << 24 };
    for (width, height) in [(320, 290), (40, 500)] {
        let pixel = |x: u32, y: u32| {
            image::Rgb([x * x / 97 + y, y * y / 53, x * y / 211].map(|sample| u8::try_from(sample % 256).unwrap()))
        };
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_fn(width, height, pixel);
        picture.write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
        let file = file.into_inner();
        let (verified, made) = obelisc_image::verify_and_reencode(&file, limits, &to).unwrap();
        assert_eq!(verified, obelisc_image::verify(&file, limits).unwrap());
        assert_eq!(made, obelisc_image::reencode(&file, limits, &to).unwrap());
        assert!(verified.perceptual_hash.is_some());
    }
    assert!(obelisc_image::verify_and_reencode(b"<html>", limits, &to).is_err());
}
