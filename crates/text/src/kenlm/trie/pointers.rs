//! Pointers from an n-gram's entry to the first of those that are one word longer: whole, or without their high bits.
//!
//! Pointers grow from entry to entry, so their high bits change rarely (after Raj and Whittaker, 2003).  A compressed table begins with version (0) and the
//! most bits that may be spared, both a byte; at the next multiple of 8 of the file and 8 bytes further on, a row of 64-bit numbers follows: the first entry whose high
//! bits are 0, 1, 2, …  How many bits are spared follows from the sizes: as many as make the file smallest.

use super::super::bits::{bits_at, u64_at, width_of};
use super::super::header::Tables;
use super::Range;
use crate::model::{Fields, ModelError};

#[derive(Debug)]
pub(super) struct Pointers {
    /// Bits within an entry.
    width: u32,
    /// The row of high bits: where it is and its length.
    row: Option<(usize, u64)>,
}

/// The most bits that pointers may spare, as the first compressed table says.
pub(super) fn most_spared(bytes: &[u8], at: usize) -> Result<u32, ModelError> {
    let mut fields = Fields::new(bytes);
    fields.bytes(at, "the tables before")?;
    let version = fields.u8("the version of pointers")?;
    if version != 0 {
        return Err(ModelError::new(at, format!("pointer version {version}"), "0"));
    }
    fields.u8("the most bits spared").map(u32::from)
}

impl Pointers {
    /// Whole pointers into a table of `longer` entries.
    pub(super) fn plain(longer: u64) -> Self {
        Self { width: width_of(longer), row: None }
    }

    /// Pointers of `count` entries into a table of `longer`, without up to `most` high bits.
    pub(super) fn compressed(tables: &mut Tables, count: u64, longer: u64, most: u32) -> Result<Self, ModelError> {
        let whole = width_of(longer);
        let spared = spared(count + 1, longer, most);
        let length = shifted(longer, whole - spared) + 1;
        let begin = tables.offset();
        let bytes = (length + 1) * 8 + 7;
        tables.take(bytes, 1, "the high bits of pointers")?;
        Ok(Self { width: whole - spared, row: Some((begin.next_multiple_of(8) + 8, length)) })
    }

    /// Bits within an entry.
    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// The pointers of entry `index` and the next, whose low bits stand at these bits behind `base`.
    pub(super) fn read(&self, bytes: &[u8], base: usize, index: u64, at: [u64; 2]) -> Range {
        let [mut begin, mut end] = at.map(|at| bits_at(bytes, base, at, self.width));
        if let Some((row, length)) = self.row {
            let high = high(bytes, row, length, index);
            begin |= high << self.width;
            let next = (high + 1..length).take_while(|&next| entry(bytes, row, next) <= index + 1).last();
            end |= next.unwrap_or(high) << self.width;
        }
        Range { begin, end }
    }
}

/// The last place of the row that is not behind `index`; the row's first is 0.
fn high(bytes: &[u8], row: usize, length: u64, index: u64) -> u64 {
    let (mut begin, mut end) = (0, length);
    while begin < end {
        let middle = begin + (end - begin) / 2;
        if entry(bytes, row, middle) <= index { begin = middle + 1 } else { end = middle }
    }
    begin.saturating_sub(1)
}

#[expect(clippy::cast_possible_truncation, reason = "the row lies in memory")]
fn entry(bytes: &[u8], row: usize, place: u64) -> u64 {
    u64_at(bytes, row + place as usize * 8)
}

/// How many bits less make `entries` and the row smallest; the fewest of those.
fn spared(entries: u64, longer: u64, most: u32) -> u32 {
    let whole = width_of(longer);
    let cost =
        |spared: &u32| i128::from(shifted(longer, whole - spared)) * 64 - i128::from(entries) * i128::from(*spared);
    (0..=whole.min(most)).min_by_key(cost).unwrap_or(0)
}

fn shifted(number: u64, by: u32) -> u64 {
    number.checked_shr(by).unwrap_or(0)
}
