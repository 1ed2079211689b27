//! Images encoded anew, of a bounded size: for datasets whose images are all of one format, or small.

use std::borrow::Cow;
use std::num::{NonZeroU8, NonZeroU32};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::decode::{Decoded, icc_profile, whole};
use crate::perceptual::{self, Blocks};
use crate::{
    Facts, Filter, Format, ImageError, Limits, Verified, facts, jpeg, jpeg_requantise, verify, without_metadata,
};

/// What an image is made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reencode {
    /// The format.
    pub format: Encoding,
    /// Most pixels of the longer side; a larger picture is made smaller with its proportions kept, none is made larger.
    pub max_side: Option<NonZeroU32>,
}

/// A format that images are encoded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Baseline, alpha on white; 4:2:0 (as OpenCV writes it, and so img2dataset), but for JPEGs that keep their coefficients, and
    /// so their sampling.
    Jpeg {
        /// That of libjpeg, 1 to 100; more is taken for 100.
        quality: NonZeroU8,
    },
    /// Of eight bits a sample.
    Png,
    /// Lossless: the encoder knows no other.
    Webp,
}

impl Encoding {
    /// The format of the files.
    pub const fn format(self) -> Format {
        match self {
            Self::Jpeg { .. } => Format::Jpeg,
            Self::Png => Format::Png,
            Self::Webp => Format::Webp,
        }
    }
}

impl Reencode {
    /// Version of the bytes that [`reencode`] makes: raised when any image's would change.
    pub const VERSION: u32 = 2;

    /// Width and height in pixels of what a picture of that size is made into; the shorter side is rounded half up, and at
    /// least 1.
    pub fn size(&self, width: u32, height: u32) -> (u32, u32) {
        let long = width.max(height);
        let Some(max) = self.max_side.map(NonZeroU32::get).filter(|&max| max < long) else { return (width, height) };
        let (max, long) = (u64::from(max), u64::from(long));
        let scaled = |side: u32| {
            let side = (2 * u64::from(side) * max + long) / (2 * long);
            u32::try_from(side).unwrap_or(u32::MAX).max(1)
        };
        (scaled(width), scaled(height))
    }
}

/// The image decoded, turned upright, made smaller where it must be (Lanczos, three lobes), and encoded anew.  Of what stands
/// beside the pixels the colour profile stays, where it is one of the colours that are written (that of a CMYK picture is
/// not); without one sRGB is meant.  Samples of sixteen bits lose the lower eight.  An animation stays as it is, without
/// its metadata.
///
/// A JPEG that becomes a JPEG of the same size is not decoded to pixels where it is upright and sequential with Huffman codes in one scan,
/// of grey or YCbCr, and without any fault: its coefficients are divided anew, which takes a fifth of the time and spares
/// the pixels a rounding.  Where it is another or there is a fault, the whole decoder gives the verdict.
///
/// The same bytes come out on every machine.  The SIMD paths of JPEG decoding and of resizing give what those without give (200
/// photographs, 2,480 resizings: no difference).  Those of the JPEG encoder round otherwise and are left out of the build, which
/// costs up to a third more time.
///
/// # Errors
/// As [`verify`](crate::verify); [`ImageError::NotEncoded`] where a side is longer than the format has room for.
pub fn reencode<'b>(bytes: &'b [u8], limits: Limits, to: &Reencode) -> Result<Cow<'b, [u8]>, ImageError> {
    made(bytes, &facts(bytes, limits)?, limits, to).map(|(file, _)| file)
}

/// The file, and the luminance of its blocks as they were, where that was seen on the way.
fn made<'b>(
    bytes: &'b [u8],
    before: &Facts,
    limits: Limits,
    to: &Reencode,
) -> Result<(Cow<'b, [u8]>, Option<Blocks>), ImageError> {
    if before.frames > 1 {
        return Ok((without_metadata(bytes, before), None));
    }
    match requantised(bytes, before, to) {
        Some((file, blocks)) => Ok((Cow::Owned(file), blocks)),
        None => Ok((Cow::Owned(reencode_pixels(bytes, limits, to)?), None)),
    }
}

