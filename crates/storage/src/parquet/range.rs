//! Which row groups and pages of a file may hold a range of a column's values: a file sorted by the column is read in part.

use std::ops::RangeInclusive;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::ParquetMetaData;

use super::Builder;

/// Bytes of a key that count in a range.
const PREFIX: usize = 8;

/// The values of a column as numbers in the same order: unsigned numbers as they are, of keys the first eight bytes, the highest first.  `None` for a column of
/// another type.
pub(super) fn numbers(values: &ArrayRef) -> Option<Vec<Option<u64>>> {
    Some(match values.data_type() {
        DataType::UInt32 => values.as_primitive::<UInt32Type>().iter().map(|value| value.map(u64::from)).collect(),
        DataType::UInt64 => values.as_primitive::<UInt64Type>().iter().collect(),
        DataType::FixedSizeBinary(_) => {
            values.as_fixed_size_binary().iter().map(|value| value.and_then(prefix)).collect()
        }
        _ => return None,
    })
}

fn prefix(key: &[u8]) -> Option<u64> {
    key.first_chunk::<PREFIX>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// What of a file may hold a range.
pub(super) struct Chosen {
    /// Numbers of row groups.
    pub(super) groups: Vec<usize>,
    /// Rows of these, where the file says something of pages.
    pub(super) rows: Option<RowSelection>,
}

impl Chosen {
    /// What may hold values of `column` in `range`; all where the file does not say.
    pub(super) fn new(builder: &Builder, column: &str, range: &RangeInclusive<u64>) -> Self {
        let all = || (0..builder.metadata().num_row_groups()).collect();
        Self::told(builder, column, range).unwrap_or_else(|| Self { groups: all(), rows: None })
    }

    fn told(builder: &Builder, column: &str, range: &RangeInclusive<u64>) -> Option<Self> {
        let metadata = builder.metadata();
        let told = StatisticsConverter::try_new(column, builder.schema(), builder.parquet_schema()).ok()?;
        let held = metadata.row_groups();
        let mays = may_hold(&told.row_group_mins(held).ok()?, &told.row_group_maxes(held).ok()?, range)?;
        let groups: Vec<usize> = mays.into_iter().enumerate().filter(|(_, may)| *may).map(|(index, _)| index).collect();
        let rows = Self::pages(metadata, &told, &groups, range);
        Some(Self { groups, rows })
    }

    fn pages(
        metadata: &ParquetMetaData,
        told: &StatisticsConverter<'_>,
        groups: &[usize],
        range: &RangeInclusive<u64>,
    ) -> Option<RowSelection> {
        let (ranges, places) = (metadata.column_index()?, metadata.offset_index()?);
        let least = told.data_page_mins(ranges, places, groups).ok()?;
        let greatest = told.data_page_maxes(ranges, places, groups).ok()?;
        let counts = told.data_page_row_counts(places, metadata.row_groups(), groups).ok()??;
        let mays = may_hold(&least, &greatest, range)?;
        let selectors = mays.into_iter().zip(counts.values()).map(|(may, rows)| {
            let rows = usize::try_from(*rows).unwrap_or(usize::MAX);
            if may { RowSelector::select(rows) } else { RowSelector::skip(rows) }
        });
        Some(selectors.collect::<Vec<_>>().into())
    }
}

/// Whether something between these least and greatest values may lie in the range, of each pair; where one is not known it may.
fn may_hold(least: &ArrayRef, greatest: &ArrayRef, range: &RangeInclusive<u64>) -> Option<Vec<bool>> {
    let pairs = numbers(least)?.into_iter().zip(numbers(greatest)?);
    let may = |(least, greatest): (Option<u64>, Option<u64>)| {
        least.is_none_or(|least| least <= *range.end()) && greatest.is_none_or(|greatest| *range.start() <= greatest)
    };
    Some(pairs.map(may).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{FixedSizeBinaryArray, RecordBatch, UInt32Array, UInt64Array};

    use super::*;
    use crate::parquet::{Reader, Writer};
    use crate::{LocalFolder, Storage};

    const ROWS: u64 = 200_000;
    /// Values this far apart fill the numbers of 64 bits: half of them are above the largest signed one.
    const STEP: u64 = u64::MAX / ROWS;

    /// A file with a column `n` of these values, sorted by it, and a column `row`.
    fn written(folder: &LocalFolder, sorted_by: Option<&str>, values: ArrayRef) {
        let rows: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..u32::try_from(values.len()).unwrap()));
        let batch = RecordBatch::try_from_iter([("n", values), ("row", rows)]).unwrap();
        let mut writer = Writer::create_sorted(folder, "a", batch.schema(), sorted_by).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }

    /// First and last of the rows in the range, and their number.
    fn found(folder: &LocalFolder, range: RangeInclusive<u64>) -> Option<(u32, u32, usize)> {
        let read = Reader::open_wanted(folder.open("a").unwrap(), "a", 1000, "n", &range, |_| true).unwrap();
        let rows: Vec<u32> =
            read.flat_map(|batch| batch.unwrap()["row"].as_primitive::<UInt32Type>().values().to_vec()).collect();
        Some((*rows.first()?, *rows.last()?, rows.len()))
    }

    /// Rows that are looked at for a range.
    fn looked_at(folder: &LocalFolder, range: &RangeInclusive<u64>) -> usize {
        let read = Reader::open_range_of(folder.open("a").unwrap(), "a", 100_000, "n", range).unwrap();
        read.map(|batch| batch.unwrap().num_rows()).sum()
    }

    fn keys() -> ArrayRef {
        let keys = (0..ROWS).map(|row| [(row * STEP).to_be_bytes(), [7; 8]].concat());
        Arc::new(FixedSizeBinaryArray::try_from_iter(keys).unwrap())
    }

    #[test]
    fn numbers_and_keys_in_a_range_are_found_and_little_else_is_looked_at() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let hashes: ArrayRef = Arc::new(UInt64Array::from_iter_values((0..ROWS).map(|row| row * STEP)));
        for values in [hashes, keys()] {
            written(&folder, Some("n"), values);
            for (first, last) in [(0, 0), (100, 199), (65_530, 65_540), (150_000, 199_999)] {
                let range = u64::from(first) * STEP..=u64::from(last) * STEP;
                assert_eq!(found(&folder, range.clone()), Some((first, last, (last - first + 1) as usize)));
                // A page on either side.
                assert!(looked_at(&folder, &range) < (last - first) as usize + 2 * 8192 + 1);
            }
            assert_eq!(looked_at(&folder, &(0..=u64::MAX)), usize::try_from(ROWS).unwrap());
            assert_eq!(found(&folder, 1..=2), None);
        }
    }

    #[test]
    fn of_the_rows_in_a_range_those_wanted_are_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        written(&folder, Some("n"), Arc::new(UInt64Array::from_iter_values((0..ROWS).map(|row| row * STEP))));
        let even = |value: u64| (value / STEP).is_multiple_of(2);
        let range = 100 * STEP..=199 * STEP;
        let read = Reader::open_wanted(folder.open("a").unwrap(), "a", 100_000, "n", &range, even).unwrap();
        assert_eq!(read.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 50);
    }

    #[test]
    fn numbers_that_stand_often_are_found_across_row_groups() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        written(&folder, Some("n"), Arc::new(UInt32Array::from_iter_values((0..200_000).map(|row| row / 50_000))));
        assert_eq!(found(&folder, 1..=1), Some((50_000, 99_999, 50_000)));
        assert_eq!(found(&folder, 9..=9), None);
    }

    #[test]
    fn pages_without_the_range_are_not_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        written(&folder, Some("n"), keys());
        let path = temporary.path().join("a");
        let mut bytes = std::fs::read(&path).unwrap();
        let third = bytes.len() / 3;
        bytes[third..2 * third].fill(0);
        std::fs::write(&path, bytes).unwrap();
        assert!(Reader::open(&folder, "a", 1000).unwrap().any(|batch| batch.is_err()));
        assert_eq!(found(&folder, 3 * STEP..=3 * STEP), Some((3, 3, 1)));
    }

    #[test]
    fn a_file_that_is_not_sorted_or_says_nothing_of_its_pages_gives_the_same_rows() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let shuffled = (0..ROWS).map(|row| row * 77_777 % ROWS * STEP);
        let values: ArrayRef = Arc::new(UInt64Array::from_iter_values(shuffled));
        let mut all = Vec::new();
        for sorted_by in [None, Some("n")] {
            written(&folder, sorted_by, Arc::clone(&values));
            let (_, _, rows) = found(&folder, 100 * STEP..=199 * STEP).unwrap();
            all.push(rows);
        }
        assert_eq!(all, [100, 100]);
    }
}
