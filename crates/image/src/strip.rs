//! Image files without what they say beside the picture: where and by whom it was taken, with what, comments, small copies, what comes behind the end.
//!
//! Nothing is encoded anew: the pixels, colour profile, colour transform and timing stay byte for byte.  The orientation stays, as the only entry of an
//! Exif block of our own; without it the picture would be shown lying on its side.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Facts, Format, gif, jpeg, png, webp};

/// A piece of the new file.
pub(crate) enum Piece {
    /// Bytes of the old one.
    Kept(Range<usize>),
    /// Others.
    New(Vec<u8>),
}

/// The file without metadata, of one for which [`facts`](crate::facts) are these.  Borrowed where there is none.
pub fn without_metadata<'b>(bytes: &'b [u8], facts: &Facts) -> Cow<'b, [u8]> {
    let exif = (facts.orientation > 1).then(|| exif(facts.orientation));
    let pieces = match facts.format {
        Format::Jpeg => jpeg::without_metadata(bytes, exif.as_deref()),
        Format::Png => png::without_metadata(bytes, exif.as_deref()),
        Format::Webp => webp::without_metadata(bytes, exif.as_deref()),
        _ => gif::without_metadata(bytes),
    };
    let kept: usize = pieces.iter().map(|piece| if let Piece::Kept(range) = piece { range.len() } else { 0 }).sum();
    if kept == bytes.len() && !pieces.iter().any(|piece| matches!(piece, Piece::New(_))) {
        return Cow::Borrowed(bytes);
    }
    let mut file = Vec::with_capacity(kept + 128);
    for piece in pieces {
        match piece {
            Piece::Kept(range) => file.extend_from_slice(bytes.get(range).unwrap_or_default()),
            Piece::New(bytes) => file.extend(bytes),
        }
    }
    Cow::Owned(file)
}

/// An Exif block that holds the orientation (TIFF 6.0, sections 2 and 8), from the byte order on.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif
}
