//! `keys`, map: what duplicates are found by, as a key table sorted by key.

use obelisc_dedup::{Comparison, Kind, VERSION, keys};
use obelisc_document::Document;
use obelisc_document::table::DuplicateKey;
use serde_json::{Value, json};

use super::before_pass;
use crate::error::TaskError;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// The names, by the number of the pass.
pub(super) const NAMES: [&str; MAX_PASSES] = ["keys-1", "keys-2", "keys-3", "keys-4"];

/// Of one pass.
pub(super) struct Keys(pub(super) usize);

impl Step for Keys {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Dedup
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec![before_pass(self.0)]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({"version": VERSION, "comparisons": comparisons(context.recipe, self.0)})
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let comparisons = task.context.recipe.dedup.passes.get(self.0).map(Vec::as_slice).unwrap_or_default();
        let mut rows = Vec::new();
        for (document, row) in task.rows::<Document>(before_pass(self.0), task.index)?.zip(0..) {
            let document = document?;
            rows.extend(key_rows(comparisons, &document, task.index, row));
        }
        // Sorted by key: a task of the next step reads its range only.
        rows.sort_unstable();
        let mut sink = task.sink::<DuplicateKey>()?;
        rows.into_iter().try_for_each(|row| sink.push(row))?;
        task.close(sink)
    }
}

/// The rows of a document, which is the `row`th of a task.
pub(super) fn key_rows(
    comparisons: &[Comparison],
    document: &Document,
    task: u32,
    row: u32,
) -> impl Iterator<Item = DuplicateKey> {
    comparisons.iter().flat_map(move |comparison| {
        keys(comparison, document).into_iter().map(move |key| DuplicateKey {
            key_high: u64::try_from(key.key >> 64).unwrap_or_default(),
            key_low: u64::try_from(key.key & u128::from(u64::MAX)).unwrap_or_default(),
            kind: number(comparison.kind),
            task,
            row,
            ordinal: key.ordinal,
            paragraph: key.paragraph,
            place: key.place.0,
        })
    })
}

/// The number of a kind in tables.
pub(super) fn number(kind: Kind) -> u32 {
    Kind::ALL.into_iter().zip(0..).find(|(other, _)| *other == kind).map_or(u32::MAX, |(_, number)| number)
}

/// What decides about a pass, of the recipe.
pub(super) fn comparisons(recipe: &Recipe, pass: usize) -> Value {
    let kinds = recipe.dedup.passes.get(pass).into_iter().flatten().map(|comparison| {
        let name = comparison.kind.name();
        (name.to_owned(), recipe.section(&format!("dedup.{name}")))
    });
    Value::Object(kinds.collect())
}
