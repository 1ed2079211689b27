//! Commit: a task is done when its marker is there.
//!
//! Attempts write their files under names that no other attempt has.  The marker, created only if absent, names the
//! files of one attempt; readers open only what markers name.  So a task that is killed, or run twice at once, leaves
//! either nothing or one whole result.

pub(crate) mod index;
mod output;
pub(crate) mod whole;

use obelisc_document::account::Accounts;
use obelisc_storage::Storage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use output::Output;

/// Version of markers and of the run folder's layout.
pub(crate) const FORMAT: u32 = 1;

/// The format that a JSON file of a run names, read before anything else of it.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Reads a JSON file of a run.
///
/// # Errors
/// [`Error::Unsupported`](obelisc_storage::Error::Unsupported): a format that this version does not know, by name;
/// [`Error::Damaged`](obelisc_storage::Error::Damaged): what is no such file.
pub(crate) fn read<T: DeserializeOwned>(storage: &dyn Storage, key: &str) -> obelisc_storage::Result<T> {
    let damaged = |detail: String| obelisc_storage::Error::Damaged { key: key.to_owned(), detail };
    let bytes = storage.read(key)?;
    let Format { format } = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if format != FORMAT {
        let reason = format!("a run of format {format}; this version reads up to format {FORMAT}");
        return Err(obelisc_storage::Error::Unsupported { name: key.to_owned(), reason });
    }
    serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))
}

/// Key of a task's marker.
pub(crate) fn key(folder: &str, task: u32) -> String {
    format!("{folder}/markers/{task:06}.json")
}

/// The task whose marker has this key.
pub(crate) fn task_of(key: &str) -> Option<u32> {
    key.rsplit('/').next()?.strip_suffix(".json")?.parse().ok()
}

/// What one task left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marker {
    /// Version of this format.
    pub format: u32,
    /// Number of the task.
    pub task: u32,
    /// The files.
    pub files: Vec<File>,
    /// What became of what.
    pub accounts: Accounts,
    /// Facts for later steps and the manifest; null where there are none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}

impl Marker {
    /// The files of a table.
    pub fn files_of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a File> + 'a {
        self.files.iter().filter(move |file| file.table == table)
    }
}

/// A file that a task wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The table it belongs to.
    pub table: String,
    /// Key in the run's storage.
    pub key: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Digest of the bytes, hexadecimal: xxh3-128 of a table, sha256 of a shard.
    pub digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A marker as version 1 wrote it must be read for ever.
    #[test]
    fn a_marker_of_format_1_is_read() {
        let text = include_str!("../tests/fixtures/marker-1.json");
        let marker: Marker = serde_json::from_str(text).unwrap();
        assert_eq!(marker.accounts.0["documents"].dropped["document.word_count"], 2);
        assert_eq!(marker.files[0].table, "documents");
    }
}
