//! `clusters`, global: which near copies go, and for which.

use obelisc_dedup::{Comparison, Rounds, VERSION, clusters};
use obelisc_document::table::{Candidate, Link, Removal, Table};
use obelisc_engine::{Engine, Limits};
use obelisc_storage::Storage;
use serde_json::{Value, json};

use super::duplicates::{self, removals_of, tables};
use super::keys::{self, comparisons, number};
use crate::error::TaskError;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// The names, by the number of the pass.
pub(super) const NAMES: [&str; MAX_PASSES] =
    ["clusters-1", "clusters-2", "clusters-3", "clusters-4", "clusters-5", "clusters-6"];

/// Of one pass.
pub(super) struct Clusters(pub(super) usize);

impl Step for Clusters {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Dedup
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        let name = |names: [&'static str; MAX_PASSES]| names.get(self.0).copied().unwrap_or_default();
        vec![name(keys::NAMES), name(duplicates::NAMES)]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({"version": VERSION, "comparisons": comparisons(context.recipe, self.0)})
    }

    /// One for each comparison: a cluster may reach anywhere.
    fn tasks(&self, context: &Context<'_>) -> u32 {
        self.comparisons(context.recipe).zip(1..).last().map_or(0, |(_, count)| count)
    }

    fn subject(&self, context: &Context<'_>, task: u32) -> String {
        let comparison = self.comparisons(context.recipe).zip(0..).find(|(_, number)| *number == task);
        comparison.map_or_else(String::new, |(comparison, _)| format!("near copies by {}", comparison.kind.name()))
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let comparison = self.comparisons(context.recipe).zip(0..).find(|(_, number)| *number == task.index);
        let Some((comparison, _)) = comparison else { return Ok(()) };
        let [keys, links] =
            [keys::NAMES, duplicates::NAMES].map(|names| names.get(self.0).copied().unwrap_or_default());
        let (links, candidates) =
            (context.output(links).keys(Link::NAME)?, context.output(keys).keys(Candidate::NAME)?);
        // Other comparisons of the pass have a task beside.
        let limits = context.engine_limits(self.tasks(context) == 1);
        let mut sink = task.sink::<Removal>()?;
        let receive = |removal| sink.push(removal);
        let rounds = find_clusters(context.storage, links, candidates, comparison, &limits, receive)?;
        task.close(sink)?;
        task.facts = json!({"links": rounds.links, "rounds": rounds.rounds, "candidates": rounds.candidates});
        Ok(())
    }
}

impl Clusters {
    /// The comparisons of the pass that find near copies.
    fn comparisons<'r>(&self, recipe: &'r Recipe) -> impl Iterator<Item = &'r Comparison> {
        recipe.dedup.pass(self.0).iter().filter(|comparison| comparison.kind.is_near())
    }
}

/// Finds the clusters of near copies among the links of a comparison; gives all documents in one, by task and row.
///
/// # Errors
/// Tables that cannot be read, what `receive` cannot take, and those of the engine.
pub fn find_clusters<'a>(
    storage: &dyn Storage,
    links: impl Iterator<Item = &'a str>,
    candidates: impl Iterator<Item = &'a str>,
    comparison: &Comparison,
    limits: &Limits,
    mut receive: impl FnMut(Removal) -> Result<(), TaskError>,
) -> Result<Rounds, TaskError> {
    let sources = [
        tables::source::<Link>("links", storage, links),
        tables::source::<Candidate>("candidates", storage, candidates),
    ];
    let rounds = clusters(&Engine::new(limits)?, number(comparison.kind), sources, |batch| {
        let removals = removals_of(&batch, |_| Some((comparison, None))).ok_or("the engine's answer lacks a column")?;
        Ok(removals.into_iter().try_for_each(&mut receive)?)
    })?;
    Ok(rounds)
}
