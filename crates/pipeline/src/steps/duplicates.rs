//! `duplicates`, global: which copies go, and for which.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type};
use obelisc_dedup::{Comparison, Kind, Place, QUERY, VERSION};
use obelisc_document::table::{DuplicateKey, Removal, Table};
use obelisc_engine::{Batches, Engine, Limits, Source};
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Object, Storage};
use serde_json::{Value, json};

use super::keys::{self, comparisons, number};
use crate::error::TaskError;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// The names, by the number of the pass.
pub(super) const NAMES: [&str; MAX_PASSES] = ["duplicates-1", "duplicates-2", "duplicates-3", "duplicates-4"];

/// Rows of keys that one task looks at, about: some hundred megabytes of them.
const ROWS_PER_TASK: u64 = 4_000_000;

/// Rows of keys that are read at once.
const ROWS_PER_READ: usize = 8192;

/// Of one pass.
pub(super) struct Duplicates(pub(super) usize);

impl Step for Duplicates {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Dedup
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec![keys_of(self.0)]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({
            "version": VERSION,
            "comparisons": comparisons(context.recipe, self.0),
        })
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let rows = context.output(keys_of(self.0)).rows(DuplicateKey::NAME);
        u32::try_from(rows.div_ceil(ROWS_PER_TASK).max(1)).unwrap_or(u32::MAX)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let wanted = context.recipe.dedup.passes.get(self.0).map(Vec::as_slice).unwrap_or_default();
        let files = context.output(keys_of(self.0)).files(DuplicateKey::NAME).map(|file| file.key.as_str());
        let range = range(task.index, self.tasks(context));
        let limits = Limits {
            memory: context.config.engine.max_memory_bytes / context.config.threads.get(),
            spill: context.config.engine.spill_folder.clone(),
            threads: 1,
        };
        let mut sink = task.sink::<Removal>()?;
        find(context.storage, files, range, wanted, &limits, |removal| sink.push(removal))?;
        task.close(sink)
    }
}

/// Finds the copies among the rows of key tables, each sorted by key, whose upper halves of keys lie in a range; gives them by task, row, kind, ordinal
/// and paragraph.
pub(crate) fn find<'a>(
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
    wanted: &[Comparison],
    limits: &Limits,
    mut receive: impl FnMut(Removal) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let source = keys(storage, files, range)?;
    Engine::new(limits)?.query(vec![source], QUERY, |batch| {
        let removals = removals(wanted, &batch).ok_or("the engine's answer lacks a column")?;
        Ok(removals.into_iter().try_for_each(&mut receive)?)
    })?;
    Ok(())
}

fn keys_of(pass: usize) -> &'static str {
    keys::NAMES.get(pass).copied().unwrap_or_default()
}

/// The upper halves of keys that a task of so many looks at.
fn range(task: u32, tasks: u32) -> RangeInclusive<u64> {
    let first = |task: u32| ((u128::from(task) << 64) / u128::from(tasks.max(1))).min(u128::from(u64::MAX));
    let last = if task + 1 >= tasks { u64::MAX } else { u64::try_from(first(task + 1)).unwrap_or(u64::MAX) - 1 };
    u64::try_from(first(task)).unwrap_or_default()..=last
}

/// The rows of key tables whose keys lie in a range.
fn keys<'a>(
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
) -> Result<Source, TaskError> {
    let files = files.map(|key| Ok((key.to_owned(), storage.open(key)?)));
    let files: Arc<Vec<(String, Box<dyn Object>)>> = Arc::new(files.collect::<Result<_, obelisc_storage::Error>>()?);
    let open = move || {
        let (files, range) = (Arc::clone(&files), range.clone());
        let batches = (0..files.len()).flat_map(move |index| batches_of(&files, index, range.clone()));
        Ok(Box::new(batches) as Batches)
    };
    Ok(Source::new("keys", DuplicateKey::schema(), open))
}

fn batches_of(files: &[(String, Box<dyn Object>)], index: usize, range: RangeInclusive<u64>) -> Batches {
    let Some((key, object)) = files.get(index) else { return Box::new(std::iter::empty()) };
    let reader = object.reopen().and_then(|object| Reader::open_range(object, key, ROWS_PER_READ, "key_high", &range));
    match reader {
        Ok(reader) => Box::new(reader.map(move |batch| Ok(within(&batch?, &range)?))),
        Err(error) => Box::new(std::iter::once(Err(error.into()))),
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

/// What a batch of the answer says of copies; `None` where it lacks a column.
fn removals(wanted: &[Comparison], batch: &RecordBatch) -> Option<Vec<Removal>> {
    let numbers = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let places = |name: &str| batch.column_by_name(name)?.as_binary_opt::<i32>();
    let (kinds, tasks, rows) = (numbers("kind")?, numbers("task")?, numbers("row")?);
    let (ordinals, paragraphs) = (numbers("ordinal")?, numbers("paragraph")?);
    let (place, best) = (places("place")?, places("best")?);
    let copies = batch.column_by_name("copies")?.as_primitive_opt::<Int64Type>()?;
    let optional = |column: &arrow_array::UInt32Array, row: usize| {
        use arrow_array::Array as _;
        column.is_valid(row).then(|| column.value(row))
    };
    let removal = |row: usize| {
        let kind = kinds.value(row);
        let comparison = wanted.iter().find(|comparison| number(comparison.kind) == kind)?;
        let copies = copies.value(row).unsigned_abs();
        if copies <= comparison.max_copies {
            return None;
        }
        let (place, best) = (Place(place.value(row).to_vec()), Place(best.value(row).to_vec()));
        let survivor = if comparison.keep == obelisc_dedup::Keep::None { None } else { best.document() };
        Some(Removal {
            task: tasks.value(row),
            row: rows.value(row),
            kind,
            ordinal: optional(ordinals, row),
            paragraph: optional(paragraphs, row),
            removed: !comparison.keep.stays(&place, &best),
            copies,
            survivor,
        })
    };
    Some((0..batch.num_rows()).filter_map(removal).collect())
}

/// The kind of a number in tables.
pub(super) fn kind(number: u32) -> Option<Kind> {
    Kind::ALL.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod tests;
