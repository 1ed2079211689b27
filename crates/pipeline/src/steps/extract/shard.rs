//! A shard of a dataset: its rows are documents, the images that they bring are captures.

use std::io;

use obelisc_document::{Content, Reason};
use obelisc_shard::Incoming;
use obelisc_storage::inputs::{ArchiveFile, Input};
use obelisc_warc::Location;
use serde_json::{Value, json};

use super::Books;
use crate::error::TaskError;
use crate::incoming::{Part, Shard, rows};
use crate::intake::{Fate, Finding};
use crate::recipe::Stage;
use crate::steps::digesting::{Digesting, opened};

impl Books<'_, '_> {
    /// All rows of a shard.
    pub(super) fn shard(&mut self, input: &Input, file: &ArchiveFile) -> Result<Value, TaskError> {
        let recipe = self.task.context.recipe;
        let max_text_bytes = recipe.extract.records.max_body_bytes;
        let mut count = 0;
        match Shard::open(opened(input, file.open())?, &input.name)? {
            Err(detail) => self.enter(finding(input, 0, Fate::Failed(Reason::NotADataset, detail)))?,
            Ok(shard) => shard.parts(|part| -> Result<(), TaskError> {
                if let Part::Lost(_, lost, _) = part {
                    // Told in one line; it counts once there.
                    let others = lost.saturating_sub(1);
                    let records = self.task.accounts.unit("records");
                    records.entered += others;
                    *records.failed.entry(Reason::DamagedRows.name().to_owned()).or_default() += others;
                    count += others;
                }
                rows(&part, &input.name, max_text_bytes, |row, read| {
                    count += 1;
                    match read {
                        Ok(incoming) => self.row(input, row, incoming),
                        Err((reason, detail)) => self.enter(finding(input, row, Fate::Failed(reason, detail))),
                    }
                })
            })?,
        }
        // A table is not read from its beginning to its end.
        let (_, digest) = Digesting::new(io::empty());
        let (sha256, size) = digest.finish(opened(input, file.open())?)?;
        if size != input.size {
            let message = format!("it changed while it was read: {} bytes before, {size} after", input.size);
            return Err(io::Error::other(message).into());
        }
        Ok(json!({"records": count, "sha256": sha256}))
    }

    fn row(&mut self, input: &Input, row: u64, incoming: Incoming<'_>) -> Result<(), TaskError> {
        let recipe = self.task.context.recipe;
        let Incoming { mut document, files, .. } = incoming;
        if document.nodes.is_empty() {
            let nothing = Fate::NotAccepted(Reason::EmptyDocument, "no text and no image".to_owned());
            return self.enter(finding(input, row, nothing));
        }
        if recipe.has(Stage::Fetch) {
            let mut files = files.iter().peekable();
            for node in &document.nodes {
                let Content::Image(image) = &node.content else { continue };
                while files.next_if(|(ordinal, _)| *ordinal < node.ordinal).is_some() {}
                if let Some((_, bytes)) = files.next_if(|(ordinal, _)| *ordinal == node.ordinal) {
                    let (length, inner) = (Some(bytes.len() as u64), node.ordinal.into());
                    self.capture(Location { entry: None, offset: row, length, inner }, Some(image.src.clone()))?;
                }
            }
        }
        if recipe.has(Stage::Attach) {
            // The bytes say.
            for node in &mut document.nodes {
                if let Content::Image(image) = &mut node.content {
                    image.facts = None;
                }
            }
        }
        self.enter(finding(input, row, Fate::Document(Box::new(document))))
    }
}

/// What was found of a row, which is known by its number.
fn finding(input: &Input, row: u64, fate: Fate) -> Finding {
    let url = match &fate {
        Fate::Document(document) => Some(document.page.url.clone()),
        _ => None,
    };
    let location = Location { entry: None, offset: row, length: None, inner: 0 };
    Finding { archive: input.name.clone(), location, url, fate }
}
