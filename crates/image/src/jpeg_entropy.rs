//! JPEG: a sequential image is decoded as far as its entropy-coded data goes (ITU-T T.81, annex F).
//!
//! What is damaged shows there and nowhere else: whatever the coefficients are, they are pixels.  So every code is read.
//! What is made of the coefficients is up to a [`Purpose`]; [`luminance`] keeps those that say how light a block is.

use std::iter;

use crate::jpeg_huffman::{Bits, Constants, Others};
use crate::perceptual::Blocks;
use crate::{skip, take};

/// Pixels along a side, at least, of an image whose blocks are enough of a picture: one for each cell of the perceptual hash.
const MIN_SIDE: u32 = 256;

/// Most Huffman tables of a file: all that can be there, for each of three scans.  They take time.
const MAX_TABLES: u32 = 24;

/// The largest constant coefficient, before it is divided, of samples of eight bits.
const MAX_CONSTANT: i32 = 2047;

/// A component of the frame.
struct Component {
    id: u8,
    horizontal: usize,
    vertical: usize,
    quantisation: usize,
    was_scanned: bool,
}

/// What the coefficients of an image are read for.
pub(crate) trait Purpose {
    /// Pixels along a side, at least.
    const MIN_SIDE: u32;

    /// A table of the coefficients that are not constant.
    type Others;

    /// Reads one of a segment (B.2.4.2).
    fn others(data: &mut &[u8]) -> Option<Self::Others>;

    /// Learns what scan comes next.
    fn scan(&mut self, layout: &Layout<'_>) -> Option<()>;

    /// Reads a block whose constant coefficient differs from the one given; gives its own.
    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        tables: (&Constants, &Self::Others),
        before: i32,
        place: Place,
    ) -> Option<i32>;
}

/// What is in a scan, and how.
pub(crate) struct Layout<'a> {
    /// Of the image, in pixels.
    pub(crate) size: (u32, u32),
    /// Units across and down.
    pub(crate) units: (usize, usize),
    /// Components of the image.
    pub(crate) of: usize,
    pub(crate) components: Vec<Share<'a>>,
}

/// What a component has in a unit of a scan.
pub(crate) struct Share<'a> {
    /// Place among the components of the image.
    pub(crate) number: usize,
    /// Blocks across and down.
    pub(crate) blocks: (usize, usize),
    pub(crate) quantisation: &'a [u16; 64],
}

/// Where a block is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Column and row of the unit.
    pub(crate) unit: (usize, usize),
    /// Among those of the unit.
    pub(crate) block: usize,
    /// Among those of the scan.
    pub(crate) component: usize,
}

/// What was read before a scan.
struct Decoder<O> {
    size: (u32, u32),
    components: Vec<Component>,
    constants: [Option<Constants>; 4],
    others: [Option<O>; 4],
    /// Huffman tables that were read.
    tables: u32,
    quantisation: [Option<[u16; 64]>; 4],
    restart_interval: usize,
}

/// The luminance of a sequential JPEG with Huffman codes, grey or YCbCr, whose data is without any fault.  `None` is no
/// verdict: it is up to a whole decoder what to make of the image, which may be small, of another kind, or damaged.
pub(crate) fn luminance(bytes: &[u8]) -> Option<Blocks> {
    let mut luminance = Luminance::default();
    let size = read(bytes, &mut luminance)?;
    luminance.plane.and_then(|plane| plane.blocks(size))
}

