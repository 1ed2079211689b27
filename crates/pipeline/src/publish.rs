//! Publishing: shards, manifest and card become a dataset folder, whole or not at all.

use obelisc_document::account::Accounts;
use obelisc_shard::{Card, ImageColumn, Manifest, Shard, ShardSummary, Split, Stage, shard_name};
use obelisc_storage::inputs::Input;
use obelisc_storage::{Storage, random_word};
use serde::Deserialize as _;

use crate::error::Error;
use crate::recipe;
use crate::shares::in_shares;
use crate::step::Context;
use crate::steps::{self, SHARDS};
use crate::version::{self, MANIFEST, PUBLISHING, REPLACED, STAGING, folder, read_manifest};

/// Shards that are copied at a time.
const COPIES: usize = 16;

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

/// Publishes what the steps wrote: into `dataset`, or, where another dataset is finished there and `force` is off, into
/// `dataset-N` as version N.
pub(crate) fn publish(context: &Context<'_>, force: bool) -> Result<Finished, Error> {
    let storage = context.storage;
    let steps: Vec<(&'static str, Accounts)> = steps::of(context.recipe)
        .iter()
        .map(|step| (step.name(), context.output(step.name()).accounts.clone()))
        .collect();
    let mut manifest = manifest(context)?;
    let newest = version::newest(storage)?.unwrap_or(0);
    let mut version = 1;
    loop {
        let folder = folder(version);
        let Some(found) = read_manifest(storage, &folder)? else {
            if version < newest {
                version += 1;
                continue;
            }
            break;
        };
        let same = same(&found, &manifest);
        // What a takedown took out of this very dataset does not come back with the next run.
        let taken_down = is_taken_down(&found, &manifest);
        if same || taken_down {
            match version::missing(storage, &folder, &found)? {
                None => return Ok(Finished { folder, existed: true, manifest: found, steps }),
                Some(key) if taken_down => return Err(cannot_be_whole(storage, &folder, &key)),
                Some(_) => {}
            }
        }
        // Where somebody took files of this very dataset away, it is made whole again.
        if same || force {
            break;
        }
        version += 1;
    }
    manifest.dataset_version = version;
    let folder = folder(version);
    appear(storage, &folder, |staging| stage(context, &manifest, staging))?;
    if let Some(key) = version::missing(storage, &folder, &manifest)? {
        let message = format!("{}/{key}: somebody took it away while the dataset was published", storage.location());
        return Err(Error::Unreachable(vec![message]));
    }
    Ok(Finished { folder, existed: false, manifest, steps })
}

/// Makes a dataset appear in its folder, whole or not at all: `fill` writes it below the place that it is given, its manifest last.
pub(crate) fn appear(
    storage: &dyn Storage,
    folder: &str,
    fill: impl FnOnce(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    if storage.renames_at_once() {
        // Of two that publish at once neither writes into what the other moves.
        let staging = format!("{STAGING}/{:016x}", random_word());
        fill(&staging)?;
        storage.remove_all(REPLACED)?;
        if storage.exists(&format!("{folder}/{MANIFEST}"))? {
            // Moved first: a run that is killed while it removes leaves no dataset that is half there.
            storage.rename_all(folder, REPLACED)?;
        }
        storage.remove_all(folder)?;
        storage.rename_all(&staging, folder)?;
        storage.remove_all(REPLACED)?;
    } else {
        // The manifest, which makes it a dataset, goes first and comes last.
        storage.write(PUBLISHING, folder.as_bytes())?;
        storage.remove(&format!("{folder}/{MANIFEST}"))?;
        storage.remove_all(folder)?;
        fill(folder)?;
        storage.remove(PUBLISHING)?;
    }
    Ok(())
}

/// Writes what stands beside the shards of a dataset, the manifest last.
pub(crate) fn describe(
    storage: &dyn Storage,
    folder: &str,
    manifest: &Manifest,
    images: ImageColumn,
    card: &Card,
) -> Result<(), Error> {
    storage.write(&format!("{folder}/README.md"), card.render(manifest, images).as_bytes())?;
    let croissant = card.croissant(manifest, images).map_err(unpublishable)?;
    storage.write(&format!("{folder}/croissant.json"), croissant.as_bytes())?;
    let text = manifest.to_json().map_err(unpublishable)?;
    Ok(storage.write(&format!("{folder}/{MANIFEST}"), text.as_bytes())?)
}

/// Whether two manifests are of one dataset: the same bytes, from the same recipe and inputs.
fn same(a: &Manifest, b: &Manifest) -> bool {
    a.dataset_digest == b.dataset_digest
        && a.recipe == b.recipe
        && a.inputs == b.inputs
        && a.image_seal == b.image_seal
        && a.stages == b.stages
}

/// Whether a dataset is this one without what takedowns took out of it.
fn is_taken_down(found: &Manifest, made: &Manifest) -> bool {
    found.removals.first().is_some_and(|removal| removal.from_digest == made.dataset_digest)
        && found.recipe == made.recipe
        && found.inputs == made.inputs
        && found.image_seal == made.image_seal
        && found.stages.starts_with(&made.stages)
}

/// A run cannot write again what a takedown left.
fn cannot_be_whole(storage: &dyn Storage, folder: &str, key: &str) -> Error {
    let place = storage.location();
    let message = format!(
        "{place}/{key}: missing, or of another size than the manifest says; {folder} is what a takedown left of this \
         dataset, so remove it to have the whole dataset written again"
    );
    Error::Unreachable(vec![message])
}

fn stage(context: &Context<'_>, manifest: &Manifest, staging: &str) -> Result<(), Error> {
    let storage = context.storage;
    let output = context.output("write");
    let shards: Vec<_> = output.files(SHARDS)?.zip(paths(context)).map(|(file, (_, path))| (&file.key, path)).collect();
    let copy = |(key, path): &(&String, String)| storage.copy(key, &format!("{staging}/{path}"));
    // What a panic left out is missed when the dataset is looked at.
    let copied = in_shares(&shards, COPIES, |shards| shards.iter().try_for_each(copy));
    copied.into_iter().collect::<Result<(), _>>()?;
    describe(storage, staging, manifest, context.recipe.finish.images, &context.recipe.card)
}

/// Split and path of each shard, in the order in which they were written.
fn paths(context: &Context<'_>) -> impl Iterator<Item = (Split, String)> {
    steps::shards(context)
        .into_iter()
        .flat_map(|(split, shards)| (0..shards).map(move |index| (split, shard_name(split.name(), index, shards))))
}

fn unpublishable(error: obelisc_shard::Error) -> Error {
    Error::Accounts { step: "publish", detail: error.to_string() }
}

/// A recipe as a manifest has it.
pub(crate) fn recipe_of(recipe: &recipe::Recipe) -> obelisc_shard::Recipe {
    let overrides = recipe.overrides.iter().filter_map(|word| word.split_once('='));
    let overrides = overrides.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    obelisc_shard::Recipe {
        own_rules: recipe.own_rules(),
        ..obelisc_shard::Recipe::new(recipe.name.clone(), recipe.text.clone(), overrides)
    }
}

fn manifest(context: &Context<'_>) -> Result<Manifest, Error> {
    let recipe = context.recipe;
    let mut shards = Vec::new();
    for (marker, (split, path)) in context.output("write").markers()?.zip(paths(context)) {
        let summary = ShardSummary::deserialize(&marker.facts).map_err(|error| unpublishable(error.into()))?;
        shards.push(Shard::new(path, split.name().to_owned(), &summary));
    }
    let given = if recipe.has(recipe::Stage::Select) { context.given } else { &[] };
    let index = given.iter().zip(context.output("select").markers()?).map(|(input, marker)| obelisc_shard::Input {
        name: input.name.clone(),
        size: input.size,
        records: marker.accounts.0.get(steps::INDEX_ROWS).map_or(0, |rows| rows.entered),
        records_digest: marker.files.first().map(|selections| selections.digest.clone()).unwrap_or_default(),
        ..obelisc_shard::Input::default()
    });
    let archive = |(number, input): (usize, &Input)| {
        let facts = steps::facts(context, number)?;
        let fact = |name: &str| facts.and_then(|facts| facts.get(name));
        let text = |name: &str| fact(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Ok(obelisc_shard::Input {
            name: input.name.clone(),
            size: input.size,
            read_sha256: text("sha256"),
            records: fact("records").and_then(serde_json::Value::as_u64).unwrap_or_default(),
            records_digest: text("records_digest"),
        })
    };
    let archives = context.inputs.iter().enumerate().map(archive).collect::<obelisc_storage::Result<Vec<_>>>()?;
    let inputs = index.chain(archives);
    let stages = steps::of(recipe).into_iter().map(|step| Stage {
        name: step.name().to_owned(),
        // Of what was written, so that the same bytes in another place give the same manifest.
        digest: context.output(step.name()).digest.clone(),
        accounts: context.output(step.name()).accounts.clone(),
    });
    let manifest = Manifest {
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: recipe_of(recipe),
        inputs: inputs.collect(),
        image_seal: context.outputs.get("seal").map(|seal| seal.digest.clone()),
        shards,
        stages: stages.collect(),
        ..Manifest::default()
    };
    manifest.seal().map_err(unpublishable)
}
