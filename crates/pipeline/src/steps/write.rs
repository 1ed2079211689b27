//! `write`, map: one shard per task, from documents and image byte ranges.

use obelisc_document::table::Position;
use obelisc_document::{Document, ImageNode};
use obelisc_shard::{ImageColumn, Row, ShardWriter};
use serde_json::{Value, json};

use super::last_documents;
use crate::error::TaskError;
use crate::marker::File;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Rows, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

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
        json!({"version": VERSION, "finish": context.recipe.section("finish")})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let markers = &context.output("order").markers;
        let shards = markers.first().and_then(|marker| marker.facts["shards"].as_u64());
        shards.and_then(|shards| u32::try_from(shards).ok()).unwrap_or_default()
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("shard {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let finish = &context.recipe.finish;
        let key = task.key(SHARDS, "parquet");
        let mut writer = ShardWriter::new(context.storage.create(&key)?, finish.images, finish.row_groups)?;
        let mut documents = Cursor { task, at: None };
        let mut blobs = context.images.blobs();
        let mut merged = 0;
        for position in task.own_rows::<Position>("order", "shard", |position| position.shard) {
            let position = position?;
            let document = documents.get(position.task, position.row)?;
            merged += document.merged_nodes() as u64;
            let row = match finish.images {
                ImageColumn::Url => Row::linked(&document)?,
                ImageColumn::Bytes => Row::embedded(&document, |image| bytes(&mut blobs, image))?,
            };
            writer.push(row)?;
        }
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

/// Reads documents; those that lie behind one another are read in one go.
struct Cursor<'t, 'a> {
    task: &'t Task<'a>,
    at: Option<(u32, u32, Rows<'a, Document>)>,
}

impl Cursor<'_, '_> {
    fn get(&mut self, number: u32, row: u32) -> Result<Document, TaskError> {
        let rows = match &mut self.at {
            Some((task, next, rows)) if (*task, *next) == (number, row) => {
                *next += 1;
                rows
            }
            _ => {
                let step = last_documents(self.task.context.recipe);
                let rows = self.task.rows_from(step, number, u64::from(row))?;
                &mut self.at.insert((number, row + 1, rows)).2
            }
        };
        rows.next().unwrap_or_else(|| Err(TaskError::Accounts(format!("no document {row} in task {number}"))))
    }
}
