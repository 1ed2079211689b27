//! `write`, map: one shard per task, from documents and image byte ranges.

use obelisc_document::table::Position;
use obelisc_document::{Document, ImageNode};
use obelisc_shard::{ImageColumn, Row, ShardWriter};
use serde_json::{Value, json};

use super::{last_documents, order};
use crate::error::TaskError;
use crate::marker::File;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

/// Name under which a marker lists a shard.
pub(crate) const SHARDS: &str = "shards";

pub(super) struct Write;

impl Step for Write {
    fn name(&self) -> &'static str {
        "write"
    }

    fn stage(&self) -> Stage {
        Stage::Finish
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec!["order", last_documents(recipe)]
    }

    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        Some(last_documents(recipe))
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let finish = context.recipe.section("finish");
        json!({
            "version": VERSION,
            "images": finish["images"],
            "max_row_group_bytes": finish["max_row_group_bytes"],
            "max_row_group_rows": finish["max_row_group_rows"],
        })
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        order::shards(context).iter().map(|(_, shards)| shards).sum()
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("shard {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let finish = &context.recipe.finish;
        let key = task.key(SHARDS, "parquet");
        let mut writer = ShardWriter::new(context.storage.create(&key)?, finish.images, finish.row_groups)?;
        let mut blobs = context.images.blobs();
        let mut merged = 0;
        let positions = task.own_rows::<Position>("order");
        placed(task, positions.collect::<Result<_, _>>()?, |document| {
            merged += document.merged_nodes() as u64;
            let row = match finish.images {
                ImageColumn::Url => Row::linked(&document)?,
                ImageColumn::Bytes => Row::embedded(&document, |image| bytes(&mut blobs, image))?,
            };
            Ok(writer.push(row)?)
        })?;
        let (summary, upload) = writer.finish()?;
        upload.finish()?;
        let (rows, bytes, digest) = (summary.rows, summary.bytes, summary.sha256.clone());
        task.add(File { table: SHARDS.to_owned(), key, rows, bytes, digest });
        let documents = task.accounts.unit("documents");
        (documents.entered, documents.kept) = (summary.rows, summary.rows);
        let images = task.accounts.unit("images");
        (images.entered, images.kept) = (summary.images, summary.images);
        let text_nodes = task.accounts.unit("text_nodes");
        (text_nodes.entered, text_nodes.kept, text_nodes.merged) = (summary.texts + merged, summary.texts, merged);
        task.facts = serde_json::to_value(&summary)?;
        Ok(())
    }
}

fn bytes(blobs: &mut obelisc_fetch::BlobReader<'_>, image: &ImageNode) -> Result<Vec<u8>, TaskError> {
    match &image.blob {
        Some(blob) => Ok(blobs.read(blob)?),
        // The stages before see to it; a row without bytes would be no row.
        None => Err(TaskError::Accounts(format!("{} has no bytes", image.src))),
    }
}

/// Gives the documents of a shard in the order of their places.  Each task's table is read once, and of it the pages
/// that hold wanted rows.
///
/// Places that follow the order of the tables are read as they come.  Of others a document waits for its turn,
/// without the bytes of its images: no more than one shard is in memory.
fn placed(
    task: &Task<'_>,
    mut positions: Vec<Position>,
    mut give: impl FnMut(Document) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    if positions.is_sorted_by_key(|position| (position.task, position.row)) {
        return read(task, &positions, |_, document| give(document));
    }
    let mut waiting: Vec<Option<Document>> = vec![None; positions.len()];
    positions.sort_unstable_by_key(|position| (position.task, position.row));
    read(task, &positions, |place, document| {
        if let Some(place) = usize::try_from(place).ok().and_then(|place| waiting.get_mut(place)) {
            *place = Some(document);
        }
        Ok(())
    })?;
    waiting.into_iter().enumerate().try_for_each(|(place, document)| {
        give(document.ok_or_else(|| TaskError::Accounts(format!("no document at place {place}")))?)
    })
}

/// Gives documents, each with its place, in the order of the tables, which is that of the positions.
fn read(
    task: &Task<'_>,
    positions: &[Position],
    mut give: impl FnMut(u32, Document) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let step = last_documents(task.context.recipe);
    for of_task in positions.chunk_by(|a, b| a.task == b.task) {
        let Some(Position { task: number, .. }) = of_task.first() else { continue };
        let rows: Vec<u32> = of_task.iter().map(|position| position.row).collect();
        let mut documents = task.rows_at::<Document>(step, *number, &rows)?;
        for Position { place, row, doc_id, .. } in of_task {
            let document = documents.next().transpose()?.filter(|document| document.id == *doc_id);
            give(*place, document.ok_or_else(|| TaskError::Accounts(format!("no document {row} in task {number}")))?)?;
        }
    }
    Ok(())
}
