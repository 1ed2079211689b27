//! SimHash (Charikar 2002).

use super::Hamming;
use super::shingle::{Tokenization, shingles};

/// How documents are compared by 64 bits each, in which documents that are alike differ little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimHash {
    /// What a token is.
    pub tokens: Tokenization,
    /// Tokens of a run; each run votes on every bit.
    pub window: u32,
    /// How far near copies may be apart.
    pub hamming: Hamming,
}

impl SimHash {
    /// As the ROOTS corpus does for most languages.
    pub const ROOTS: Self =
        Self { tokens: Tokenization::Character, window: 6, hamming: Hamming { max_distance: 4, blocks: 6 } };
    /// As ROOTS does for English.
    pub const ROOTS_EN: Self = Self { tokens: Tokenization::Space, ..Self::ROOTS };
    /// As ROOTS does for Galician.
    pub const ROOTS_GL: Self =
        Self { tokens: Tokenization::Character, window: 4, hamming: Hamming { max_distance: 7, blocks: 8 } };
}

/// Counts the votes of runs of tokens.
#[derive(Clone, Debug)]
pub(super) struct Votes(pub(super) SimHash);

impl Votes {
    /// The 64 bits of texts; `None` where there are no tokens.
    pub(super) fn signature<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<u64> {
        let tokens = self.0.tokens.tokens(texts);
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
        for shingle in shingles(&tokens, self.0.window as usize) {
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
}
