//! A shuffled order: documents sorted by a hash of their id, by an engine that spills.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, FixedSizeBinaryArray, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use obelisc_document::DocId;
use obelisc_document::table::DocumentSize;
use obelisc_engine::{Engine, Limits};
use obelisc_shard::{Split, Splits};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::super::duplicates::tables::source_of_channel;
use super::super::keys::halves;
use super::Placing;
use crate::error::TaskError;

/// No two rows are equal: a row of a task is one document.
const QUERY: &str = "SELECT * FROM sizes ORDER BY split, key_high, key_low, task, row";

/// Batches that are read ahead of the engine.
const AHEAD: usize = 2;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |name: &str, kind| Field::new(name, kind, false);
    let fields = vec![
        field("split", DataType::UInt32),
        field("key_high", DataType::UInt64),
        field("key_low", DataType::UInt64),
        field("task", DataType::UInt32),
        field("row", DataType::UInt32),
        field("bytes", DataType::UInt64),
        field("doc_id", DataType::FixedSizeBinary(16)),
    ];
    Arc::new(Schema::new(fields))
});

/// Gives documents by split, then by the hash of seed and document id.
pub(super) fn sort(
    sizes: impl Iterator<Item = Result<(u32, Vec<DocumentSize>), TaskError>> + Send,
    seed: u64,
    splits: Splits,
    limits: &Limits,
    mut receive: impl FnMut(Placing) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let engine = Engine::new(limits)?;
    // The engine's sources outlive what is borrowed here, so that rows come to it through a channel, from a thread
    // of their own.  It ends when it has read all, or when the engine has dropped the other end.
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            for rows in sizes {
                let batch = rows.and_then(|(task, rows)| Ok(keyed(task, &rows, seed, splits)?));
                if sender.send(batch).is_err() {
                    break;
                }
            }
        });
        let source = source_of_channel("sizes", Arc::clone(&SCHEMA), receiver);
        engine.query(vec![source], QUERY, |batch| {
            let rows = sorted(&batch).ok_or("the engine's answer lacks a column")?;
            Ok(rows.into_iter().try_for_each(&mut receive)?)
        })
    })?;
    Ok(())
}

/// The rows of a task, with what they are sorted by.
fn keyed(task: u32, rows: &[DocumentSize], seed: u64, splits: Splits) -> Result<RecordBatch, ArrowError> {
    let keys = rows.iter().map(|size| halves(xxh3_128_with_seed(&size.doc_id.0, seed)));
    let (high, low): (Vec<u64>, Vec<u64>) = keys.unzip();
    let number =
        |split| Split::ALL.into_iter().zip(0..).find(|(other, _)| *other == split).map_or(u32::MAX, |(_, n)| n);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|size| number(splits.of(size.page_key))))),
        Arc::new(UInt64Array::from(high)),
        Arc::new(UInt64Array::from(low)),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|_| task))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|size| size.row))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|size| size.bytes))),
        Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(|size| size.doc_id.0))?),
    ];
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns)
}

/// Rows of the answer; `None` where it lacks a column.
fn sorted(batch: &RecordBatch) -> Option<Vec<Placing>> {
    let numbers = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let (split, task, row) = (numbers("split")?, numbers("task")?, numbers("row")?);
    let bytes = batch.column_by_name("bytes")?.as_primitive_opt::<UInt64Type>()?;
    let ids = batch.column_by_name("doc_id")?.as_fixed_size_binary_opt()?;
    let rows = (0..batch.num_rows()).map(|at| {
        let split = *Split::ALL.get(usize::try_from(split.value(at)).ok()?)?;
        let doc_id = DocId::from_slice(ids.value(at))?;
        Some(Placing { split, task: task.value(at), row: row.value(at), doc_id, bytes: bytes.value(at) })
    });
    rows.collect()
}

#[cfg(test)]
mod tests;
