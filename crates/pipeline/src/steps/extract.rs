//! `extract`, map: archives, pages and shards → documents; what failed, with its reason; which images the archives hold.

mod selected;
mod shard;

use std::io::Read;
use std::path::PathBuf;

use obelisc_document::table::{Capture, Failure, RecordRange};
use obelisc_document::{Content, Document, Reason, UrlKey, hex};
use obelisc_extract::Profile;
use obelisc_storage::inputs::{self, ArchiveFile, Input, Kind};
use obelisc_warc::Location;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

use super::digesting::{Digesting, opened};
use super::kept::Kept;
use super::{archives, last_images, select};
use crate::error::TaskError;
use crate::intake::{Fate, Finding, Intake, LANGUAGE_LOOK};
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Sink, Step, Task};

/// Semantic version of the step: of reading archives and of deciding what is a page.
const VERSION: u32 = 3;

pub(super) struct Extract;

impl Step for Extract {
    fn name(&self) -> &'static str {
        "extract"
    }

    fn stage(&self) -> Stage {
        Stage::Extract
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        if recipe.has(Stage::Select) { vec![archives::NAME] } else { Vec::new() }
    }

    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        recipe.has(Stage::Select).then_some(archives::NAME)
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        let profile = Profile::named(recipe.extract.profile).map(|profile| profile.version).unwrap_or_default();
        let captures = recipe.has(Stage::Fetch);
        // Without a filter the sizes of documents are written here, and those depend on what a shard holds of an image.
        let sizes = last_images(recipe, self.name()).map(obelisc_shard::ImageColumn::name);
        json!({
            "version": VERSION,
            "profile_version": profile,
            "extract": recipe.section("extract"),
            "skip": recipe.section("extract.skip"),
            "language_look": recipe.extract.skip.languages.as_ref().map(|_| LANGUAGE_LOOK),
            "captures": captures,
            "sizes": sizes,
        })
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let recipe = context.recipe;
        let unreadable = |source| TaskError::Input { input: "the profile".to_owned(), source };
        let intake = Intake::new(&recipe.extract, recipe.has(Stage::Fetch)).map_err(unreadable)?;
        let (documents, failures, captures) = (Kept::new(task)?, task.sink()?, Vec::new());
        let mut books = Books { task, input: 0, documents, failures, captures };
        let mut facts = Vec::new();
        for (number, input) in context.inputs_of(books.task.index) {
            books.input = number;
            let read = match &input.kind {
                Kind::Archive(file) if recipe.has(Stage::Select) => books.selected(&intake, input, file),
                Kind::Archive(file) => books.archive(&intake, input, file),
                Kind::Pages(pages) => books.pages(&intake, input, pages),
                Kind::Shard(file) => books.shard(input, file),
                Kind::Index(_) => Ok(Value::Null),
            };
            facts.push(read.map_err(|error| error.of_input(&input.name))?);
        }
        let Books { task, documents, failures, mut captures, .. } = books;
        documents.close(task)?;
        task.close(failures)?;
        captures.sort_unstable();
        task.write(captures)?;
        task.facts = if context.inputs_per_task() == 1 { facts.pop().unwrap_or_default() } else { facts.into() };
        Ok(())
    }
}

/// What is known of an input that was read: `sha256`, `records`, `records_digest`.
pub(crate) fn facts<'c>(context: &'c Context<'_>, input: usize) -> obelisc_storage::Result<Option<&'c Value>> {
    let each = context.inputs_per_task();
    let marker = context.output("extract").marker(u32::try_from(input / each).unwrap_or(u32::MAX))?;
    let facts = marker.map(|marker| &marker.facts);
    Ok(if each == 1 { facts } else { facts.and_then(|facts| facts.get(input % each)) })
}

/// Enters findings into tables and accounts.
struct Books<'t, 'a> {
    task: &'t mut Task<'a>,
    /// Number of the input that is being read.
    input: u32,
    documents: Kept,
    failures: Sink<Failure>,
    captures: Vec<Capture>,
}

