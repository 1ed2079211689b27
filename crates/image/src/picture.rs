//! A decoded picture as it is shown: upright, without alpha, of another size.

use fast_image_resize::images::TypedImage;
use fast_image_resize::pixels::U8x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::decode::{Decoded, whole};
use crate::perceptual::turned;
use crate::{ImageError, Limits};

/// A picture of RGB samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture of `width` by `height` pixels, row by row, three bytes each: red, green, blue.  `None` where a side is 0,
    /// or there are more or fewer bytes.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let samples = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
        (samples > 0 && samples == rgb.len()).then_some(Self { width, height, rgb })
    }

    /// Pixels, at least 1.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Pixels, at least 1.
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Red, green and blue of every pixel, row by row.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The same picture `width` by `height` pixels large (0 is taken for 1), whatever that makes of its proportions.  One
    /// that has the size stays as it is.
    #[must_use]
    pub fn resized(self, width: u32, height: u32, filter: Filter) -> Self {
        let size = (width.max(1), height.max(1));
        let decoded = Decoded { size: (self.width, self.height), channels: 3, samples: self.rgb };
        let Decoded { size: (width, height), samples: rgb, .. } = decoded.resized(size, filter);
        Self { width, height, rgb }
    }
}

/// How a picture is made smaller or larger: the filters of Pillow's `resize`, whose convolution this is too (kernels grow as
/// pictures shrink, eight bits between the two passes), but for the order of the passes: samples differ by rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// The nearest pixel: what Keras' `load_img` does where nothing else is asked for.
    Nearest,
    /// Triangle.
    Bilinear,
    /// Cubic, a = -0.5: what Pillow does where nothing else is asked for.
    #[default]
    Bicubic,
    /// Windowed sinc, three lobes.
    Lanczos3,
}

/// Decodes the image (of an animation the first) into the picture that is shown: turned as its EXIF orientation says, on
/// white where there is an alpha channel.  A colour profile is passed over, as Pillow does.
///
/// # Errors
/// As [`verify`](crate::verify).
pub fn decoded(bytes: &[u8], limits: Limits) -> Result<Picture, ImageError> {
    let make = |decoded: Decoded, orientation| {
        let Decoded { size: (width, height), samples: rgb, .. } = decoded.upright(orientation).on_white().coloured();
        Picture { width, height, rgb }
    };
    whole(bytes, limits, |decoded, facts| make(decoded, facts.orientation)).map(|(_, picture)| picture)
}

impl Decoded {
    /// Turned as EXIF has it: 1 upright, 2 to 8.
    pub(crate) fn upright(self, orientation: u8) -> Self {
        if !matches!(orientation, 2..=8) {
            return self;
        }
        let (stored, channels) = ((self.size.0 as usize, self.size.1 as usize), self.channels);
        let size = if orientation < 5 { self.size } else { (self.size.1, self.size.0) };
        let mut samples = Vec::with_capacity(self.samples.len());
        for y in 0..size.1 as usize {
            for x in 0..size.0 as usize {
                let (from_x, from_y) = turned(orientation, stored, x, y);
                let at = (from_y * stored.0 + from_x) * channels;
                samples.extend_from_slice(&self.samples[at..at + channels]);
            }
        }
        Self { size, channels, samples }
    }

    /// Whether anything shines through.
    pub(crate) fn is_transparent(&self) -> bool {
        let mut pixels = self.samples.chunks_exact(self.channels);
        self.channels.is_multiple_of(2) && pixels.any(|pixel| pixel.last() != Some(&u8::MAX))
    }

