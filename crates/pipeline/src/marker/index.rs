//! Markers of a thousand tasks in one object, so that a step of a hundred thousand is listed and read in a hundred requests.
//!
//! A group of tasks that are all done gets an index, created only if absent, and its markers go.  From there the index alone counts: of an attempt that ends later
//! the marker is passed over.  What it names is not looked for again until it is read.  A step of fewer tasks than a group has none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use obelisc_document::account::Accounts;
use obelisc_storage::{Error, Result, Storage};
use serde::{Deserialize, Serialize};

use super::whole::{self, Summing, Whole};
use super::{FORMAT, Marker, key, read, task_of};
use crate::shares::in_shares;

/// Tasks of an index.
pub(crate) const GROUP: u32 = 1000;
/// Objects that are read or written at a time.
const AT_A_TIME: usize = 16;
/// Markers that one reader reads at least.
const LEAST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Index {
    format: u32,
    markers: Vec<Marker>,
}

/// The groups of a step of so many tasks; none where it has no indexes.
pub(crate) fn groups_of(tasks: u32) -> Range<u32> {
    if tasks < GROUP { 0..0 } else { 0..tasks.div_ceil(GROUP) }
}

/// The tasks of a group; the last one of a step may have fewer.
fn tasks_of(group: u32, tasks: u32) -> Range<u32> {
    group * GROUP..tasks.min((group + 1) * GROUP)
}

pub(super) fn folder_of_indexes(folder: &str) -> String {
    format!("{folder}/index")
}

fn index_key(folder: &str, group: u32) -> String {
    format!("{}/{group:06}.json", folder_of_indexes(folder))
}

/// The groups that have an index, and whether there is a summary.
fn indexes(storage: &dyn Storage, folder: &str) -> Result<(BTreeSet<u32>, bool)> {
    let entries = storage.list(&folder_of_indexes(folder))?;
    let has_whole = entries.iter().any(|entry| entry.key.ends_with(whole::NAME));
    Ok((entries.iter().filter_map(|entry| task_of(&entry.key)).collect(), has_whole))
}

