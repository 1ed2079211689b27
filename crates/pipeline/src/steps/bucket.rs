//! Buckets of keys: how a global step is cut into tasks.
//!
//! A bucket is a range of keys.  Their number follows from the number of rows, and what a run writes into shards does not depend on it.

use obelisc_document::UrlKey;
use obelisc_document::table::Table;

use crate::error::TaskError;
use crate::step::{Context, Task};

use super::duplicates::{key_range, ranges};

/// Of the rows that one task looks at in a query such a part is held in memory by one that joins by itself.
pub(crate) const PART: u64 = 2;

/// How many buckets this many rows are cut into.
pub(super) fn count(context: &Context<'_>, rows: u64) -> u32 {
    ranges(rows, context.config.engine.rows_per_task / PART)
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

/// A task's bucket of a table, of so many, sorted.  Of the table's files, which are sorted by key, nothing else is read.
pub(super) fn read<T: Keyed>(task: &Task<'_>, step: &str, buckets: u32) -> Result<Vec<T>, TaskError> {
    let mut rows = task.rows_in::<T>(step, key_range(task.index, buckets)).collect::<Result<Vec<_>, _>>()?;
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
