//! GIF: logical screen and blocks (GIF 89a specification, sections 17 to 27).

use crate::{Size, skip, take};

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
