//! JPEG: another quality, without pixels.
//!
//! The coefficients are decoded, divided anew (ITU-T T.81, A.3.4) and encoded (F.1.2), block by block: what decoding the
//! picture and encoding it again does, without the rounding and clamping of pixels in between, and in a fraction of the
//! time.  All is counted in whole numbers.

use crate::jpeg_entropy::{self, Layout, Place, Plane, Purpose};
use crate::jpeg_huffman::{Bits, Constants, Values};
use crate::perceptual::Blocks;

/// Bytes of a colour profile in a segment (ICC.1, annex B.4), at most.
const PROFILE_PIECE: usize = 65_519;

/// The largest coefficient that is not constant, of samples of eight bits (table F.2).
const MAX_OTHER: u32 = 1023;

/// The same picture in the quality of libjpeg, 1 to 100: baseline, with the sampling factors that it has, and the colour
/// profile that `profile` picks, told whether the picture is grey, if any.  Of a sequential JPEG with Huffman codes, grey or YCbCr,
/// whose data is in one scan and without any fault.  `None` is no verdict: it is up to a whole decoder what to make of the
/// image.
pub(crate) fn requantised<'p>(
    bytes: &[u8],
    quality: u8,
    profile: impl Fn(bool) -> Option<&'p [u8]>,
) -> Option<(Vec<u8>, Option<Blocks>)> {
    let file = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    let writer = Writer { file, word: 0, count: 0 };
    let mut requantiser = Requantiser { quality, profile, channels: Vec::new(), writer, plane: None };
    let size = jpeg_entropy::read(bytes, &mut requantiser)?;
    Some((requantiser.writer.end(), requantiser.plane.and_then(|plane| plane.blocks(size))))
}

/// Writes the picture while it is read.
struct Requantiser<F> {
    quality: u8,
    profile: F,
    channels: Vec<Channel>,
    writer: Writer,
    /// How light the blocks are as they were.
    plane: Option<Plane>,
}

/// How a component is written.
struct Channel {
    steps: [Step; 64],
    constants: Codes,
    others: Codes,
    /// The constant coefficient of its block before.
    before: i32,
}

impl<'p, F: Fn(bool) -> Option<&'p [u8]>> Purpose for Requantiser<F> {
    const MIN_SIDE: u32 = 1;

    type Others = Values;

    fn others(data: &mut &[u8]) -> Option<Values> {
        Values::read(data)
    }

    fn scan(&mut self, layout: &Layout<'_>) -> Option<()> {
        // What every decoder takes: all in one scan, and colours of one block in a unit.
        let (first, colours) = layout.components.split_first()?;
        let is_power = |side: usize| matches!(side, 1 | 2 | 4);
        let is_of_its_kind = layout.components.len() == layout.of
            && is_power(first.blocks.0)
            && is_power(first.blocks.1)
            && colours.iter().all(|colour| colour.blocks == (1, 1));
        if !is_of_its_kind {
            return None;
        }
        self.plane = Some(Plane::new(first.quantisation[0].into(), first.blocks, layout.units));
        let tables = [LIGHT, COLOUR].map(|table| scaled(&table, self.quality));
        for (number, share) in layout.components.iter().enumerate() {
            let (divisors, constants, others) = if number == 0 {
                (&tables[0], &LIGHT_CONSTANTS, &LIGHT_OTHERS)
            } else {
                (&tables[1], &COLOUR_CONSTANTS, &COLOUR_OTHERS)
            };
            // No decoder knows what a factor of 0 is.
            if share.quantisation.contains(&0) {
                return None;
            }
            let mut steps = [Step::default(); 64];
            for (place, step) in steps.iter_mut().enumerate() {
                *step = Step::new(share.quantisation[place], divisors[place]);
            }
            self.channels.push(Channel { steps, constants: constants.codes(), others: others.codes(), before: 0 });
        }
        let profile = (self.profile)(colours.is_empty()).unwrap_or_default();
        head(&mut self.writer.file, layout, &tables, profile)
    }

