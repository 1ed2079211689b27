//! What may have copies: most keys stand alone, and the engine need not see them.

use std::ops::RangeInclusive;

/// Slots that a range of keys is cut into, as a power of two: of four million keys that stand alone about one in twenty
/// shares its slot with another one.
const SLOTS: u32 = 27;

/// The slots of a range of keys, with those that hold more than one row.
///
/// Who looks at it takes 32 MiB for a moment and then 16, whatever the number of rows.
pub(super) struct Crowded {
    first: u64,
    /// Bits of a key, less the first one of the range, behind its slot.
    shift: u32,
    taken: Vec<u64>,
    shared: Vec<u64>,
}

impl Crowded {
    /// No row yet.
    pub(super) fn new(range: &RangeInclusive<u64>) -> Self {
        let bits = u64::BITS - (range.end() - range.start()).leading_zeros();
        let shift = bits.saturating_sub(SLOTS);
        let words = 1 << (bits - shift).saturating_sub(u64::BITS.trailing_zeros());
        Self { first: *range.start(), shift, taken: vec![0; words], shared: vec![0; words] }
    }

    /// Adds the row of a key.
    pub(super) fn add(&mut self, key: u64) {
        let (word, bit) = self.slot(key);
        if let (Some(taken), Some(shared)) = (self.taken.get_mut(word), self.shared.get_mut(word)) {
            *shared |= *taken & bit;
            *taken |= bit;
        }
    }

    /// All rows are there.
    pub(super) fn whole(self) -> Self {
        Self { taken: Vec::new(), ..self }
    }

    /// Whether other rows may have this key; of a key that has copies always.
    pub(super) fn holds(&self, key: u64) -> bool {
        let (word, bit) = self.slot(key);
        self.shared.get(word).is_some_and(|shared| shared & bit != 0)
    }

    fn slot(&self, key: u64) -> (usize, u64) {
        let slot = key.wrapping_sub(self.first) >> self.shift;
        (usize::try_from(slot / 64).unwrap_or(usize::MAX), 1 << (slot % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_copies_are_always_held_and_few_others_are() {
        for range in [0..=u64::MAX, 7..=7, 5..=300, 1 << 62..=(1 << 62) + (1 << 40), u64::MAX - 1..=u64::MAX] {
            let width = range.end() - range.start();
            let keys: Vec<u64> = (0..1000).map(|n| range.start() + (width / 1000).max(1) * n % width.max(1)).collect();
            let mut crowded = Crowded::new(&range);
            keys.iter().chain(&keys[..10]).for_each(|key| crowded.add(*key));
            let crowded = crowded.whole();
            assert!(keys[..10].iter().all(|key| crowded.holds(*key)), "{range:?}");
            if width > 1000 {
                assert!(keys[10..].iter().filter(|key| crowded.holds(**key)).count() < 10, "{range:?}");
            }
        }
    }
}
