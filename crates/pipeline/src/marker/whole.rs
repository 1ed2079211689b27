//! The summary of a large step that is whole: what all others need of it, without its hundred indexes.
//!
//! It stands beside the indexes and is made when all of them are there.  It goes before one of them is taken apart, and counts only where none is missing.

use std::collections::{BTreeMap, BTreeSet};

use obelisc_document::account::Accounts;
use obelisc_document::table::Table;
use obelisc_filter::Judgement;
use obelisc_storage::{Error, Result, Storage};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{FORMAT, Marker, read};

/// The name of a summary in the folder of the indexes.
pub(super) const NAME: &str = "whole.json";

/// What a step's tasks left, in sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whole {
    format: u32,
    /// How many tasks there are.
    pub(crate) tasks: u32,
    /// The step's digest.
    pub(crate) digest: String,
    /// Sum of the tasks' accounts.
    pub(crate) accounts: Accounts,
    /// What there is of each table.
    pub(crate) tables: BTreeMap<String, Sum>,
    /// What the tasks rest on outside of the run's own folder, as the step names it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) rests_on: BTreeSet<String>,
}

/// What there is of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    files: u64,
    pub(crate) rows: u64,
    bytes: u64,
}

impl Whole {
    /// That of a step.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it went meanwhile; those of [`read`].
    pub(super) fn read(storage: &dyn Storage, folder: &str) -> Result<Self> {
        read(storage, &key(folder))
    }

    /// Creates that of a step that has none.
    ///
    /// # Errors
    /// Those of the storage.
    pub(crate) fn publish(&self, storage: &dyn Storage, folder: &str) -> Result<()> {
        let key = key(folder);
        let text = serde_json::to_vec(self).map_err(|error| Error::io("write", &key, error.into()))?;
        // One that is there says the same, since indexes never change.
        storage.publish(&key, &text).map(drop)
    }
}

/// Where the summary of a step is.
pub(super) fn key(folder: &str) -> String {
    format!("{}/{NAME}", super::index::folder_of_indexes(folder))
}

/// A sum of markers that come in the order of their tasks.
#[derive(Default)]
pub(crate) struct Summing {
    hasher: Xxh3,
    tasks: u32,
    accounts: Accounts,
    tables: BTreeMap<String, Sum>,
    rests_on: BTreeSet<String>,
}

impl Summing {
    pub(crate) fn add(&mut self, marker: &Marker) {
        self.tasks += 1;
        self.accounts.add(&marker.accounts);
        self.hasher.update(&marker.task.to_be_bytes());
        for file in &marker.files {
            if !self.tables.contains_key(&file.table) {
                self.tables.insert(file.table.clone(), Sum::default());
            }
            if let Some(sum) = self.tables.get_mut(&file.table) {
                (sum.files, sum.rows, sum.bytes) = (sum.files + 1, sum.rows + file.rows, sum.bytes + file.bytes);
            }
            // How many judgements are kept is config, and no step reads them.
            if file.table != Judgement::NAME {
                self.hasher.update(file.table.as_bytes());
                self.hasher.update(file.digest.as_bytes());
            }
        }
    }

    /// What the marker that was added last rests on.
    pub(crate) fn rests_on(&mut self, names: Vec<String>) {
        self.rests_on.extend(names);
    }

    pub(crate) fn end(self) -> Whole {
        let Self { hasher, tasks, accounts, tables, rests_on } = self;
        Whole { format: FORMAT, tasks, digest: format!("{:032x}", hasher.digest128()), accounts, tables, rests_on }
    }
}

#[cfg(test)]
mod tests {
    use obelisc_storage::LocalFolder;

    use super::*;

    /// A summary as version 1 wrote it must be read for ever.
    #[test]
    fn a_summary_of_format_1_is_read() {
        let text = include_str!("../../tests/fixtures/whole-1.json");
        let whole: Whole = serde_json::from_str(text).unwrap();
        assert_eq!((whole.tasks, whole.digest.as_str()), (1000, "00112233445566778899aabbccddeeff"));
        assert_eq!(whole.tables["documents"], Sum { files: 1000, rows: 5000, bytes: 1_234_000 });
        assert_eq!(whole.accounts.0["documents"].dropped["document.word_count"], 2000);
        assert!(whole.rests_on.contains("archive-00112233445566778899aabbccddeeff"));
        // It is written as it was.
        assert_eq!(serde_json::to_value(&whole).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn a_summary_of_a_newer_format_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let storage = LocalFolder::create(folder.path()).unwrap();
        storage.write(&key("s"), br#"{"format":99}"#).unwrap();
        let error = Whole::read(&storage, "s").unwrap_err().to_string();
        assert!(error.contains("s/index/whole.json") && error.contains("format 99"), "{error}");
    }
}
