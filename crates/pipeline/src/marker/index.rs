//! Markers of a thousand tasks in one object, so that a step of a hundred thousand is listed and read in a hundred requests.
//!
//! A group of tasks that are all done gets an index, created only if absent, and its markers go.  From there the index alone counts: of an attempt that ends later
//! the marker is passed over.  What it names is not looked for again until it is read.

use std::collections::BTreeSet;

use obelisc_storage::{Error, Published, Result, Storage};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Marker, key, read, task_of};
use crate::shares::in_shares;

/// Tasks of an index.
pub(crate) const GROUP: u32 = 1000;
/// Markers that are read at a time.
const AT_A_TIME: usize = 16;
/// Markers that one reader reads at least.
const LEAST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Index {
    format: u32,
    markers: Vec<Marker>,
}

/// The markers of a step, as far as it is done.
#[derive(Default)]
pub(crate) struct Found {
    /// Those of indexes.
    pub(crate) indexed: Vec<Marker>,
    /// Those that stand alone, each with its key.
    pub(crate) alone: Vec<(String, Marker)>,
    /// Keys of markers that say nothing.
    pub(crate) damaged: Vec<String>,
}

impl Found {
    /// All markers.
    pub(crate) fn markers(self) -> Vec<Marker> {
        self.indexed.into_iter().chain(self.alone.into_iter().map(|(_, marker)| marker)).collect()
    }
}

fn folder_of_indexes(folder: &str) -> String {
    format!("{folder}/index")
}

fn index_key(folder: &str, group: u32) -> String {
    format!("{}/{group:06}.json", folder_of_indexes(folder))
}

/// The groups that have an index.
fn groups(storage: &dyn Storage, folder: &str) -> Result<BTreeSet<u32>> {
    let entries = storage.list(&folder_of_indexes(folder))?;
    Ok(entries.iter().filter_map(|entry| task_of(&entry.key)).collect())
}

/// Keys and tasks of markers that stand alone.
fn alone(storage: &dyn Storage, folder: &str, indexed: &BTreeSet<u32>) -> Result<Vec<(String, u32)>> {
    let entries = storage.list(&format!("{folder}/markers"))?;
    let tasks = entries.into_iter().filter_map(|entry| Some((task_of(&entry.key)?, entry.key)));
    Ok(tasks.filter(|(task, _)| !indexed.contains(&(task / GROUP))).map(|(task, key)| (key, task)).collect())
}

/// The tasks of a step that are done, as listings tell.
pub(crate) fn done(storage: &dyn Storage, folder: &str) -> Result<BTreeSet<u32>> {
    // Markers before indexes: one that goes between the two is in an index then.
    let alone = alone(storage, folder, &BTreeSet::new())?;
    let groups = groups(storage, folder)?;
    let indexed = groups.into_iter().flat_map(|group| group * GROUP..(group + 1) * GROUP);
    Ok(alone.into_iter().map(|(_, task)| task).chain(indexed).collect())
}

/// Reads the markers of a step.
pub(crate) fn read_all(storage: &dyn Storage, folder: &str) -> Result<Found> {
    // Markers before indexes: those that go between the two are in an index then.
    let mut standing = alone(storage, folder, &BTreeSet::new())?;
    let mut groups = groups(storage, folder)?;
    standing.retain(|(_, task)| !groups.contains(&(task / GROUP)));
    // Of a thread that panics the markers are missed when the step is looked at.
    let readers = standing.len().div_ceil(LEAST).clamp(1, AT_A_TIME);
    let read_now: Vec<Read> =
        in_shares(&standing, readers, |keys| read_some(storage, keys)).into_iter().flatten().collect();
    if read_now.iter().any(|(_, read)| read.is_none()) {
        groups = self::groups(storage, folder)?;
    }
    let mut found = Found::default();
    for (key, read) in read_now {
        let is_indexed = task_of(&key).is_some_and(|task| groups.contains(&(task / GROUP)));
        match read {
            None => {}
            Some(_) if is_indexed => {}
            Some(Ok(marker)) => found.alone.push((key, marker)),
            Some(Err(Error::Damaged { .. })) => found.damaged.push(key),
            Some(Err(error)) => return Err(error),
        }
    }
    for group in &groups {
        let index: Index = read(storage, &index_key(folder, *group))?;
        found.indexed.extend(index.markers);
    }
    Ok(found)
}

