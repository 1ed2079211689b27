//! MinHash with locality-sensitive hashing (Broder 1997; Indyk and Motwani 1998).

use super::band_key;
use super::shingle::{Tokenization, shingles};
use crate::Kind;

/// How documents are compared by the sets of their word n-grams.
///
/// Two documents whose sets have Jaccard similarity s share a band with probability 1 − (1 − sʳ)ᵇ, for b bands of r = permutations / b rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinHash {
    /// Words of an n-gram.
    pub ngram: u32,
    /// Permutations, which is the number of minima that are taken.
    pub permutations: u32,
    /// Bands that the minima are cut into; divides their number.
    pub bands: u32,
}

impl MinHash {
    /// As the FineWeb dataset does: 14 bands of 8 minima of 5-grams; half of the pairs of similarity 0.68 are found, 99 % of those of 0.85.
    pub const FINEWEB: Self = Self { ngram: 5, permutations: 112, bands: 14 };
    /// The OBELICS paper's 16 hashes of 5-grams.  It does not say how they are cut; four bands of four find half of the pairs of similarity 0.63.
    pub const OBELICS: Self = Self { ngram: 5, permutations: 16, bands: 4 };

    /// The probability that documents of this similarity (0 to 1) share a band.
    pub fn collision_probability(self, similarity: f64) -> f64 {
        let rows = f64::from(self.permutations / self.bands.max(1));
        1.0 - (1.0 - similarity.powf(rows)).powf(f64::from(self.bands))
    }
}

/// What stands for random permutations: x → a·x + b modulo 2⁶⁴ of hashes x, a odd.
#[derive(Clone, Debug)]
pub(super) struct Permutations {
    options: MinHash,
    coefficients: Vec<(u64, u64)>,
}

/// Where the coefficients begin: the digits of π.
const SEED: u64 = 0x2430_8d31_3198_a2e0;

impl Permutations {
    pub(super) fn new(options: MinHash) -> Self {
        let mut state = SEED;
        // SplitMix64 (Steele, Lea, Flood 2014).
        let mut next = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let coefficients = (0..options.permutations).map(|_| (next() | 1, next())).collect();
        Self { options, coefficients }
    }

    /// The minima over the n-grams of texts; `None` where there are no words.
    pub(super) fn minima<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Vec<u64>> {
        let tokens = Tokenization::Word.tokens(texts);
        if tokens.is_empty() {
            return None;
        }
        let mut minima = vec![u64::MAX; self.coefficients.len()];
        for shingle in shingles(&tokens, self.options.ngram as usize) {
            for (least, &(a, b)) in minima.iter_mut().zip(&self.coefficients) {
                *least = (*least).min(a.wrapping_mul(shingle).wrapping_add(b));
            }
        }
        Some(minima)
    }

    pub(super) fn keys<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Vec<u128>> {
        let minima = self.minima(texts)?;
        let rows = (self.options.permutations / self.options.bands.max(1)).max(1) as usize;
        let bands = minima.chunks_exact(rows).enumerate();
        Some(bands.map(|(number, band)| band_key(Kind::MinHash, number, band.iter().copied())).collect())
    }
}
