//! JPEG: the chain of marker segments (ITU-T T.81, annex B).
//!
//! Stricter than the decoder, which goes on where others stop: a marker of no meaning, a scan whose tables are missing
//! or whose parameters make no sense.

use crate::jpeg_entropy::position_of_ff;
use crate::jpeg_scan::Tables;
use crate::strip::Piece;
use crate::{Beside, Size, skip, take};

/// Width and height out of the frame header, where every segment makes sense, the chain has a scan and goes on to the
/// end of the image.
pub(crate) fn size(bytes: &[u8]) -> Size {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut tables = Tables::default();
    let mut has_scan = false;
    while let Some(marker) = next_marker(&mut rest) {
        match marker {
            // End of image.
            0xD9 if has_scan => return tables.size().ok_or("no frame header"),
            0xD9 => return Err("no scan"),
            // Restarts belong to the scan.
            0xD0..=0xD7 if has_scan => continue,
            _ => {}
        }
        if !matches!(marker, 0xC0..=0xC2 | 0xC4 | 0xDA..=0xDD | 0xE0..=0xEF | 0xFE) {
            return Err("a marker without meaning here");
        }
        let length = take(&mut rest).map(u16::from_be_bytes).ok_or("the file ends in a segment")?;
        let length = usize::from(length).checked_sub(2).ok_or("a segment is shorter than its length")?;
        let data = skip(&mut rest, length).ok_or("the file ends in a segment")?;
        match marker {
            0xC0..=0xC2 => tables.frame(marker, data)?,
            0xC4 => tables.huffman(data)?,
            0xDA => {
                tables.scan(data)?;
                has_scan = true;
            }
            0xDB => tables.quantisation(data)?,
            0xDD if data.len() != 2 => return Err("a restart interval of another length than two"),
            _ => {}
        }
    }
    Err("the file ends before its end marker")
}

/// What stands beside the pixels of a file in which [`size`] found no fault, before its first scan: the first Exif segment (CIPA DC-008, section 4.7.2), and
/// whether there is a colour profile (ICC.1, annex B.4).
pub(crate) fn beside(bytes: &[u8]) -> Beside<'_> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut beside = Beside::default();
    while let Some(marker) = next_marker(&mut rest).filter(|marker| !matches!(marker, 0xD9 | 0xDA)) {
        let length = take(&mut rest).map(u16::from_be_bytes).and_then(|length| usize::from(length).checked_sub(2));
        let Some(data) = length.and_then(|length| skip(&mut rest, length)) else { break };
        match marker {
            0xE1 => beside.exif = beside.exif.or_else(|| data.strip_prefix(b"Exif\0\0")),
            0xE2 => beside.has_icc_profile |= data.starts_with(b"ICC_PROFILE\0"),
            _ => {}
        }
    }
    beside
}

/// The colour profile before the first scan of a file in which [`size`] found no fault (ICC.1, annex B.4).  `None` where its
/// pieces are not one after the other and all there.
pub(crate) fn icc_profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let (mut profile, mut pieces, mut of) = (Vec::new(), 0, 0);
    while let Some(marker) = next_marker(&mut rest).filter(|marker| !matches!(marker, 0xD9 | 0xDA)) {
        let length = usize::from(take(&mut rest).map(u16::from_be_bytes)?).checked_sub(2)?;
        let piece = skip(&mut rest, length)?.strip_prefix(b"ICC_PROFILE\0").filter(|_| marker == 0xE2);
        let Some(mut piece) = piece else { continue };
        let [number, count] = take(&mut piece)?;
        if Some(number) != u8::checked_add(pieces, 1) || (pieces > 0 && count != of) {
            return None;
        }
        (pieces, of) = (number, count);
        profile.extend_from_slice(piece);
    }
    (pieces > 0 && pieces == of).then_some(profile)
}

/// The file without metadata: of the application segments JFIF, colour profiles and Adobe's colour transform stay; comments and what is behind the end go.
pub(crate) fn without_metadata(bytes: &[u8], exif: Option<&[u8]>) -> Vec<Piece> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let at = |rest: &[u8]| bytes.len() - rest.len();
    let (mut pieces, mut from) = (Vec::new(), 0);
    // Where the last segment ends, unless it is a scan's: what stands between it and the next is nothing.
    let mut end = Some(2);
    let segment = exif.map(|exif| {
        let length = u16::try_from(exif.len() + 8).unwrap_or_default().to_be_bytes();
        [&[0xFF, 0xE1], &length, &b"Exif\0\0"[..], exif].concat()
    });
    let mut segment = segment.map(Piece::New);
    while let Some(marker) = next_marker(&mut rest) {
        if marker == 0xD9 {
            pieces.push(Piece::Kept(from..at(rest)));
            return pieces;
        }
        if matches!(marker, 0xD0..=0xD7) {
            continue;
        }
        let begin = at(rest) - 2;
        if let Some(end) = end.filter(|end| *end < begin) {
            pieces.push(Piece::Kept(from..end));
            from = begin;
        }
        let length = take(&mut rest).map(u16::from_be_bytes).and_then(|length| usize::from(length).checked_sub(2));
        let Some(data) = length.and_then(|length| skip(&mut rest, length)) else { break };
        let stays = match marker {
            0xE0 => data.starts_with(b"JFIF\0"),
            0xE2 => data.starts_with(b"ICC_PROFILE\0"),
            0xEE => data.starts_with(b"Adobe"),
            0xE1..=0xEF | 0xFE => false,
            _ => true,
        };
        // JFIF comes first of all (T.871, section 10.1).
        if marker != 0xE0 && segment.is_some() {
            pieces.push(Piece::Kept(from..begin));
            pieces.extend(segment.take());
            from = begin;
        }
        if !stays {
            pieces.push(Piece::Kept(from..begin));
            from = at(rest);
        }
        end = (marker != 0xDA).then(|| at(rest));
    }
    pieces.push(Piece::Kept(from..bytes.len()));
    pieces
}

/// Goes to the next marker, over entropy-coded data and fill bytes.
fn next_marker(rest: &mut &[u8]) -> Option<u8> {
    loop {
        let at = position_of_ff(rest)?;
        *rest = rest.get(at + 1..)?;
        match rest.first()? {
            0xFF => {}
            0x00 => *rest = rest.get(1..)?,
            &marker => {
                *rest = rest.get(1..)?;
                return Some(marker);
            }
        }
    }
}
