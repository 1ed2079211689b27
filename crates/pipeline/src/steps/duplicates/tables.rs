//! Tables of a run, or those of their rows that may have copies, as tables of the engine.

use std::ops::RangeInclusive;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::SchemaRef;
use obelisc_document::table::Table;
use obelisc_engine::{Batches, Files, Source};
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Object, Storage};

use super::crowded::Crowded;
use crate::error::TaskError;

/// Rows of keys that are read at once.
const ROWS_PER_READ: usize = 8192;

/// The column by which key tables are sorted: the upper half of a key.
const KEY: &str = "key_high";

/// All rows of tables.
pub(in crate::steps) fn source<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
) -> Source {
    Source::of_files(name, &T::schema(), Files::new(storage, files))
}

/// Some columns of all rows of tables.
pub(in crate::steps) fn source_of_columns<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    columns: &[&str],
) -> Result<Source, TaskError> {
    let schema = T::schema();
    let indices = schema.fields().iter().enumerate().filter(|(_, field)| columns.contains(&field.name().as_str()));
    let narrow = schema.project(&indices.map(|(index, _)| index).collect::<Vec<_>>())?;
    Ok(Source::of_files(name, &narrow, Files::new(storage, files)))
}

/// The rows of key tables, each sorted by key, whose keys' upper halves lie in a range; in this process without most of those
/// that have no copy.
pub(in crate::steps) fn source_of_copies<'a, T: Table>(
    name: &str,
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
) -> Source {
    let keys: Vec<String> = files.map(str::to_owned).collect();
    let described = Files::new(storage, keys.iter().map(String::as_str)).between(KEY, range.clone());
    let copies = Arc::new(Copies { storage: storage.shared(), keys, range, opened: Mutex::new(None) });
    Source::of_files(name, &T::schema(), described).read_here_by(move || {
        let (opened, copies) = (copies.opened()?, Arc::clone(&copies));
        let batches = (0..opened.files.len()).flat_map(move |index| -> Batches {
            match copies.read(&opened, index) {
                Ok(batches) => batches,
                Err(error) => Box::new(std::iter::once(Err(error.into()))),
            }
        });
        Ok(Box::new(batches) as Batches)
    })
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

/// Rows of a range that may have copies.  A query reads them more than once: files are opened, and keys counted, the first time.
struct Copies {
    storage: Arc<dyn Storage>,
    keys: Vec<String>,
    range: RangeInclusive<u64>,
    opened: Mutex<Option<Arc<Opened>>>,
}

/// Files by their keys, and which keys of rows in them may have copies.
struct Opened {
    files: Vec<(String, Box<dyn Object>)>,
    crowded: Arc<Crowded>,
}

impl Copies {
    fn opened(&self) -> Result<Arc<Opened>, TaskError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*opened {
            return Ok(Arc::clone(opened));
        }
        let files = self.keys.iter().map(|key| Ok((key.clone(), self.storage.open(key)?)));
        let files = files.collect::<Result<Vec<_>, obelisc_storage::Error>>()?;
        let crowded = Arc::new(crowded(&files, &self.range)?);
        Ok(Arc::clone(opened.insert(Arc::new(Opened { files, crowded }))))
    }

    fn read(&self, opened: &Opened, index: usize) -> obelisc_storage::Result<Batches> {
        let Some((key, object)) = opened.files.get(index) else { return Ok(Box::new(std::iter::empty())) };
        let crowded = Arc::clone(&opened.crowded);
        let wanted = move |key| crowded.holds(key);
        let reader = Reader::open_wanted(object.reopen()?, key, ROWS_PER_READ, KEY, &self.range, wanted)?;
        Ok(Box::new(reader.map(|batch| Ok(batch?))))
    }
}

/// The keys of a range that may have copies.
fn crowded(files: &[(String, Box<dyn Object>)], range: &RangeInclusive<u64>) -> Result<Crowded, TaskError> {
    let mut crowded = Crowded::new(range);
    for (key, object) in files {
        for batch in Reader::open_range_of(object.reopen()?, key, ROWS_PER_READ, KEY, range)? {
            let batch = batch?;
            let keys = batch.column_by_name(KEY).and_then(|column| column.as_primitive_opt::<UInt64Type>());
            let damaged = || obelisc_storage::Error::Damaged { key: key.clone(), detail: format!("no column {KEY}") };
            let keys = keys.ok_or_else(damaged)?.values();
            // They are sorted.
            let from = keys.partition_point(|key| key < range.start());
            keys.iter().skip(from).take_while(|key| *key <= range.end()).for_each(|key| crowded.add(*key));
        }
    }
    Ok(crowded.whole())
}
