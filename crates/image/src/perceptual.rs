//! The perceptual hash of a picture: 64 bits, in which pictures that look alike differ little.
//!
//! That of the discrete cosine transform (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section 3.2.1): the
//! lowest 8 by 8 frequencies of the picture's luminance, made 32 by 32 small, each above their median or not.  All in integers, so that every machine
//! gives the same bits.

use std::array;
use std::ops::Range;

/// Cells along a side of the small picture.
const SIDE: usize = 32;

/// Frequencies along a side that are compared; the constant ones, rows and columns of frequency 0, are not among them.
const FREQUENCIES: usize = 8;

/// Samples along a side of a picture that are looked at, about, of larger ones: 16 for a cell.
const SAMPLES: usize = 512;

/// Luminance is counted in sixteenths of a level.
const SCALE: u64 = 16;

/// cos(k · π / 64) · 2¹⁴.
const COSINES: [i64; 33] = [
    16384, 16364, 16305, 16207, 16069, 15893, 15679, 15426, 15137, 14811, 14449, 14053, 13623, 13160, 12665, 12140,
    11585, 11003, 10394, 9760, 9102, 8423, 7723, 7005, 6270, 5520, 4756, 3981, 3196, 2404, 1606, 804, 0,
];

/// Frequencies below this, half of them at least, are noise: of a plain area, or of one gradient.  As much as an error of half a level in every
/// cell, at random, comes to: 16 · 8 · 2¹⁴ · 2¹⁴.
const MIN_MEDIAN: i64 = 128 << 28;

/// Decoded samples of eight bits, row by row.
pub(crate) struct Raster<'a> {
    /// Pixels.
    pub(crate) size: (u32, u32),
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    pub(crate) channels: usize,
    pub(crate) samples: &'a [u8],
}

/// Luminance of a picture by blocks of 8 by 8 pixels, row by row; those at the right and at the bottom may reach beyond it.
pub(crate) struct Blocks {
    /// Pixels.
    pub(crate) size: (u32, u32),
    /// Blocks of a row, those without any pixel included.
    pub(crate) columns: usize,
    /// Of each block, in eighths of a level.
    pub(crate) means: Vec<u16>,
}

/// The hash of a picture as it is shown, turned as its EXIF orientation (1 to 8) says; `None` of one without anything to see: a plain area, or a gradient.
/// Where there is an alpha channel the picture lies on white.
pub(crate) fn hash(raster: &Raster<'_>, orientation: u8) -> Option<u64> {
    hash_of(&cells(raster)?, orientation)
}

/// As [`hash`], within a few bits, of a picture of which only blocks are known.
pub(crate) fn hash_of_blocks(blocks: &Blocks, orientation: u8) -> Option<u64> {
    hash_of(&cells_of_blocks(blocks)?, orientation)
}

fn hash_of(stored: &[[i64; SIDE]; SIDE], orientation: u8) -> Option<u64> {
    let mut upright = [[0; SIDE]; SIDE];
    for (y, row) in upright.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            let (from_x, from_y) = turned(orientation, (SIDE, SIDE), x, y);
            *cell = stored[from_y][from_x];
        }
    }
    let frequencies = frequencies(&upright);
    let mut sizes = frequencies.map(i64::abs);
    sizes.sort_unstable();
    if sizes[sizes.len() / 2] < MIN_MEDIAN {
        return None;
    }
    let mut sorted = frequencies;
    sorted.sort_unstable();
    let median = sorted[sorted.len() / 2 - 1];
    Some(frequencies.iter().fold(0, |bits, &frequency| bits << 1 | u64::from(frequency > median)))
}

/// Where the pixel at a place of the upright picture is stored, in a picture of that many columns and rows (EXIF 2.32, table of Orientation).
pub(crate) fn turned(orientation: u8, stored: (usize, usize), x: usize, y: usize) -> (usize, usize) {
    let last = (stored.0 - 1, stored.1 - 1);
    match orientation {
        2 => (last.0 - x, y),
        3 => (last.0 - x, last.1 - y),
        4 => (x, last.1 - y),
        5 => (y, x),
        6 => (y, last.1 - x),
        7 => (last.0 - y, last.1 - x),
        8 => (last.0 - y, x),
        _ => (x, y),
    }
}

/// Pixels of a cell along a side of so many.
fn area(cell: usize, side: usize) -> Range<usize> {
    let start = cell * side / SIDE;
    start..((cell + 1) * side / SIDE).max(start + 1)
}

