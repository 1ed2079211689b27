//! From hashes to buckets and numbers.

/// Spreads hashes over a table: 2^32 by the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;

/// Takes remainders without dividing (Lemire, Kaser and Kurz 2019, arXiv 1902.01961).
#[derive(Debug)]
pub(super) struct Buckets {
    count: u32,
    reciprocal: u64,
}

impl Buckets {
    pub(super) fn new(count: u32) -> Self {
        Self { count, reciprocal: (u64::MAX / u64::from(count.max(1))).wrapping_add(1) }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "what is left is less than the count")]
    pub(super) fn of(&self, hash: u32) -> u32 {
        let fraction = self.reciprocal.wrapping_mul(u64::from(hash));
        ((u128::from(fraction) * u128::from(self.count)) >> 64) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is left is less than the count")]
    pub(super) fn of_wide(&self, hash: u64) -> u32 {
        (hash % u64::from(self.count.max(1))) as u32
    }
}

/// An open table from hashes to numbers, at most half full.
#[derive(Debug)]
pub(super) struct Table {
    /// A hash, and a number plus one; 0 where nothing is.
    slots: Vec<(u32, u32)>,
    shift: u32,
}

impl Table {
    pub(super) fn new(entries: usize) -> Self {
        let bits = (entries.max(1) * 2).next_power_of_two().trailing_zeros();
        Self { slots: vec![(0, 0); 1 << bits], shift: 32_u32.saturating_sub(bits) }
    }

    /// The slot of an entry, or the empty one in which it would be.
    #[inline]
    fn slot(&self, hash: u32, is_this: impl Fn(u32) -> bool) -> usize {
        let mut slot = (hash.wrapping_mul(SPREAD) >> self.shift) as usize;
        loop {
            let (other, number) = self.slots[slot];
            if number == 0 || (other == hash && is_this(number - 1)) {
                return slot;
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    #[inline]
    pub(super) fn find(&self, hash: u32, is_this: impl Fn(u32) -> bool) -> Option<usize> {
        let (_, number) = self.slots[self.slot(hash, is_this)];
        number.checked_sub(1).map(|number| number as usize)
    }

    pub(super) fn insert(&mut self, hash: u32, number: usize, is_this: impl Fn(u32) -> bool) {
        let slot = self.slot(hash, is_this);
        self.slots[slot] = (hash, u32::try_from(number + 1).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_those_of_the_division() {
        for count in [1, 2, 3, 1_000, 2_000_000, i32::MAX.cast_unsigned()] {
            let buckets = Buckets::new(count);
            for hash in [0, 1, 2, 999, 1_999_999, 2_166_136_261, u32::MAX - 1, u32::MAX] {
                assert_eq!(buckets.of(hash), hash % count, "{hash} of {count}");
            }
        }
    }

    #[test]
    fn a_table_finds_what_it_was_given_last() {
        let mut table = Table::new(3);
        for (hash, number) in [(7, 0), (8, 5), (7, 2)] {
            table.insert(hash, number, |_| true);
        }
        assert_eq!([7, 8, 9].map(|hash| table.find(hash, |_| true)), [Some(2), Some(5), None]);
    }
}
