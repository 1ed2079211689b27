//! Publishing: shards, manifest and card become a dataset folder, whole or not at all.

use std::io::Write as _;

use obelisc_document::account::Accounts;
use obelisc_shard::{Manifest, Shard, ShardSummary, Split, Stage, shard_name};
use obelisc_storage::{Error as StorageError, Storage};

use crate::error::Error;
use crate::run::RUN;
use crate::step::Context;
use crate::steps::{self, SHARDS};

const DATASET: &str = "dataset";
const MANIFEST: &str = "manifest.json";
/// Names the folder that is being filled.
const PUBLISHING: &str = "run/publishing";

/// A dataset as a run leaves it.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Folder of the dataset inside the output.
    pub folder: String,
    /// Whether it was there before.
    pub existed: bool,
    /// Its manifest.
    pub manifest: Manifest,
    /// What became of what, by step, in order.
    pub steps: Vec<(&'static str, Accounts)>,
}

/// Refuses an output in which a dataset's folder holds something that no run of ours wrote.
pub(crate) fn check_output(storage: &dyn Storage) -> Result<(), Error> {
    for version in 1.. {
        let folder = folder(version);
        if read_manifest(storage, &folder)?.is_some() {
            continue;
        }
        if storage.list(&folder)?.is_empty() || is_begun(storage, &folder)? {
            break;
        }
        let place = format!("{}/{folder}", storage.location());
        let message = format!("{place} holds files but no {MANIFEST}: not a dataset of obelisc; name another output");
        return Err(Error::Unreachable(vec![message]));
    }
    Ok(())
}

