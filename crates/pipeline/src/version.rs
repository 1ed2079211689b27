//! The versions of a dataset in an output: `dataset`, `dataset-2` and so on.
//!
//! They are counted up and never renumbered.  A takedown can leave a gap: it removes the version that it was made from
//! where that is asked for.

use obelisc_shard::Manifest;
use obelisc_storage::{Error as StorageError, Storage};

use crate::error::{Error, whole};

/// The folder of the first version.
const DATASET: &str = "dataset";

/// The file that makes a folder a dataset.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Names the folder of a dataset that is being filled, where folders are not renamed at once.
pub(crate) const PUBLISHING: &str = "run/publishing";

/// Where datasets are put together.
pub(crate) const STAGING: &str = "run/staging";

/// Where a dataset goes before it is removed: whoever is killed then leaves none that is half there.
pub(crate) const REPLACED: &str = "run/replaced";

/// What was taken out of datasets, and why: a folder for each version that a takedown made.  It stands beside the
/// datasets, since it must not be published with them, and outside of the run, which may be removed.
pub(crate) const REMOVALS: &str = "removals";

/// The folder of a version.
pub(crate) fn folder(version: u32) -> String {
    if version == 1 { DATASET.to_owned() } else { format!("{DATASET}-{version}") }
}

/// The newest version; `None` where there is none.
pub(crate) fn newest(storage: &dyn Storage) -> Result<Option<u32>, Error> {
    let mut newest = None;
    // Where versions are missing, a takedown removed them, and the record of the one that it made is there.
    for entry in storage.list(REMOVALS)? {
        let recorded = entry.key.split('/').nth(1).and_then(|name| name.strip_prefix("dataset-")?.parse().ok());
        let Some(version) = recorded.filter(|version| Some(*version) > newest) else { continue };
        if storage.exists(&format!("{}/{MANIFEST}", folder(version)))? {
            newest = Some(version);
        }
    }
    loop {
        let next = newest.unwrap_or(0) + 1;
        if !storage.exists(&format!("{}/{MANIFEST}", folder(next)))? {
            return Ok(newest);
        }
        newest = Some(next);
    }
}

/// Refuses an output in which a dataset's folder holds something that no run of ours wrote.
pub(crate) fn check_output(storage: &dyn Storage) -> Result<(), Error> {
    let last = newest(storage)?.unwrap_or(0);
    for version in 1.. {
        let folder = folder(version);
        if read_manifest(storage, &folder)?.is_some() {
            continue;
        }
        if storage.list(&folder)?.is_empty() || is_begun(storage, &folder)? {
            // A takedown may have removed one before the newest.
            if version < last {
                continue;
            }
            break;
        }
        let place = format!("{}/{folder}", storage.location());
        let message = format!("{place} holds files but no {MANIFEST}: not a dataset of obelisc; name another output");
        return Err(Error::Unreachable(vec![message]));
    }
    Ok(())
}

/// Whether a run of ours was killed while it filled this folder.
fn is_begun(storage: &dyn Storage, folder: &str) -> Result<bool, Error> {
    match storage.read(PUBLISHING) {
        Ok(begun) => Ok(begun == folder.as_bytes()),
        Err(StorageError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The manifest of a dataset folder, where there is one.
pub(crate) fn read_manifest(storage: &dyn Storage, folder: &str) -> Result<Option<Manifest>, Error> {
    let key = format!("{folder}/{MANIFEST}");
    let bytes = match storage.read(&key) {
        Ok(bytes) => bytes,
        Err(StorageError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let unreadable = |error: obelisc_shard::Error| {
        let hint = "remove the folder to have it written again";
        Error::Unreachable(vec![format!("{}/{key}: {}; {hint}", storage.location(), whole(&error))])
    };
    Manifest::from_json(&bytes).map(Some).map_err(unreadable)
}

/// The first file of a dataset that is not there with its size.
pub(crate) fn missing(storage: &dyn Storage, folder: &str, manifest: &Manifest) -> Result<Option<String>, Error> {
    for shard in &manifest.shards {
        let key = format!("{folder}/{}", shard.path);
        match storage.head(&key) {
            Ok(entry) if entry.size == shard.bytes => {}
            Ok(_) | Err(StorageError::NotFound { .. }) => return Ok(Some(key)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