/// The mean luminance of 32 by 32 areas; `None` where there are fewer samples than the size says.
fn cells(raster: &Raster<'_>) -> Option<[[i64; SIDE]; SIDE]> {
    let (width, height) = (raster.size.0 as usize, raster.size.1 as usize);
    let stride = width.checked_mul(raster.channels)?;
    let steps = [(width / SAMPLES).max(1), (height / SAMPLES).max(1)];
    let mut cells = [[0; SIDE]; SIDE];
    for (y, row) in cells.iter_mut().enumerate() {
        let (mut sums, mut counts) = ([0_u64; SIDE], [0_u64; SIDE]);
        for line in area(y, height).step_by(steps[1]) {
            let samples = raster.samples.get(line * stride..(line + 1) * stride)?;
            for (x, (sum, count)) in sums.iter_mut().zip(&mut counts).enumerate() {
                let area = area(x, width);
                let pixels = samples.get(area.start * raster.channels..area.end * raster.channels)?;
                for pixel in pixels.chunks_exact(raster.channels).step_by(steps[0]) {
                    *sum += u64::from(luminance(pixel));
                    *count += 1;
                }
            }
        }
        for ((cell, sum), count) in row.iter_mut().zip(sums).zip(counts) {
            *cell = i64::try_from(sum * SCALE / (256 * count.max(1))).unwrap_or_default();
        }
    }
    Some(cells)
}

/// As [`cells`]: a block counts for as many pixels as it has in the area.
fn cells_of_blocks(blocks: &Blocks) -> Option<[[i64; SIDE]; SIDE]> {
    let (width, height) = (blocks.size.0 as usize, blocks.size.1 as usize);
    // The blocks of each cell along a side, and how many of the cell's pixels a block has there.
    let shares = |cell: usize, side: usize| {
        let area = area(cell, side);
        (area.start / 8..area.end.div_ceil(8)).map(move |block| {
            let pixels = area.end.min(8 * block + 8) - area.start.max(8 * block);
            (block, pixels as u64)
        })
    };
    let across: Vec<_> = (0..SIDE).flat_map(|x| shares(x, width).map(move |share| (x, share))).collect();
    let mut cells = [[0; SIDE]; SIDE];
    for (y, row) in cells.iter_mut().enumerate() {
        for (line, lines) in shares(y, height) {
            let means = blocks.means.get(line * blocks.columns..(line + 1) * blocks.columns)?;
            for &(x, (column, pixels)) in &across {
                row[x] += lines * pixels * u64::from(*means.get(column)?);
            }
        }
    }
    let mean = |y: usize, x: usize| {
        let pixels = 8 * area(y, height).len() as u64 * area(x, width).len() as u64;
        i64::try_from(cells[y][x] * SCALE / pixels).unwrap_or_default()
    };
    Some(array::from_fn(|y| array::from_fn(|x| mean(y, x))))
}

/// Luminance (ITU-R BT.601) in 256ths of a level, on white.
fn luminance(pixel: &[u8]) -> u32 {
    let wide = |sample: u8| u32::from(sample);
    let weighed = |red: u8, green: u8, blue: u8| 77 * wide(red) + 150 * wide(green) + 29 * wide(blue);
    let on_white = |light: u32, alpha: u8| (light * wide(alpha) + 255 * 256 * (255 - wide(alpha))) / 255;
    match *pixel {
        [grey] => 256 * wide(grey),
        [grey, alpha] => on_white(256 * wide(grey), alpha),
        [red, green, blue] => weighed(red, green, blue),
        [red, green, blue, alpha] => on_white(weighed(red, green, blue), alpha),
        _ => 0,
    }
}

/// The lowest frequencies of both directions, without the constant ones.
fn frequencies(cells: &[[i64; SIDE]; SIDE]) -> [i64; FREQUENCIES * FREQUENCIES] {
    let waves: [[i64; SIDE]; FREQUENCIES] = array::from_fn(|u| array::from_fn(|x| cosine((2 * x + 1) * (u + 1))));
    let mut rows = [[0; SIDE]; FREQUENCIES];
    for (y, cells) in cells.iter().enumerate() {
        for (row, wave) in rows.iter_mut().zip(&waves) {
            row[y] = cells.iter().zip(wave).map(|(cell, height)| cell * height).sum();
        }
    }
    array::from_fn(|at| {
        let (v, u) = (at / FREQUENCIES, at % FREQUENCIES);
        rows[u].iter().zip(&waves[v]).map(|(row, height)| row * height).sum()
    })
}

