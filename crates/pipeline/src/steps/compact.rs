//! `compact`, map: documents without the copies that go, judged again.

use std::collections::BTreeMap;

use obelisc_document::table::{ImageReference, Removal};
use obelisc_document::{Content, Document};
use obelisc_filter::{EMPTIED, Failure, Judgement, RuleSet, StageView, SubjectKind, Verdict};
use serde_json::{Value, json};

use super::clusters;
use super::duplicates::{self, kind};
use super::filter::references_of;
use super::kept::{Judged, in_reading_order, retention};
use super::keys::comparisons;
use super::{before_pass, last_images};
use crate::error::TaskError;
use crate::judging::Judging;
use crate::recipe::{MAX_PASSES, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// The names, by the number of the pass.
pub(crate) const NAMES: [&str; MAX_PASSES] =
    ["compact-1", "compact-2", "compact-3", "compact-4", "compact-5", "compact-6"];

/// Of one pass.
pub(super) struct Compact(pub(super) usize);

impl Step for Compact {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Dedup
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        let mut steps = vec![before_pass(recipe, self.0)];
        steps.extend(removing(recipe, self.0));
        steps
    }

    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        Some(before_pass(recipe, self.0))
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        json!({
            "version": VERSION,
            "dedup": recipe.section("dedup"),
            "comparisons": comparisons(recipe, self.0),
            "language": recipe.section("language"),
            "rules": recipe.section("rules"),
            "images_pending": recipe.has(Stage::Attach) && !is_attached(recipe, self.0),
            "sizes": last_images(recipe, self.name()).map(obelisc_shard::ImageColumn::name),
            "judgements": retention(context.config.judgements),
        })
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let recipe = task.context.recipe;
        let view = if is_attached(recipe, self.0) { StageView::FINAL } else { recipe.filter_view() };
        let again = again(recipe);
        let mut removals: BTreeMap<u32, Vec<Removal>> = BTreeMap::new();
        let steps = removing(recipe, self.0);
        for removal in steps.flat_map(|step| task.own_rows::<Removal>(step)) {
            let removal = removal?;
            removals.entry(removal.row).or_default().push(removal);
        }
        let mut judged = Judged::new(task, self.name())?;
        let mut references = Vec::new();
        for (document, row) in task.rows::<Document>(before_pass(recipe, self.0), task.index)?.zip(0..) {
            let mut document = document?;
            let mut removals = removals.remove(&row).unwrap_or_default();
            removals.sort();
            let verdict = compact(&again, &mut document, &removals, view);
            if verdict.kept && !is_attached(recipe, self.0) {
                references.extend(references_of(&document, task.index, judged.kept.row));
            }
            judged.enter(task, document, verdict)?;
        }
        judged.close(task)?;
        references.sort_unstable();
        task.write::<ImageReference>(references)
    }
}

/// The steps that say what goes in a pass.
fn removing(recipe: &Recipe, pass: usize) -> impl Iterator<Item = &'static str> {
    let near = recipe.dedup.is_near(pass).then(|| clusters::NAMES.get(pass)).flatten();
    duplicates::NAMES.get(pass).into_iter().chain(near).copied()
}

/// Whether images have their bytes in a pass.
fn is_attached(recipe: &Recipe, pass: usize) -> bool {
    pass >= recipe.dedup.first_attached()
}

/// The rules that are asked of what is left.
fn again(recipe: &Recipe) -> Judging {
    if recipe.dedup.rejudge {
        recipe.judging.select(|spec| spec.subject == SubjectKind::Document)
    } else {
        Judging::default()
    }
}

/// Takes what goes out of a document, and judges what is left.
fn compact(again: &Judging, document: &mut Document, removals: &[Removal], view: StageView) -> Verdict {
    let going = removals.iter().filter(|removal| removal.removed);
    if let Some((removal, kind)) =
        going.clone().find(|removal| removal.ordinal.is_none()).and_then(|removal| Some((removal, kind(removal.kind)?)))
    {
        let Failure { value, bound, .. } = failure(removal, kind.reason().name());
        return RuleSet::refuse(document, kind.reason(), value, bound);
    }
    let (id, mut removed) = (document.id, Vec::new());
    let mut goes = |subject, ordinal, paragraph| {
        let removal =
            going.clone().find(|removal| removal.ordinal == Some(ordinal) && removal.paragraph == paragraph)?;
        let reason = kind(removal.kind)?.reason().name();
        let judgement = Judgement::keeping(id, subject, Some(ordinal), paragraph);
        removed.push((reason, Judgement { failure: Some(failure(removal, reason)), ..judgement }));
        Some(())
    };
    let mut emptied = 0;
    if going.clone().next().is_some() {
        document.nodes.retain_mut(|node| match &mut node.content {
            Content::Image(_) => goes(SubjectKind::Image, node.ordinal, None).is_none(),
            Content::Text(paragraphs) => {
                paragraphs.retain(|paragraph| goes(SubjectKind::Paragraph, node.ordinal, Some(paragraph.k)).is_none());
                emptied += u64::from(paragraphs.is_empty());
                !paragraphs.is_empty()
            }
        });
    }
    let mut verdict = again.judge(document, view);
    for (reason, judgement) in removed {
        let counts = match judgement.subject {
            SubjectKind::Image => &mut verdict.counts.images,
            _ => &mut verdict.counts.paragraphs,
        };
        counts.enter(1);
        counts.drop_one(reason);
        verdict.judgements.push(judgement);
    }
    for _ in 0..emptied {
        verdict.counts.text_nodes.enter(1);
        verdict.counts.text_nodes.drop_one(EMPTIED);
    }
    in_reading_order(&mut verdict.judgements);
    verdict
}

/// What is said of a copy that goes: the document whose copy stays and how many copies there are, or their number and how many there may be.
fn failure(removal: &Removal, reason: &'static str) -> Failure {
    let copies = removal.copies;
    let (value, bound) = match removal.survivor {
        Some(survivor) => (survivor.to_string(), format!("one of {copies} copies stays")),
        None => (copies.to_string(), "none of so many copies stays".to_owned()),
    };
    Failure { rule: reason.into(), value: Some(value), bound: Some(bound) }
}
