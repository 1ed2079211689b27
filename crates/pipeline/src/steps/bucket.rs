//! Buckets of keys: how a global step is cut into tasks.
//!
//! A bucket is a range of keys.  Their number follows from the number of rows, and what a run writes into shards does not depend on it.

use obelisc_document::UrlKey;
use obelisc_document::table::Table;

use crate::error::TaskError;
use crate::step::{Context, Task};

use super::duplicates::ranges;

/// Of the rows that one task looks at in a query such a part is held in memory by one that joins by itself.
pub(crate) const PART: u64 = 8;

/// How many buckets this many rows are cut into.
pub(super) fn count(context: &Context<'_>, rows: u64) -> u32 {
    ranges(rows, context.config.engine.rows_per_task / PART)
}

/// The bucket of a key, of `buckets`.
pub(super) fn of(key: UrlKey, buckets: u32) -> u32 {
    let [a, b, c, d, ..] = key.0;
    let high = u64::from(u32::from_be_bytes([a, b, c, d]));
    // The product's upper half is below `buckets`.
    ((high * u64::from(buckets)) >> 32).try_into().unwrap_or(u32::MAX)
}

/// A row that stands under a URL's key.
pub(super) trait Keyed: Table + Ord {
    /// The key.
    fn key(&self) -> UrlKey;
}

macro_rules! keyed {
    ($($row:ident),+) => {
        $(impl Keyed for obelisc_document::table::$row {
            fn key(&self) -> UrlKey {
                self.url_key
            }
        })+
    };
}

keyed!(Answer, Capture, ImageReference, ImageScore);

/// A task's bucket of a table, sorted.
pub(super) fn read<T: Keyed>(task: &Task<'_>, step: &str, buckets: u32) -> Result<Vec<T>, TaskError> {
    let mut rows = Vec::new();
    for row in task.all_rows::<T>(step)? {
        let row = row?;
        if of(row.key(), buckets) == task.index {
            rows.push(row);
        }
    }
    rows.sort();
    Ok(rows)
}

/// For each row of `left` the rows of `right` with its key.  Both are sorted by key.
pub(super) fn join<'a, L: Keyed, R: Keyed>(left: &'a [L], right: &'a [R]) -> impl Iterator<Item = (&'a L, &'a [R])> {
    let mut from = 0;
    left.iter().map(move |row| {
        from += right[from..].partition_point(|other| other.key() < row.key());
        let until = from + right[from..].partition_point(|other| other.key() == row.key());
        (row, &right[from..until])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_one_bucket_and_buckets_are_ranges() {
        for buckets in [1, 7, 64] {
            assert_eq!(of(UrlKey([0; 16]), buckets), 0);
            assert_eq!(of(UrlKey([255; 16]), buckets), buckets - 1);
            let keys = (0..=255u8).map(|i| of(UrlKey([i; 16]), buckets));
            assert!(keys.clone().zip(keys.skip(1)).all(|(a, b)| a <= b));
        }
    }

    #[test]
    fn a_join_pairs_equal_keys_and_leaves_no_row_out() {
        let row = |key: u8, url: &str| obelisc_document::table::Capture {
            url_key: UrlKey([key; 16]),
            input: 0,
            entry: None,
            offset: 0,
            inner: 0,
            length: None,
            url: url.into(),
        };
        let left = [row(1, "a"), row(2, "b"), row(2, "c"), row(4, "d")];
        let right = [row(0, "x"), row(2, "y"), row(2, "z"), row(4, "w")];
        let counts: Vec<usize> = join(&left, &right).map(|(_, matches)| matches.len()).collect();
        assert_eq!(counts, [0, 2, 2, 1]);
    }
}
