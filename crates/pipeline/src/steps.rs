//! The steps of the stages, one file each.

pub(crate) mod apply;
mod attach;
mod bucket;
pub(crate) mod clean;
mod clusters;
pub(crate) mod compact;
mod digesting;
mod duplicates;
mod extract;
mod filter;
mod harvest;
mod kept;
mod keys;
mod locate;
mod order;
mod seal;
mod write;

use crate::recipe::{Recipe, Stage};
use crate::step::Step;
pub(crate) use kept::retention;
pub(crate) use write::SHARDS;

/// The steps of a recipe, in order.
pub(crate) fn of(recipe: &Recipe) -> Vec<Box<dyn Step>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    for stage in &recipe.stages {
        match stage {
            Stage::Extract => steps.push(Box::new(extract::Extract)),
            Stage::Filter => steps.push(Box::new(filter::Filter)),
            Stage::Dedup => {
                for pass in 0..recipe.dedup.passes.len() {
                    steps.push(Box::new(keys::Keys(pass)));
                    steps.push(Box::new(duplicates::Duplicates(pass)));
                    if recipe.dedup.is_near(pass) {
                        steps.push(Box::new(clusters::Clusters(pass)));
                    }
                    steps.push(Box::new(compact::Compact(pass)));
                }
            }
            Stage::Fetch => {
                steps.push(Box::new(locate::Locate));
                steps.push(Box::new(harvest::Harvest));
                steps.push(Box::new(seal::Seal));
            }
            Stage::Attach => {
                steps.push(Box::new(attach::Attach));
                steps.push(Box::new(apply::Apply));
            }
            Stage::Clean => steps.push(Box::new(clean::Clean)),
            Stage::Finish => {
                steps.push(Box::new(order::Order));
                steps.push(Box::new(write::Write));
            }
        }
    }
    steps
}

/// The step whose documents go into the shards.
pub(crate) fn last_documents(recipe: &Recipe) -> &'static str {
    if recipe.has(Stage::Clean) { "clean" } else { before_cleaning(recipe) }
}

/// The step whose documents are cleaned, where the recipe cleans.
fn before_cleaning(recipe: &Recipe) -> &'static str {
    if recipe.has(Stage::Attach) {
        "apply"
    } else if recipe.has(Stage::Filter) {
        before_fetch(recipe)
    } else {
        "extract"
    }
}

/// The step whose documents say which images are wanted.
fn before_fetch(recipe: &Recipe) -> &'static str {
    before_pass(recipe.dedup.passes.len())
}

/// The step whose documents a pass of the stage `dedup` compares, by the pass's number from 0.
fn before_pass(pass: usize) -> &'static str {
    pass.checked_sub(1).map_or("filter", |before| compact::NAMES.get(before).copied().unwrap_or_default())
}

/// What a shard holds of an image, where this step's documents are those that go into shards.
fn last_images(recipe: &Recipe, step: &str) -> Option<obelisc_shard::ImageColumn> {
    (last_documents(recipe) == step).then_some(recipe.finish.images)
}
