//! Signatures of 64 bits that differ in few of them, found by blocks (Manku, Jain, Das Sarma 2007).

use super::band_key;
use crate::Kind;

/// How far signatures of near copies may be apart, and how such are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hamming {
    /// Bits in which near copies may differ.
    pub max_distance: u32,
    /// Blocks that the bits are cut into; more than `max_distance`.  Signatures that differ in no more bits than that have `blocks` − `max_distance` blocks in
    /// common at least, and are compared where they have; so none is missed.
    pub blocks: u32,
}

impl Hamming {
    /// How many choices of blocks there are that near copies may have in common: the bands of a signature.
    pub fn bands(self) -> u64 {
        let (blocks, distance) = (u64::from(self.blocks), u64::from(self.max_distance));
        // A binomial coefficient; each partial product is one as well.
        (0..distance).fold(1_u64, |choices, taken| choices.saturating_mul(blocks.saturating_sub(taken)) / (taken + 1))
    }
}

/// The choices of blocks that near copies may have in common, each as the bits of its blocks.
#[derive(Clone, Debug)]
pub(super) struct Blocks(Vec<u64>);

impl Blocks {
    pub(super) fn new(options: Hamming) -> Self {
        let blocks = options.blocks.clamp(1, 64);
        let common = blocks.saturating_sub(options.max_distance).max(1);
        let below = |bit: u32| if bit >= 64 { u64::MAX } else { (1 << bit) - 1 };
        let block = |number: u32| below((number + 1) * 64 / blocks) & !below(number * 64 / blocks);
        let mut choices: Vec<(u32, u64)> = vec![(0, 0)];
        for _ in 0..common {
            let longer =
                |(next, mask): (u32, u64)| (next..blocks).map(move |number| (number + 1, mask | block(number)));
            choices = choices.into_iter().flat_map(longer).collect();
        }
        Self(choices.into_iter().map(|(_, mask)| mask).collect())
    }

    pub(super) fn keys(&self, kind: Kind, signature: u64) -> Vec<u128> {
        let masked = self.0.iter().enumerate();
        masked.map(|(number, mask)| band_key(kind, number, std::iter::once(signature & mask))).collect()
    }
}
