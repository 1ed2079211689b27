//! `keys`, map: what duplicates are found by, as a key table sorted by key.

use obelisc_dedup::{Comparison, Kind, Signer, VERSION, keys};
use obelisc_document::Document;
use obelisc_document::table::{Band, Candidate, DuplicateKey};
use serde_json::{Value, json};

use super::before_pass;
use crate::error::TaskError;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// The names, by the number of the pass.
pub(super) const NAMES: [&str; MAX_PASSES] = ["keys-1", "keys-2", "keys-3", "keys-4", "keys-5", "keys-6"];

/// Of one pass.
pub(super) struct Keys(pub(super) usize);

impl Step for Keys {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Dedup
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_pass(recipe, self.0)]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({"version": VERSION, "comparisons": comparisons(context.recipe, self.0)})
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let recipe = task.context.recipe;
        let (comparisons, before) = (recipe.dedup.pass(self.0), before_pass(recipe, self.0));
        let signers: Vec<Signer> = comparisons.iter().filter_map(Signer::new).collect();
        let (mut rows, mut bands, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
        for (document, row) in task.rows::<Document>(before, task.index)?.zip(0..) {
            let document = document?;
            rows.extend(key_rows(comparisons, &document, task.index, row));
            for signer in &signers {
                near_rows(signer, &document, task.index, row, &mut bands, &mut candidates);
            }
        }
        // Sorted by key: a task of the next step reads its range only.
        rows.sort_unstable();
        task.write(rows)?;
        if !signers.is_empty() {
            bands.sort_unstable();
            thin_out(&mut bands);
            task.write(bands)?;
            task.write(candidates)?;
        }
        Ok(())
    }
}

/// The rows of a document, which is the `row`th of a task.
pub fn key_rows(
    comparisons: &[Comparison],
    document: &Document,
    task: u32,
    row: u32,
) -> impl Iterator<Item = DuplicateKey> {
    comparisons.iter().flat_map(move |comparison| {
        keys(comparison, document).into_iter().map(move |key| DuplicateKey {
            key_high: halves(key.key).0,
            key_low: halves(key.key).1,
            kind: number(comparison.kind),
            task,
            row,
            ordinal: key.ordinal,
            paragraph: key.paragraph,
            place: key.place.0,
        })
    })
}

/// Adds the bands of a document, which is the `row`th of a task, and itself, where it has words; or those of its images.
pub fn near_rows(
    signer: &Signer,
    document: &Document,
    task: u32,
    row: u32,
    bands: &mut Vec<Band>,
    candidates: &mut Vec<Candidate>,
) {
    let kind = self::number(signer.kind());
    for found in signer.bands(document) {
        let (ordinal, signature) = (found.ordinal, found.signature);
        // Images that look the same are one member, however many there are.
        let member = if ordinal.is_some() { signature } else { number_of(task, row) };
        bands.extend(found.keys.into_iter().map(|key| {
            let (key_high, key_low) = halves(key);
            Band { key_high, key_low, kind, member, signature }
        }));
        candidates.push(Candidate { kind, member, task, row, ordinal, place: found.place.0 });
    }
}

/// Of equal rows, which are next to each other, two are enough to say that there are several.
fn thin_out(bands: &mut Vec<Band>) {
    let mut equal = 0;
    bands.dedup_by(|band, before| {
        equal = if band == before { equal + 1 } else { 0 };
        equal > 1
    });
}

/// The upper and the lower half of a key.
pub(in crate::steps) fn halves(key: u128) -> (u64, u64) {
    let half = |half: u128| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default();
    (half(key >> 64), half(key))
}

/// The number of a document among all: its task in the upper half, its row in the lower.
fn number_of(task: u32, row: u32) -> u64 {
    u64::from(task) << 32 | u64::from(row)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_bands_two_are_left() {
        let band = |member| Band { key_high: 1, key_low: 2, kind: 8, member, signature: member };
        let mut bands = [1, 2, 2, 3, 3, 3, 3, 4, 5, 5, 5].map(band).to_vec();
        thin_out(&mut bands);
        assert_eq!(bands, [1, 2, 2, 3, 3, 4, 5, 5].map(band));
    }
}
