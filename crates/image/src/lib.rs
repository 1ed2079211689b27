//! What an image's bytes say: format, size, and whether they decode.
//!
//! Pure functions on bytes, under [`Limits`]: no file, no socket, no clock.  [`sniff`] names the format by the first
//! bytes, whatever a file name or a server says; [`facts`] reads the size out of the header and checks that the file is
//! whole; [`verify`] decodes it.  An image that [`verify`] accepts is one that Pillow loads, since that is what a
//! training loop will do with it.
//!
//! ```
//! use obelisc_image::{Format, ImageError, Limits, facts, sniff, verify};
//!
//! let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
//! let limits = Limits { max_image_bytes: 20 << 20, max_image_pixels: 100_000_000 };
//! let image = facts(gif, limits)?;
//! assert_eq!((image.format, image.width, image.height), (Format::Gif, 1, 1));
//! assert_eq!(verify(gif, limits)?.facts, image);
//!
//! assert_eq!(sniff(b"<!doctype html>"), None);
//! assert_eq!(facts(b"<!doctype html>", limits).unwrap_err().name(), "not_an_image");
//! assert!(matches!(verify(&gif[..30], limits), Err(ImageError::Damaged { format: Format::Gif, .. })));
//! # Ok::<(), ImageError>(())
//! ```

mod decode;
mod format;
mod gif;
mod jpeg;
mod jpeg_entropy;
mod jpeg_huffman;
mod jpeg_requantise;
mod jpeg_scan;
mod perceptual;
mod picture;
mod png;
mod reencode;
mod strip;
mod webp;

use image::metadata::Orientation;
use thiserror::Error;

pub use decode::{Verified, verify};
pub use format::{Format, sniff};
pub use picture::{Filter, Picture, decoded};
pub use reencode::{Encoding, Reencode, reencode, verify_and_reencode};
pub use strip::without_metadata;

/// Version of the verdicts of [`facts`] and [`verify`]: raised when any image's would change.  It enters the names of
/// what was learned of images.
pub const VERSION: u32 = 4;

/// What an image may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the file.
    pub max_image_bytes: u64,
    /// Most pixels, width times height.
    pub max_image_pixels: u64,
}

/// What an image's bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Format.
    pub format: Format,
    /// Pixels, at least 1, as stored: an EXIF orientation is not applied.
    pub width: u32,
    /// Pixels, at least 1, as stored.
    pub height: u32,
    /// Pictures of an animation, at least 1: those that are whole of a GIF or a WebP, those announced of a PNG.
    pub frames: u32,
    /// How the picture is to be turned, as EXIF has it: 1 upright, 2 to 8.
    pub orientation: u8,
    /// Whether a colour profile comes with it.
    pub has_icc_profile: bool,
}

/// Why an image is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// The file is larger than [`Limits::max_image_bytes`].
    #[error("{bytes} bytes, at most {max} are read")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// The cap.
        max: u64,
    },
    /// The image is larger than [`Limits::max_image_pixels`].
    #[error("{width} by {height} pixels, at most {max} pixels are decoded")]
    TooManyPixels {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// The cap.
        max: u64,
    },
    /// The bytes begin like no format that is known.
    #[error("no image of a known format")]
    NotAnImage,
    /// The format is known and not decoded.
    #[error("{} is not decoded", .0.name())]
    Unsupported(Format),
    /// The bytes begin like the format and do not go on like it.
    #[error("damaged {}: {detail}", format.name())]
    Damaged {
        /// The format.
        format: Format,
        /// What is wrong.
        detail: String,
    },
    /// The picture does not fit into the format that it is to be encoded in.
    #[error("no {} is written: {detail}", format.name())]
    NotEncoded {
        /// The format.
        format: Format,
        /// What is in the way.
        detail: String,
    },
}

impl ImageError {
    /// The published name of the reason, as the ledger has it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "image_too_large",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::NotAnImage => "not_an_image",
            Self::Unsupported(_) => "unsupported_image",
            Self::Damaged { .. } => "damaged_image",
            Self::NotEncoded { .. } => "image_not_encoded",
        }
    }
}

/// What a reader of one format finds: width and height in pixels, or what is wrong.
type Size = Result<(u32, u32), &'static str>;

/// What stands beside the pixels.
struct Beside<'a> {
    frames: u32,
    /// From the byte order on (TIFF 6.0).
    exif: Option<&'a [u8]>,
    has_icc_profile: bool,
}

impl Default for Beside<'_> {
    fn default() -> Self {
        Self { frames: 1, exif: None, has_icc_profile: false }
    }
}

/// Format, size and orientation of an image, from the headers alone, once the file is known to be whole: that it ends where its own
/// structure says it does.  Time is linear in the number of bytes; nothing is allocated.
///
/// # Errors
/// [`ImageError`] for what is not an image, not decoded, damaged, or over a limit.
pub fn facts(bytes: &[u8], limits: Limits) -> Result<Facts, ImageError> {
    let size = bytes.len() as u64;
    if size > limits.max_image_bytes {
        return Err(ImageError::TooLarge { bytes: size, max: limits.max_image_bytes });
    }
    let format = sniff(bytes).ok_or(ImageError::NotAnImage)?;
    let size = match format {
        Format::Jpeg => jpeg::size(bytes),
        Format::Png => png::size(bytes),
        Format::Webp => webp::size(bytes),
        Format::Gif => gif::size(bytes),
        _ => return Err(ImageError::Unsupported(format)),
    };
    let damaged = |detail: &str| ImageError::Damaged { format, detail: detail.to_owned() };
    let (width, height) = size.map_err(damaged)?;
    if width == 0 || height == 0 {
        return Err(damaged("no pixels"));
    }
    if u64::from(width) * u64::from(height) > limits.max_image_pixels {
        return Err(ImageError::TooManyPixels { width, height, max: limits.max_image_pixels });
    }
    let Beside { frames, exif, has_icc_profile } = match format {
        Format::Jpeg => jpeg::beside(bytes),
        Format::Png => png::beside(bytes),
        Format::Webp => webp::beside(bytes),
        _ => gif::beside(bytes),
    };
    let orientation = exif.and_then(Orientation::from_exif_chunk).map_or(1, Orientation::to_exif);
    Ok(Facts { format, width, height, frames, orientation, has_icc_profile })
}

/// Takes the next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

/// Takes the next `count` bytes.
fn skip<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head)
}