    #[inline]
    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        (constants, others): (&Constants, &Values),
        before: i32,
        place: Place,
    ) -> Option<i32> {
        let Channel { steps, constants: codes, others: codes_of_others, before: before_here } =
            self.channels.get_mut(place.component)?;
        let writer = &mut self.writer;
        let constant = before + bits.constant(constants)?;
        if let Some(plane) = self.plane.as_mut().filter(|_| place.component == 0) {
            plane.set(place.unit, place.block, constant);
        }
        let divided = steps[0].divide(constant.unsigned_abs()).cast_signed() * constant.signum();
        let divided = divided.clamp(-1024, 1023);
        let difference = divided - *before_here;
        *before_here = divided;
        writer.put(codes, 0, difference.unsigned_abs(), difference >> 31);
        let mut last = 0;
        bits.others(others, |place, value| {
            let divided = steps[place & 63].divide(value.unsigned_abs()).min(MAX_OTHER);
            if divided == 0 {
                return;
            }
            let mut zeros = place - last - 1;
            last = place;
            while zeros > 15 {
                writer.put(codes_of_others, 15, 0, 0);
                zeros -= 16;
            }
            writer.put(codes_of_others, zeros, divided, value >> 31);
        })?;
        if last < 63 {
            writer.put(codes_of_others, 0, 0, 0);
        }
        Some(constant)
    }
}

/// Multiplication by a factor and division by a divisor, at once.
#[derive(Clone, Copy, Default)]
struct Step {
    /// The factor, divided.
    factor: u64,
    /// Half the divisor, divided.
    half: u64,
}

impl Step {
    /// Bits behind the point.  For products below 2^27 and divisors below 2^8 the reciprocal is as good as a division: it is too large by
    /// less than 2^-36, the product of both by less than 2^-9, and so it does not reach the next whole number.
    const FRACTION: u32 = 36;

    fn new(factor: u16, divisor: u8) -> Self {
        let reciprocal = (1_u64 << Self::FRACTION).div_ceil(u64::from(divisor.max(1)));
        Self { factor: u64::from(factor) * reciprocal, half: u64::from(divisor / 2) * reciprocal }
    }

    /// To the nearest; up where two are as near.  For numbers below 2^11.
    #[inline]
    const fn divide(self, magnitude: u32) -> u32 {
        ((magnitude as u64 * self.factor + self.half) >> Self::FRACTION) as u32
    }
}

/// A table in a quality, as libjpeg scales it (`jpeg_quality_scaling` and `jpeg_add_quant_table` of jcparam.c).
fn scaled(table: &[u8; 64], quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    table.map(|divisor| u8::try_from(((u32::from(divisor) * percent + 50) / 100).clamp(1, 255)).unwrap_or(u8::MAX))
}

