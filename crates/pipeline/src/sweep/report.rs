//! What is told of a sweep.

use obelisc_document::DocId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::behind::BehindDedup;
use super::grid::Grid;
use super::removed::RuleRemoval;
use super::samples::{Sample, Texts};
use super::stored::Stored;
use super::weigh::Weighed;
use crate::error::TaskError;

/// What other options of rules would make of what a run stored.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// Name of the recipe.
    pub recipe: String,
    /// Documents that were judged.
    pub documents: u64,
    /// Documents that were measured again for some variant.
    pub measured_again: u64,
    /// Whether an option changes what is measured, so that all were.
    pub measures_all: bool,
    /// Whether what is kept is told as it is before duplicates are removed: which copies there are depends on what is
    /// swept.
    pub before_dedup: bool,
    /// The recipe as it was run.
    pub base: VariantReport,
    /// The variants.
    pub variants: Vec<VariantReport>,
}

/// What one variant makes of the documents.
#[derive(Clone, Debug, Serialize)]
pub struct VariantReport {
    /// Options that are set, by key without `rules.`.
    pub set: Map<String, Value>,
    /// Documents that are kept for certain.
    pub documents: u64,
    /// Their images.
    pub images: u64,
    /// Words of their paragraphs.
    pub words: u64,
    /// Documents that want images which the run did not fetch for them: whether they would be kept is not known.
    pub behind_fetch: u64,
    /// Those of them that the recipe as it was run keeps: what it keeps, less these and `lost`, with `gained`, are
    /// `documents`.
    pub behind_fetch_kept: u64,
    /// What became of the kept documents in the run where it removed duplicates, and behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_dedup: Option<BehindDedup>,
    /// Documents that are kept, and are not by the recipe as it was run.
    pub gained: u64,
    /// Documents that are dropped, and are not by the recipe as it was run.
    pub lost: u64,
    /// What each rule removes, in the order of the recipe.
    pub removed: Vec<RuleRemoval>,
    /// Some of those gained, with the rule that drops them in the recipe as it was run.
    pub gained_samples: Vec<Sample>,
    /// Some of those lost, with the rule that drops them here.
    pub lost_samples: Vec<Sample>,
    /// The kept documents in the order of the inputs, where they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Vec<DocId>>,
}

pub(super) fn report(stored: &Stored<'_>, grid: &Grid, weighed: Weighed, list_kept: bool) -> Result<Sweep, TaskError> {
    let Weighed { tallies, documents, measured_again } = weighed;
    let texts = Texts::read(stored, grid, &tallies)?;
    let variants = grid.variants.iter().zip(tallies).enumerate();
    let mut reports = variants.map(|(index, (variant, mut tally))| {
        tally.kept.sort_unstable();
        VariantReport {
            set: variant.set.clone(),
            documents: tally.documents,
            images: tally.images,
            words: tally.words,
            behind_fetch: tally.behind,
            behind_fetch_kept: tally.behind_kept,
            behind_dedup: grid.ends_before_dedup().then(|| tally.followed.counts()),
            gained: tally.gained,
            lost: tally.lost,
            removed: tally
                .removed
                .report(variant.recipe.judging.default_rules(), variant.recipe.clean.rules.default_rules()),
            gained_samples: texts.of(tally.gained_samples, grid.stands_for(index)),
            lost_samples: texts.of(tally.lost_samples, 0),
            kept: list_kept.then(|| tally.kept.into_iter().map(|(_, _, id)| id).collect()),
        }
    });
    let base = reports.next().ok_or_else(|| TaskError::Accounts("no variant".to_owned()))?;
    Ok(Sweep {
        recipe: stored.recipe.name.clone(),
        documents,
        measured_again,
        measures_all: grid.measures_all(),
        before_dedup: grid.ends_before_dedup(),
        base,
        variants: reports.collect(),
    })
}
