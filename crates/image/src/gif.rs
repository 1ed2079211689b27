//! GIF: logical screen and blocks (GIF 89a specification, sections 17 to 27).

use crate::strip::Piece;
use crate::{Beside, Size, skip, take};

/// Bytes of a colour table by the low three bits of the byte that announces it.
fn colour_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Width and height of the logical screen, where the blocks hold a first image whose data is complete.  What follows
/// that image is not looked at: it is what a picture out of an animation is made of, and a missing trailer harms
/// nobody.
pub(crate) fn size(bytes: &[u8]) -> Size {
    const SHORT: &str = "the file ends in the logical screen";
    let mut rest = bytes.get(6..).unwrap_or_default();
    let width = take(&mut rest).map(u16::from_le_bytes).ok_or(SHORT)?;
    let height = take(&mut rest).map(u16::from_le_bytes).ok_or(SHORT)?;
    let [flags, _, _] = take(&mut rest).ok_or(SHORT)?;
    skip(&mut rest, colour_table(flags)).ok_or("the file ends in its colour table")?;
    loop {
        match take(&mut rest) {
            Some([b'!']) => {
                let _: [u8; 1] = take(&mut rest).ok_or("the file ends in an extension")?;
                skip_blocks(&mut rest).ok_or("the file ends in an extension")?;
            }
            Some([b',']) => {
                let [x0, x1, y0, y1, w0, w1, h0, h1, flags] =
                    take(&mut rest).ok_or("the file ends in an image descriptor")?;
                if [w0 | w1, h0 | h1].contains(&0) {
                    return Err("an image without pixels");
                }
                let end = |at, size| u32::from(u16::from_le_bytes(at)) + u32::from(u16::from_le_bytes(size));
                if end([x0, x1], [w0, w1]) > u32::from(width) || end([y0, y1], [h0, h1]) > u32::from(height) {
                    return Err("an image outside its screen");
                }
                skip(&mut rest, colour_table(flags)).ok_or("the file ends in a colour table")?;
                skip(&mut rest, 1).ok_or("the file ends before its pixels")?;
                skip_blocks(&mut rest).ok_or("the file ends in its pixels")?;
                return Ok((u32::from(width), u32::from(height)));
            }
            Some([b';']) | None => return Err("no image"),
            Some(_) => return Err("a block of unknown kind"),
        }
    }
}

/// Application extensions that say how the picture looks: how often an animation runs, its colour profile.
const PICTURE: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

/// The file without metadata: comments and other applications' extensions go (sections 24 and 26), and what is behind the trailer.  From damage on it stays as
/// it is.
pub(crate) fn without_metadata(bytes: &[u8]) -> Vec<Piece> {
    let mut rest = bytes.get(6..).unwrap_or_default();
    let at = |rest: &[u8]| bytes.len() - rest.len();
    let (mut pieces, mut from) = (Vec::new(), 0);
    let screen: Option<[u8; 7]> = take(&mut rest);
    let mut whole = screen.and_then(|screen| skip(&mut rest, colour_table(screen[4]))).map(|_| ());
    while whole.is_some() {
        let begin = at(rest);
        whole = match take(&mut rest) {
            Some([b'!']) => {
                let label: Option<[u8; 1]> = take(&mut rest);
                let block = rest.get(1..12).unwrap_or_default();
                let goes = match label {
                    Some([0xFE]) => true,
                    Some([0xFF]) => !PICTURE.contains(&block),
                    _ => false,
                };
                let whole = label.and_then(|_| skip_blocks(&mut rest));
                if goes && whole.is_some() {
                    pieces.push(Piece::Kept(from..begin));
                    from = at(rest);
                }
                whole
            }
            Some([b',']) => {
                let descriptor: Option<[u8; 9]> = take(&mut rest);
                let pixels = descriptor.and_then(|descriptor| skip(&mut rest, colour_table(descriptor[8]) + 1));
                pixels.and_then(|_| skip_blocks(&mut rest))
            }
            Some([b';']) => {
                pieces.push(Piece::Kept(from..at(rest)));
                return pieces;
            }
            _ => None,
        };
    }
    pieces.push(Piece::Kept(from..bytes.len()));
    pieces
}

/// Goes over data sub-blocks and their terminator.
fn skip_blocks(rest: &mut &[u8]) -> Option<()> {
    loop {
        let [length] = take(rest)?;
        if length == 0 {
            return Some(());
        }
        skip(rest, usize::from(length))?;
    }
}

/// What stands beside the pixels of a file in which [`size`] found no fault: the frames as far as they are whole.
pub(crate) fn beside(bytes: &[u8]) -> Beside<'static> {
    let mut rest = bytes.get(6..).unwrap_or_default();
    let mut frames = 0;
    let screen: Option<[u8; 7]> = take(&mut rest);
    let mut whole = screen.and_then(|screen| skip(&mut rest, colour_table(screen[4])));
    while whole.is_some() {
        whole = match take(&mut rest) {
            Some([b'!']) => skip(&mut rest, 1).and_then(|_| skip_blocks(&mut rest)).map(|()| &[][..]),
            Some([b',']) => {
                let descriptor: Option<[u8; 9]> = take(&mut rest);
                let pixels = descriptor.and_then(|descriptor| skip(&mut rest, colour_table(descriptor[8]) + 1));
                let whole = pixels.and_then(|_| skip_blocks(&mut rest));
                frames += u32::from(whole.is_some());
                whole.map(|()| &[][..])
            }
            _ => None,
        };
    }
    Beside { frames: frames.max(1), ..Beside::default() }
}
