//! PNG: the chain of chunks (PNG Specification, third edition, section 5).

use crate::strip::Piece;
use crate::{Beside, Size, skip, take};

/// Bytes of the signature.
const SIGNATURE: usize = 8;

/// Width and height out of `IHDR`, where the chain of chunks holds pixel data and goes on to `IEND`.  The lengths are
/// checked here; the checksums by the decoder.
pub(crate) fn size(bytes: &[u8]) -> Size {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    let mut size = None;
    let mut has_pixels = false;
    while !rest.is_empty() {
        let (kind, data) = chunk(&mut rest)?;
        match (&kind, size) {
            (b"IHDR", None) => {
                let [w3, w2, w1, w0, h3, h2, h1, h0, _, _, _, _, _] = data else {
                    return Err("an image header of another length than 13");
                };
                size = Some((u32::from_be_bytes([*w3, *w2, *w1, *w0]), u32::from_be_bytes([*h3, *h2, *h1, *h0])));
            }
            (_, None) => return Err("the first chunk is not the image header"),
            (b"IDAT", _) => has_pixels = true,
            (kind, _) if !makes_sense(kind, data) => return Err("an ancillary chunk makes no sense"),
            (b"IEND", Some(size)) if has_pixels => return Ok(size),
            (b"IEND", _) => return Err("no pixel data"),
            _ => {}
        }
    }
    Err("the file ends before its end chunk")
}

/// Takes the next chunk: its kind and its data.
fn chunk<'a>(rest: &mut &'a [u8]) -> Result<([u8; 4], &'a [u8]), &'static str> {
    let length = take(rest).map(u32::from_be_bytes).ok_or("the file ends in a chunk header")?;
    let kind = take(rest).ok_or("the file ends in a chunk header")?;
    let length = usize::try_from(length).map_err(|_| "a chunk is too long")?;
    let data = skip(rest, length).ok_or("the file ends in a chunk")?;
    skip(rest, 4).ok_or("the file ends before a checksum")?;
    Ok((kind, data))
}

/// What stands beside the pixels of a file in which [`size`] found no fault (PNG Specification, sections 11.3.2.3, 11.3.3.5 and 11.3.5).
pub(crate) fn beside(bytes: &[u8]) -> Beside<'_> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    let mut beside = Beside::default();
    while let Ok((kind, mut data)) = chunk(&mut rest) {
        match &kind {
            b"eXIf" => beside.exif = Some(data),
            b"iCCP" => beside.has_icc_profile = true,
            b"acTL" => beside.frames = take(&mut data).map_or(1, u32::from_be_bytes).max(1),
            b"IEND" => break,
            _ => {}
        }
    }
    beside
}

/// Chunks that say how the picture looks (PNG Specification, section 11).
const PICTURE: [&[u8; 4]; 21] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT", b"oFFs",
];

/// The file without metadata: chunks that say how the picture looks stay.
pub(crate) fn without_metadata(bytes: &[u8], exif: Option<&[u8]>) -> Vec<Piece> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    let at = |rest: &[u8]| bytes.len() - rest.len();
    let (mut pieces, mut from) = (Vec::new(), 0);
    while let Ok((kind, data)) = chunk(&mut rest) {
        let begin = at(rest) - data.len() - 12;
        if !PICTURE.contains(&&kind) {
            pieces.push(Piece::Kept(from..begin));
            from = at(rest);
        }
        if let (b"IHDR", Some(exif)) = (&kind, exif) {
            pieces.push(Piece::Kept(from..at(rest)));
            from = at(rest);
            let mut sum = flate2::Crc::new();
            sum.update(b"eXIf");
            sum.update(exif);
            let length = u32::try_from(exif.len()).unwrap_or_default().to_be_bytes();
            pieces.push(Piece::New([&length, b"eXIf", exif, &sum.sum().to_be_bytes()].concat()));
        }
        if &kind == b"IEND" {
            break;
        }
    }
    pieces.push(Piece::Kept(from..at(rest)));
    pieces
}

/// What a chunk holds beside the image.
pub(crate) enum Text<'a> {
    /// So many bytes, as they are.
    Plain(usize),
    /// A zlib stream.
    Deflated(&'a [u8]),
}

/// The texts and colour profiles of a file in which [`size`] found no fault (PNG Specification, sections 11.3.2.3 and
/// 11.3.3).  A chunk without the separators of its kind holds none.
pub(crate) fn texts(bytes: &[u8]) -> impl Iterator<Item = Text<'_>> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    std::iter::from_fn(move || chunk(&mut rest).ok())
        .take_while(|(kind, _)| kind != b"IEND")
        .filter_map(|(kind, data)| text(&kind, data))
}

fn text<'a>(kind: &[u8; 4], data: &'a [u8]) -> Option<Text<'a>> {
    match kind {
        b"tEXt" => Some(Text::Plain(behind_null(data)?.len())),
        b"iCCP" | b"zTXt" => Some(Text::Deflated(behind_null(data)?.get(1..)?)),
        b"iTXt" => {
            let [is_deflated, method, rest @ ..] = behind_null(data)? else { return None };
            // Language and translated keyword.
            let text = behind_null(behind_null(rest)?)?;
            match (is_deflated, method) {
                (0, _) => Some(Text::Plain(text.len())),
                (_, 0) => Some(Text::Deflated(text)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What follows the first null byte.
fn behind_null(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().position(|&byte| byte == 0)?;
    data.get(end + 1..)
}

/// Whether a chunk that the decoder may pass over holds what its kind must (PNG Specification, section 11.3); others stop
/// at one that does not.
fn makes_sense(kind: &[u8; 4], data: &[u8]) -> bool {
    match kind {
        b"sRGB" => !data.is_empty(),
        b"gAMA" | b"fdAT" => data.len() >= 4,
        b"acTL" => data.len() >= 8,
        b"pHYs" => data.len() >= 9,
        b"fcTL" => data.len() >= 26,
        b"cHRM" => data.len() == 32,
        // Behind the name: the compression method, of which there is one.
        b"iCCP" => behind_null(data).is_some_and(|rest| rest.first() == Some(&0)),
        // A keyword alone is an empty text.
        b"zTXt" => behind_null(data).and_then(<[u8]>::first).is_none_or(|&method| method == 0),
        _ => true,
    }
}
