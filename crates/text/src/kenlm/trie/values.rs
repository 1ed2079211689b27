//! Probabilities and back-offs in a trie's entries: as floats, or as places in tables of floats (quantised).
//!
//! Floats: the probability without its sign, 31 bits, then the back-off, 32 bits.  Quantised: the back-off's place, then the probability's; the tables
//! stand before the words: version (2), bits of a probability, bits of a back-off, five bytes of padding, then for each order from 2 the probabilities and the back-offs, 32-bit floats
//! (no back-offs of the last order).

use super::super::bits::{bits_at, f32_at};
use super::super::header::Tables;
use crate::model::{Fields, ModelError};

const SIGN: u32 = 1 << 31;

#[derive(Debug)]
pub(super) struct Values {
    /// None: floats.
    quantised: Option<Quantised>,
}

#[derive(Debug)]
struct Quantised {
    base: usize,
    probability_width: u32,
    back_off_width: u32,
    order: usize,
}

impl Values {
    pub(super) const PLAIN: Self = Self { quantised: None };

    pub(super) fn quantised(bytes: &[u8], tables: &mut Tables, order: usize) -> Result<Self, ModelError> {
        let at = tables.take(1, 8, "the widths of values")?;
        let mut fields = Fields::new(&bytes[at..]);
        let version = fields.u8("the version")?;
        if version != 2 {
            return Err(ModelError::new(at, format!("quantisation version {version}"), "2"));
        }
        let widths = [fields.u8("a width")?, fields.u8("a width")?].map(u32::from);
        for (width, at) in widths.into_iter().zip(at + 1..) {
            if !(1..=25).contains(&width) {
                return Err(ModelError::new(at, format!("values of {width} bits"), "1 to 25"));
            }
        }
        let [probability_width, back_off_width] = widths;
        let middles = order as u64 - 2;
        let count = (middles + 1) * (1 << probability_width) + middles * (1 << back_off_width);
        let base = tables.take(count, 4, "the tables of values")?;
        Ok(Self { quantised: Some(Quantised { base, probability_width, back_off_width, order }) })
    }

    /// Bits of both values.
    pub(super) fn middle_width(&self) -> u32 {
        self.quantised.as_ref().map_or(63, |quantised| quantised.probability_width + quantised.back_off_width)
    }

    /// Bits of a probability in the last table.
    pub(super) fn longest_width(&self) -> u32 {
        self.quantised.as_ref().map_or(31, |quantised| quantised.probability_width)
    }

    /// The probability and back-off at a bit behind `base`, of an n-gram of `length` words.
    pub(super) fn middle(&self, bytes: &[u8], length: usize, base: usize, at: u64) -> (f32, f32) {
        match &self.quantised {
            None => (negative(bytes, base, at), f32::from_bits(low_bits(bytes, base, at + 31, 32))),
            Some(quantised) => quantised.middle(bytes, length, base, at),
        }
    }

    /// The probability at a bit behind `base` of an n-gram as long as the order.
    pub(super) fn longest(&self, bytes: &[u8], base: usize, at: u64) -> f32 {
        match &self.quantised {
            None => negative(bytes, base, at),
            Some(quantised) => {
                quantised.probability(bytes, quantised.order, low_bits(bytes, base, at, quantised.probability_width))
            }
        }
    }
}

impl Quantised {
    fn middle(&self, bytes: &[u8], length: usize, base: usize, at: u64) -> (f32, f32) {
        let back_off = low_bits(bytes, base, at, self.back_off_width);
        let probability = low_bits(bytes, base, at + u64::from(self.back_off_width), self.probability_width);
        let back_offs = self.table(length) + (4 << self.probability_width);
        (self.probability(bytes, length, probability), f32_at(bytes, back_offs + 4 * back_off as usize))
    }

    fn probability(&self, bytes: &[u8], length: usize, place: u32) -> f32 {
        f32_at(bytes, self.table(length) + 4 * place as usize)
    }

    /// Where the tables of an order begin.
    fn table(&self, length: usize) -> usize {
        self.base + (length - 2) * ((4 << self.probability_width) + (4 << self.back_off_width))
    }
}

fn negative(bytes: &[u8], base: usize, at: u64) -> f32 {
    f32::from_bits(low_bits(bytes, base, at, 31) | SIGN)
}

#[expect(clippy::cast_possible_truncation, reason = "32 bits at most")]
fn low_bits(bytes: &[u8], base: usize, at: u64, width: u32) -> u32 {
    bits_at(bytes, base, at, width) as u32
}
