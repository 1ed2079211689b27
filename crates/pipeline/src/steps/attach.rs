//! `attach`, global: image facts to the documents that want them, as a key table.

use obelisc_document::Reason;
use obelisc_document::table::{Answer, Attachment, ImageReference, ImageScore, Table};
use serde_json::{Value, json};

use super::{before_fetch, bucket};
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

pub(super) struct Attach;

impl Step for Attach {
    fn name(&self) -> &'static str {
        "attach"
    }

    fn stage(&self) -> Stage {
        Stage::Attach
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_fetch(recipe), "seal", "classify"]
    }

    fn options(&self, _: &Context<'_>) -> Value {
        json!({"version": VERSION})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let rows = context.output(before_fetch(context.recipe)).rows(ImageReference::NAME)
            + context.output("seal").rows(Answer::NAME);
        bucket::count(context, rows)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let buckets = self.tasks(task.context);
        let references = bucket::read::<ImageReference>(task, before_fetch(task.context.recipe), buckets)?;
        let answers = bucket::read::<Answer>(task, "seal", buckets)?;
        let unanswered = |reference: &ImageReference| TaskError::Accounts(format!("no answer for {}", reference.url));
        let scores = bucket::read::<ImageScore>(task, "classify", buckets)?;
        let scored = bucket::join(&references, &scores).map(|(_, scores)| scores.first());
        let joined = bucket::join(&references, &answers).zip(scored).map(|((reference, answers), score)| {
            answers.first().map(|answer| attachment(reference, answer, score)).ok_or_else(|| unanswered(reference))
        });
        let mut attachments = joined.collect::<Result<Vec<_>, _>>()?;
        // Sorted by task: the next step reads its own rows only.
        attachments.sort();
        let mut sink = task.sink::<Attachment>()?;
        attachments.into_iter().try_for_each(|row| sink.push(row))?;
        task.close(sink)
    }
}

fn attachment(reference: &ImageReference, answer: &Answer, score: Option<&ImageScore>) -> Attachment {
    // An image that a classifier could not look at nobody can judge: it counts as one that did not come.
    let unscored = score.filter(|score| score.scores.is_none());
    Attachment {
        task: reference.task,
        row: reference.row,
        ordinal: reference.ordinal,
        rank: reference.rank,
        reason: unscored.map_or(answer.reason, |_| Some(Reason::NotClassified)),
        detail: unscored.map_or(&answer.detail, |score| &score.detail).clone(),
        segment: answer.segment.clone(),
        offset: answer.offset,
        length: answer.length,
        format: answer.format.clone(),
        width: answer.width,
        height: answer.height,
        orientation: answer.orientation,
        frames: answer.frames,
        has_icc_profile: answer.has_icc_profile,
        perceptual_hash: answer.perceptual_hash,
        sha256: answer.sha256.clone(),
        scores: score.and_then(|score| score.scores.clone()),
    }
}
