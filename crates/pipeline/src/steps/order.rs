//! `order`, global: which document goes into which shard, at which place.

mod shuffle;

use obelisc_document::DocId;
use obelisc_document::table::{self, DocumentSize, Position, Table as _};
use obelisc_shard::Split;
use obelisc_storage::parquet::Reader;
use serde_json::{Value, json};

use super::last_documents;
use crate::error::TaskError;
use crate::recipe::{Order as Wanted, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

/// Rows of sizes that are read at once.
const ROWS_PER_READ: usize = 8192;

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
        let seed = match context.recipe.finish.order {
            Wanted::Input => None,
            Wanted::Shuffled { seed } => Some(seed),
        };
        json!({
            "version": VERSION,
            "order": finish["order"],
            "seed": seed,
            "splits": context.recipe.section("finish.splits"),
            "max_shard_bytes": finish["max_shard_bytes"],
        })
    }

    fn tasks(&self, _: &Context<'_>) -> u32 {
        1
    }

    fn subject(&self, _: &Context<'_>, _: u32) -> String {
        "all documents".to_owned()
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let finish = &context.recipe.finish;
        let step = last_documents(context.recipe);
        let mut cut = Cut::new(finish.max_shard_bytes);
        let mut positions = task.sink::<Position>()?;
        let mut next = |Placing { split, task, row, doc_id, bytes }| {
            let (shard, place) = cut.place(split, bytes);
            positions.push(Position { shard, place, task, row, doc_id })
        };
        match finish.order {
            // Once for each split: the table is narrow, and in order already.
            Wanted::Input => {
                for split in finish.splits.all() {
                    for rows in sizes(context, step)? {
                        let (task, rows) = rows?;
                        let own = rows.into_iter().filter(|size| finish.splits.of(size.page_key) == split);
                        for DocumentSize { row, doc_id, bytes, .. } in own {
                            next(Placing { split, task, row, doc_id, bytes })?;
                        }
                    }
                }
            }
            Wanted::Shuffled { seed } => {
                let limits = context.engine_limits(true);
                shuffle::sort(sizes(context, step)?, seed, finish.splits, &limits, &mut next)?;
            }
        }
        task.close(positions)?;
        task.facts = json!({ "shards": cut.shards() });
        Ok(())
    }
}

/// A document on its way into a shard.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Placing {
    split: Split,
    task: u32,
    row: u32,
    doc_id: DocId,
    bytes: u64,
}

/// How many shards each split has, as the step left it.
pub(crate) fn shards(context: &Context<'_>) -> Vec<(Split, u32)> {
    // Of a step of one task no index has to be read.
    let marker = context.output("order").marker(0).ok().flatten();
    let shards = marker.map(|marker| serde_json::from_value(marker.facts["shards"].clone()));
    shards.and_then(Result::ok).unwrap_or_default()
}

/// What the documents of a step weigh, some thousand at a time, with the number of their task; in the order of the
/// inputs.
fn sizes<'a>(
    context: &'a Context<'a>,
    step: &str,
) -> Result<impl Iterator<Item = Result<(u32, Vec<DocumentSize>), TaskError>> + Send + use<'a>, TaskError> {
    Ok(context.output(step).markers()?.flat_map(|marker| {
        let files = marker.files_of(DocumentSize::NAME).map(|file| &*file.key);
        files.flat_map(|key| -> Box<dyn Iterator<Item = _> + Send> {
            match Reader::open(context.storage, key, ROWS_PER_READ) {
                Ok(reader) => Box::new(reader.map(|batch| Ok((marker.task, table::rows(&batch?)?)))),
                Err(error) => Box::new(std::iter::once(Err(error.into()))),
            }
        })
    }))
}

/// Cuts the documents of each split into shards; a shard ends before it would pass its bytes.
struct Cut {
    limit: u64,
    /// The splits that have documents, with the shards that each has so far.
    shards: Vec<(Split, u32)>,
    /// Documents of the last shard.
    place: u32,
    /// Bytes of the last shard.
    filled: u64,
}

impl Cut {
    fn new(limit: u64) -> Self {
        Self { limit, shards: Vec::new(), place: 0, filled: 0 }
    }

    /// Shard and place of the next document; those of a split come behind one another.
    fn place(&mut self, split: Split, bytes: u64) -> (u32, u32) {
        let begins = self.shards.last().is_none_or(|(last, _)| *last != split);
        if begins {
            self.shards.push((split, 0));
        }
        if begins || self.filled.saturating_add(bytes) > self.limit {
            (self.place, self.filled) = (0, 0);
            if let Some((_, shards)) = self.shards.last_mut() {
                *shards += 1;
            }
        }
        let place = self.place;
        (self.place, self.filled) = (self.place + 1, self.filled.saturating_add(bytes));
        let shards: u32 = self.shards.iter().map(|(_, shards)| shards).sum();
        (shards - 1, place)
    }

    /// The shards of each split.  A split without documents has none, since readers refuse a split without rows; a
    /// dataset without documents still has its schema, in one shard.
    fn shards(self) -> Vec<(Split, u32)> {
        if self.shards.is_empty() { vec![(Split::Train, 1)] } else { self.shards }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_ends_before_it_would_pass_its_bytes_and_with_its_split() {
        let mut cut = Cut::new(10);
        let weights = [(Split::Train, 4), (Split::Train, 6), (Split::Train, 1), (Split::Test, 30), (Split::Test, 1)];
        let places: Vec<_> = weights.into_iter().map(|(split, bytes)| cut.place(split, bytes)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0)]);
        assert_eq!(cut.shards(), [(Split::Train, 2), (Split::Test, 2)]);
        assert_eq!(Cut::new(10).shards(), [(Split::Train, 1)]);
    }
}
