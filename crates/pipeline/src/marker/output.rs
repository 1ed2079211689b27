//! What a finished step left behind, as the steps behind it see it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use obelisc_document::account::Accounts;
use obelisc_storage::{Result, Storage};

use super::index::{self, GROUP};
use super::whole::{Sum, Summing, Whole};
use super::{File, Marker};

/// What a finished step left behind.
///
/// Of a large step its markers are read when somebody asks for one, a thousand of them at a time, and kept: digest, accounts and rows are known without.
#[derive(Debug)]
pub struct Output<'s> {
    /// Digest of all that it wrote; names of attempts are not in it.
    pub digest: String,
    /// Sum of the tasks' accounts.
    pub accounts: Accounts,
    tables: BTreeMap<String, Sum>,
    markers: Markers<'s>,
}

#[derive(Debug)]
enum Markers<'s> {
    /// By task.
    Here(Vec<Marker>),
    /// Those of each group, once they were read.
    Indexed { storage: &'s dyn Storage, folder: String, groups: Vec<OnceLock<Vec<Marker>>> },
}

impl<'s> Output<'s> {
    /// Gathers the markers of all tasks.
    pub(crate) fn new(mut markers: Vec<Marker>) -> Self {
        markers.sort_by_key(|marker| marker.task);
        let mut sum = Summing::default();
        markers.iter().for_each(|marker| sum.add(marker));
        let Whole { digest, accounts, tables, .. } = sum.end();
        Self { digest, accounts, tables, markers: Markers::Here(markers) }
    }

    /// That of a step whose summary this is.
    pub(crate) fn of_whole(storage: &'s dyn Storage, folder: &str, whole: Whole) -> Self {
        let Whole { tasks, digest, accounts, tables, .. } = whole;
        let groups = index::groups_of(tasks).map(|_| OnceLock::new()).collect();
        Self { digest, accounts, tables, markers: Markers::Indexed { storage, folder: folder.to_owned(), groups } }
    }

    /// All markers, by task.
    ///
    /// # Errors
    /// Indexes that cannot be read.
    pub fn markers(&self) -> Result<impl Iterator<Item = &Marker>> {
        let (here, groups): (&[Marker], &[_]) = match &self.markers {
            Markers::Here(markers) => (markers, &[]),
            Markers::Indexed { storage, folder, groups } => {
                read_rest(*storage, folder, groups)?;
                (&[], groups)
            }
        };
        Ok(here.iter().chain(groups.iter().filter_map(OnceLock::get).flatten()))
    }

    /// The files of a table, in the order of the tasks.
    ///
    /// # Errors
    /// As [`markers`](Self::markers).
    pub fn files<'a>(&'a self, table: &'a str) -> Result<impl Iterator<Item = &'a File>> {
        Ok(self.markers()?.flat_map(move |marker| marker.files_of(table)))
    }

    /// The keys of those.
    ///
    /// # Errors
    /// As [`markers`](Self::markers).
    pub fn keys<'a>(&'a self, table: &'a str) -> Result<impl Iterator<Item = &'a str>> {
        Ok(self.files(table)?.map(|file| file.key.as_str()))
    }

    /// The marker of a task.
    ///
    /// # Errors
    /// As [`markers`](Self::markers); of those only the task's own is read.
    pub fn marker(&self, task: u32) -> Result<Option<&Marker>> {
        let markers = match &self.markers {
            Markers::Here(markers) => markers,
            Markers::Indexed { storage, folder, groups } => {
                let group = task / GROUP;
                let Some(read) = usize::try_from(group).ok().and_then(|group| groups.get(group)) else {
                    return Ok(None);
                };
                match read.get() {
                    Some(markers) => markers,
                    None => {
                        let markers = index::read_group(*storage, folder, group)?;
                        read.get_or_init(|| markers)
                    }
                }
            }
        };
        let at = markers.binary_search_by_key(&task, |marker| marker.task);
        Ok(at.ok().and_then(|at| markers.get(at)))
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |sum| sum.rows)
    }
}

/// Reads those groups that nobody has asked for yet.
fn read_rest(storage: &dyn Storage, folder: &str, groups: &[OnceLock<Vec<Marker>>]) -> Result<()> {
    let missing: Vec<u32> = (0..).zip(groups).filter(|(_, read)| read.get().is_none()).map(|(at, _)| at).collect();
    index::each_group(storage, folder, &missing, |group, markers| {
        if let Some(read) = usize::try_from(group).ok().and_then(|group| groups.get(group)) {
            read.get_or_init(|| markers);
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::FORMAT;
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
}
