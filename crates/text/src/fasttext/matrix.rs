//! Matrices that stay in the file: full, or product-quantised.

use std::ops::Range;

use super::settings::{bounded, flag, size};
use crate::ModelError;
use crate::model::Fields;

/// Centroids that a byte chooses from.
const CENTROIDS: usize = 256;

/// Numbers of a row that are added at a time, so that their sums stay in registers.
const BLOCK: usize = 16;

/// Rows of the model's dimensions.
#[derive(Debug)]
pub(super) enum Matrix {
    /// Four bytes a number.
    Full(Full),
    /// One byte for some neighbouring numbers.
    Quantised(Box<Quantised>),
}

impl Matrix {
    pub(super) fn read(fields: &mut Fields<'_>, quantised: bool, columns: usize) -> Result<Self, ModelError> {
        if quantised {
            return Ok(Self::Quantised(Box::new(Quantised::read(fields, columns)?)));
        }
        Ok(Self::Full(Full::read(fields, columns)?))
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Full(matrix) => matrix.rows,
            Self::Quantised(matrix) => matrix.rows,
        }
    }

    /// Adds rows to a sum, one after the other.
    pub(super) fn add_rows(&self, file: &[u8], rows: &[usize], sum: &mut [f32]) {
        match self {
            Self::Full(matrix) => matrix.add_rows(file, rows, sum),
            Self::Quantised(matrix) => matrix.add_rows(file, rows, sum),
        }
    }

    /// The product of a row and a vector.
    pub(super) fn dot(&self, file: &[u8], row: usize, vector: &[f32]) -> f32 {
        match self {
            Self::Full(matrix) => matrix.dot(file, row, vector),
            Self::Quantised(matrix) => matrix.dot(file, row, vector),
        }
    }
}

/// Rows and columns, which must be those of the model.
fn shape(fields: &mut Fields<'_>, columns: usize) -> Result<usize, ModelError> {
    let rows = size(fields, "rows of a matrix")?;
    let at = fields.offset();
    let found = size(fields, "columns of a matrix")?;
    if found != columns {
        return Err(ModelError::new(at, format!("{found} columns"), format!("one for each of {columns} dimensions")));
    }
    Ok(rows)
}

/// Passes over as many bytes as the factors say, and gives their place.
fn place(fields: &mut Fields<'_>, factors: [usize; 3], name: &str) -> Result<Range<usize>, ModelError> {
    let at = fields.offset();
    let Some(length) = factors.into_iter().try_fold(1, usize::checked_mul) else {
        let found = format!("a size of {factors:?}");
        return Err(ModelError::new(at, found, format!("{name} in the {} bytes that are left", fields.left())));
    };
    fields.bytes(length, name)?;
    Ok(at..at + length)
}

/// Single numbers of four bytes, in a row.
fn floats(fields: &mut Fields<'_>, count: usize, name: &str) -> Result<Vec<f32>, ModelError> {
    let at = fields.offset();
    let Some(length) = count.checked_mul(size_of::<f32>()) else {
        return Err(ModelError::new(at, format!("{count} numbers"), name));
    };
    let (numbers, _) = fields.bytes(length, name)?.as_chunks::<4>();
    Ok(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

/// A matrix of numbers.
#[derive(Debug)]
pub(super) struct Full {
    rows: usize,
    columns: usize,
    place: Range<usize>,
}

impl Full {
    fn read(fields: &mut Fields<'_>, columns: usize) -> Result<Self, ModelError> {
        let rows = shape(fields, columns)?;
        let place = place(fields, [rows, columns, size_of::<f32>()], "the numbers of a matrix")?;
        Ok(Self { rows, columns, place })
    }

    fn row<'f>(&self, file: &'f [u8], row: usize) -> &'f [[u8; 4]] {
        let length = self.columns * size_of::<f32>();
        let start = self.place.start + row * length;
        file[start..start + length].as_chunks().0
    }

    fn add_rows(&self, file: &[u8], rows: &[usize], sum: &mut [f32]) {
        let (blocks, rest) = sum.as_chunks_mut::<BLOCK>();
        let first_of_rest = blocks.len() * BLOCK;
        for (block, sums) in blocks.iter_mut().enumerate() {
            let mut added = *sums;
            for row in rows {
                let numbers = &self.row(file, *row)[block * BLOCK..][..BLOCK];
                added.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += f32::from_le_bytes(*number));
            }
            *sums = added;
        }
        if rest.is_empty() {
            return;
        }
        for row in rows {
            let numbers = &self.row(file, *row)[first_of_rest..];
            rest.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += f32::from_le_bytes(*number));
        }
    }

    fn dot(&self, file: &[u8], row: usize, vector: &[f32]) -> f32 {
        self.row(file, row).iter().zip(vector).map(|(number, value)| f32::from_le_bytes(*number) * value).sum()
    }
}

/// A matrix of codes: each stands for the centroid of some neighbouring numbers; and maybe one more for the row's length.
#[derive(Debug)]
pub(super) struct Quantised {
    rows: usize,
    codes: Range<usize>,
    centroids: Centroids,
    /// The code of each row's length, and the lengths that there are.
    lengths: Option<(Range<usize>, Centroids)>,
}

