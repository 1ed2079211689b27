//! Reading numbers out of bytes that may end anywhere: what lies outside reads as zero.

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u32::from_le_bytes(*word))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u64::from_le_bytes(*word))
}

pub(super) fn f32_at(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(u32_at(bytes, at))
}

/// `width` bits (57 at most) from bit `at` of the bytes behind `base` on, the low ones first.
pub(super) fn bits_at(bytes: &[u8], base: usize, at: u64, width: u32) -> u64 {
    (u64_at(bytes, base + (at >> 3) as usize) >> (at & 7)) & ((1 << width) - 1)
}

/// How many bits a number takes, 0 for 0.
pub(super) fn width_of(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}