/// Whether a run of ours was killed while it filled this folder, as it can be where folders are not renamed at once.
fn is_begun(storage: &dyn Storage, folder: &str) -> Result<bool, Error> {
    match storage.read(PUBLISHING) {
        Ok(begun) => Ok(begun == folder.as_bytes()),
        Err(StorageError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Publishes what the steps wrote: into `dataset`, or, where another dataset is finished there and `force` is off, into
/// `dataset-N` as version N.
pub(crate) fn publish(context: &Context<'_>, force: bool) -> Result<Finished, Error> {
    let storage = context.storage;
    let steps: Vec<(&'static str, Accounts)> = steps::of(context.recipe)
        .iter()
        .map(|step| (step.name(), context.output(step.name()).accounts.clone()))
        .collect();
    let mut manifest = manifest(context).map_err(unpublishable)?;
    let mut version = 1;
    loop {
        let folder = folder(version);
        let Some(found) = read_manifest(storage, &folder)? else { break };
        let same = same(&found, &manifest);
        if same && is_complete(storage, &folder, &found)? {
            return Ok(Finished { folder, existed: true, manifest: found, steps });
        }
        // Where somebody took files of this very dataset away, it is made whole again.
        if same || force {
            break;
        }
        version += 1;
    }
    manifest.dataset_version = version;
    let folder = folder(version);
    let (staging, replaced) = (format!("{RUN}/staging"), format!("{RUN}/replaced"));
    storage.remove_all(&staging)?;
    stage(context, &manifest, &staging)?;
    storage.remove_all(&replaced)?;
    put(storage, PUBLISHING, folder.as_bytes())?;
    if storage.exists(&format!("{folder}/{MANIFEST}"))? {
        // Moved first: a run that is killed while it removes leaves no dataset that is half there.
        storage.rename_all(&folder, &replaced)?;
    }
    storage.remove_all(&folder)?;
    storage.rename_all(&staging, &folder)?;
    storage.remove_all(&replaced)?;
    storage.remove(PUBLISHING)?;
    Ok(Finished { folder, existed: false, manifest, steps })
}

/// The manifest of a dataset folder, where there is one.
fn read_manifest(storage: &dyn Storage, folder: &str) -> Result<Option<Manifest>, Error> {
    let key = format!("{folder}/{MANIFEST}");
    let bytes = match storage.read(&key) {
        Ok(bytes) => bytes,
        Err(StorageError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let unreadable = |error: obelisc_shard::Error| {
        let hint = "remove the folder to have it written again";
        Error::Unreachable(vec![format!("{}/{key}: {}; {hint}", storage.location(), crate::error::whole(&error))])
    };
    Manifest::from_json(&bytes).map(Some).map_err(unreadable)
}

/// Whether all files of a dataset are there, with their sizes.
fn is_complete(storage: &dyn Storage, folder: &str, manifest: &Manifest) -> Result<bool, Error> {
    for shard in &manifest.shards {
        match storage.head(&format!("{folder}/{}", shard.path)) {
            Ok(entry) if entry.size == shard.bytes => {}
            Ok(_) | Err(StorageError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn folder(version: u32) -> String {
    if version == 1 { DATASET.to_owned() } else { format!("{DATASET}-{version}") }
}

/// Whether two manifests are of one dataset: the same bytes, from the same recipe and inputs.
fn same(a: &Manifest, b: &Manifest) -> bool {
    a.dataset_digest == b.dataset_digest
        && a.recipe == b.recipe
        && a.inputs == b.inputs
        && a.image_seal == b.image_seal
        && a.stages == b.stages
}

fn stage(context: &Context<'_>, manifest: &Manifest, staging: &str) -> Result<(), Error> {
    let storage = context.storage;
    for (file, (_, path)) in context.output("write").files(SHARDS).zip(paths(context)) {
        storage.copy(&file.key, &format!("{staging}/{path}"))?;
    }
    let card = context.recipe.card.render(manifest, context.recipe.finish.images);
    put(storage, &format!("{staging}/README.md"), card.as_bytes())?;
    let text = manifest.to_json().map_err(unpublishable)?;
    put(storage, &format!("{staging}/{MANIFEST}"), text.as_bytes())
}

/// Split and path of each shard, in the order in which they were written.
fn paths(context: &Context<'_>) -> impl Iterator<Item = (Split, String)> {
    steps::shards(context)
        .into_iter()
        .flat_map(|(split, shards)| (0..shards).map(move |index| (split, shard_name(split.name(), index, shards))))
}

pub(crate) fn put(storage: &dyn Storage, key: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut upload = storage.create(key)?;
    upload.write_all(bytes).map_err(|source| StorageError::io("write", key, source))?;
    Ok(upload.finish()?)
}

fn unpublishable(error: obelisc_shard::Error) -> Error {
    Error::Accounts { step: "publish", detail: error.to_string() }
}

fn manifest(context: &Context<'_>) -> obelisc_shard::Result<Manifest> {
    let recipe = context.recipe;
    let overrides = recipe.overrides.iter().filter_map(|word| word.split_once('='));
    let overrides = overrides.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    let written = &context.output("write").markers;
    let mut shards = Vec::with_capacity(written.len());
    for (marker, (split, path)) in written.iter().zip(paths(context)) {
        let summary: ShardSummary = serde_json::from_value(marker.facts.clone())?;
        shards.push(Shard::new(path, split.name().to_owned(), &summary));
    }
    let read = &context.output("extract").markers;
    let inputs = context.inputs.iter().zip(read).map(|(input, marker)| obelisc_shard::Input {
        name: input.name.clone(),
        size: input.size,
        read_sha256: marker.facts["sha256"].as_str().unwrap_or_default().to_owned(),
        records: marker.facts["records"].as_u64().unwrap_or_default(),
        records_digest: marker.facts["records_digest"].as_str().unwrap_or_default().to_owned(),
    });
    let stages = steps::of(recipe).into_iter().map(|step| Stage {
        name: step.name().to_owned(),
        // Of what was written, so that the same bytes in another place give the same manifest.
        digest: context.output(step.name()).digest.clone(),
        accounts: context.output(step.name()).accounts.clone(),
    });
    let manifest = Manifest {
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: obelisc_shard::Recipe::new(recipe.name.clone(), recipe.text.clone(), overrides),
        inputs: inputs.collect(),
        image_seal: context.outputs.get("seal").map(|seal| seal.digest.clone()),
        shards,
        stages: stages.collect(),
        ..Manifest::default()
    };
    manifest.seal()
}