/// Reads the coefficients of a sequential JPEG with Huffman codes, grey or YCbCr, whose data is without any fault; gives
/// width and height.  `None` is no verdict.
pub(crate) fn read<P: Purpose>(bytes: &[u8], purpose: &mut P) -> Option<(u32, u32)> {
    let mut decoder = Decoder::default();
    let mut rest = bytes.strip_prefix(b"\xFF\xD8")?;
    let mut next = marker(&mut rest)?;
    loop {
        if next == 0xD9 {
            let is_whole = decoder.components.iter().all(|component| component.was_scanned);
            return (is_whole && !decoder.components.is_empty()).then_some(decoder.size);
        }
        let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
        let data = skip(&mut rest, length.checked_sub(2)?)?;
        match next {
            0xC0 | 0xC1 => decoder.frame(data, P::MIN_SIDE)?,
            0xC4 => decoder.huffman(data, P::others)?,
            0xDB => decoder.quantisation(data)?,
            0xDD => decoder.restart_interval = u16::from_be_bytes(data.try_into().ok()?).into(),
            // Adobe's colour transform: YCbCr.
            0xEE if data.starts_with(b"Adobe") && data.get(11) != Some(&1) => return None,
            0xE0..=0xEF | 0xFE => {}
            0xDA => {
                next = decoder.scan(data, &mut rest, purpose)?;
                continue;
            }
            _ => return None,
        }
        next = marker(&mut rest)?;
    }
}

impl<O> Default for Decoder<O> {
    fn default() -> Self {
        Self {
            size: (0, 0),
            components: Vec::new(),
            constants: Default::default(),
            others: Default::default(),
            tables: 0,
            quantisation: [None; 4],
            restart_interval: 0,
        }
    }
}

impl<O> Decoder<O> {
    /// Reads a frame header (B.2.2).
    fn frame(&mut self, data: &[u8], min_side: u32) -> Option<()> {
        let &[8, h1, h0, w1, w0, count, ref components @ ..] = data else { return None };
        self.size = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        let is_of_its_kind = matches!(count, 1 | 3) && components.len() == usize::from(count) * 3;
        if !is_of_its_kind || !self.components.is_empty() || self.size.0.min(self.size.1) < min_side {
            return None;
        }
        for component in components.chunks_exact(3) {
            let &[id, factors, quantisation] = component else { return None };
            // What the whole decoder takes.
            if !(factors >> 4).is_power_of_two() {
                return None;
            }
            // The only component has one block in a unit, whatever its factors (A.2.2).
            let factors = if count == 1 { 0x11 } else { usize::from(factors) };
            let (horizontal, vertical, quantisation) = (factors >> 4, factors & 15, quantisation.into());
            let other = Component { id, horizontal, vertical, quantisation, was_scanned: false };
            self.components.push(other);
        }
        let (largest, ids) = (self.components.first()?, self.components.iter().map(|component| component.id));
        // What Pillow takes: luminance is the largest by a whole number.
        let is_part = |part: usize, whole: usize| part > 0 && whole <= 4 && whole.is_multiple_of(part);
        let are_parts = self.components.iter().all(|component| {
            is_part(component.horizontal, largest.horizontal) && is_part(component.vertical, largest.vertical)
        });
        (are_parts && !ids.eq(*b"RGB")).then_some(())
    }

    /// Reads a segment of quantisation tables (B.2.4.1).
    fn quantisation(&mut self, mut data: &[u8]) -> Option<()> {
        while let Some([kind]) = take(&mut data) {
            let mut table = [0; 64];
            for element in &mut table {
                *element = match kind >> 4 {
                    0 => take(&mut data).map(|[low]| low.into())?,
                    1 => take(&mut data).map(u16::from_be_bytes)?,
                    _ => return None,
                };
            }
            *self.quantisation.get_mut(usize::from(kind & 15))? = Some(table);
        }
        Some(())
    }

    /// Reads a segment of Huffman tables (B.2.4.2).
    fn huffman(&mut self, mut data: &[u8], others: impl Fn(&mut &[u8]) -> Option<O>) -> Option<()> {
        while let Some([kind]) = take(&mut data) {
            let place = usize::from(kind & 15);
            self.tables += 1;
            if self.tables > MAX_TABLES {
                return None;
            }
            match kind >> 4 {
                0 => *self.constants.get_mut(place)? = Some(Constants::read(&mut data)?),
                1 => *self.others.get_mut(place)? = Some(others(&mut data)?),
                _ => return None,
            }
        }
        Some(())
    }

