//! The record of a run: which folders its steps use, so that other commands find them without the recipe.

use std::collections::BTreeMap;

use obelisc_document::account::Accounts;
use obelisc_document::table::{self, Failure, Table};
use obelisc_shard::Manifest;
use obelisc_storage::lease;
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Error as StorageError, Storage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Error, TaskError, whole};
use crate::marker::{self, FORMAT, Marker};
use crate::recipe::Recipe;
use crate::run::RUN;

/// What stands in `run/record.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Version of this format.
    format: u32,
    /// Name of the recipe.
    pub recipe: String,
    /// The steps, in order.
    pub steps: Vec<RecordedStep>,
    /// Folder of the dataset, once it is published.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Whether the tables were removed after that, as the config asks.
    #[serde(default)]
    pub tables_removed: bool,
    /// Which judgements were kept, as the config names it; absent in records of runs before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgements: Option<String>,
    /// The rules that were asked, with versions, options and resources; absent in records of runs before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Value>,
}

/// One step of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordedStep {
    /// Name of the stage.
    pub stage: String,
    /// Name of the step.
    pub step: String,
    /// Its folder, once the steps before it ended.
    pub folder: Option<String>,
    /// How many tasks it has, once known.
    pub tasks: Option<u32>,
}

/// How far a step is.
#[derive(Clone, Debug, Serialize)]
pub struct StepStatus {
    /// Name of the stage.
    pub stage: String,
    /// Name of the step.
    pub step: String,
    /// How many tasks it has, once known.
    pub tasks: Option<u32>,
    /// How many of them are done.
    pub done: u32,
    /// What became of what in those.
    pub accounts: Accounts,
}

impl Record {
    pub(crate) fn new(recipe: &Recipe, steps: Vec<RecordedStep>, judgements: &str) -> Self {
        Self {
            format: FORMAT,
            recipe: recipe.name.clone(),
            steps,
            dataset: None,
            tables_removed: false,
            judgements: Some(judgements.to_owned()),
            rules: Some(rules_of(recipe)),
        }
    }

    /// Enters where a step's files are, once the steps before it ended.
    pub(crate) fn enter(&mut self, step: usize, folder: &str, tasks: u32) {
        if let Some(recorded) = self.steps.get_mut(step) {
            (recorded.folder, recorded.tasks) = (Some(folder.to_owned()), Some(tasks));
        }
    }

    /// Writes the record unless another worker's says more of the same run.
    pub(crate) fn write_if_further(&self, storage: &dyn Storage) -> Result<(), Error> {
        let known = |record: &Self| record.steps.iter().filter_map(|step| step.folder.clone()).collect::<Vec<_>>();
        match Self::read(storage) {
            Ok(there) if known(&there).starts_with(&known(self)) => Ok(()),
            _ => self.write(storage),
        }
    }

    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<(), Error> {
        let key = key();
        let text = serde_json::to_vec_pretty(self).map_err(|error| StorageError::io("write", &key, error.into()))?;
        Ok(storage.write(&key, &text)?)
    }

    /// Reads the record of the last run in this output.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] where no run was; a record of a newer format, by name.
    pub fn read(storage: &dyn Storage) -> Result<Self, TaskError> {
        Ok(marker::read(storage, &key())?)
    }

    /// The record of the run that must be in this output.
    pub(crate) fn of_run(storage: &dyn Storage) -> Result<Self, Error> {
        let nowhere = |error: TaskError| format!("{}: no run here: {}", storage.location(), error.whole());
        Self::read(storage).map_err(|error| Error::Unreachable(vec![nowhere(error)]))
    }

    /// The manifest of a dataset in the output.
    pub(crate) fn manifest(storage: &dyn Storage, folder: &str) -> Result<Manifest, Error> {
        let manifest = storage.read(&format!("{folder}/manifest.json"))?;
        let damaged = |error| format!("{}: {}", storage.location(), whole(&error));
        Manifest::from_json(&manifest).map_err(|error| Error::Unreachable(vec![damaged(error)]))
    }

    /// The markers of a step, by task.
    ///
    /// # Errors
    /// Markers that cannot be read.
    pub fn markers(&self, storage: &dyn Storage, step: &str) -> Result<Vec<Marker>, TaskError> {
        let folders = self.steps.iter().filter(|recorded| recorded.step == step);
        let mut markers = Vec::new();
        for folder in folders.filter_map(|recorded| recorded.folder.as_deref()) {
            let (mut own, damaged) = marker::index::read_all(storage, folder)?;
            if let Some(key) = damaged.first() {
                let detail = "it says nothing".to_owned();
                return Err(StorageError::Damaged { key: key.clone(), detail }.into());
            }
            markers.append(&mut own);
        }
        Ok(markers)
    }

    /// Says so where the tables are gone.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] that names what is missing.
    pub fn tables(&self) -> Result<(), StorageError> {
        if self.tables_removed {
            let key = format!("{RUN}/steps (removed after the run, as run.keep_tables = false in its config asked)");
            return Err(StorageError::NotFound { key });
        }
        Ok(())
    }

    /// The rows of an index, records and pages that failed or were not accepted, with their reasons.
    ///
    /// # Errors
    /// Tables that cannot be read.
    pub fn failures(&self, storage: &dyn Storage) -> Result<Vec<Failure>, TaskError> {
        self.tables()?;
        let mut failures = Vec::new();
        for step in ["select", "extract"] {
            let markers = self.markers(storage, step)?;
            for file in markers.iter().flat_map(|marker| marker.files_of(Failure::NAME)) {
                for batch in Reader::open(storage, &file.key, 1024)? {
                    failures.extend(table::rows::<Failure>(&batch?)?);
                }
            }
        }
        Ok(failures)
    }

    /// Who works on the run by lease, and how many tasks' leases each holds; also whoever was lost since.
    ///
    /// # Errors
    /// Leases that cannot be read.
    pub fn workers(&self, storage: &dyn Storage) -> Result<BTreeMap<String, usize>, TaskError> {
        Ok(lease::holders(storage, &format!("{RUN}/leases"))?)
    }

    /// How far each step is.
    ///
    /// # Errors
    /// Markers that cannot be read.
    pub fn status(&self, storage: &dyn Storage) -> Result<Vec<StepStatus>, TaskError> {
        let status = |recorded: &RecordedStep| {
            let (done, accounts) = match (&recorded.folder, recorded.tasks) {
                (Some(folder), Some(tasks)) => marker::index::so_far(storage, folder, tasks)?,
                _ => Default::default(),
            };
            Ok(StepStatus {
                stage: recorded.stage.clone(),
                step: recorded.step.clone(),
                tasks: recorded.tasks,
                done: match recorded.tasks {
                    Some(tasks) if self.tables_removed => tasks,
                    _ => done,
                },
                accounts,
            })
        };
        self.steps.iter().map(status).collect()
    }
}

/// All that decides about what rules measure.
pub(crate) fn rules_of(recipe: &Recipe) -> Value {
    json!([recipe.section("language"), recipe.section("rules"), recipe.section("clean.rules")])
}

fn key() -> String {
    format!("{RUN}/record.json")
}
