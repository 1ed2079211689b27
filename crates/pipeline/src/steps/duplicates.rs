//! `duplicates`, global: which copies go, and for which; which documents and images are near copies of each other.

mod crowded;
pub(super) mod tables;

use std::ops::RangeInclusive;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type};
use arrow_array::{Array as _, RecordBatch};
use obelisc_dedup::{BANDS_QUERY, Banded, Buckets, Comparison, Keep, Kind, Place, QUERY, VERSION};
use obelisc_document::table::{Band, DuplicateKey, Link, Removal, Table as _};
use obelisc_engine::{Engine, Limits};
use obelisc_storage::Storage;
use serde_json::{Value, json};

use super::keys::{self, comparisons, number};
use crate::error::TaskError;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// The names, by the number of the pass.
pub(super) const NAMES: [&str; MAX_PASSES] =
    ["duplicates-1", "duplicates-2", "duplicates-3", "duplicates-4", "duplicates-5", "duplicates-6"];

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
        let keys = context.output(keys_of(self.0));
        let rows = keys.rows(DuplicateKey::NAME) + keys.rows(Band::NAME);
        ranges(rows, context.config.engine.rows_per_task)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let wanted = context.recipe.dedup.pass(self.0);
        let keys = context.output(keys_of(self.0));
        let range = key_range(task.index, self.tasks(context));
        let limits = context.engine_limits(false);
        let mut sink = task.sink::<Removal>()?;
        find(context.storage, keys.keys(DuplicateKey::NAME)?, range.clone(), wanted, &limits, |removal| {
            sink.push(removal)
        })?;
        task.close(sink)?;
        if context.recipe.dedup.is_near(self.0) {
            let mut sink = task.sink::<Link>()?;
            find_links(context.storage, keys.keys(Band::NAME)?, range, wanted, &limits, |link| sink.push(link))?;
            task.close(sink)?;
        }
        Ok(())
    }
}

/// Finds the copies among the rows of key tables, each sorted by key, whose upper halves of keys lie in a range; gives them by task, row, kind, ordinal
/// and paragraph.
///
/// # Errors
/// Tables that cannot be read, what `receive` cannot take, and those of the engine.
pub fn find<'a>(
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
    wanted: &[Comparison],
    limits: &Limits,
    mut receive: impl FnMut(Removal) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let source = tables::source_of_copies::<DuplicateKey>("keys", storage, files, range);
    Engine::new(limits)?.query(vec![source], QUERY, |batch| {
        let removals = removals(wanted, &batch).ok_or("the engine's answer lacks a column")?;
        Ok(removals.into_iter().try_for_each(&mut receive)?)
    })?;
    Ok(())
}

/// Finds the near copies among the rows of band tables in the same way.
///
/// # Errors
/// As [`find`].
pub fn find_links<'a>(
    storage: &dyn Storage,
    files: impl Iterator<Item = &'a str>,
    range: RangeInclusive<u64>,
    wanted: &[Comparison],
    limits: &Limits,
    mut receive: impl FnMut(Link) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let source = tables::source_of_copies::<Band>("bands", storage, files, range);
    let near = wanted.iter().filter(|comparison| comparison.kind.is_near());
    let mut buckets: Vec<(u32, Buckets)> = near.map(|near| (number(near.kind), Buckets::new(near))).collect();
    Engine::new(limits)?.query(vec![source], BANDS_QUERY, |batch| {
        for band in Band::from_batch(&batch)? {
            let Some((kind, buckets)) = buckets.iter_mut().find(|(kind, _)| *kind == band.kind) else { continue };
            let key = u128::from(band.key_high) << 64 | u128::from(band.key_low);
            let banded = Banded { key, signature: band.signature, member: band.member };
            let mut links = Vec::new();
            buckets.push(banded, |link| links.push(link));
            for link in links {
                receive(Link { kind: *kind, member: link.member, other: link.other })?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn keys_of(pass: usize) -> &'static str {
    keys::NAMES.get(pass).copied().unwrap_or_default()
}

/// Into how many ranges of keys so many rows are cut, with so many each, about.
pub fn ranges(rows: u64, rows_per_task: u64) -> u32 {
    u32::try_from(rows.div_ceil(rows_per_task.max(1)).max(1)).unwrap_or(u32::MAX)
}

/// The upper halves of keys that a task of so many looks at.
pub fn key_range(task: u32, tasks: u32) -> RangeInclusive<u64> {
    let first = |task: u32| ((u128::from(task) << 64) / u128::from(tasks.max(1))).min(u128::from(u64::MAX));
    let last = if task + 1 >= tasks { u64::MAX } else { u64::try_from(first(task + 1)).unwrap_or(u64::MAX) - 1 };
    u64::try_from(first(task)).unwrap_or_default()..=last
}

/// What a batch of the answer says of copies; `None` where it lacks a column.
fn removals(wanted: &[Comparison], batch: &RecordBatch) -> Option<Vec<Removal>> {
    let kinds = batch.column_by_name("kind")?.as_primitive_opt::<UInt32Type>()?;
    let paragraphs = batch.column_by_name("paragraph")?.as_primitive_opt::<UInt32Type>()?;
    removals_of(batch, |row| {
        let comparison = wanted.iter().find(|comparison| number(comparison.kind) == kinds.value(row))?;
        Some((comparison, paragraphs.is_valid(row).then(|| paragraphs.value(row))))
    })
}

/// What a batch says of copies by its columns `task`, `row`, `ordinal`, `place`, `copies` and `best`, each of a comparison, and of a paragraph perhaps; without
/// those of which there are not too many.  `None` where it lacks a column.
pub(super) fn removals_of<'c>(
    batch: &RecordBatch,
    of: impl Fn(usize) -> Option<(&'c Comparison, Option<u32>)>,
) -> Option<Vec<Removal>> {
    let numbers = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let places = |name: &str| batch.column_by_name(name)?.as_binary_opt::<i32>();
    let (tasks, rows, ordinals) = (numbers("task")?, numbers("row")?, numbers("ordinal")?);
    let (places, bests) = (places("place")?, places("best")?);
    let copies = batch.column_by_name("copies")?.as_primitive_opt::<Int64Type>()?;
    let removal = |row: usize| {
        let (comparison, paragraph) = of(row)?;
        let copies = copies.value(row).unsigned_abs();
        let [place, best] = [places, bests].map(|places| Place(places.value(row).to_vec()));
        let removal = Removal {
            task: tasks.value(row),
            row: rows.value(row),
            kind: number(comparison.kind),
            ordinal: ordinals.is_valid(row).then(|| ordinals.value(row)),
            paragraph,
            removed: !comparison.keep.stays(&place, &best),
            copies,
            survivor: if comparison.keep == Keep::None { None } else { best.document() },
        };
        (copies > comparison.max_copies).then_some(removal)
    };
    Some((0..batch.num_rows()).filter_map(removal).collect())
}

/// The kind of a number in tables.
pub(super) fn kind(number: u32) -> Option<Kind> {
    Kind::ALL.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;