    /// Reads a scan (B.2.3) whose header is the data, and goes to the marker behind it.
    fn scan<P>(&mut self, data: &[u8], rest: &mut &[u8], purpose: &mut P) -> Option<u8>
    where
        P: Purpose<Others = O>,
    {
        let (&count, data) = data.split_first()?;
        let selectors = data.strip_suffix(&[0, 63, 0]).filter(|data| data.len() == usize::from(count) * 2)?;
        let largest = self.components.first().map(|largest| (largest.horizontal, largest.vertical))?;
        let of = self.components.len();
        let mut layout = Layout { size: self.size, units: (0, 0), of, components: Vec::new() };
        let mut scan = Scan { units: (0, 0), blocks: Vec::new(), components: Vec::new() };
        let mut following = self.components.iter_mut().enumerate();
        for selector in selectors.chunks_exact(2) {
            let &[id, tables] = selector else { return None };
            let (number, component) = following.find(|(_, component)| component.id == id && !component.was_scanned)?;
            component.was_scanned = true;
            // A component alone is scanned block by block, without those that have no pixels (A.2.2).
            let factors = (component.horizontal, component.vertical);
            let (horizontal, vertical) = if count == 1 { (1, 1) } else { factors };
            let pixels = (8 * largest.0 * horizontal / factors.0, 8 * largest.1 * vertical / factors.1);
            scan.units = ((self.size.0 as usize).div_ceil(pixels.0), (self.size.1 as usize).div_ceil(pixels.1));
            scan.blocks.extend(iter::repeat_n(scan.components.len(), horizontal * vertical));
            let quantisation = self.quantisation.get(component.quantisation)?.as_ref()?;
            layout.components.push(Share { number, blocks: (horizontal, vertical), quantisation });
            let constants = self.constants.get(usize::from(tables >> 4))?.as_ref()?;
            let others = self.others.get(usize::from(tables & 15))?.as_ref()?;
            scan.components.push(Scanned { constants, others, before: 0 });
        }
        // As large as a unit may be (B.2.3).
        if !(1..=10).contains(&scan.blocks.len()) {
            return None;
        }
        layout.units = scan.units;
        purpose.scan(&layout)?;
        scan.read(rest, self.restart_interval, purpose)
    }
}

/// A scan.
struct Scan<'a, O> {
    /// Units across and down.
    units: (usize, usize),
    /// Of each block of a unit the place of its component.
    blocks: Vec<usize>,
    components: Vec<Scanned<'a, O>>,
}

/// A component in a scan.
struct Scanned<'a, O> {
    constants: &'a Constants,
    others: &'a O,
    /// The constant coefficient of its block before.
    before: i32,
}

/// The blocks of luminance.
pub(crate) struct Plane {
    divisor: i32,
    /// Blocks of a unit, across and down.
    unit: (usize, usize),
    /// Blocks of a row.
    columns: usize,
    means: Vec<u16>,
}

impl Plane {
    pub(crate) fn new(divisor: i32, unit: (usize, usize), units: (usize, usize)) -> Self {
        let columns = units.0 * unit.0;
        Self { divisor, unit, columns, means: vec![0; columns * units.1 * unit.1] }
    }

    pub(crate) fn set(&mut self, (column, row): (usize, usize), block: usize, constant: i32) {
        let (x, y) = (column * self.unit.0 + block % self.unit.0, row * self.unit.1 + block / self.unit.0);
        if let Some(mean_of_block) = self.means.get_mut(y * self.columns + x) {
            *mean_of_block = mean(constant, self.divisor);
        }
    }
}

impl Plane {
    /// The blocks of an image of that size, where it has enough of them to be looked at in their stead.
    pub(crate) fn blocks(self, size: (u32, u32)) -> Option<Blocks> {
        let Self { columns, means, .. } = self;
        (size.0.min(size.1) >= MIN_SIDE).then_some(Blocks { size, columns, means })
    }
}

/// Keeps how light the blocks are.
#[derive(Default)]
struct Luminance {
    plane: Option<Plane>,
    /// How many of a unit are of luminance: its first.
    blocks: usize,
}