    /// Without alpha, on white.
    pub(crate) fn on_white(self) -> Self {
        let colours = match self.channels {
            2 => 1,
            4 => 3,
            _ => return self,
        };
        let blend = |sample: u8, alpha: u8| {
            let (sample, alpha) = (u32::from(sample), u32::from(alpha));
            u8::try_from((sample * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
        };
        let pixels = self.samples.chunks_exact(self.channels);
        let samples = pixels.flat_map(|pixel| pixel[..colours].iter().map(|&sample| blend(sample, pixel[colours])));
        Self { samples: samples.collect(), channels: colours, ..self }
    }

    /// As RGB, of a picture without alpha.
    fn coloured(self) -> Self {
        if self.channels != 1 {
            return self;
        }
        Self { samples: self.samples.iter().flat_map(|&grey| [grey; 3]).collect(), channels: 3, ..self }
    }

    /// Of another size; where there is alpha, hidden colours do not shine through.
    pub(crate) fn resized(self, size: (u32, u32), filter: Filter) -> Self {
        if size == self.size {
            return self;
        }
        let algorithm = match filter {
            Filter::Nearest => ResizeAlg::Nearest,
            Filter::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
            Filter::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
            Filter::Lanczos3 => ResizeAlg::Convolution(FilterType::Lanczos3),
        };
        let (from, channels) = (self.size, self.channels);
        let mut large = self.with_alpha();
        let mut small = vec![0; size.0 as usize * size.1 as usize * 4];
        // One kind of pixel and of view: for each the resizing compiles for a minute.
        let views = TypedImage::<U8x4>::from_buffer(from.0, from.1, &mut large).ok();
        let views = views.zip(TypedImage::<U8x4>::from_buffer(size.0, size.1, &mut small).ok());
        let options = ResizeOptions::new().resize_alg(algorithm).use_alpha(channels.is_multiple_of(2));
        let resized =
            views.and_then(|(large, mut small)| Resizer::new().resize_typed(&large, &mut small, &options).ok());
        debug_assert!(resized.is_some(), "there are as many samples as the sizes say");
        let pixels = small.chunks_exact(4);
        let samples = match channels {
            1 => pixels.map(|pixel| pixel[0]).collect(),
            2 => pixels.flat_map(|pixel| [pixel[0], pixel[3]]).collect(),
            3 => pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
            _ => small,
        };
        Self { size, channels, samples }
    }

    /// The samples as RGB and alpha.
    fn with_alpha(self) -> Vec<u8> {
        match self.channels {
            1 => self.samples.iter().flat_map(|&grey| [grey, grey, grey, u8::MAX]).collect(),
            2 => self.samples.as_chunks().0.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect(),
            3 => {
                self.samples.as_chunks().0.iter().flat_map(|&[red, green, blue]| [red, green, blue, u8::MAX]).collect()
            }
            _ => self.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_as_many_bytes_as_its_size_says() {
        assert!(Picture::new(2, 3, vec![0; 18]).is_some());
        assert_eq!(Picture::new(2, 3, vec![0; 17]), None);
        assert_eq!(Picture::new(0, 3, Vec::new()), None);
        assert_eq!(Picture::new(u32::MAX, u32::MAX, Vec::new()), None);
    }

    #[test]
    fn every_orientation_is_turned_upright() {
        // Three columns, two rows: where a pixel of the upright picture is stored (EXIF 2.32, table of Orientation).
        let upright = [
            (1, (3, 2), [0, 1, 2, 3, 4, 5]),
            (2, (3, 2), [2, 1, 0, 5, 4, 3]),
            (3, (3, 2), [5, 4, 3, 2, 1, 0]),
            (4, (3, 2), [3, 4, 5, 0, 1, 2]),
            (5, (2, 3), [0, 3, 1, 4, 2, 5]),
            (6, (2, 3), [3, 0, 4, 1, 5, 2]),
            (7, (2, 3), [5, 2, 4, 1, 3, 0]),
            (8, (2, 3), [2, 5, 1, 4, 0, 3]),
        ];
        for (orientation, size, samples) in upright {
            let stored = Decoded { size: (3, 2), channels: 1, samples: (0..6).collect() };
            let turned = stored.upright(orientation);
            assert_eq!((turned.size, turned.samples), (size, samples.to_vec()), "{orientation}");
        }
    }

    #[test]
    fn alpha_lies_on_white() {
        let of = |channels, samples: &[u8]| {
            let decoded = Decoded { size: (1, 1), channels, samples: samples.to_vec() };
            decoded.on_white().coloured().samples
        };
        assert_eq!(of(1, &[7]), [7, 7, 7]);
        assert_eq!(of(2, &[7, 0]), [255, 255, 255]);
        assert_eq!(of(3, &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(of(4, &[1, 2, 3, 255]), [1, 2, 3]);
        assert_eq!(of(4, &[0, 100, 200, 128]), [127, 177, 227]);
    }

    #[test]
    fn a_plain_picture_stays_plain_at_any_size() {
        for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3] {
            let plain = Picture::new(30, 20, [9, 99, 199].repeat(600)).unwrap();
            for (width, height) in [(1, 1), (7, 31), (30, 20), (300, 2), (0, 5)] {
                let resized = plain.clone().resized(width, height, filter);
                assert_eq!((resized.width(), resized.height()), (width.max(1), height));
                assert!(resized.rgb().chunks_exact(3).all(|pixel| pixel == [9, 99, 199]), "{filter:?} {width}");
            }
        }
    }
}