impl Books<'_, '_> {
    fn archive(&mut self, intake: &Intake<'_>, input: &Input, archive: &ArchiveFile) -> Result<Value, TaskError> {
        let (file, digest) = Digesting::new(opened(input, archive.open())?);
        let facts = intake.archive(&input.name, file, |finding| self.enter(finding))?;
        let (sha256, size) = digest.finish(opened(input, archive.open())?)?;
        if size != input.size {
            let message = format!("it changed while it was read: {} bytes before, {size} after", input.size);
            return Err(std::io::Error::other(message).into());
        }
        Ok(json!({"records": facts.records, "records_digest": facts.records_digest, "sha256": sha256}))
    }

    /// Those records of an archive that were selected.
    fn selected(&mut self, intake: &Intake<'_>, input: &Input, archive: &ArchiveFile) -> Result<Value, TaskError> {
        let ranges = self.task.rows_of::<RecordRange>(archives::NAME, self.input);
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        let (mut records, mut digest) = (0_u64, Xxh3::new());
        let archive = opened(input, archive.open())?;
        selected::read(&*archive, &ranges, |selected| {
            records += 1;
            self.task.accounts.unit(select::UNIT).enter(1);
            let finding = intake.record(&input.name, selected.archive, &selected.location, &mut digest)?;
            self.enter(finding)
        })?;
        Ok(json!({"records": records, "records_digest": format!("{:032x}", digest.digest128())}))
    }

    /// HTML files: each its own archive, found under its path behind the folder's name.
    fn pages(&mut self, intake: &Intake<'_>, input: &Input, pages: &[(String, PathBuf)]) -> Result<Value, TaskError> {
        let mut all = Sha256::new();
        for (page, path) in pages {
            let name = input.page_name(page);
            let mut body = Vec::new();
            opened(input, inputs::open(path))?.take(intake.page_cap()).read_to_end(&mut body)?;
            all.update((name.len() as u64).to_be_bytes());
            all.update(&name);
            all.update(Sha256::digest(&body));
            self.enter(intake.page(&name, &format!("file:///{name}"), &body))?;
        }
        Ok(json!({"records": pages.len(), "sha256": hex(&all.finalize())}))
    }

    fn enter(&mut self, finding: Finding) -> Result<(), TaskError> {
        let records = self.task.accounts.unit("records");
        records.enter(1);
        match &finding.fate {
            Fate::Document(_) => {}
            Fate::Capture => records.drop_one(Reason::NotHtml.name()),
            Fate::PassedOver(reason) | Fate::NotAccepted(reason, _) => records.drop_one(reason.name()),
            Fate::Failed(reason, _) => records.fail_one(reason.name()),
        }
        let Finding { archive, location, url, fate } = finding;
        match fate {
            Fate::Document(document) => {
                count(self.task, &document);
                let recipe = self.task.context.recipe;
                let images = last_images(recipe, "extract");
                self.documents.push(*document, images)
            }
            Fate::Capture => self.capture(location, url),
            Fate::PassedOver(_) => Ok(()),
            Fate::NotAccepted(reason, detail) | Fate::Failed(reason, detail) => {
                let (offset, length) = (location.offset, location.length);
                self.failures.push(Failure { input: archive, offset, length, url, reason, detail })
            }
        }
    }

    fn capture(&mut self, location: Location, url: Option<String>) -> Result<(), TaskError> {
        let Some(url) = url else { return Ok(()) };
        self.task.accounts.unit("captures").enter(1);
        let Location { entry, offset, length, inner } = location;
        let (url_key, input, entry) = (UrlKey::new(&url), self.input, entry.map(|name| name.to_string()));
        self.captures.push(Capture { url_key, input, entry, offset, inner, length, url });
        Ok(())
    }
}

/// Counts a document and its nodes.
fn count(task: &mut Task<'_>, document: &Document) {
    task.accounts.unit("documents").enter(1);
    for _ in &document.page.unresolved_images {
        let images = task.accounts.unit("images");
        images.enter(1);
        images.fail_one(Reason::NoBaseUrl.name());
    }
    for node in &document.nodes {
        match &node.content {
            Content::Image(_) => task.accounts.unit("images").enter(1),
            Content::Text(paragraphs) => {
                task.accounts.unit("text_nodes").enter(1);
                task.accounts.unit("paragraphs").enter(paragraphs.len() as u64);
            }
        }
    }
}