/// The summary of a step that is whole.
pub(crate) fn whole(storage: &dyn Storage, folder: &str, tasks: u32) -> Result<Option<Whole>> {
    if groups_of(tasks).is_empty() {
        return Ok(None);
    }
    let (groups, has_whole) = indexes(storage, folder)?;
    if !has_whole || !groups_of(tasks).all(|group| groups.contains(&group)) {
        return Ok(None);
    }
    match Whole::read(storage, folder) {
        Ok(whole) => Ok(Some(whole).filter(|whole| whole.tasks == tasks)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What listings tell of a step.
pub(crate) struct Listed {
    tasks: u32,
    groups: BTreeSet<u32>,
    /// Tasks whose markers stand alone and count.
    alone: BTreeSet<u32>,
    /// Keys of markers that are passed over.
    late: Vec<String>,
}

impl Listed {
    /// Whether a group has an index.
    pub(crate) fn has_indexes(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The tasks that are open.
    pub(crate) fn pending(&self) -> Vec<u32> {
        let is_done = |task: &u32| self.groups.contains(&(task / GROUP)) || self.alone.contains(task);
        (0..self.tasks).filter(|task| !is_done(task)).collect()
    }

    /// The groups that could have an index and have none.
    pub(crate) fn complete(&self) -> Vec<u32> {
        let is_complete = |group: &u32| {
            let tasks = tasks_of(*group, self.tasks);
            self.alone.range(tasks.clone()).count() == tasks.len()
        };
        groups_of(self.tasks).filter(|group| !self.groups.contains(group)).filter(is_complete).collect()
    }
}

/// Lists the markers and indexes of a step of so many tasks.
pub(crate) fn list(storage: &dyn Storage, folder: &str, tasks: u32) -> Result<Listed> {
    // Markers before indexes: one that goes between the two is in an index then.
    let entries = storage.list(&format!("{folder}/markers"))?;
    let groups = if groups_of(tasks).is_empty() { BTreeSet::new() } else { indexes(storage, folder)?.0 };
    let mut listed = Listed { tasks, groups, alone: BTreeSet::new(), late: Vec::new() };
    for entry in entries {
        let Some(task) = task_of(&entry.key).filter(|task| *task < tasks && key(folder, *task) == entry.key) else {
            continue;
        };
        if listed.groups.contains(&(task / GROUP)) {
            listed.late.push(entry.key);
        } else {
            listed.alone.insert(task);
        }
    }
    Ok(listed)
}

/// Markers that were read, each with its key.
#[derive(Default)]
pub(crate) struct Found {
    /// Those that say something.
    pub(crate) markers: Vec<(String, Marker)>,
    /// Keys of those that say nothing.
    pub(crate) damaged: Vec<String>,
}

/// Reads the markers of a step that stand alone, whether they count or not.
pub(crate) fn read_alone(storage: &dyn Storage, folder: &str) -> Result<Found> {
    let entries = storage.list(&format!("{folder}/markers"))?;
    let keys = entries.into_iter().map(|entry| entry.key).filter(|key| task_of(key).is_some());
    read_keys(storage, &keys.collect::<Vec<_>>())
}

/// Reads markers; those that went meanwhile are left out.
fn read_keys(storage: &dyn Storage, keys: &[String]) -> Result<Found> {
    let one = |key: &String| (key.clone(), read::<Marker>(storage, key));
    // Of a thread that panics the markers are missed when the step is looked at.
    let readers = keys.len().div_ceil(LEAST).clamp(1, AT_A_TIME);
    let all = in_shares(keys, readers, |keys| keys.iter().map(one).collect::<Vec<_>>());
    let mut found = Found::default();
    for (key, read) in all.into_iter().flatten() {
        match read {
            Ok(marker) => found.markers.push((key, marker)),
            Err(Error::NotFound { .. }) => {}
            Err(Error::Damaged { .. }) => found.damaged.push(key),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Reads all markers of a step, by task, and tells the keys of those that say nothing.
pub(crate) fn read_all(storage: &dyn Storage, folder: &str) -> Result<(Vec<Marker>, Vec<String>)> {
    let (mut markers, mut damaged) = (Vec::new(), Vec::new());
    // Markers before indexes: those that go between the two are in an index then.
    let found = read_alone(storage, folder)?;
    let (groups, _) = indexes(storage, folder)?;
    let counts = |key: &String| task_of(key).is_none_or(|task| !groups.contains(&(task / GROUP)));
    markers.extend(found.markers.into_iter().filter(|(key, _)| counts(key)).map(|(_, marker)| marker));
    damaged.extend(found.damaged.into_iter().filter(counts));
    each_group(storage, folder, &groups.into_iter().collect::<Vec<_>>(), |_, own| markers.extend(own))?;
    markers.sort_by_key(|marker| marker.task);
    Ok((markers, damaged))
}

/// How many tasks of a step are done, and what became of what in those.
pub(crate) fn so_far(storage: &dyn Storage, folder: &str, tasks: u32) -> Result<(u32, Accounts)> {
    if let Some(whole) = whole(storage, folder, tasks)? {
        return Ok((whole.tasks, whole.accounts));
    }
    let (mut done, mut accounts) = (0, Accounts::default());
    let listed = list(storage, folder, tasks)?;
    let keys: Vec<String> = listed.alone.iter().map(|task| key(folder, *task)).collect();
    let found = read_keys(storage, &keys)?;
    if let Some(key) = found.damaged.first() {
        return Err(Error::Damaged { key: key.clone(), detail: "it says nothing".to_owned() });
    }
    let mut groups = listed.groups;
    if found.markers.len() < keys.len() {
        // Some are in an index by now.
        groups = indexes(storage, folder)?.0;
    }
    let mut add = |marker: &Marker| {
        done += 1;
        accounts.add(&marker.accounts);
    };
    let alone = found.markers.iter().filter(|(_, marker)| !groups.contains(&(marker.task / GROUP)));
    alone.for_each(|(_, marker)| add(marker));
    let groups: Vec<u32> = groups.into_iter().collect();
    each_group(storage, folder, &groups, |_, markers| markers.iter().for_each(&mut add))?;
    Ok((done, accounts))
}

/// The markers of a group that has an index, by task.
pub(crate) fn read_group(storage: &dyn Storage, folder: &str, group: u32) -> Result<Vec<Marker>> {
    let index: Index = read(storage, &index_key(folder, group))?;
    Ok(index.markers)
}

/// Reads indexes, a few at a time, and gives them in this order.
pub(crate) fn each_group(
    storage: &dyn Storage,
    folder: &str,
    groups: &[u32],
    mut give: impl FnMut(u32, Vec<Marker>),
) -> Result<()> {
    for some in groups.chunks(AT_A_TIME) {
        let one = |group: &u32| Ok((*group, read_group(storage, folder, *group)?));
        let all = in_shares(some, AT_A_TIME, |own| own.iter().map(one).collect::<Result<Vec<_>>>());
        if all.len() < some.len() {
            return Err(Error::io("read", folder, std::io::Error::other("a thread that reads indexes panicked")));
        }
        for (group, markers) in all.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
            give(group, markers);
        }
    }
    Ok(())
}

/// Makes the index of a group whose tasks are all done and takes their markers away: these, and those that stand alone.
/// Keys of markers that say nothing; where there are some, or a task is not done after all, none is made.
pub(crate) fn make(
    storage: &dyn Storage,
    folder: &str,
    (group, tasks): (u32, u32),
    known: Vec<Marker>,
) -> Result<Vec<String>> {
    let mut own: BTreeMap<u32, Marker> = known.into_iter().map(|marker| (marker.task, marker)).collect();
    let all = tasks_of(group, tasks);
    let keys = |tasks: &mut dyn Iterator<Item = u32>| tasks.map(|task| key(folder, task)).collect::<Vec<_>>();
    let found = read_keys(storage, &keys(&mut all.clone().filter(|task| !own.contains_key(task))))?;
    let mut stale = found.damaged;
    for (at, marker) in found.markers {
        if task_of(&at) == Some(marker.task) {
            own.insert(marker.task, marker);
        } else {
            stale.push(at);
        }
    }
    if own.len() < all.len() {
        return Ok(stale);
    }
    let index = Index { format: FORMAT, markers: own.into_values().collect() };
    let text = serde_json::to_vec(&index).map_err(|error| Error::io("write", folder, error.into()))?;
    // Where somebody took an index away by hand there is one, of what was there.
    storage.remove(&whole::key(folder))?;
    storage.publish(&index_key(folder, group), &text)?;
    // Whoever made it: from here they are passed over.
    storage.remove_many(&keys(&mut all.clone()))?;
    Ok(Vec::new())
}

/// Makes all indexes that are missing of groups whose tasks are done, and takes away what is passed over.  Keys of markers that say nothing.
pub(crate) fn make_missing(storage: &dyn Storage, folder: &str, listed: &Listed) -> Result<Vec<String>> {
    if !listed.late.is_empty() {
        storage.remove_many(&listed.late)?;
    }
    let mut stale = Vec::new();
    for group in listed.complete() {
        stale.extend(make(storage, folder, (group, listed.tasks), Vec::new())?);
    }
    Ok(stale)
}

/// Sums up a step all of whose groups have an index, and shows each marker.
pub(crate) fn sum(
    storage: &dyn Storage,
    folder: &str,
    tasks: u32,
    mut look: impl FnMut(&mut Summing, &Marker),
) -> Result<Whole> {
    let mut sum = Summing::default();
    each_group(storage, folder, &groups_of(tasks).collect::<Vec<_>>(), |_, markers| {
        for marker in &markers {
            sum.add(marker);
            look(&mut sum, marker);
        }
    })?;
    Ok(sum.end())
}

/// Takes the indexes apart in which these tasks are: their markers stand alone again, and those of the tasks are gone.
pub(crate) fn take_out(storage: &dyn Storage, folder: &str, tasks: &BTreeSet<u32>) -> Result<()> {
    let (groups, has_whole) = indexes(storage, folder)?;
    let groups = groups.into_iter().filter(|group| tasks.range(group * GROUP..(group + 1) * GROUP).next().is_some());
    let groups: Vec<u32> = groups.collect();
    if has_whole && !groups.is_empty() {
        // First: who is killed behind it has a step of which all indexes are there.
        storage.remove(&whole::key(folder))?;
    }
    for group in groups {
        let index = read_group(storage, folder, group)?;
        // What is passed over now would count once the index is gone.
        let all: Vec<String> = (group * GROUP..(group + 1) * GROUP).map(|task| key(folder, task)).collect();
        storage.remove_many(&all)?;
        let stay: Vec<&Marker> = index.iter().filter(|marker| !tasks.contains(&marker.task)).collect();
        let put = |marker: &&Marker| {
            let text = serde_json::to_vec(marker).map_err(|error| Error::io("write", folder, error.into()))?;
            storage.publish(&key(folder, marker.task), &text)
        };
        let put = in_shares(&stay, AT_A_TIME, |some| some.iter().map(put).collect::<Result<Vec<_>>>());
        if put.into_iter().map(|put| Ok(put?.len())).sum::<Result<usize>>()? == stay.len() {
            storage.remove(&index_key(folder, group))?;
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
    use super::super::Output;
    use super::*;
    use crate::run::Memory;

    const TASKS: u32 = 2500;

    fn marker(task: u32) -> Marker {
        let facts = serde_json::Value::Null;
        Marker { format: FORMAT, task, files: Vec::new(), accounts: Accounts::default(), facts }
    }

    fn put(storage: &dyn Storage, task: u32) {
        storage.write(&key("s", task), &serde_json::to_vec(&marker(task)).unwrap()).unwrap();
    }

    fn listed(storage: &dyn Storage) -> Listed {
        list(storage, "s", TASKS).unwrap()
    }

    fn output(storage: &dyn Storage) -> Output<'static> {
        Output::new(read_all(storage, "s").unwrap().0)
    }

    #[test]
    fn whole_groups_become_indexes_and_the_step_stays_the_same() {
        let storage = Memory::default();
        // The group in the middle lacks a task; the last one is small.
        (0..TASKS).filter(|task| *task != 1234).for_each(|task| put(&storage, task));
        let before = output(&storage);
        assert!(make_missing(&storage, "s", &listed(&storage)).unwrap().is_empty());
        assert_eq!(listed(&storage).groups, BTreeSet::from([0, 2]));
        assert_eq!(storage.list("s/markers").unwrap().len(), 999);
        assert_eq!(output(&storage).digest, before.digest);
        // A marker that comes late is passed over, and goes.
        put(&storage, 7);
        assert_eq!(read_all(&storage, "s").unwrap().0.len(), 2499);
        assert_eq!(listed(&storage).pending(), [1234]);
        assert_eq!(so_far(&storage, "s", TASKS).unwrap().0, 2499);
        put(&storage, 1234);
        assert!(make_missing(&storage, "s", &listed(&storage)).unwrap().is_empty());
        assert_eq!(listed(&storage).groups, BTreeSet::from([0, 1, 2]));
        assert!(storage.list("s/markers").unwrap().is_empty());
        assert!(is_done(&storage, "s", 1234, TASKS).unwrap() && !is_done(&storage, "s", 3000, 3100).unwrap());
    }

    #[test]
    fn a_summary_says_what_all_markers_say_and_counts_while_no_index_is_missing() {
        let storage = Memory::default();
        (0..TASKS).for_each(|task| put(&storage, task));
        let before = output(&storage);
        make_missing(&storage, "s", &listed(&storage)).unwrap();
        assert_eq!(whole(&storage, "s", TASKS).unwrap(), None);
        sum(&storage, "s", TASKS, |_, _| ()).unwrap().publish(&storage, "s").unwrap();
        let summary = whole(&storage, "s", TASKS).unwrap().unwrap();
        let lazy = Output::of_whole(&storage, "s", summary);
        assert_eq!((&lazy.digest, &lazy.accounts), (&before.digest, &before.accounts));
        // One task's marker is read with its group alone.
        storage.requests();
        assert_eq!(lazy.marker(2400).unwrap(), Some(&marker(2400)));
        assert_eq!((lazy.marker(2500).unwrap(), lazy.marker(9999).unwrap()), (None, None));
        assert_eq!(storage.requests(), 1);
        assert!(lazy.markers().unwrap().map(|marker| marker.task).eq(0..TASKS));
        assert_eq!(storage.requests(), 2);
        // Of another number of tasks it says nothing, nor where an index went; nor when that is there again.
        assert_eq!(whole(&storage, "s", TASKS + 1).unwrap(), None);
        storage.remove(&index_key("s", 1)).unwrap();
        assert_eq!(whole(&storage, "s", TASKS).unwrap(), None);
        (1000..2000).for_each(|task| put(&storage, task));
        make_missing(&storage, "s", &listed(&storage)).unwrap();
        assert_eq!(listed(&storage).groups.len(), 3);
        assert_eq!(whole(&storage, "s", TASKS).unwrap(), None);
    }

    #[test]
    fn an_index_that_is_taken_apart_takes_the_summary_with_it() {
        let storage = Memory::default();
        (0..TASKS).for_each(|task| put(&storage, task));
        make_missing(&storage, "s", &listed(&storage)).unwrap();
        sum(&storage, "s", TASKS, |_, _| ()).unwrap().publish(&storage, "s").unwrap();
        // One that came late, and would count once the index is gone.
        put(&storage, 3);
        take_out(&storage, "s", &BTreeSet::from([3])).unwrap();
        assert!(!storage.exists(&whole::key("s")).unwrap());
        let after = output(&storage);
        assert_eq!((after.markers().unwrap().count(), after.marker(3).unwrap()), (2499, None));
        assert_eq!(listed(&storage).groups, BTreeSet::from([1, 2]));
        // Nothing to take out leaves all as it is.
        take_out(&storage, "s", &BTreeSet::new()).unwrap();
        assert_eq!(listed(&storage).groups, BTreeSet::from([1, 2]));
    }

    #[test]
    fn whoever_is_killed_while_indexes_are_made_or_taken_apart_loses_nothing() {
        let gone = BTreeSet::from([3]);
        let steps: [fn(&Memory) -> Result<()>; 2] = [
            |storage| {
                make_missing(storage, "s", &listed(storage))?;
                sum(storage, "s", TASKS, |_, _| ())?.publish(storage, "s")
            },
            |storage| {
                take_out(storage, "s", &BTreeSet::from([3]))?;
                storage.remove(&key("s", 3))
            },
        ];
        for (step, changes) in [0, 1, 2, 700, 1001, 2000, 2001, 2002].into_iter().flat_map(|n| [(0, n), (1, n)]) {
            let storage = Memory::default();
            (0..TASKS).for_each(|task| put(&storage, task));
            let before = output(&storage).digest;
            if step == 1 {
                steps[0](&storage).unwrap();
            }
            storage.kill_behind(Some(changes));
            let killed = steps[step](&storage).is_err();
            storage.kill_behind(None);
            let what = format!("step {step} killed behind {changes} changes: {killed}");
            assert!(killed || changes > 2000, "{what}");
            // What counts is all there, or all but the task that was to go.
            let after = output(&storage);
            let all = after.digest == before;
            let without =
                after.markers().unwrap().map(|marker| marker.task).eq((0..TASKS).filter(|task| !gone.contains(task)));
            assert!(all || (step == 1 && without), "{what}");
            let summary = whole(&storage, "s", TASKS).unwrap();
            assert!(summary.is_none_or(|whole| all && whole.digest == before), "{what}");
            // And whoever goes on comes to the same end.
            steps[step](&storage).unwrap();
            assert_eq!(listed(&storage).pending(), [&[][..], &[3]][step], "{what}");
            assert_eq!(whole(&storage, "s", TASKS).unwrap().is_some(), step == 0, "{what}");
        }
    }

    #[test]
    fn a_marker_that_says_nothing_keeps_its_group_from_becoming_an_index() {
        let storage = Memory::default();
        let known: Vec<Marker> = (0..998).map(marker).collect();
        let put = |task: u32, text: &[u8]| storage.write(&key("s", task), text).unwrap();
        put(998, b"");
        put(999, &serde_json::to_vec(&marker(7)).unwrap());
        let stale = make(&storage, "s", (0, TASKS), known.clone()).unwrap();
        assert_eq!(BTreeSet::from_iter(stale), BTreeSet::from([key("s", 998), key("s", 999)]));
        put(998, &serde_json::to_vec(&marker(998)).unwrap());
        put(999, &serde_json::to_vec(&marker(999)).unwrap());
        assert!(make(&storage, "s", (0, TASKS), known).unwrap().is_empty());
        assert_eq!(read_group(&storage, "s", 0).unwrap().len(), 1000);
    }
}
