//! JPEG: what a scan needs (ITU-T T.81, B.2.2 to B.2.4 and annex G).

use crate::{skip, take};

type Checked = Result<(), &'static str>;

/// A component of the frame.
#[derive(Clone, Copy, Debug)]
struct Component {
    id: u8,
    /// Blocks of the component in one unit of an interleaved scan.
    blocks: u8,
    quantisation: u8,
}

/// The tables and the frame header, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    dc: [bool; 4],
    ac: [bool; 4],
    quantisation: [bool; 4],
    size: Option<(u32, u32)>,
    progressive: bool,
    components: Vec<Component>,
}

impl Tables {
    /// Width and height.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }

    /// Reads a frame header: 8 bits a sample, as baseline decoders want it.
    pub(crate) fn frame(&mut self, marker: u8, data: &[u8]) -> Checked {
        let [precision, h1, h0, w1, w0, count, components @ ..] = data else {
            return Err("the frame header is too short");
        };
        if self.size.is_some() {
            return Err("a second frame header");
        }
        if *precision != 8 {
            return Err("samples are not of 8 bits");
        }
        if !matches!(count, 1 | 3 | 4) || components.len() != usize::from(*count) * 3 {
            return Err("the frame header does not hold its components");
        }
        for component in components.chunks_exact(3) {
            let &[id, factors, quantisation] = component else { continue };
            let (horizontal, vertical) = (factors >> 4, factors & 15);
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) || quantisation > 3 {
                return Err("a component makes no sense");
            }
            if self.components.iter().any(|other| other.id == id) {
                return Err("two components of one name");
            }
            self.components.push(Component { id, blocks: horizontal * vertical, quantisation });
        }
        let side = |high: &u8, low: &u8| u32::from(u16::from_be_bytes([*high, *low]));
        self.size = Some((side(w1, w0), side(h1, h0)));
        self.progressive = marker == 0xC2;
        Ok(())
    }

    /// Reads a segment of quantisation tables.
    pub(crate) fn quantisation(&mut self, mut data: &[u8]) -> Checked {
        while let Some([kind]) = take(&mut data) {
            let length = match kind >> 4 {
                0 => 64,
                1 => 128,
                _ => return Err("a quantisation table of unknown precision"),
            };
            skip(&mut data, length).ok_or("a quantisation table is too short")?;
            *self.quantisation.get_mut(usize::from(kind & 15)).ok_or("a fifth quantisation table")? = true;
        }
        Ok(())
    }

    /// Reads a segment of Huffman tables.
    pub(crate) fn huffman(&mut self, mut data: &[u8]) -> Checked {
        while let Some([kind]) = take(&mut data) {
            let counts: [u8; 16] = take(&mut data).ok_or("a Huffman table is too short")?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let symbols = skip(&mut data, symbols).filter(|symbols| symbols.len() <= 256);
            let symbols = symbols.ok_or("a Huffman table is too short")?;
            // As many codes as their lengths leave room for, the code of all ones excepted.
            let room = counts.iter().try_fold(1_u32, |room, &count| (room * 2).checked_sub(u32::from(count)));
            if room.is_none_or(|room| room == 0) {
                return Err("a Huffman table has too many codes");
            }
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            if kind >> 4 > 1 || (kind >> 4 == 0 && symbols.iter().any(|&symbol| symbol > 15)) {
                return Err("a Huffman table makes no sense");
            }
            *tables.get_mut(usize::from(kind & 15)).ok_or("a fifth Huffman table")? = true;
        }
        Ok(())
    }

    /// Reads a scan header and checks that the tables it names are there.
    pub(crate) fn scan(&self, data: &[u8]) -> Checked {
        const SHORT: &str = "the scan header does not hold its components";
        let (&count, rest) = data.split_first().ok_or(SHORT)?;
        let (selectors, parameters) = rest.split_at_checked(usize::from(count) * 2).ok_or(SHORT)?;
        let &[start, end, approximation] = parameters else { return Err(SHORT) };
        let (before, after) = (approximation >> 4, approximation & 15);
        let (needs_dc, needs_ac) = if self.progressive {
            let valid = match start {
                0 => end == 0,
                _ => start <= end && end < 64 && count == 1,
            };
            if !valid || after > 13 || (before != 0 && before != after + 1) {
                return Err("a scan of a progressive image makes no sense");
            }
            (start == 0 && before == 0, start != 0)
        } else {
            (true, true)
        };
        let mut blocks = 0;
        let mut seen = Vec::with_capacity(4);
        for selector in selectors.chunks_exact(2) {
            let &[id, tables] = selector else { continue };
            let component = self.components.iter().find(|component| component.id == id);
            let component = component.ok_or("a scan of a component that the frame does not have")?;
            let present = |tables: &[bool; 4], index: u8| tables.get(usize::from(index)).copied().unwrap_or(false);
            if (needs_dc && !present(&self.dc, tables >> 4)) || (needs_ac && !present(&self.ac, tables & 15)) {
                return Err("a scan without its Huffman tables");
            }
            if !present(&self.quantisation, component.quantisation) {
                return Err("a scan without its quantisation table");
            }
            if seen.contains(&id) {
                return Err("a scan names a component twice");
            }
            seen.push(id);
            blocks += component.blocks;
        }
        match count {
            1 => Ok(()),
            2..=4 if blocks <= 10 => Ok(()),
            _ => Err("a scan of too many blocks"),
        }
    }
}