/// Decodes a still image to its pixels and encodes these.
pub(crate) fn reencode_pixels(bytes: &[u8], limits: Limits, to: &Reencode) -> Result<Vec<u8>, ImageError> {
    let (_, encoded) = whole(bytes, limits, |decoded, facts| {
        let upright = decoded.upright(facts.orientation);
        let keeps_alpha = !matches!(to.format, Encoding::Jpeg { .. }) && upright.is_transparent();
        let flat = if keeps_alpha { upright } else { upright.on_white() };
        let size = to.size(flat.size.0, flat.size.1);
        encoded(&flat.resized(size, Filter::Lanczos3), to.format, icc_profile(bytes, facts))
    })?;
    let not_encoded = |detail| ImageError::NotEncoded { format: to.format.format(), detail };
    encoded.map_err(not_encoded)
}

/// What [`verify`](crate::verify) and [`reencode`] give, with the coefficients of an image read once where it needs no more.
///
/// # Errors
/// As those.
pub fn verify_and_reencode<'b>(
    bytes: &'b [u8],
    limits: Limits,
    to: &Reencode,
) -> Result<(Verified, Cow<'b, [u8]>), ImageError> {
    let facts = facts(bytes, limits)?;
    let (file, blocks) = made(bytes, &facts, limits, to)?;
    let verified = match blocks {
        Some(blocks) => Verified { facts, perceptual_hash: perceptual::hash_of_blocks(&blocks, facts.orientation) },
        None => verify(bytes, limits)?,
    };
    Ok((verified, file))
}

/// The JPEG of another quality, where nothing else is to be changed and its coefficients are read without a fault.
fn requantised(bytes: &[u8], facts: &Facts, to: &Reencode) -> Option<(Vec<u8>, Option<Blocks>)> {
    let Encoding::Jpeg { quality } = to.format else { return None };
    let size = (facts.width, facts.height);
    if facts.format != Format::Jpeg || facts.orientation != 1 || to.size(size.0, size.1) != size {
        return None;
    }
    let profile = if facts.has_icc_profile { Some(jpeg::icc_profile(bytes)?) } else { None };
    jpeg_requantise::requantised(bytes, quality.get(), |is_grey| {
        profile.as_deref().filter(|profile| is_of_colours(profile, is_grey))
    })
}

/// Whether a colour profile is one of grey, or of RGB (ICC.1, section 7.2.6).
fn is_of_colours(profile: &[u8], is_grey: bool) -> bool {
    profile.get(16..20) == Some(if is_grey { b"GRAY" } else { b"RGB " })
}

fn encoded(decoded: &Decoded, format: Encoding, profile: Option<Vec<u8>>) -> Result<Vec<u8>, String> {
    let profile = profile.filter(|profile| is_of_colours(profile, decoded.channels < 3));
    let mut file = Vec::new();
    match format {
        Encoding::Jpeg { quality } => written_as_jpeg(&mut file, decoded, quality.get().min(100), profile)?,
        Encoding::Png => {
            let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Default, FilterType::Adaptive);
            written(encoder, decoded, profile)?;
        }
        Encoding::Webp => written(WebPEncoder::new_lossless(&mut file), decoded, profile)?,
    }
    Ok(file)
}

fn written_as_jpeg(file: &mut Vec<u8>, decoded: &Decoded, quality: u8, profile: Option<Vec<u8>>) -> Result<(), String> {
    let side = |side: u32| u16::try_from(side).map_err(|_| format!("{side} pixels are more than {}", u16::MAX));
    let (width, height) = (side(decoded.size.0)?, side(decoded.size.1)?);
    let colour = if decoded.channels == 1 { ColorType::Luma } else { ColorType::Rgb };
    let detail = |error: jpeg_encoder::EncodingError| error.to_string().to_lowercase();
    let mut encoder = Encoder::new(file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    if let Some(profile) = profile {
        encoder.add_icc_profile(&profile).map_err(detail)?;
    }
    encoder.encode(&decoded.samples, width, height, colour).map_err(detail)
}

fn written(mut encoder: impl ImageEncoder, decoded: &Decoded, profile: Option<Vec<u8>>) -> Result<(), String> {
    let colour = match decoded.channels {
        1 => ExtendedColorType::L8,
        2 => ExtendedColorType::La8,
        3 => ExtendedColorType::Rgb8,
        _ => ExtendedColorType::Rgba8,
    };
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(|error| error.to_string().to_lowercase())?;
    }
    let (width, height) = decoded.size;
    encoder.write_image(&decoded.samples, width, height, colour).map_err(|error| error.to_string().to_lowercase())
}
