//! Takedowns: pages, hosts and images go out of a finished dataset.
//!
//! The dataset is not touched: what is left of it becomes the next version, in which the shards that lost nothing are the
//! very files of the version before.  All of a version is made below `run/` and appears at once, so that whoever was killed
//! runs the same command again; on the version that it made the same list finds nothing, and nothing is written.
//!
//! ```text
//! DIR/dataset-2/                      the new version; its manifest and card tell how much went, and not what
//! DIR/removals/dataset-2/list.txt     the list
//!                        record.json  what the manifest tells of it, and the entries that meant nothing
//!                        removed/     for each shard that was written anew a line for each page and image that went
//! ```
//!
//! What else an output holds of a page is not looked for: tables below `run/` and the image store keep it.

mod shards;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use obelisc_filter::options::Problem;
use obelisc_shard::{
    Card, Entry, ImageColumn, ListFault, Losses, Manifest, Removal, Stage, Takedown, dataset_digest, four_columns,
};
use obelisc_storage::parquet::Layout;
use obelisc_storage::{Error as StorageError, Storage};
use serde_json::json;

use self::shards::{Hits, Outcome};
use crate::error::{Error, whole};
use crate::publish;
use crate::recipe::Recipe;
use crate::record::Record;
use crate::run::RUN;
use crate::version::{self, MANIFEST, PUBLISHING, REMOVALS, REPLACED, STAGING, folder};

/// The format of `record.json`.
const FORMAT: u32 = 1;

/// Most mistakes of a list that are told; a file that is no list has one on every line.
const MAX_FAULTS_TOLD: usize = 100;

/// A takedown from the newest dataset of an output.
#[derive(Debug)]
pub struct Remove<'a> {
    /// The output.
    pub storage: &'a dyn Storage,
    /// What the list is called where it is wrong.
    pub list_name: &'a str,
    /// The list: see [`Takedown::parse`].
    pub list: &'a [u8],
    /// Shards that are gone through at once; each holds a row group in memory.
    pub threads: NonZeroUsize,
    /// Removes the version that the new one is made from, and those that earlier takedowns made that one from: whoever
    /// asks for a takedown wants no folder left that still has it.  Versions of other runs stay, and are told in
    /// [`Removed::others`].  A run of the same recipe does not bring a removed version back.
    pub remove_old: bool,
    /// Raised by a signal: it ends, and nothing is written.
    pub stop: &'a AtomicBool,
}

/// What a takedown did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Folder of the newest version, which has nothing of what the list means.
    pub folder: String,
    /// What was taken out; `None` where nothing in the dataset is meant, and it is left as it was.
    pub removal: Option<Removal>,
    /// Entries that mean nothing in the dataset, in the order of the list.
    pub unmatched: Vec<Entry>,
    /// Folders of earlier versions that were removed.
    pub removed: Vec<String>,
    /// Folders of other versions, which may still hold what was taken out of this one.
    pub others: Vec<String>,
}