/// Takes the indexes apart in which these tasks are: their markers stand alone again, and those of the tasks are gone.
pub(crate) fn take_out(storage: &dyn Storage, folder: &str, tasks: &BTreeSet<u32>) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    for group in groups(storage, folder)? {
        if tasks.range(group * GROUP..(group + 1) * GROUP).next().is_none() {
            continue;
        }
        let index: Index = read(storage, &index_key(folder, group))?;
        for marker in index.markers.iter().filter(|marker| !tasks.contains(&marker.task)) {
            let text = serde_json::to_vec(marker).map_err(|error| Error::io("write", folder, error.into()))?;
            storage.publish(&key(folder, marker.task), &text)?;
        }
        storage.remove(&index_key(folder, group))?;
    }
    Ok(())
}

/// What is read of a marker: none where it went meanwhile.
type Read = (String, Option<Result<Marker>>);

fn read_some(storage: &dyn Storage, keys: &[(String, u32)]) -> Vec<Read> {
    let one = |key: &String| match read::<Marker>(storage, key) {
        Err(Error::NotFound { .. }) => None,
        other => Some(other),
    };
    keys.iter().map(|(key, _)| (key.clone(), one(key))).collect()
}

/// Makes indexes of those groups of which all tasks are among these, sorted by task, and takes their markers away.
pub(crate) fn make(storage: &dyn Storage, folder: &str, markers: &[Marker]) -> Result<()> {
    if markers.len() < GROUP as usize {
        return Ok(());
    }
    let made = groups(storage, folder)?;
    for own in markers.chunk_by(|a, b| a.task / GROUP == b.task / GROUP) {
        let group = own.first().map_or(0, |marker| marker.task / GROUP);
        if own.len() < GROUP as usize || made.contains(&group) {
            continue;
        }
        let index = Index { format: FORMAT, markers: own.to_vec() };
        let text = serde_json::to_vec(&index).map_err(|error| Error::io("write", folder, error.into()))?;
        if storage.publish(&index_key(folder, group), &text)? == Published::Created {
            let keys: Vec<String> = own.iter().map(|marker| key(folder, marker.task)).collect();
            storage.remove_many(&keys)?;
        }
    }
    Ok(())
}

/// Whether a task of a step of so many is done.
pub(crate) fn is_done(storage: &dyn Storage, folder: &str, task: u32, tasks: u32) -> Result<bool> {
    Ok(storage.exists(&key(folder, task))? || (tasks >= GROUP && storage.exists(&index_key(folder, task / GROUP))?))
}

#[cfg(test)]
mod tests {
    use obelisc_document::account::Accounts;
    use obelisc_storage::LocalFolder;

    use super::super::Output;
    use super::*;

    fn marker(task: u32) -> Marker {
        let facts = serde_json::Value::Null;
        Marker { format: FORMAT, task, files: Vec::new(), accounts: Accounts::default(), facts }
    }

    fn put(storage: &dyn Storage, task: u32) {
        storage.publish(&key("s", task), &serde_json::to_vec(&marker(task)).unwrap()).unwrap();
    }

    fn make_all(storage: &dyn Storage) {
        make(storage, "s", &Output::new(read_all(storage, "s").unwrap().markers()).markers).unwrap();
    }

    #[test]
    fn whole_groups_become_indexes_and_the_step_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let storage = LocalFolder::create(folder.path()).unwrap();
        // The group in the middle lacks a task.
        (0..2500).filter(|task| *task != 1234).for_each(|task| put(&storage, task));
        let before = Output::new(read_all(&storage, "s").unwrap().markers());
        make_all(&storage);
        assert_eq!(groups(&storage, "s").unwrap(), BTreeSet::from([0]));
        assert_eq!(storage.list("s/markers").unwrap().len(), 1499);
        let found = read_all(&storage, "s").unwrap();
        assert_eq!((found.indexed.len(), found.alone.len()), (1000, 1499));
        assert_eq!(Output::new(found.markers()).digest, before.digest);
        // A marker that comes late is passed over.
        put(&storage, 7);
        assert_eq!(read_all(&storage, "s").unwrap().markers().len(), 2499);
        let tasks = done(&storage, "s").unwrap();
        assert_eq!((tasks.len(), tasks.contains(&1234)), (2499, false));
        put(&storage, 1234);
        make_all(&storage);
        assert_eq!(groups(&storage, "s").unwrap(), BTreeSet::from([0, 1]));
        let before = Output::new(read_all(&storage, "s").unwrap().markers());
        take_out(&storage, "s", &BTreeSet::from([3])).unwrap();
        let after = Output::new(read_all(&storage, "s").unwrap().markers());
        assert_eq!((after.markers.len(), after.marker(3)), (before.markers.len() - 1, None));
        assert_eq!(groups(&storage, "s").unwrap(), BTreeSet::from([1]));
        assert!(is_done(&storage, "s", 1234, 2500).unwrap() && !is_done(&storage, "s", 2600, 2700).unwrap());
    }
}