impl Purpose for Luminance {
    const MIN_SIDE: u32 = MIN_SIDE;

    type Others = Others;

    fn others(data: &mut &[u8]) -> Option<Others> {
        Others::read(data)
    }

    fn scan(&mut self, layout: &Layout<'_>) -> Option<()> {
        self.blocks = 0;
        if let Some(share) = layout.components.first().filter(|share| share.number == 0) {
            self.blocks = share.blocks.0 * share.blocks.1;
            self.plane = Some(Plane::new(share.quantisation[0].into(), share.blocks, layout.units));
        }
        Some(())
    }

    #[inline]
    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        (constants, others): (&Constants, &Others),
        before: i32,
        Place { unit, block, .. }: Place,
    ) -> Option<i32> {
        let constant = before + bits.block(constants, others)?;
        if let Some(plane) = self.plane.as_mut().filter(|_| block < self.blocks) {
            plane.set(unit, block, constant);
        }
        Some(constant)
    }
}

impl<O> Scan<'_, O> {
    /// Reads the entropy-coded data, and the marker behind it.
    fn read<P>(&mut self, rest: &mut &[u8], restart_interval: usize, purpose: &mut P) -> Option<u8>
    where
        P: Purpose<Others = O>,
    {
        let all = self.units.0 * self.units.1;
        let interval = if restart_interval == 0 { all } else { restart_interval };
        let (mut clean, mut restarts) = (Vec::new(), (0xD0..=0xD7).cycle());
        let (mut done, mut unit) = (0, (0, 0));
        loop {
            let marker = unstuffed(rest, &mut clean)?;
            let mut bits = Bits::new(&clean)?;
            self.components.iter_mut().for_each(|component| component.before = 0);
            let until = all.min(done + interval);
            for _ in done..until {
                for (block, &component) in self.blocks.iter().enumerate() {
                    let Scanned { constants, others, before } = self.components.get_mut(component)?;
                    let place = Place { unit, block, component };
                    *before = purpose.block(&mut bits, (constants, others), *before, place)?;
                    if before.abs() > MAX_CONSTANT {
                        return None;
                    }
                }
                let is_last = unit.0 + 1 == self.units.0;
                unit = if is_last { (0, unit.1 + 1) } else { (unit.0 + 1, unit.1) };
            }
            done = until;
            if !bits.is_at_end() {
                return None;
            }
            if done == all {
                return Some(marker);
            }
            if restarts.next() != Some(marker) {
                return None;
            }
        }
    }
}

/// The mean of a block in eighths of a level, 0 to 2040 (A.3.3): its samples are around 128.
fn mean(constant: i32, divisor: i32) -> u16 {
    u16::try_from((constant * divisor + 8 * 128).clamp(0, 8 * 255)).unwrap_or_default()
}

/// Takes a marker and the fill bytes before it (B.1.1.2).
fn marker(rest: &mut &[u8]) -> Option<u8> {
    let [0xFF] = take(rest)? else { return None };
    loop {
        match take(rest)? {
            [0xFF] => {}
            [0] => return None,
            [marker] => return Some(marker),
        }
    }
}

/// Takes entropy-coded data up to the next marker, without the zeros that are stuffed in behind each 0xFF (F.1.2.3), and with the
/// margin that [`Bits`] wants; takes the marker too and gives it.
fn unstuffed(rest: &mut &[u8], clean: &mut Vec<u8>) -> Option<u8> {
    clean.clear();
    loop {
        clean.extend_from_slice(skip(rest, position_of_ff(rest)?)?);
        if rest.get(1) != Some(&0) {
            clean.extend_from_slice(&[0; Bits::MARGIN]);
            return marker(rest);
        }
        clean.push(0xFF);
        *rest = rest.get(2..)?;
    }
}

