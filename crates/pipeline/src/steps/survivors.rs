//! `survivors`, global: clusters of copies of which nothing is in the dataset.
//!
//! A copy goes for another one that stays.  Where that one falls later, by a rule or as a copy of a third, the dataset has
//! none of them perhaps: this is counted, and said of which.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array as _, RecordBatch};
use obelisc_document::DocId;
use obelisc_document::table::{DocumentSize, LostCluster, Removal, Table as _};
use obelisc_engine::Engine;
use serde_json::{Value, json};

use super::duplicates::{kind, tables};
use super::{clusters, duplicates, last_documents};
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// Each document for which copies went, once for each kind, and itself where it is in the dataset.
const QUERY: &str = "\
    SELECT survivors.kind, survivors.survivor, sizes.doc_id FROM (\
        SELECT DISTINCT kind, survivor FROM removals WHERE removed AND survivor IS NOT NULL\
    ) AS survivors LEFT JOIN sizes ON survivors.survivor = sizes.doc_id ORDER BY survivors.kind, survivors.survivor";

pub(super) struct Survivors;

impl Step for Survivors {
    fn name(&self) -> &'static str {
        "survivors"
    }

    fn stage(&self) -> Stage {
        Stage::Finish
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        std::iter::once(last_documents(recipe)).chain(removing(recipe)).collect()
    }

    fn options(&self, _: &Context<'_>) -> Value {
        json!({"version": VERSION})
    }

    fn tasks(&self, _: &Context<'_>) -> u32 {
        1
    }

    fn subject(&self, _: &Context<'_>, _: u32) -> String {
        "all documents for which copies went".to_owned()
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let removals = removing(context.recipe).map(|step| context.output(step).keys(Removal::NAME));
        let removals = removals.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
        let sizes = context.output(last_documents(context.recipe)).keys(DocumentSize::NAME)?;
        let sources = vec![
            tables::source::<Removal>("removals", context.storage, removals),
            tables::source::<DocumentSize>("sizes", context.storage, sizes),
        ];
        let limits = context.engine_limits(false);
        let mut lost = task.sink::<LostCluster>()?;
        let accounts = &mut task.accounts;
        Engine::new(&limits)?.query(sources, QUERY, |batch| {
            for (number, survivor, stays) in of_batch(&batch).ok_or("the engine's answer lacks a column")? {
                let name = kind(number).map_or("unknown", |kind| kind.name());
                let flow = accounts.unit(&format!("{name}_clusters"));
                flow.enter(1);
                if !stays {
                    flow.drop_one("survivor_fell");
                    lost.push(LostCluster { kind: number, survivor })?;
                }
            }
            Ok(())
        })?;
        task.close(lost)
    }
}

/// The steps that say which copies go.
fn removing(recipe: &Recipe) -> impl Iterator<Item = &'static str> {
    let names = duplicates::NAMES.into_iter().zip(clusters::NAMES).zip(0..recipe.dedup.passes.len());
    names.flat_map(|((duplicates, clusters), pass)| {
        std::iter::once(duplicates).chain(recipe.dedup.is_near(pass).then_some(clusters))
    })
}

/// The number of the kind, the document, and whether it is in the dataset; `None` where a column is missing.
fn of_batch(batch: &RecordBatch) -> Option<Vec<(u32, DocId, bool)>> {
    let kinds = batch.column_by_name("kind")?.as_primitive_opt::<UInt32Type>()?;
    let survivors = batch.column_by_name("survivor")?.as_fixed_size_binary_opt()?;
    let stays = batch.column_by_name("doc_id")?;
    let row = |row| Some((kinds.value(row), DocId::from_slice(survivors.value(row))?, stays.is_valid(row)));
    (0..batch.num_rows()).map(row).collect()
}
