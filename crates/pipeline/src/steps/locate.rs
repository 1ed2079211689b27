//! `locate`, global: which of the images that documents want lie in the run's archives, and where.

use obelisc_document::Reason;
use obelisc_document::table::{Answer, Capture, ImageReference, Request, Table};
use serde_json::{Value, json};

use super::{before_fetch, bucket};
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

pub(super) struct Locate;

impl Step for Locate {
    fn name(&self) -> &'static str {
        "locate"
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_fetch(recipe), "extract"]
    }

    fn options(&self, _: &Context<'_>) -> Value {
        json!({"version": VERSION})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let rows = context.output(before_fetch(context.recipe)).rows(ImageReference::NAME)
            + context.output("extract").rows(Capture::NAME);
        bucket::count(context, rows)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    /// A URL that was captured more than once is read where it stands first: by input, then by offset.
    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let buckets = self.tasks(task.context);
        let mut wanted = bucket::read::<ImageReference>(task, before_fetch(task.context.recipe), buckets)?;
        wanted.dedup_by_key(|reference| reference.url_key);
        let captures = bucket::read::<Capture>(task, "extract", buckets)?;
        let mut requests = task.sink::<Request>()?;
        let mut answers = task.sink::<Answer>()?;
        task.accounts.unit("wanted_urls").enter(wanted.len() as u64);
        let mut found = Vec::new();
        for (reference, captures) in bucket::join(&wanted, &captures) {
            let Some(capture) = captures.first().cloned() else {
                let reason = Some(Reason::NotInArchive);
                answers.push(Answer { reason, ..Answer::unanswered(&reference.url) })?;
                continue;
            };
            let Capture { url_key, url: _, input, entry, offset, inner, length } = capture;
            found.push(Request { input, entry, offset, inner, length, url_key, url: reference.url.clone() });
        }
        found.sort();
        task.accounts.unit("captured_urls").enter(found.len() as u64);
        found.into_iter().try_for_each(|request| requests.push(request))?;
        task.close(requests)?;
        task.close(answers)
    }
}
