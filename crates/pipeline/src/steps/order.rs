//! `order`, global: which document goes into which shard, at which place.

use obelisc_document::table::{DocumentSize, Position};
use serde_json::{Value, json};

use super::last_documents;
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

pub(super) struct Order;

impl Step for Order {
    fn name(&self) -> &'static str {
        "order"
    }

    fn stage(&self) -> Stage {
        Stage::Finish
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![last_documents(recipe)]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let finish = context.recipe.section("finish");
        json!({"version": VERSION, "order": finish["order"], "max_shard_bytes": finish["max_shard_bytes"]})
    }

    fn tasks(&self, _: &Context<'_>) -> u32 {
        1
    }

    fn subject(&self, _: &Context<'_>, _: u32) -> String {
        "all documents".to_owned()
    }

    /// Documents in the order of the inputs; a shard ends before it would pass its bytes.
    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let step = last_documents(context.recipe);
        let limit = context.recipe.finish.max_shard_bytes;
        let mut positions = task.sink::<Position>()?;
        let (mut shard, mut place, mut filled) = (0, 0, 0);
        for number in context.output(step).markers.iter().map(|marker| marker.task) {
            for size in task.rows::<DocumentSize>(step, number)? {
                let DocumentSize { row, doc_id, bytes } = size?;
                if place > 0 && filled + bytes > limit {
                    (shard, place, filled) = (shard + 1, 0, 0);
                }
                positions.push(Position { shard, place, task: number, row, doc_id })?;
                place += 1;
                filled += bytes;
            }
        }
        task.close(positions)?;
        // A dataset without documents still has its schema: one empty shard.
        task.facts = json!({"shards": shard + 1});
        Ok(())
    }
}
