//! What a finished run stored: its recipe, its judgements by document, its documents by row.

use std::cell::OnceCell;

use arrow_array::RecordBatch;
use obelisc_document::Document;
use obelisc_document::table::{self, Attachment, Table};
use obelisc_filter::options::Problem;
use obelisc_filter::{Judgement, SubjectKind};
use obelisc_storage::Storage;
use obelisc_storage::parquet::Reader;
use serde_json::Value;

use super::behind::Outcomes;
use super::grid::Sitting;
use crate::error::{Error, TaskError, whole};
use crate::marker::{File, Marker};
use crate::recipe::Recipe;
use crate::record::{Record, rules_of};
use crate::step::{Rows, read, rows_in};
use crate::steps::apply::{self, Attachments};

/// Rows of a batch of judgements.
const JUDGEMENTS_PER_READ: usize = 4096;
/// Rows of a batch of documents: a few may be as large as a page can be.
const DOCUMENTS_PER_READ: usize = 32;
/// Rows that are passed over rather than read.
const GAP: u64 = 1024;

/// A finished run.
pub(super) struct Stored<'a> {
    pub(super) storage: &'a dyn Storage,
    /// The recipe as it was run.
    pub(super) recipe: obelisc_shard::Recipe,
    /// The rules that were asked, where the run noted them.
    rules: Option<Value>,
    extract: Vec<Marker>,
    attach: Vec<Marker>,
    /// The markers of each step that judges, in order.
    judging: Vec<Vec<Marker>>,
    /// The markers of each step that judges where duplicates are removed, and behind, in order.
    behind: Vec<Vec<Marker>>,
}

impl<'a> Stored<'a> {
    /// Opens the run in an output.
    ///
    /// # Errors
    /// [`Error::Refused`] where what a sweep needs was not kept, or the run is not finished; [`Error::Unreachable`] where
    /// there is no run.
    pub(super) fn open(storage: &'a dyn Storage) -> Result<Self, Error> {
        let place = storage.location();
        let unreachable =
            |error: &dyn std::error::Error| Error::Unreachable(vec![format!("{place}: {}", whole(error))]);
        let record = Record::of_run(storage)?;
        let mut problems = Vec::new();
        let mut refuse = |message: &str| {
            let (file, key, message) = (place.clone(), String::new(), message.to_owned());
            problems.push(Problem { file, line: 0, key, message });
        };
        if record.dataset.is_none() {
            refuse("the run is not finished; run it to its end first");
        }
        if record.tables_removed {
            refuse("the tables were removed after the run, as run.keep_tables = false in its config asked");
        }
        if let Some(kept) = record.judgements.as_deref().filter(|kept| *kept != "all") {
            refuse(&format!(
                "not all judgements were kept: ledger.judgements = \"{kept}\" in the run's config, \"all\" is needed"
            ));
        }
        if !record.steps.iter().any(|step| step.step == "filter") {
            refuse("the run's recipe has no stage filter, so no rule was asked");
        }
        let (Some(folder), true) = (&record.dataset, problems.is_empty()) else {
            return Err(Error::Refused(problems));
        };
        let manifest = Record::manifest(storage, folder)?;
        let removes_duplicates = record.steps.iter().any(|step| step.stage == "dedup");
        let all = match removes_duplicates {
            true => &[Sitting::Filter][..],
            false => &[Sitting::Filter, Sitting::Apply, Sitting::Clean],
        };
        let judging = all.iter().filter(|sitting| record.steps.iter().any(|step| step.step == sitting.step()));
        let markers = |step: &str| record.markers(storage, step).map_err(|error| unreachable(&error));
        let behind = record.steps.iter().filter(|step| removes_duplicates && Outcomes::is_behind(&step.step));
        Ok(Self {
            behind: behind.map(|step| markers(&step.step)).collect::<Result<_, _>>()?,
            storage,
            recipe: manifest.recipe,
            rules: record.rules.clone(),
            extract: markers("extract")?,
            attach: markers("attach")?,
            judging: judging.map(|sitting| markers(sitting.step())).collect::<Result<_, _>>()?,
        })
    }

    /// Refuses rules that measure otherwise than those that the run asked: of another version, or with other word lists.
    pub(super) fn check_rules(&self, base: &Recipe) -> Result<(), Error> {
        if self.rules.as_ref().is_some_and(|rules| *rules != rules_of(base)) {
            let message =
                "rules or word lists of this program are others than those that measured; run the recipe again";
            let (file, key) = (self.storage.location(), String::new());
            return Err(Error::Refused(vec![Problem { file, line: 0, key, message: message.to_owned() }]));
        }
        Ok(())
    }

