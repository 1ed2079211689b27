//! Tables of a run, or the rows of a range of keys, as tables of the engine.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use obelisc_document::table::Table;
use obelisc_engine::{Batches, Source};
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Object, Storage};

use crate::error::TaskError;

/// Rows of keys that are read at once.
const ROWS_PER_READ: usize = 8192;

/// The rows of tables; where a range is given, the tables are sorted by key, and the rows are those whose keys' upper halves lie in it.
pub(in crate::steps) fn source<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: Option<RangeInclusive<u64>>,
) -> Result<Source, TaskError> {
    let files = files.map(|key| Ok((key.to_owned(), storage.open(key)?)));
    let files: Arc<Vec<(String, Box<dyn Object>)>> = Arc::new(files.collect::<Result<_, obelisc_storage::Error>>()?);
    let open = move || {
        let (files, range) = (Arc::clone(&files), range.clone());
        let batches = (0..files.len()).flat_map(move |index| batches_of(&files, index, range.clone()));
        Ok(Box::new(batches) as Batches)
    };
    Ok(Source::new(name, T::schema(), open))
}

fn batches_of(files: &[(String, Box<dyn Object>)], index: usize, range: Option<RangeInclusive<u64>>) -> Batches {
    let Some((key, object)) = files.get(index) else { return Box::new(std::iter::empty()) };
    // A table without this column is read whole.
    let wanted = range.clone().unwrap_or(0..=u64::MAX);
    let reader = object.reopen().and_then(|object| Reader::open_range(object, key, ROWS_PER_READ, "key_high", &wanted));
    match (reader, range) {
        (Ok(reader), None) => Box::new(reader.map(|batch| Ok(batch?))),
        (Ok(reader), Some(range)) => Box::new(reader.map(move |batch| Ok(within(&batch?, &range)?))),
        (Err(error), _) => Box::new(std::iter::once(Err(error.into()))),
    }
}

/// The rows of a batch, which is sorted, whose keys lie in the range.
fn within(batch: &RecordBatch, range: &RangeInclusive<u64>) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let wrong = || arrow_schema::ArrowError::SchemaError("column key_high is missing".to_owned());
    let keys =
        batch.column_by_name("key_high").and_then(|column| column.as_primitive_opt::<arrow_array::types::UInt64Type>());
    let keys = keys.ok_or_else(wrong)?.values();
    let from = keys.partition_point(|key| key < range.start());
    let until = keys.partition_point(|key| key <= range.end());
    Ok(batch.slice(from, until - from))
}
