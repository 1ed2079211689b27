//! Test pictures: valid files, no two alike, made from a number.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Encodings offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Baseline JPEG, quality 80.
    Jpeg,
    /// PNG, 8-bit RGB.
    Png,
    /// Lossless WebP.
    Webp,
    /// GIF of one frame.
    Gif,
}

/// A picture of `width` × `height` pixels: waves of colour chosen by `seed` under fine grain, so that it looks like
/// something and does not compress to nothing. Only integers are used, so its pixels are the same everywhere.
#[must_use]
pub fn pixels(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u32
    };
    let (fx, fy, fz) = (random() % 5 + 1, random() % 5 + 1, random() % 7 + 2);
    let tint = [random() % 256, random() % 256, random() % 256];
    RgbImage::from_fn(width, height, |x, y| {
        let grain = random() % 24;
        let wave = [
            triangle(x * fx + y * fz / 2),
            triangle(y * fy + x / 3 + triangle(x * fz)),
            triangle(((x * y) >> 7) * fz + x + y),
        ];
        let colour = |channel: usize| (wave[channel] * 3 + wave[(channel + 1) % 3]) / 4 + tint[channel] / 2 + grain;
        Rgb([0, 1, 2].map(|channel| triangle(colour(channel)) as u8))
    })
}

/// A triangle wave of period 512 and height 255.
fn triangle(t: u32) -> u32 {
    let t = t % 512;
    t.min(511 - t)
}

/// [`pixels`] as a file.
#[must_use]
#[expect(clippy::expect_used, reason = "development only, and encoding to memory does not fail")]
pub fn encode(seed: u64, width: u32, height: u32, encoding: Encoding) -> Vec<u8> {
    let picture = DynamicImage::ImageRgb8(pixels(seed, width, height));
    let mut file = Cursor::new(Vec::new());
    match encoding {
        Encoding::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 80)),
        Encoding::Png => picture.write_to(&mut file, ImageFormat::Png),
        Encoding::Webp => picture.write_to(&mut file, ImageFormat::WebP),
        Encoding::Gif => picture.write_to(&mut file, ImageFormat::Gif),
    }
    .expect("a picture encoded to memory");
    file.into_inner()
}

/// A JPEG of this size.
#[must_use]
pub fn jpeg(seed: u64, width: u32, height: u32) -> Vec<u8> {
    encode(seed, width, height, Encoding::Jpeg)
}

/// A PNG of this size.
#[must_use]
pub fn png(seed: u64, width: u32, height: u32) -> Vec<u8> {
    encode(seed, width, height, Encoding::Png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_decodes_to_its_size() {
        for encoding in [Encoding::Jpeg, Encoding::Png, Encoding::Webp, Encoding::Gif] {
            let decoded = image::load_from_memory(&encode(7, 61, 43, encoding)).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (61, 43), "{encoding:?}");
        }
    }

    #[test]
    fn a_seed_gives_one_picture_and_another_seed_another() {
        assert_eq!(jpeg(1, 64, 64), jpeg(1, 64, 64));
        assert_ne!(pixels(1, 64, 64), pixels(2, 64, 64));
    }

    #[test]
    fn a_picture_has_more_than_a_few_colours_and_does_not_shrink_to_nothing() {
        let drawn = pixels(5, 128, 128);
        let colours: std::collections::BTreeSet<_> = drawn.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 500, "{}", colours.len());
        assert!(jpeg(5, 320, 240).len() > 8_000);
    }
}
