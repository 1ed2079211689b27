//! Commit: a task is done when its marker is there.
//!
//! Attempts write their files under names that no other attempt has.  The marker, created only if absent, names the
//! files of one attempt; readers open only what markers name.  So a task that is killed, or run twice at once, leaves
//! either nothing or one whole result.

pub(crate) mod index;

use obelisc_document::account::Accounts;
use obelisc_document::table::Table;
use obelisc_filter::Judgement;
use obelisc_storage::Storage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

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

/// What a finished step left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Digest of all that it wrote; names of attempts are not in it.
    pub digest: String,
    /// One marker per task, in order.
    pub markers: Vec<Marker>,
    /// Sum of the tasks' accounts.
    pub accounts: Accounts,
}

impl Output {
    /// Gathers the markers of all tasks, sorted by task.
    pub(crate) fn new(mut markers: Vec<Marker>) -> Self {
        markers.sort_by_key(|marker| marker.task);
        let mut accounts = Accounts::default();
        let mut hasher = Xxh3::new();
        for marker in &markers {
            accounts.add(&marker.accounts);
            hasher.update(&marker.task.to_be_bytes());
            // How many judgements are kept is config, and no step reads them.
            for file in marker.files.iter().filter(|file| file.table != Judgement::NAME) {
                hasher.update(file.table.as_bytes());
                hasher.update(file.digest.as_bytes());
            }
        }
        Self { digest: format!("{:032x}", hasher.digest128()), markers, accounts }
    }

    /// The files of a table, in the order of the tasks.
    pub fn files<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a File> + 'a {
        self.markers.iter().flat_map(move |marker| marker.files_of(table))
    }

    /// The marker of a task.
    pub fn marker(&self, task: u32) -> Option<&Marker> {
        let index = self.markers.binary_search_by_key(&task, |marker| marker.task).ok()?;
        self.markers.get(index)
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> u64 {
        self.files(table).map(|file| file.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(task: u32, key: &str, digest: &str) -> Marker {
        let file = File { table: "t".into(), key: key.into(), rows: 1, bytes: 1, digest: digest.into() };
        Marker { format: FORMAT, task, files: vec![file], accounts: Accounts::default(), facts: Value::Null }
    }

    #[test]
    fn the_digest_is_of_what_was_written_not_of_who_wrote_it() {
        let one = Output::new(vec![marker(0, "a", "x"), marker(1, "b", "y")]);
        let other = Output::new(vec![marker(1, "c", "y"), marker(0, "d", "x")]);
        assert_eq!(one.digest, other.digest);
        assert_ne!(one.digest, Output::new(vec![marker(0, "a", "y"), marker(1, "b", "x")]).digest);
        assert_eq!(one.rows("t"), 2);
    }

    /// A marker as version 1 wrote it must be read for ever.
    #[test]
    fn a_marker_of_format_1_is_read() {
        let text = include_str!("../tests/fixtures/marker-1.json");
        let marker: Marker = serde_json::from_str(text).unwrap();
        assert_eq!(marker.accounts.0["documents"].dropped["document.word_count"], 2);
        assert_eq!(marker.files[0].table, "documents");
    }
}
