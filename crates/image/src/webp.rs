//! WebP: the RIFF container (RFC 9649, section 2).

use crate::strip::Piece;
use crate::{Beside, Size, skip, take};

/// A WebP file, taken apart.
#[derive(Debug)]
pub(crate) struct WebP<'a> {
    /// Width and height of the canvas or of the only image.
    pub(crate) size: (u32, u32),
    /// The lossy bitstream of the (first) image, where it is lossy.
    pub(crate) lossy: Option<&'a [u8]>,
}

const SHORT: &str = "the file ends in a chunk header";

/// Width and height; see [`read`].
pub(crate) fn size(bytes: &[u8]) -> Size {
    read(bytes).map(|webp| webp.size)
}

/// Reads the container: that it holds as many bytes as it announces, that its chunks fill it, that every image is of
/// the size its place announces.
pub(crate) fn read(bytes: &[u8]) -> Result<WebP<'_>, &'static str> {
    let mut rest = bytes.get(4..).unwrap_or_default();
    let length = take(&mut rest).map(u32::from_le_bytes).ok_or(SHORT)?;
    let length = usize::try_from(length).map_err(|_| "the container is too long")?;
    let mut rest = skip(&mut rest, length).ok_or("the file is shorter than its container")?;
    skip(&mut rest, 4).ok_or(SHORT)?;
    let before = rest;
    match chunk(&mut rest)? {
        (b"VP8X", [flags, ..]) if flags & !0x3E != 0 => Err("a flag without meaning"),
        (b"VP8X", [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..]) => {
            let size = (side(w0, w1, w2), side(h0, h1, h2));
            let lossy = if flags & 0x02 == 0 { image(rest, size)? } else { frames(rest, size)? };
            Ok(WebP { size, lossy })
        }
        (b"VP8X", _) => Err("the canvas header is too short"),
        (kind, data) => {
            let size = image_size(kind, data).ok_or("the first chunk is no image")??;
            Ok(WebP { size, lossy: image(before, size)? })
        }
    }
}

/// What stands beside the pixels of a file in which [`read`] found no fault (RFC 9649, sections 2.7.1.3 to 2.7.1.5).
pub(crate) fn beside(bytes: &[u8]) -> Beside<'_> {
    let mut rest = bytes.get(4..).unwrap_or_default();
    let length = take(&mut rest).map_or(0, u32::from_le_bytes);
    let mut rest = usize::try_from(length).ok().and_then(|length| skip(&mut rest, length)).unwrap_or_default();
    let (mut beside, mut frames) = (Beside::default(), 0);
    // The container's own kind.
    skip(&mut rest, 4);
    while let Ok((kind, data)) = chunk(&mut rest) {
        match kind {
            b"EXIF" => beside.exif = Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data)),
            b"ICCP" => beside.has_icc_profile = true,
            b"ANMF" => frames += 1,
            _ => {}
        }
    }
    Beside { frames: frames.max(1), ..beside }
}

/// Chunks that say how the picture looks (RFC 9649, section 2.7).
const PICTURE: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// The file without metadata: chunks that say how the picture looks stay; what is behind the container goes.
pub(crate) fn without_metadata(bytes: &[u8], exif: Option<&[u8]>) -> Vec<Piece> {
    let mut head = bytes.get(4..).unwrap_or_default();
    let length = take(&mut head).map_or(0, |length| u32::from_le_bytes(length) as usize);
    let end = length.saturating_add(8).min(bytes.len());
    let mut rest = bytes.get(12..end).unwrap_or_default();
    let at = |rest: &[u8]| end - rest.len();
    let mut chunks = Vec::new();
    let mut begin = at(rest);
    while let Ok((kind, data)) = chunk(&mut rest) {
        let range = begin..at(rest);
        begin = range.end;
        match (kind, data) {
            (b"VP8X", [flags, others @ ..]) => {
                // Of the flags those of Exif and XMP change.
                let flags = flags & !0x0C | if exif.is_some() { 0x08 } else { 0 };
                let head = bytes.get(range.start..range.start + 8).unwrap_or_default();
                chunks.push(Piece::New([head, &[flags], others].concat()));
            }
            _ if PICTURE.contains(&kind) => chunks.push(Piece::Kept(range)),
            _ => {}
        }
    }
    // Only the extended form, which has a canvas header, holds Exif (section 2.7), so that header is there.
    if let Some(exif) = exif {
        let length = u32::try_from(exif.len()).unwrap_or_default().to_le_bytes();
        let padding: &[u8] = if exif.len() % 2 == 0 { &[] } else { &[0] };
        chunks.push(Piece::New([b"EXIF", &length[..], exif, padding].concat()));
    }
    let size = |piece: &Piece| match piece {
        Piece::Kept(range) => range.len(),
        Piece::New(bytes) => bytes.len(),
    };
    let body = 4 + chunks.iter().map(size).sum::<usize>();
    if exif.is_none() && body + 8 == bytes.len() {
        return vec![Piece::Kept(0..bytes.len())];
    }
    let length = u32::try_from(body).unwrap_or(u32::MAX).to_le_bytes();
    let mut pieces = vec![Piece::New([b"RIFF", &length[..], b"WEBP"].concat())];
    pieces.extend(chunks);
    pieces
}

