//! Tables of a run, or those of their rows that may have copies, as tables of the engine.

use std::ops::RangeInclusive;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::SchemaRef;
use obelisc_document::table::Table;
use obelisc_engine::{Batches, Source};
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Object, Storage};

use super::crowded::Crowded;
use crate::error::TaskError;

/// Rows of keys that are read at once.
const ROWS_PER_READ: usize = 8192;

/// Files of tables by their keys.
type Files = Arc<Vec<(String, Box<dyn Object>)>>;

fn opened<'a>(storage: &dyn Storage, files: impl Iterator<Item = &'a str>) -> Result<Files, TaskError> {
    let files = files.map(|key| Ok((key.to_owned(), storage.open(key)?)));
    Ok(Arc::new(files.collect::<Result<_, obelisc_storage::Error>>()?))
}

/// All rows of tables.
pub(in crate::steps) fn source<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
) -> Result<Source, TaskError> {
    let files = opened(storage, files)?;
    // A table without the column is read whole.
    let read = |object, key: &str| Reader::open_range(object, key, ROWS_PER_READ, "key_high", &(0..=u64::MAX));
    Ok(table(name, T::schema(), files, read))
}

/// Some columns of all rows of tables.
pub(in crate::steps) fn source_of_columns<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    columns: &'static [&'static str],
) -> Result<Source, TaskError> {
    let files = opened(storage, files)?;
    let schema = T::schema();
    let indices = schema.fields().iter().enumerate().filter(|(_, field)| columns.contains(&field.name().as_str()));
    let narrow = schema.project(&indices.map(|(index, _)| index).collect::<Vec<_>>())?;
    let read = |object, key: &str| Reader::open_columns(object, key, ROWS_PER_READ, columns);
    Ok(table(name, Arc::new(narrow), files, read))
}

/// The rows of key tables, each sorted by key, whose keys' upper halves lie in a range; without most of those that have
/// no copy.
pub(in crate::steps) fn source_of_copies<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
) -> Result<Source, TaskError> {
    let files = opened(storage, files)?;
    let crowded = Arc::new(crowded(&files, &range)?);
    let read = move |object, key: &str| {
        let crowded = Arc::clone(&crowded);
        Reader::open_wanted(object, key, ROWS_PER_READ, "key_high", &range, move |key| crowded.holds(key))
    };
    Ok(table(name, T::schema(), files, read))
}

/// What comes through a channel, as a table that is read once.
pub(in crate::steps) fn source_of_channel(
    name: &'static str,
    schema: SchemaRef,
    receiver: Receiver<Result<RecordBatch, TaskError>>,
) -> Source {
    let receiver = Mutex::new(Some(receiver));
    Source::new(name, schema, move || {
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let batches = receiver.ok_or_else(|| format!("{name} are read a second time"))?.into_iter();
        Ok(Box::new(batches.map(|batch| Ok(batch?))) as Batches)
    })
}

fn table(
    name: &str,
    schema: SchemaRef,
    files: Files,
    read: impl Fn(Box<dyn Object>, &str) -> obelisc_storage::Result<Reader> + Send + Sync + 'static,
) -> Source {
    let read = Arc::new(read);
    Source::new(name, schema, move || {
        let (files, read) = (Arc::clone(&files), Arc::clone(&read));
        let batches = (0..files.len()).flat_map(move |index| -> Batches {
            let Some((key, object)) = files.get(index) else { return Box::new(std::iter::empty()) };
            match object.reopen().and_then(|object| read(object, key)) {
                Ok(reader) => Box::new(reader.map(|batch| Ok(batch?))),
                Err(error) => Box::new(std::iter::once(Err(error.into()))),
            }
        });
        Ok(Box::new(batches))
    })
}

/// The keys of a range that may have copies.
fn crowded(files: &Files, range: &RangeInclusive<u64>) -> Result<Crowded, TaskError> {
    let mut crowded = Crowded::new(range);
    for (key, object) in files.iter() {
        for batch in Reader::open_range_of(object.reopen()?, key, ROWS_PER_READ, "key_high", range)? {
            let batch = batch?;
            let keys = batch.column_by_name("key_high").and_then(|column| column.as_primitive_opt::<UInt64Type>());
            let damaged =
                || obelisc_storage::Error::Damaged { key: key.clone(), detail: "no column key_high".to_owned() };
            let keys = keys.ok_or_else(damaged)?.values();
            // They are sorted.
            let from = keys.partition_point(|key| key < range.start());
            keys.iter().skip(from).take_while(|key| *key <= range.end()).for_each(|key| crowded.add(*key));
        }
    }
    Ok(crowded.whole())
}