/// Where the first byte of all ones is.
pub(crate) fn position_of_ff(bytes: &[u8]) -> Option<usize> {
    // Without a way out in between, a comparison of all bytes of a piece at once.
    let has_ff = |piece: &[u8]| piece.iter().fold(false, |has, &byte| has | (byte == 0xFF));
    let (number, piece) = bytes.chunks(32).enumerate().find(|(_, piece)| has_ff(piece))?;
    piece.iter().position(|&byte| byte == 0xFF).map(|at| number * 32 + at)
}

#[cfg(test)]
pub(crate) mod tests {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    use super::*;
    use crate::{Limits, decode, facts, perceptual, verify};

    const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

    /// A small generator of numbers, the same on every machine (SplitMix64).
    pub(crate) struct Numbers(pub(crate) u64);

    impl Numbers {
        /// Cuts, changes, removes, blanks or adds some bytes.
        pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>) {
            let from = self.below(bytes.len());
            let until = (from + 1 + self.below(40)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(from),
                1 => bytes[from] ^= 1 << self.below(8),
                2 => drop(bytes.drain(from..until)),
                3 => bytes[from..until].fill(0),
                _ => drop(bytes.splice(from..from, (from..until).map(|_| u8::try_from(self.below(256)).unwrap()))),
            }
        }

