//! What another process needs to know of a table in files.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use obelisc_storage::{Error as StorageError, Remotes, Storage, random_word, whole};
use serde::{Deserialize, Serialize};

use crate::files::{Held, read};
use crate::{Batches, Cluster, Files};

/// Version of this description and of how it is read.
const FORMAT: u32 = 1;

/// Bytes of keys above which they do not go along with each plan and each task of it.
const LONGEST_LIST: usize = 128 << 10;

/// A table in files, as it goes from process to process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scan {
    format: u32,
    /// The program that wrote it.
    program: String,
    /// Address of the storage.
    place: String,
    keys: Keys,
    range: Option<Range>,
    /// Parts of which each is a number of files.
    pub(crate) parts: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keys {
    These(Vec<String>),
    /// Key of an object that holds them.
    In(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    column: String,
    first: u64,
    last: u64,
}

/// Places that an executor has opened.
#[derive(Debug)]
pub(crate) struct Places {
    remotes: Remotes,
    open: Mutex<BTreeMap<String, Arc<dyn Storage>>>,
}

impl Places {
    pub(crate) fn new(remotes: Remotes) -> Self {
        Self { remotes, open: Mutex::new(BTreeMap::new()) }
    }

    fn open(&self, address: &str) -> obelisc_storage::Result<Arc<dyn Storage>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = open.get(address) {
            return Ok(Arc::clone(place));
        }
        let place = self.remotes.open(address)?;
        open.insert(address.to_owned(), Arc::clone(&place));
        Ok(place)
    }
}

impl Scan {
    /// Of these files; and what must be held while the query runs, where keys are too many to go along with it.
    pub(crate) fn new(files: &Files, cluster: &Cluster) -> obelisc_storage::Result<(Self, Option<Held>)> {
        let length: usize = files.keys.iter().map(String::len).sum();
        let (keys, held) = if length > LONGEST_LIST {
            let folder = format!("{}/scan-{:016x}", cluster.folder, random_word());
            let held = Held::new(&files.storage, folder.clone());
            let key = format!("{folder}/keys.json");
            let text = serde_json::to_vec(&*files.keys)
                .map_err(|error| StorageError::Damaged { key: key.clone(), detail: error.to_string() })?;
            files.storage.write(&key, &text)?;
            (Keys::In(key), Some(held))
        } else {
            (Keys::These(files.keys.to_vec()), None)
        };
        let range = files.range.as_ref().map(|(column, range)| Range {
            column: column.clone(),
            first: *range.start(),
            last: *range.end(),
        });
        let scan = Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            place: files.storage.address(),
            keys,
            range,
            parts: files.keys.len().clamp(1, cluster.partitions.max(1)),
        };
        Ok((scan, held))
    }

    /// Refuses what a program of another version wrote: it may mean something else by it.
    pub(crate) fn check(&self) -> Result<()> {
        let ours = env!("CARGO_PKG_VERSION");
        if self.format == FORMAT && self.program == ours {
            return Ok(());
        }
        let theirs = format!("obelisc {} (format {})", self.program, self.format);
        Err(DataFusionError::Plan(format!(
            "the query is of {theirs}, and this part of the cluster is obelisc {ours} (format {FORMAT}): all must be one build"
        )))
    }

    /// The rows of one of its parts.
    pub(crate) fn read(&self, places: &Places, part: usize, schema: &SchemaRef) -> Result<Batches> {
        let storage = places.open(&self.place).map_err(|error| failed(&error))?;
        let keys = match &self.keys {
            Keys::These(keys) => keys.clone(),
            Keys::In(key) => {
                let text = storage.read(key).map_err(|error| failed(&error))?;
                serde_json::from_slice(&text).map_err(|error| DataFusionError::Execution(format!("{key}: {error}")))?
            }
        };
        let at = |part: usize| keys.len() * part / self.parts.max(1);
        let own: Vec<String> = keys.get(at(part)..at(part + 1)).unwrap_or_default().to_vec();
        let range: Option<(String, RangeInclusive<u64>)> =
            self.range.as_ref().map(|Range { column, first, last }| (column.clone(), *first..=*last));
        let schema = Arc::clone(schema);
        Ok(Box::new(own.into_iter().flat_map(move |key| {
            read(&*storage, &key, &schema, range.as_ref())
                .unwrap_or_else(|error| Box::new(std::iter::once(Err(error.into()))))
        })))
    }
}

/// What a cluster tries again, and what it does not: a place that is away may come back.
fn failed(error: &StorageError) -> DataFusionError {
    match error {
        StorageError::Io { .. } => DataFusionError::IoError(std::io::Error::other(whole(error))),
        other => DataFusionError::Execution(whole(other)),
    }
}

/// The same of an error that came with rows.
pub(crate) fn failed_on_the_way(error: &(dyn std::error::Error + Send + Sync + 'static)) -> DataFusionError {
    match error.downcast_ref::<StorageError>() {
        Some(error) => failed(error),
        None => DataFusionError::Execution(error.to_string()),
    }
}
