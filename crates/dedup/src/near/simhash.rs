//! SimHash (Charikar 2002), found by blocks (Manku, Jain, Das Sarma 2007).

use super::band_key;
use super::shingle::{Tokenization, shingles};
use crate::Kind;

/// How documents are compared by 64 bits each, in which documents that are alike differ little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimHash {
    /// What a token is.
    pub tokens: Tokenization,
    /// Tokens of a run; each run votes on every bit.
    pub window: u32,
    /// Bits in which near copies may differ.
    pub max_distance: u32,
    /// Blocks that the bits are cut into; more than `max_distance`.  Signatures that differ in no more bits than that have `blocks` − `max_distance` blocks in
    /// common at least, and are compared where they have; so none is missed.
    pub blocks: u32,
}

impl SimHash {
    /// As the ROOTS corpus does for most languages.
    pub const ROOTS: Self = Self { tokens: Tokenization::Character, window: 6, max_distance: 4, blocks: 6 };
    /// As ROOTS does for English.
    pub const ROOTS_EN: Self = Self { tokens: Tokenization::Space, ..Self::ROOTS };
    /// As ROOTS does for Galician.
    pub const ROOTS_GL: Self = Self { tokens: Tokenization::Character, window: 4, max_distance: 7, blocks: 8 };

    /// How many choices of blocks there are that near copies may have in common: the bands of a document.
    pub fn bands(self) -> u64 {
        let (blocks, distance) = (u64::from(self.blocks), u64::from(self.max_distance));
        // A binomial coefficient; each partial product is one as well.
        (0..distance).fold(1_u64, |choices, taken| choices.saturating_mul(blocks.saturating_sub(taken)) / (taken + 1))
    }
}

/// The choices of blocks that near copies may have in common.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    options: SimHash,
    masks: Vec<u64>,
}

impl Blocks {
    pub(super) fn new(options: SimHash) -> Self {
        let blocks = options.blocks.clamp(1, 64);
        let common = blocks.saturating_sub(options.max_distance).max(1);
        let below = |bit: u32| if bit >= 64 { u64::MAX } else { (1 << bit) - 1 };
        let block = |number: u32| below((number + 1) * 64 / blocks) & !below(number * 64 / blocks);
        // All choices of `common` blocks, each as the bits of its blocks.
        let mut choices: Vec<(u32, u64)> = vec![(0, 0)];
        for _ in 0..common {
            let longer =
                |(next, mask): (u32, u64)| (next..blocks).map(move |number| (number + 1, mask | block(number)));
            choices = choices.into_iter().flat_map(longer).collect();
        }
        Self { options, masks: choices.into_iter().map(|(_, mask)| mask).collect() }
    }

    /// The 64 bits of texts; `None` where there are no tokens.
    pub(super) fn signature<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<u64> {
        let tokens = self.options.tokens.tokens(texts);
        if tokens.is_empty() {
            return None;
        }
        // Votes for a one: bit 8·i + k is counted in byte i of lane k, which is emptied before it can overflow.
        let (mut ones, mut all) = ([0_u64; 64], 0);
        let (mut lanes, mut filled) = ([0_u64; 8], 0);
        let mut empty = |lanes: &mut [u64; 8]| {
            for (k, lane) in lanes.iter_mut().enumerate() {
                for (i, votes) in lane.to_le_bytes().into_iter().enumerate() {
                    ones[8 * i + k] += u64::from(votes);
                }
                *lane = 0;
            }
        };
        for shingle in shingles(&tokens, self.options.window as usize) {
            for (k, lane) in lanes.iter_mut().enumerate() {
                *lane += (shingle >> k) & 0x0101_0101_0101_0101;
            }
            (filled, all) = (filled + 1, all + 1);
            if filled == 255 {
                empty(&mut lanes);
                filled = 0;
            }
        }
        empty(&mut lanes);
        let is_one = |votes: &u64| u64::from(2 * votes > all);
        Some(ones.iter().zip(0..).fold(0, |signature, (votes, bit)| signature | is_one(votes) << bit))
    }

    pub(super) fn keys(&self, signature: u64) -> Vec<u128> {
        let masked = self.masks.iter().enumerate();
        masked.map(|(number, mask)| band_key(Kind::SimHash, number, std::iter::once(signature & mask))).collect()
    }
}