impl Remove<'_> {
    /// Most bytes of a list.
    pub const MAX_LIST_BYTES: u64 = Takedown::MAX_LIST_BYTES;

    /// Takes out what the list means.
    ///
    /// # Errors
    /// [`Error::Refused`] with all mistakes of the list, before anything is read or written; [`Error::Unreachable`] where
    /// there is no whole dataset, or it cannot be read or written; [`Error::Interrupted`].
    pub fn execute(&self) -> Result<Removed, Error> {
        let takedown = Takedown::parse(self.list).map_err(|faults| self.refused(faults))?;
        // Looked for before the lock, which would make a folder.
        self.newest()?;
        let _lock = self.storage.lock(&format!("{RUN}/lock"))?;
        version::check_output(self.storage)?;
        let from = self.newest()?;
        let old = self.whole_manifest(&folder(from))?;
        self.storage.remove_all(STAGING)?;
        self.storage.remove_all(REPLACED)?;
        let hits = Hits::new(takedown.entries().len());
        let outcomes = shards::all(self, &takedown, &hits, &folder(from), &old).inspect_err(|_| {
            // What was made so far is of no use, and may fill the disk; where it cannot go, the next one removes it.
            let _ = self.storage.remove_all(STAGING);
        })?;
        let unmatched = hits.unmatched(takedown.entries());
        let mut removed =
            Removed { folder: folder(from), removal: None, unmatched, removed: Vec::new(), others: Vec::new() };
        let mut manifest = old;
        if outcomes.iter().any(Option::is_some) {
            let removal = Removal {
                version: from + 1,
                from_version: from,
                from_digest: manifest.dataset_digest.clone(),
                list_sha256: takedown.list_sha256().to_owned(),
                entries: takedown.entries().len() as u64,
                unmatched_entries: removed.unmatched.len() as u64,
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
                ..Removal::default()
            };
            manifest = next(manifest, removal, &outcomes)?;
            self.publish(&folder(from), &manifest, &outcomes, &removed.unmatched)?;
            removed.folder = folder(from + 1);
            removed.removal = manifest.removals.last().cloned();
        }
        if self.remove_old {
            removed.removed = self.remove_versions(&manifest)?;
        }
        removed.others = self.others(manifest.dataset_version)?;
        self.storage.remove(PUBLISHING)?;
        Ok(removed)
    }

    fn refused(&self, faults: Vec<ListFault>) -> Error {
        let problem = |line, message| Problem { file: self.list_name.to_owned(), line, key: String::new(), message };
        let more = faults.len().saturating_sub(MAX_FAULTS_TOLD);
        let told = faults.into_iter().take(MAX_FAULTS_TOLD).map(|fault| problem(fault.line, fault.message));
        let more = (more > 0).then(|| problem(0, format!("{more} more lines are no entries")));
        Error::Refused(told.chain(more).collect())
    }

    fn newest(&self) -> Result<u32, Error> {
        let message = || format!("{}: no finished dataset here", self.storage.location());
        version::newest(self.storage)?.ok_or_else(|| Error::Unreachable(vec![message()]))
    }

    /// The manifest of a dataset all of whose files are there.
    fn whole_manifest(&self, folder: &str) -> Result<Manifest, Error> {
        let place = self.storage.location();
        let nothing = || Error::Unreachable(vec![format!("{place}/{folder}: no {MANIFEST}")]);
        let manifest = version::read_manifest(self.storage, folder)?.ok_or_else(nothing)?;
        match version::missing(self.storage, folder, &manifest)? {
            None => Ok(manifest),
            Some(key) => {
                let message = format!("{place}/{key}: missing, or of another size than the manifest says");
                Err(Error::Unreachable(vec![message]))
            }
        }
    }

    /// Makes the new version and its record appear: the record first, so that no version is without.
    fn publish(
        &self,
        from: &str,
        manifest: &Manifest,
        outcomes: &[Option<Outcome>],
        unmatched: &[Entry],
    ) -> Result<(), Error> {
        let storage = self.storage;
        let (dataset, record) = (staged_dataset(), staged_record());
        for (shard, _) in manifest.shards.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_none()) {
            storage.copy(&format!("{from}/{}", shard.path), &format!("{dataset}/{}", shard.path))?;
        }
        let (card, images) = self.card(from, manifest)?;
        publish::describe(storage, &dataset, manifest, images, &card)?;
        storage.write(&format!("{record}/list.txt"), self.list)?;
        let entries: Vec<_> = unmatched.iter().map(|entry| json!({"line": entry.line, "entry": entry.text})).collect();
        let told = json!({"format": FORMAT, "removal": manifest.removals.last(), "unmatched": entries});
        storage.write(&format!("{record}/record.json"), format!("{told:#}\n").as_bytes())?;
        let folder = folder(manifest.dataset_version);
        let kept = format!("{REMOVALS}/{folder}");
        storage.remove_all(&kept)?;
        storage.rename_all(&record, &kept)?;
        storage.write(PUBLISHING, folder.as_bytes())?;
        // It holds no dataset, as was checked; a folder without any file would be in the way.
        storage.remove_all(&folder)?;
        storage.rename_all(&dataset, &folder)?;
        Ok(storage.remove_all(STAGING)?)
    }

    /// The card as the recipe has it, and what the dataset holds of images.
    fn card(&self, from: &str, manifest: &Manifest) -> Result<(Card, ImageColumn), Error> {
        let card = Recipe::card_of(&manifest.recipe).map_err(Error::Refused)?;
        let first = manifest.shards.first().map(|shard| format!("{from}/{}", shard.path)).unwrap_or_default();
        let layout = Layout::read(self.storage, &first)?;
        let images = four_columns(&layout.schema);
        let images = images.map_err(|error| Error::Unreachable(vec![format!("{first}: {}", whole(&error))]))?;
        Ok((card, images))
    }

    /// Removes the versions that takedowns made this one from.
    fn remove_versions(&self, manifest: &Manifest) -> Result<Vec<String>, Error> {
        let storage = self.storage;
        let mut before = Vec::new();
        for removal in &manifest.removals {
            let folder = folder(removal.from_version);
            let found = version::read_manifest(storage, &folder)?;
            // Another run may have taken its place.
            if found.is_some_and(|found| found.dataset_digest == removal.from_digest) {
                before.push(folder);
            }
        }
        self.point_to(&folder(manifest.dataset_version), &before)?;
        for folder in &before {
            // Moved first: whoever is killed here leaves no dataset that is half there.
            storage.rename_all(folder, REPLACED)?;
            storage.remove_all(REPLACED)?;
        }
        Ok(before)
    }

    /// The run's record names a dataset from which other commands read the recipe.
    fn point_to(&self, folder: &str, gone: &[String]) -> Result<(), Error> {
        if !self.storage.exists(&format!("{RUN}/record.json"))? {
            return Ok(());
        }
        let mut record = Record::of_run(self.storage)?;
        if record.dataset.as_ref().is_some_and(|dataset| gone.contains(dataset)) {
            record.dataset = Some(folder.to_owned());
            record.write(self.storage)?;
        }
        Ok(())
    }

    /// The folders of versions before this one.
    fn others(&self, newest: u32) -> Result<Vec<String>, Error> {
        let is_there = |folder: &String| self.storage.exists(&format!("{folder}/{MANIFEST}"));
        let others = (1..newest).map(folder).map(|folder| Ok(is_there(&folder)?.then_some(folder)));
        others.filter_map(Result::transpose).collect::<Result<_, StorageError>>().map_err(Error::from)
    }
}

/// The manifest of what is left.
fn next(mut manifest: Manifest, mut removal: Removal, outcomes: &[Option<Outcome>]) -> Result<Manifest, Error> {
    let mut losses = Losses::default();
    for (shard, outcome) in manifest.shards.iter_mut().zip(outcomes) {
        match outcome {
            None => losses.keep(shard.rows, shard.images, shard.texts),
            Some(outcome) => {
                *shard = outcome.shard.clone();
                losses.add(&outcome.losses);
                removal.shards += 1;
            }
        }
    }
    (removal.pages, removal.images) = (losses.pages, losses.images);
    manifest.dataset_version = removal.version;
    let digest = dataset_digest(&manifest.shards);
    manifest.stages.push(Stage { name: format!("remove-{}", removal.version), digest, accounts: losses.accounts });
    manifest.removals.push(removal);
    manifest.seal().map_err(unpublishable)
}

fn unpublishable(error: obelisc_shard::Error) -> Error {
    Error::Accounts { step: "remove", detail: error.to_string() }
}

fn staged_dataset() -> String {
    format!("{STAGING}/dataset")
}

fn staged_record() -> String {
    format!("{STAGING}/record")
}