    /// The tasks that made documents.
    pub(super) fn tasks(&self) -> impl Iterator<Item = u32> + '_ {
        self.extract.iter().map(|marker| marker.task)
    }

    fn files<'s>(markers: &'s [Marker], task: u32, table: &'static str) -> impl Iterator<Item = &'s File> {
        markers.iter().filter(move |marker| marker.task == task).flat_map(move |marker| marker.files_of(table))
    }

    /// The judgements of a task by each step that judges.
    pub(super) fn judgements<'s>(&'s self, task: u32) -> Vec<Groups<'s>> {
        self.judging.iter().map(|markers| Groups(self.judgements_of(markers, task))).collect()
    }

    fn judgements_of<'s>(&'s self, markers: &'s [Marker], task: u32) -> Rows<'s, Judgement> {
        let files = Self::files(markers, task, Judgement::NAME);
        let rows = files.flat_map(|file| -> Rows<'s, Judgement> {
            match Reader::open(self.storage, &file.key, JUDGEMENTS_PER_READ) {
                Ok(reader) => read(reader),
                Err(error) => Box::new(std::iter::once(Err(error.into()))),
            }
        });
        Box::new(rows)
    }

    /// What became of a task's documents where duplicates are removed, and behind.
    pub(super) fn outcomes(&self, task: u32) -> Result<Outcomes, TaskError> {
        let mut outcomes = Outcomes::default();
        self.behind.iter().try_for_each(|markers| outcomes.enter(self.judgements_of(markers, task)))?;
        Ok(outcomes)
    }

    /// The documents of a task as extracted, and what became of their images.
    pub(super) fn documents(&self, task: u32) -> Documents<'_> {
        let file = Self::files(&self.extract, task, Document::NAME).next();
        Documents { stored: self, task, file, reader: None, batch: None, first: 0, images: OnceCell::new() }
    }

    fn images(&self, task: u32) -> Result<Attachments, TaskError> {
        let files = self.attach.iter().flat_map(|marker| marker.files_of(Attachment::NAME));
        let keys = files.map(|file| file.key.as_str());
        apply::gather(rows_in::<Attachment>(self.storage, keys, task.into()..=task.into()))
    }
}

/// Judgements, by document.
pub(super) struct Groups<'a>(Rows<'a, Judgement>);

impl Iterator for Groups<'_> {
    type Item = Result<Vec<Judgement>, TaskError>;

    /// The judgements of the next document.
    fn next(&mut self) -> Option<Self::Item> {
        let mut group = Vec::new();
        for judgement in self.0.by_ref() {
            let judgement = match judgement {
                Ok(judgement) => judgement,
                Err(error) => return Some(Err(error)),
            };
            // Nothing more is judged of a document than itself, or than a URL that fails.
            let last = match judgement.subject {
                SubjectKind::Document => true,
                SubjectKind::Url => !judgement.kept(),
                SubjectKind::Image | SubjectKind::Paragraph => false,
            };
            group.push(judgement);
            if last {
                return Some(Ok(group));
            }
        }
        (!group.is_empty()).then(|| Err(damaged("judgements end in the middle of a document")))
    }
}

/// A table that does not fit the others.
pub(super) fn damaged(what: &str) -> TaskError {
    let detail = format!("{what}: the run's tables are not those of one run");
    TaskError::Storage(obelisc_storage::Error::Damaged { key: "run/steps".to_owned(), detail })
}

/// The documents of one task, read where they are asked for; rows are asked for in their order.
pub(super) struct Documents<'a> {
    stored: &'a Stored<'a>,
    task: u32,
    file: Option<&'a File>,
    reader: Option<Reader>,
    batch: Option<RecordBatch>,
    /// The row that the batch begins with.
    first: u64,
    images: OnceCell<Attachments>,
}

impl Documents<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.file.map_or(0, |file| file.rows)
    }

    /// The document of a row.
    pub(super) fn at(&mut self, row: u64) -> Result<Document, TaskError> {
        let missing = || damaged(&format!("no document in row {row} of task {}", self.task));
        let file = self.file.ok_or_else(missing)?;
        loop {
            let rows = self.batch.as_ref().map_or(0, RecordBatch::num_rows) as u64;
            let inside = row.checked_sub(self.first).filter(|inside| *inside < rows);
            if let (Some(inside), Some(batch)) = (inside, &self.batch) {
                let only = batch.slice(usize::try_from(inside).unwrap_or(usize::MAX), 1);
                return table::rows::<Document>(&only)?.pop().ok_or_else(missing);
            }
            let next = self.first + rows;
            if self.reader.is_none() || row < self.first || row - next.min(row) > GAP {
                self.reader = Some(Reader::open_from(self.stored.storage, &file.key, DOCUMENTS_PER_READ, row)?);
                self.first = row;
            } else {
                self.first = next;
            }
            self.batch = self.reader.as_mut().and_then(Iterator::next).transpose()?;
            if self.batch.is_none() {
                return Err(missing());
            }
        }
    }

    /// What became of the images that the run's documents wanted.
    pub(super) fn images(&self) -> Result<&Attachments, TaskError> {
        if let Some(images) = self.images.get() {
            return Ok(images);
        }
        let images = self.stored.images(self.task)?;
        Ok(self.images.get_or_init(|| images))
    }
}
