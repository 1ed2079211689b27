//! JPEG: the chain of marker segments (ITU-T T.81, annex B).
//!
//! Stricter than the decoder, which goes on where others stop: a marker of no meaning, a scan whose tables are missing
//! or whose parameters make no sense.

use crate::{Size, jpeg_scan::Tables, skip, take};

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

/// Goes to the next marker, over entropy-coded data and fill bytes.
fn next_marker(rest: &mut &[u8]) -> Option<u8> {
    loop {
        let at = rest.iter().position(|&byte| byte == 0xFF)?;
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