impl Quantised {
    fn read(fields: &mut Fields<'_>, columns: usize) -> Result<Self, ModelError> {
        let has_lengths = flag(fields, "whether lengths stand apart")?;
        let rows = shape(fields, columns)?;
        let at = fields.offset();
        let count = bounded(fields, "codes", 0, i32::MAX)?;
        let codes = place(fields, [count, 1, 1], "codes of a matrix")?;
        let centroids = Centroids::read(fields, columns)?;
        if rows.checked_mul(centroids.parts) != Some(count) {
            let expected = format!("{} for each of {rows} rows", centroids.parts);
            return Err(ModelError::new(at, format!("{count} codes"), expected));
        }
        let mut lengths = None;
        if has_lengths {
            let codes = place(fields, [rows, 1, 1], "codes of the rows' lengths")?;
            lengths = Some((codes, Centroids::read(fields, 1)?));
        }
        Ok(Self { rows, codes, centroids, lengths })
    }

    /// The codes and the length of a row.
    #[inline]
    fn row<'f>(&self, file: &'f [u8], row: usize) -> (&'f [u8], f32) {
        let parts = self.centroids.parts;
        let start = self.codes.start + row * parts;
        let length = match &self.lengths {
            Some((codes, lengths)) => lengths.numbers[usize::from(file[codes.start + row])],
            None => 1.0,
        };
        (&file[start..start + parts], length)
    }

    fn add_rows(&self, file: &[u8], rows: &[usize], sum: &mut [f32]) {
        // Parts of two numbers, which they are unless `-dsub` says otherwise, are added a block at a time.
        let (mut blocks, mut rest): (&mut [[f32; BLOCK]], _) = (&mut [], sum);
        if self.centroids.width == 2 {
            (blocks, rest) = rest.as_chunks_mut();
        }
        let first_of_rest = blocks.len() * BLOCK / self.centroids.width;
        let (tables, _) = self.centroids.numbers.as_chunks::<{ 2 * CENTROIDS }>();
        let (tables, _) = tables.as_chunks::<{ BLOCK / 2 }>();
        for ((block, sums), tables) in blocks.iter_mut().enumerate().zip(tables) {
            let mut added = *sums;
            for row in rows {
                let (codes, length) = self.row(file, *row);
                let codes = &codes[block * BLOCK / 2..][..BLOCK / 2];
                for ((sum, code), table) in added.as_chunks_mut::<2>().0.iter_mut().zip(codes).zip(tables) {
                    let first = 2 * usize::from(*code);
                    sum[0] += length * table[first];
                    sum[1] += length * table[first + 1];
                }
            }
            *sums = added;
        }
        if rest.is_empty() {
            return;
        }
        for row in rows {
            let (codes, length) = self.row(file, *row);
            for ((part, code), sums) in
                codes.iter().enumerate().skip(first_of_rest).zip(rest.chunks_mut(self.centroids.width))
            {
                let centroid = self.centroids.of(part, *code);
                sums.iter_mut().zip(centroid).for_each(|(sum, number)| *sum += length * number);
            }
        }
    }

    fn dot(&self, file: &[u8], row: usize, vector: &[f32]) -> f32 {
        let (codes, length) = self.row(file, row);
        let mut sum = 0.0;
        for ((part, code), values) in codes.iter().enumerate().zip(vector.chunks(self.centroids.width)) {
            for (value, number) in values.iter().zip(self.centroids.of(part, *code)) {
                sum += value * number;
            }
        }
        sum * length
    }
}

/// What codes stand for: a row is cut into parts of a width, and each part has centroids of its own.
#[derive(Debug)]
struct Centroids {
    parts: usize,
    width: usize,
    /// Of the last part, which may be narrower.
    last_width: usize,
    /// Part by part, centroid by centroid.
    numbers: Vec<f32>,
}

impl Centroids {
    fn read(fields: &mut Fields<'_>, columns: usize) -> Result<Self, ModelError> {
        let at = fields.offset();
        let mut next = |name| bounded(fields, name, 1, i32::MAX);
        let found = [next("dimensions")?, next("parts")?, next("width of a part")?, next("width of the last part")?];
        let [_, parts, width, last_width] = found;
        // The parts fill the row.
        let is_whole = (parts - 1).checked_mul(width).and_then(|most| most.checked_add(last_width)) == Some(columns);
        if found[0] != columns || !is_whole || last_width > width {
            let expected = format!("parts that make up {columns} dimensions");
            return Err(ModelError::new(at, format!("dimensions, parts and widths of {found:?}"), expected));
        }
        let numbers = floats(fields, columns.saturating_mul(CENTROIDS), "centroids")?;
        Ok(Self { parts, width, last_width, numbers })
    }

    /// The centroid that a code of a part stands for.
    #[inline]
    fn of(&self, part: usize, code: u8) -> &[f32] {
        let width = if part + 1 == self.parts { self.last_width } else { self.width };
        let start = part * CENTROIDS * self.width + usize::from(code) * width;
        &self.numbers[start..start + width]
    }
}
