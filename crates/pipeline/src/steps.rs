//! The steps of the stages, one file each.

mod answered;
pub(crate) mod apply;
mod archives;
mod attach;
mod bucket;
mod classify;
pub(crate) mod clean;
mod clusters;
pub(crate) mod compact;
pub(crate) mod digesting;
pub(crate) mod download;
mod duplicates;
mod extract;
mod filter;
mod harvest;
mod kept;
mod keys;
mod locate;
mod order;
mod seal;
mod select;
mod survivors;
mod wishes;
mod write;

use obelisc_storage::Remotes;
use obelisc_storage::inputs::Input;

use crate::error::Error;
use crate::marker::Output;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step};
pub(crate) use bucket::PART as PART_IN_MEMORY;
pub use clusters::find_clusters;
pub use duplicates::{find, find_links, key_range, ranges};
pub(crate) use extract::facts;
pub(crate) use kept::retention;
pub use keys::{key_rows, near_rows};
pub(crate) use order::shards;
pub(crate) use select::UNIT as INDEX_ROWS;
pub(crate) use write::SHARDS;

/// The steps of a recipe, in order.
pub(crate) fn of(recipe: &Recipe) -> Vec<Box<dyn Step>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    for stage in &recipe.stages {
        match stage {
            Stage::Select => {
                steps.push(Box::new(select::Select));
                steps.push(Box::new(archives::Archives));
            }
            Stage::Extract => steps.push(Box::new(extract::Extract)),
            Stage::Filter => steps.push(Box::new(filter::Filter)),
            Stage::Dedup => steps.extend((0..recipe.dedup.first_attached()).flat_map(|pass| of_pass(recipe, pass))),
            Stage::Fetch => {
                steps.push(Box::new(locate::Locate));
                steps.push(Box::new(harvest::Harvest));
                if recipe.fetch.asks_network {
                    for round in 0..wishes::ROUNDS {
                        steps.push(Box::new(wishes::Wishes(round)));
                        steps.push(Box::new(download::Download::new(round)));
                    }
                }
                steps.push(Box::new(seal::Seal));
            }
            Stage::Attach => {
                if !recipe.classifiers.is_empty() {
                    steps.push(Box::new(classify::Classify));
                }
                steps.push(Box::new(attach::Attach));
                steps.push(Box::new(apply::Apply));
                let passes = recipe.dedup.first_attached()..recipe.dedup.passes.len();
                steps.extend(passes.flat_map(|pass| of_pass(recipe, pass)));
            }
            Stage::Clean => steps.push(Box::new(clean::Clean)),
            Stage::Finish => {
                if recipe.has(Stage::Dedup) {
                    steps.push(Box::new(survivors::Survivors));
                }
                steps.push(Box::new(order::Order));
                steps.push(Box::new(write::Write));
            }
        }
    }
    steps
}

/// The steps of a pass of the stage `dedup`.
fn of_pass(recipe: &Recipe, pass: usize) -> Vec<Box<dyn Step>> {
    let mut steps: Vec<Box<dyn Step>> = vec![Box::new(keys::Keys(pass)), Box::new(duplicates::Duplicates(pass))];
    if recipe.dedup.is_near(pass) {
        steps.push(Box::new(clusters::Clusters(pass)));
    }
    steps.push(Box::new(compact::Compact(pass)));
    steps
}

/// The archives that are read from now on, where this step selected them.
pub(crate) fn selected(
    step: &dyn Step,
    context: &Context<'_>,
    output: &Output,
    remotes: &Remotes,
) -> Result<Option<Vec<Input>>, Error> {
    if step.name() != archives::NAME {
        return Ok(None);
    }
    let inputs = archives::inputs(context, output, remotes);
    inputs.map(Some).map_err(|error| Error::Unreachable(vec![error.whole()]))
}

/// The step whose documents go into the shards.
pub(crate) fn last_documents(recipe: &Recipe) -> &'static str {
    if recipe.has(Stage::Clean) { "clean" } else { before_cleaning(recipe) }
}

/// The step whose documents are cleaned, where the recipe cleans.
fn before_cleaning(recipe: &Recipe) -> &'static str {
    if recipe.has(Stage::Filter) { before_pass(recipe, recipe.dedup.passes.len()) } else { "extract" }
}

/// The step whose documents say which images are wanted.
fn before_fetch(recipe: &Recipe) -> &'static str {
    behind_pass(recipe.dedup.first_attached())
}

/// The step whose documents a pass of the stage `dedup` compares, by the pass's number from 0.
fn before_pass(recipe: &Recipe, pass: usize) -> &'static str {
    let is_first = pass == recipe.dedup.first_attached();
    if is_first && recipe.has(Stage::Attach) { "apply" } else { behind_pass(pass) }
}

/// The step that comes before this pass where no other stage does.
fn behind_pass(pass: usize) -> &'static str {
    pass.checked_sub(1).map_or("filter", |before| compact::NAMES.get(before).copied().unwrap_or_default())
}

/// What a shard holds of an image, where this step's documents are those that go into shards.
fn last_images(recipe: &Recipe, step: &str) -> Option<obelisc_shard::ImageColumn> {
    (last_documents(recipe) == step).then_some(recipe.finish.images)
}
