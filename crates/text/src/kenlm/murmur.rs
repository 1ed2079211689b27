//! MurmurHash64A (Austin Appleby, public domain) with seed 0: what stands for a word.

const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;

pub(super) fn hash(word: &[u8]) -> u64 {
    let mut hash = (word.len() as u64).wrapping_mul(MULTIPLIER);
    let (chunks, tail) = word.as_chunks::<8>();
    for chunk in chunks {
        let mut mixed = u64::from_le_bytes(*chunk).wrapping_mul(MULTIPLIER);
        mixed ^= mixed >> 47;
        hash = (hash ^ mixed.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 47)
}