/// Takes the next chunk with its padding: kind and data.
fn chunk<'a>(rest: &mut &'a [u8]) -> Result<(&'a [u8; 4], &'a [u8]), &'static str> {
    let (kind, tail) = rest.split_first_chunk().ok_or(SHORT)?;
    *rest = tail;
    let length = take(rest).map(u32::from_le_bytes).ok_or(SHORT)?;
    let length = usize::try_from(length).map_err(|_| "a chunk is too long")?;
    let data = skip(rest, length).ok_or("the container ends in a chunk")?;
    skip(rest, length % 2).ok_or("the container ends in a chunk")?;
    Ok((kind, data))
}

/// A side of a canvas or frame: 24 bits, less one.
fn side(a: &u8, b: &u8, c: &u8) -> u32 {
    u32::from_le_bytes([*a, *b, *c, 0]) + 1
}

/// Finds the image among the chunks of a still picture or of a frame, and checks its size; gives its data where it is
/// lossy.  All chunks are gone over.
fn image(mut chunks: &[u8], size: (u32, u32)) -> Result<Option<&[u8]>, &'static str> {
    let mut found = None;
    while !chunks.is_empty() {
        let (kind, data) = chunk(&mut chunks)?;
        match image_size(kind, data) {
            Some(own) if found.is_none() && own? == size => found = Some((kind, data)),
            Some(_) => return Err("an image of another size, or a second image"),
            None if kind != b"ALPH" => {}
            // Method, filter and preprocessing; the rest is reserved.
            None if found.is_some() || data.first().is_none_or(|flags| flags & 3 > 1 || flags >> 4 > 1) => {
                return Err("an alpha channel makes no sense");
            }
            None => {}
        }
    }
    let (kind, data) = found.ok_or("no image")?;
    Ok((kind == b"VP8 ").then_some(data))
}

/// Goes over the frames of an animation; gives the data of the first where it is lossy.
fn frames(mut chunks: &[u8], (width, height): (u32, u32)) -> Result<Option<&[u8]>, &'static str> {
    let mut first = None;
    let mut animated = false;
    while !chunks.is_empty() {
        match chunk(&mut chunks)? {
            (b"ANIM", data) if data.len() >= 6 => animated = true,
            (b"ANMF", [x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2, _, _, _, _, chunks @ ..]) if animated => {
                let (x, y) = (2 * (side(x0, x1, x2) - 1), 2 * (side(y0, y1, y2) - 1));
                let size = (side(w0, w1, w2), side(h0, h1, h2));
                if x + size.0 > width || y + size.1 > height {
                    return Err("a frame outside its canvas");
                }
                let lossy = image(chunks, size)?;
                first.get_or_insert(lossy);
            }
            (b"ANIM" | b"ANMF" | b"VP8 " | b"VP8L", _) => return Err("an animation makes no sense"),
            _ => {}
        }
    }
    first.ok_or("no frame")
}

/// Width and height by an image chunk's own header; `None` for a chunk of another kind.
fn image_size(kind: &[u8; 4], data: &[u8]) -> Option<Size> {
    match kind {
        b"VP8 " => Some(lossy_size(data)),
        b"VP8L" => Some(lossless_size(data)),
        _ => None,
    }
}

/// Frame header of a key frame that is shown (RFC 6386, section 9.1).
fn lossy_size(data: &[u8]) -> Size {
    let [t0, t1, t2, 0x9D, 0x01, 0x2A, width, width_high, height, height_high, rest @ ..] = data else {
        return Err("no key frame");
    };
    let tag = u32::from_le_bytes([*t0, *t1, *t2, 0]);
    let (key, version, shown, partition) = (tag & 1 == 0, tag >> 1 & 7, tag >> 4 & 1 == 1, tag >> 5);
    if !key || version > 3 || !shown || partition as usize > rest.len() {
        return Err("the frame header makes no sense");
    }
    let side = |low: &u8, high: &u8| u32::from(u16::from_le_bytes([*low, *high]) & 0x3FFF);
    Ok((side(width, width_high), side(height, height_high)))
}

/// Header of a lossless image (RFC 9649, section 3.4).
fn lossless_size(data: &[u8]) -> Size {
    match data {
        [0x2F, a, b, c, d, ..] if d >> 5 == 0 => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        _ => Err("no lossless header"),
    }
}

/// The same lossy bitstream without the last byte of its first partition and of its last one (RFC 6386, section 9.2).
pub(crate) fn shortened(lossy: &[u8]) -> Option<Vec<u8>> {
    let (&[t0, t1, t2], rest) = lossy.split_first_chunk()?;
    let (dimensions, rest) = rest.split_at_checked(7)?;
    let tag = u32::from_le_bytes([t0, t1, t2, 0]);
    let (first, others) = rest.split_at_checked((tag >> 5) as usize)?;
    let ((_, first), (_, others)) = (first.split_last()?, others.split_last()?);
    let [t0, t1, t2, _] = (tag - (1 << 5)).to_le_bytes();
    Some([&[t0, t1, t2], dimensions, first, others].concat())
}