        pub(crate) fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
        }
    }

    /// Waves of three colours with some noise.
    pub(crate) fn jpeg(width: u16, height: u16, color: ColorType, set: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        let mut numbers = Numbers(u64::from(width) << 16 | u64::from(height));
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(x), f64::from(y))));
        let pixels: Vec<u8> = places
            .flat_map(|(x, y)| {
                let waves = (x / 37.0).sin() + (y / 23.0 + x / 90.0).cos() + (x * y / 9000.0).sin();
                [0.0, 0.4, -0.8].map(|other| {
                    let light = (25.0 + 9.0 * other) * waves + 30.0 * other + 128.0;
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
                    let light = light.clamp(0.0, 240.0) as u8;
                    light + u8::try_from(numbers.below(12)).unwrap()
                })
            })
            .step_by(if color == ColorType::Luma { 3 } else { 1 })
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 80);
        set(&mut encoder);
        encoder.encode(&pixels, width, height, color).unwrap();
        bytes
    }

    fn rgb(set: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        jpeg(301, 275, ColorType::Rgb, set)
    }

    /// Bits in which the hash of the blocks is another than that of the pixels.
    fn distance(bytes: &[u8]) -> u32 {
        let blocks = luminance(bytes).unwrap();
        let of_blocks = perceptual::hash_of_blocks(&blocks, 1).unwrap();
        let of_pixels = decode::verify_pixels(bytes, facts(bytes, LIMITS).unwrap()).unwrap().perceptual_hash.unwrap();
        (of_blocks ^ of_pixels).count_ones()
    }

    #[test]
    fn blocks_have_the_hash_of_the_pixels() {
        use SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2, F_4_1};
        for sampling in [F_1_1, F_1_2, F_2_1, F_2_2, F_4_1] {
            for restart_interval in [0, 1, 7] {
                let bytes = rgb(|encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_restart_interval(restart_interval);
                });
                assert!(distance(&bytes) <= 4, "{sampling:?} {restart_interval}");
            }
        }
        for (width, height) in [(256, 256), (257, 263), (264, 265), (400, 271)] {
            assert!(distance(&jpeg(width, height, ColorType::Luma, |_| {})) <= 4, "{width}");
            assert!(distance(&jpeg(width, height, ColorType::Rgb, |_| {})) <= 4, "{width}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the image is the test's own")]
    fn blocks_are_as_light_as_their_pixels() {
        use SamplingFactor::{F_1_1, F_1_4, F_2_1, F_2_2, F_2_4, F_4_2};
        let (columns, rows) = (301 / 8, 275 / 8);
        let image = image::load_from_memory(&rgb(|_| {})).unwrap().into_rgb8();
        let light = |x: usize, y: usize| {
            let places = (8 * y..8 * y + 8).flat_map(|y| (8 * x..8 * x + 8).map(move |x| (x, y)));
            let weighed =
                |pixel: &[u8]| 77 * u32::from(pixel[0]) + 150 * u32::from(pixel[1]) + 29 * u32::from(pixel[2]);
            places.map(|(x, y)| weighed(&image.as_raw()[3 * (y * 301 + x)..])).sum::<u32>() / (8 * 256)
        };
        // With codes of its own the encoder writes each component as a scan of its own, and so with large units.
        for (sampling, is_optimized) in
            [(F_1_1, false), (F_2_1, true), (F_2_2, true), (F_1_4, false), (F_2_4, true), (F_4_2, false)]
        {
            let bytes = rgb(|encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_optimized_huffman_tables(is_optimized);
                // Its own codes leave out what only restarts need.
                encoder.set_restart_interval(if is_optimized { 0 } else { 11 });
            });
            let blocks = luminance(&bytes).unwrap();
            for (x, y) in (0..columns * rows).map(|place| (place % columns, place / columns)) {
                let difference = u32::from(blocks.means[y * blocks.columns + x]).abs_diff(light(x, y));
                assert!(difference <= 12, "{sampling:?} {is_optimized} {x} {y} {difference}");
            }
        }
    }

    #[test]
    fn other_kinds_are_left_to_a_whole_decoder() {
        assert!(luminance(&rgb(|_| {})).is_some());
        assert!(luminance(&rgb(|encoder| encoder.set_progressive(true))).is_none());
        assert!(luminance(&jpeg(255, 300, ColorType::Rgb, |_| {})).is_none());
        assert!(luminance(b"").is_none());
        let bytes = rgb(|_| {});
        let changed = |marker: u8, at: usize, to: u8| {
            let mut bytes = bytes.clone();
            let segment = bytes.windows(2).position(|window| *window == [0xFF, marker]).unwrap();
            bytes[segment + at] = to;
            luminance(&bytes)
        };
        // The frame: a colour is larger than luminance, which is of three blocks across.
        assert!(changed(0xC0, 14, 0x41).is_none());
        assert!(changed(0xC0, 11, 0x31).is_none());
        // The scan: of some frequencies only.
        assert!(changed(0xDA, 12, 62).is_none());
    }

    #[test]
    fn data_of_another_length_than_its_blocks_is_damage() {
        for bytes in [rgb(|_| {}), rgb(|encoder| encoder.set_restart_interval(9))] {
            let end = bytes.len() - 2;
            for (cut, put) in [(1, &[][..]), (3, &[]), (0, &[0]), (0, &[0x55; 7])] {
                let changed = [&bytes[..end - cut], put, &bytes[end..]].concat();
                assert!(luminance(&changed).is_none(), "{cut} {put:?}");
            }
        }
        let bytes = rgb(|encoder| encoder.set_restart_interval(9));
        let restart = bytes.windows(2).position(|window| *window == [0xFF, 0xD1]).unwrap();
        let changed = [&bytes[..=restart], &[0xD2], &bytes[restart + 2..]].concat();
        assert!(luminance(&changed).is_none(), "restarts out of order");
        let changed = [&bytes[..restart], &bytes[restart + 2..]].concat();
        assert!(luminance(&changed).is_none(), "a restart is missing");
    }

    #[test]
    fn damage_gets_the_verdict_of_the_whole_decoder() {
        let mut numbers = Numbers(7);
        let files =
            [rgb(|_| {}), rgb(|encoder| encoder.set_restart_interval(5)), jpeg(260, 256, ColorType::Luma, |_| {})];
        let mut fast = 0;
        for round in 0..300 {
            let mut bytes = files[round % files.len()].clone();
            numbers.damage(&mut bytes);
            let blocks = luminance(&bytes);
            let Ok(facts) = facts(&bytes, LIMITS) else {
                assert!(verify(&bytes, LIMITS).is_err());
                continue;
            };
            fast += usize::from(blocks.is_some());
            assert_eq!(verify(&bytes, LIMITS).is_ok(), decode::verify_pixels(&bytes, facts).is_ok(), "{round}");
        }
        assert!(fast > 10, "{fast} of the damaged files have codes without a fault");
    }
}