/// Writes what stands before the entropy-coded data (T.81, B.2): with the JFIF segment (T.871, section 10.1) of a picture whose pixels are
/// as wide as high.
fn head(file: &mut Vec<u8>, layout: &Layout<'_>, tables: &[[u8; 64]; 2], profile: &[u8]) -> Option<()> {
    file.extend(b"\xFF\xD8");
    segment(file, 0xE0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"])?;
    let pieces = profile.chunks(PROFILE_PIECE);
    let count = u8::try_from(pieces.len()).ok()?;
    for (number, piece) in (1..=count).zip(pieces) {
        segment(file, 0xE2, &[b"ICC_PROFILE\0", &[number, count], piece])?;
    }
    let (mut frame, mut scan, of) = (vec![8], Vec::new(), u8::try_from(layout.of).ok()?);
    for side in [layout.size.1, layout.size.0] {
        frame.extend(u16::try_from(side).ok()?.to_be_bytes());
    }
    frame.push(of);
    scan.push(of);
    for (id, share) in (1..=of).zip(&layout.components) {
        let factors = u8::try_from(share.blocks.0 << 4 | share.blocks.1).ok()?;
        frame.extend([id, factors, u8::from(id > 1)]);
        scan.extend([id, if id > 1 { 0x11 } else { 0 }]);
    }
    scan.extend([0, 63, 0]);
    let kinds = usize::from(of.min(2));
    for (number, table) in (0..).zip(tables).take(kinds) {
        segment(file, 0xDB, &[&[number], table])?;
    }
    segment(file, 0xC0, &[&frame])?;
    let codes = [(0, &LIGHT_CONSTANTS), (0x10, &LIGHT_OTHERS), (1, &COLOUR_CONSTANTS), (0x11, &COLOUR_OTHERS)];
    for (kind, HuffmanTable { counts, symbols }) in codes.into_iter().take(2 * kinds) {
        segment(file, 0xC4, &[&[kind], counts, symbols])?;
    }
    segment(file, 0xDA, &[&scan])
}

/// Writes a segment (B.1.1.4).
fn segment(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Option<()> {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    file.extend([0xFF, marker]);
    file.extend(u16::try_from(length).ok()?.to_be_bytes());
    parts.iter().for_each(|part| file.extend_from_slice(part));
    Some(())
}

/// Entropy-coded data behind a head.
struct Writer {
    file: Vec<u8>,
    /// The last bits, at the bottom.
    word: u64,
    /// How many they are: fewer than 32.
    count: u32,
}

impl Writer {
    /// Writes the code of a run of zeros and of the bits of the number behind it, and these bits (F.1.2.1 and F.1.2.2).  The
    /// sign is -1 of a negative number, else 0.
    #[inline]
    fn put(&mut self, codes: &Codes, zeros: usize, magnitude: u32, sign: i32) {
        let size = u32::BITS - magnitude.leading_zeros();
        let code = codes.0[(zeros << 4 | size as usize) & 255];
        // A negative number is written with all bits inverted.
        let bits = magnitude ^ (sign.cast_unsigned() & MASKS[size as usize & 15]);
        self.word = self.word << (code & 63) | u64::from(code >> 6 | bits);
        self.count += code & 63;
        if self.count >= 32 {
            self.count -= 32;
            self.flush((self.word >> self.count) as u32);
        }
    }

    /// Writes 32 bits, behind each byte of all ones a zero (F.1.2.3).
    #[inline]
    fn flush(&mut self, bits: u32) {
        // Whether a byte is all ones: the inverted word has one that is 0.
        if bits & (!bits).wrapping_sub(0x0101_0101) & 0x8080_8080 == 0 {
            self.file.extend_from_slice(&bits.to_be_bytes());
        } else {
            self.stuff(&bits.to_be_bytes());
        }
    }

    #[cold]
    fn stuff(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.file.push(byte);
            if byte == 0xFF {
                self.file.push(0);
            }
        }
    }

    /// Fills up the last byte with ones and ends the image.
    fn end(mut self) -> Vec<u8> {
        let missing = self.count.wrapping_neg() % 8;
        let bits = self.word << missing | ((1 << missing) - 1);
        let bytes = (bits << (64 - self.count - missing).min(63)).to_be_bytes();
        self.stuff(bytes.get(..self.count.div_ceil(8) as usize).unwrap_or_default());
        self.file.extend(b"\xFF\xD9");
        self.file
    }
}

/// As many ones as the place says.
const MASKS: [u32; 16] = {
    let mut masks = [0; 16];
    let mut size = 0;
    while size < masks.len() {
        masks[size] = (1 << size) - 1;
        size += 1;
    }
    masks
};

/// Of each symbol its code, with room for the bits of the number behind it; below that in six bits how many bits all are.
struct Codes([u32; 256]);

/// A table of Huffman codes, as it stands in a file (B.2.4.2).
struct HuffmanTable {
    counts: [u8; 16],
    symbols: &'static [u8],
}

impl HuffmanTable {
    /// Gives the symbols their codes (annex C.2).
    fn codes(&self) -> Codes {
        let mut codes = [0; 256];
        let (mut symbols, mut code) = (self.symbols.iter(), 0);
        for (length, &count) in (1..).zip(&self.counts) {
            for &symbol in symbols.by_ref().take(count.into()) {
                let size = u32::from(symbol & 15);
                codes[usize::from(symbol)] = code << (size + 6) | (length + size);
                code += 1;
            }
            code <<= 1;
        }
        Codes(codes)
    }
}

/// Quantisation of luminance (table K.1), in the order of the codes (figure A.6).
#[rustfmt::skip]
const LIGHT: [u8; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51,
    61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77,
    113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// Quantisation of colour (table K.2), in the order of the codes (figure A.6).
#[rustfmt::skip]
const COLOUR: [u8; 64] = [
    17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// Table K.3: of each length how many codes, and their symbols.
const LIGHT_CONSTANTS: HuffmanTable = HuffmanTable {
    counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    symbols: b"\
      \x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
};

/// Table K.4: of each length how many codes, and their symbols.
const COLOUR_CONSTANTS: HuffmanTable = HuffmanTable {
    counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    symbols: b"\
      \x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
};

/// Table K.5: of each length how many codes, and their symbols.
const LIGHT_OTHERS: HuffmanTable = HuffmanTable {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    symbols: b"\
      \x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\
      \x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28\
      \x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59\
      \x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89\
      \x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\
      \xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2\
      \xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa",
};

/// Table K.6: of each length how many codes, and their symbols.
const COLOUR_OTHERS: HuffmanTable = HuffmanTable {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    symbols: b"\
      \x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91\
      \xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26\
      \x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\
      \x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87\
      \x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\
      \xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\
      \xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa",
};

#[cfg(test)]
mod tests {
    use image::RgbImage;
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    use super::*;
    use crate::jpeg_entropy::tests::{Numbers, jpeg};
    use crate::reencode::reencode_pixels;
    use crate::{Encoding, Limits, Reencode, facts, reencode};

    const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

    fn in_quality(bytes: &[u8], quality: u8) -> Option<Vec<u8>> {
        requantised(bytes, quality, |_| None).map(|(file, _)| file)
    }

    /// What stands behind the header of the scan.
    fn entropy_coded(bytes: &[u8]) -> &[u8] {
        let scan = bytes.windows(2).position(|window| *window == [0xFF, 0xDA]).unwrap();
        &bytes[scan + 2 + usize::from(bytes[scan + 3])..]
    }

    fn to(quality: u8) -> Reencode {
        Reencode { format: Encoding::Jpeg { quality: quality.try_into().unwrap() }, max_side: None }
    }

    #[expect(clippy::disallowed_methods, reason = "the image is the test's own")]
    fn pixels(bytes: &[u8]) -> RgbImage {
        image::load_from_memory(bytes).unwrap().into_rgb8()
    }

    /// Mean of the differences between samples, and of their squares.
    fn errors(one: &RgbImage, other: &RgbImage) -> (f64, f64) {
        assert_eq!(one.dimensions(), other.dimensions());
        let differences = one.as_raw().iter().zip(other.as_raw()).map(|(&one, &other)| f64::from(one.abs_diff(other)));
        let (sum, squares) = differences.fold((0.0, 0.0), |(sum, squares), by| (sum + by, squares + by * by));
        let count = f64::from(u32::try_from(one.as_raw().len()).unwrap());
        (sum / count, squares / count)
    }

    #[test]
    fn division_is_exact() {
        for divisor in 1..=u8::MAX {
            for factor in [1, 2, 3, 7, 99, 254, 255, 256, 4095, 32_767, 65_521, u16::MAX] {
                let step = Step::new(factor, divisor);
                for magnitude in (0..300).chain(1000..1030).chain(2000..2048) {
                    let divided =
                        (u64::from(magnitude) * u64::from(factor) + u64::from(divisor / 2)) / u64::from(divisor);
                    assert_eq!(u64::from(step.divide(magnitude)), divided, "{magnitude} * {factor} / {divisor}");
                }
            }
        }
    }

    #[test]
    fn tables_are_those_of_other_encoders() {
        for quality in 1..=100 {
            let mut bytes = Vec::new();
            Encoder::new(&mut bytes, quality).encode(&[0; 192], 8, 8, ColorType::Rgb).unwrap();
            for table in [LIGHT, COLOUR] {
                let table = scaled(&table, quality);
                assert!(bytes.windows(64).any(|window| window == table), "{quality}");
            }
        }
    }

    #[test]
    fn the_same_tables_give_the_same_coefficients() {
        use SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};
        for (width, height) in [(301, 275), (64, 32), (17, 9), (8, 8), (1, 1)] {
            for sampling in [F_1_1, F_1_2, F_2_1, F_2_2] {
                for color in [ColorType::Luma, ColorType::Rgb] {
                    let file = |restart_interval| {
                        jpeg(width, height, color, |encoder| {
                            encoder.set_sampling_factor(sampling);
                            encoder.set_restart_interval(restart_interval);
                        })
                    };
                    let same = in_quality(&file(0), 80).unwrap();
                    assert_eq!(entropy_coded(&same), entropy_coded(&file(0)), "{sampling:?} {color:?}");
                    assert_eq!(in_quality(&file(3), 80).unwrap(), same, "{sampling:?} {color:?}");
                    assert_eq!(in_quality(&same, 80).unwrap(), same, "{sampling:?} {color:?}");
                }
            }
        }
    }

    #[test]
    fn coefficients_of_all_sizes_are_written() {
        // Sharp edges in few places: long runs of zeros and large values.
        let mut numbers = Numbers(3);
        let mut samples = vec![0; 256 * 256];
        for block in samples.chunks_exact_mut(64 * 8) {
            let contrast = u8::try_from(numbers.below(256)).unwrap();
            let period = 1 + numbers.below(9);
            for (place, sample) in block.iter_mut().enumerate() {
                *sample = if (place / period).is_multiple_of(2) { contrast } else { 255 };
            }
        }
        for quality in [1, 5, 30, 50, 90, 100] {
            let mut file = Vec::new();
            Encoder::new(&mut file, quality).encode(&samples, 256, 256, ColorType::Luma).unwrap();
            let same = in_quality(&file, quality).unwrap();
            assert_eq!(entropy_coded(&same), entropy_coded(&file), "{quality}");
            for other in [1, 20, 75, 95, 100] {
                let made = in_quality(&file, other).unwrap();
                assert_eq!(in_quality(&made, other).unwrap(), made, "{quality} {other}");
            }
        }
    }

    #[test]
    fn pictures_are_as_near_as_by_their_pixels() {
        use SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};
        for (width, height) in [(301, 275), (96, 64), (33, 47)] {
            for sampling in [F_1_1, F_1_2, F_2_1, F_2_2] {
                for color in [ColorType::Luma, ColorType::Rgb] {
                    let file = jpeg(width, height, color, |encoder| encoder.set_sampling_factor(sampling));
                    let before = pixels(&file);
                    for quality in [30, 60, 80, 90, 95, 100] {
                        let made = reencode(&file, LIMITS, &to(quality)).unwrap();
                        assert_eq!(*made, *in_quality(&file, quality).unwrap());
                        let by_pixels = reencode_pixels(&file, LIMITS, &to(quality)).unwrap();
                        let (mean, square) = errors(&before, &pixels(&made));
                        let (mean_by_pixels, square_by_pixels) = errors(&before, &pixels(&by_pixels));
                        // Half a decibel, and the rounding of pixels.
                        let is_near = square <= square_by_pixels * 1.122 + 0.3 && mean <= mean_by_pixels * 1.1 + 0.3;
                        let what = (width, sampling, color, quality);
                        assert!(is_near, "{what:?}: {mean} {mean_by_pixels}, {square} {square_by_pixels}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_kinds_are_left_to_pixels() {
        let rgb = |set: fn(&mut Encoder<&mut Vec<u8>>)| jpeg(40, 30, ColorType::Rgb, set);
        assert!(in_quality(&rgb(|_| {}), 80).is_some());
        assert!(in_quality(&rgb(|encoder| encoder.set_progressive(true)), 80).is_none());
        // With codes of its own the encoder writes each component as a scan of its own.
        assert!(in_quality(&rgb(|encoder| encoder.set_optimized_huffman_tables(true)), 80).is_none());
        let grey = jpeg(40, 30, ColorType::Luma, |encoder| encoder.set_optimized_huffman_tables(true));
        assert!(in_quality(&grey, 80).is_some());
        assert!(in_quality(b"", 80).is_none());
        let bytes = rgb(|_| {});
        for (cut, put) in [(1, &[][..]), (3, &[]), (0, &[0]), (0, &[0x55; 7])] {
            let changed = [&bytes[..bytes.len() - 2 - cut], put, b"\xFF\xD9"].concat();
            assert!(in_quality(&changed, 80).is_none(), "{cut} {put:?}");
        }
    }

    #[test]
    fn a_colour_profile_of_many_pieces_stays() {
        let mut numbers = Numbers(11);
        let mut profile: Vec<u8> = (0..150_000).map(|_| u8::try_from(numbers.below(256)).unwrap()).collect();
        profile[16..20].copy_from_slice(b"RGB ");
        let file = jpeg(20, 20, ColorType::Rgb, |encoder| encoder.add_icc_profile(&profile).unwrap());
        let made = reencode(&file, LIMITS, &to(90)).unwrap();
        assert!(crate::jpeg::icc_profile(&made).unwrap() == profile);
        assert!(made.ends_with(entropy_coded(&in_quality(&file, 90).unwrap())));
        // Pieces out of order are left to the whole decoder.
        let second = file.windows(14).position(|window| window == b"ICC_PROFILE\0\x02\x03").unwrap();
        let mut changed = file;
        changed[second + 12] = 3;
        assert!(crate::jpeg::icc_profile(&changed).is_none());
        assert!(*reencode(&changed, LIMITS, &to(90)).unwrap() == reencode_pixels(&changed, LIMITS, &to(90)).unwrap());
    }

    #[test]
    fn damage_gets_the_verdict_of_the_whole_decoder() {
        let mut numbers = Numbers(5);
        let files = [
            jpeg(40, 30, ColorType::Rgb, |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2)),
            jpeg(33, 20, ColorType::Rgb, |encoder| encoder.set_restart_interval(2)),
            jpeg(50, 41, ColorType::Luma, |_| {}),
        ];
        let mut fast = 0;
        for round in 0..6000 {
            let mut bytes = files[round % files.len()].clone();
            numbers.damage(&mut bytes);
            let quality = u8::try_from(1 + numbers.below(100)).unwrap();
            let made = in_quality(&bytes, quality);
            let Some(made) = made.filter(|_| facts(&bytes, LIMITS).is_ok()) else { continue };
            fast += 1;
            let before = facts(&bytes, LIMITS).unwrap();
            let after = facts(&made, LIMITS).unwrap();
            assert_eq!((before.width, before.height), (after.width, after.height), "{round}");
            assert!(reencode_pixels(&bytes, LIMITS, &to(quality)).is_ok(), "{round}");
            assert!(reencode_pixels(&made, LIMITS, &to(quality)).is_ok(), "{round}");
        }
        assert!(fast > 300, "{fast} of the damaged files have codes without a fault");
    }
}