/// cos(k · π / 64) · 2¹⁴ of any k.
fn cosine(k: usize) -> i64 {
    match k % 128 {
        k @ 0..=32 => COSINES[k],
        k @ 33..=64 => -COSINES[64 - k],
        k @ 65..=95 => -COSINES[k - 64],
        k => COSINES[128 - k],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of soft shapes, by a function of both coordinates from 0 to 1.
    fn picture(width: u32, height: u32, light: impl Fn(f64, f64) -> f64) -> Vec<u8> {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places
            .flat_map(|(x, y)| {
                let light = light((f64::from(x) + 0.5) / f64::from(width), (f64::from(y) + 0.5) / f64::from(height));
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
                let sample = (light.clamp(0.0, 1.0) * 255.0) as u8;
                [sample; 3]
            })
            .collect()
    }

    /// Waves whose directions and lengths depend on the seed.
    fn shapes(seed: f64) -> impl Fn(f64, f64) -> f64 {
        let any = move |k: f64| (seed.mul_add(12.9898, k * 78.233).sin() * 43758.5453).fract();
        let wave = move |k: u32, x: f64, y: f64| {
            let k = f64::from(k);
            (40.0 * any(k)).mul_add(x, 40.0 * any(k + 0.3) * y + 6.0 * any(k + 0.6)).sin()
        };
        move |x, y| 0.5 + 0.08 * (1..=24).map(|k| wave(k, x, y)).sum::<f64>()
    }

    fn hash_of(width: u32, height: u32, samples: &[u8]) -> Option<u64> {
        hash(&Raster { size: (width, height), channels: 3, samples }, 1)
    }

    #[test]
    fn the_cosines_are_those_of_the_mathematicians() {
        for k in 0..300_u32 {
            let exact = (f64::from(k) * std::f64::consts::PI / 64.0).cos() * 16384.0;
            #[expect(clippy::cast_possible_truncation, reason = "at most 16384")]
            let rounded = exact.round() as i64;
            assert_eq!(cosine(k as usize), rounded, "{k}");
        }
    }

    #[test]
    fn a_picture_keeps_its_hash_at_another_size_and_light() {
        for seed in 0..3 {
            let shapes = shapes(f64::from(seed));
            let whole = hash_of(480, 360, &picture(480, 360, &shapes)).unwrap();
            for (width, height) in [(320, 240), (200, 150), (1100, 825)] {
                let other = hash_of(width, height, &picture(width, height, &shapes)).unwrap();
                assert!((whole ^ other).count_ones() <= 4, "{seed} {width}");
            }
            let darker = picture(480, 360, |x, y| 0.7 * shapes(x, y).clamp(0.0, 1.0) + 0.1);
            assert!((whole ^ hash_of(480, 360, &darker).unwrap()).count_ones() <= 4);
            assert_eq!(whole.count_ones(), 32);
        }
    }

    #[test]
    fn other_pictures_have_other_hashes() {
        let hashes: Vec<u64> =
            (0..60).map(|seed| hash_of(96, 64, &picture(96, 64, shapes(f64::from(seed)))).unwrap()).collect();
        for (number, one) in hashes.iter().enumerate() {
            assert!(hashes[..number].iter().all(|other| (one ^ other).count_ones() > 8), "{number}");
        }
    }

    #[test]
    fn a_turned_picture_with_its_orientation_has_the_hash_of_the_upright_one() {
        let upright = picture(64, 64, shapes(3.0));
        let pixel = |x: usize, y: usize| upright[3 * (64 * y + x)];
        let whole = hash_of(64, 64, &upright).unwrap();
        // Where a pixel of the stored picture is shown (EXIF 2.32, table of Orientation).
        type Shown = fn(usize, usize) -> (usize, usize);
        let shown: [Shown; 8] = [
            |x, y| (x, y),
            |x, y| (63 - x, y),
            |x, y| (63 - x, 63 - y),
            |x, y| (x, 63 - y),
            |x, y| (y, x),
            |x, y| (63 - y, x),
            |x, y| (63 - y, 63 - x),
            |x, y| (y, 63 - x),
        ];
        for (shown, orientation) in shown.iter().zip(1..) {
            let places = (0..64).flat_map(|y| (0..64).map(move |x| (x, y)));
            let stored: Vec<u8> = places.map(|(x, y)| shown(x, y)).map(|(x, y)| pixel(x, y)).collect();
            let raster = Raster { size: (64, 64), channels: 1, samples: &stored };
            assert_eq!(hash(&raster, orientation), Some(whole), "{orientation}");
        }
    }

    #[test]
    fn plain_areas_and_gradients_have_none() {
        assert_eq!(hash_of(64, 64, &picture(64, 64, |_, _| 0.5)), None);
        assert_eq!(hash_of(1, 1, &[1, 2, 3]), None);
        assert_eq!(hash_of(300, 200, &picture(300, 200, |x, _| x)), None);
    }

    #[test]
    fn what_is_behind_full_alpha_is_not_seen() {
        let opaque = picture(64, 48, shapes(1.0));
        let with_alpha: Vec<u8> = opaque.chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
        let hidden: Vec<u8> = opaque.chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 0]).collect();
        let of = |samples: &[u8]| hash(&Raster { size: (64, 48), channels: 4, samples }, 1);
        assert_eq!(of(&with_alpha), hash_of(64, 48, &opaque));
        assert_eq!(of(&hidden), None);
    }

    #[test]
    fn too_few_samples_are_no_picture() {
        assert_eq!(hash_of(64, 64, &[0; 100]), None);
    }
}
