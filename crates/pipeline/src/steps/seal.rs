//! `seal`, global: one answer for each image URL; all later steps read these and nothing else of the store.

use obelisc_document::Reason;
use obelisc_document::table::{Answer, Table};
use serde_json::{Value, json};

use super::{answered, bucket, download};
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

pub(super) struct Seal;

impl Step for Seal {
    fn name(&self) -> &'static str {
        "seal"
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        sources().collect()
    }

    fn follows(&self, _: &Recipe) -> Option<&'static str> {
        Some("locate")
    }

    fn options(&self, _: &Context<'_>) -> Value {
        json!({"version": VERSION})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        bucket::count(context, sources().map(|step| context.output(step).rows(Answer::NAME)).sum())
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let buckets = self.tasks(task.context);
        let mut answers = Vec::new();
        for step in sources() {
            answers.extend(bucket::read::<Answer>(task, step, buckets)?);
        }
        // Bytes win over a reason, and what a host said over that no archive has it; among equals the order of the table decides.
        let rank = |answer: &Answer| (answer.reason.is_some(), answer.reason == Some(Reason::NotInArchive));
        answers.sort_by(|a, b| (a.url_key, rank(a), a).cmp(&(b.url_key, rank(b), b)));
        answers.dedup_by_key(|answer| answer.url_key);
        answered::write(task, "wanted_urls", answers)
    }
}

/// The steps that have answers.
fn sources() -> impl Iterator<Item = &'static str> {
    ["locate", "harvest"].into_iter().chain(download::NAMES)
}
