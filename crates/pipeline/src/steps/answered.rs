//! Answers to what was asked, written and counted.

use obelisc_document::table::Answer;

use serde_json::Value;

use crate::error::TaskError;
use crate::marker::Marker;
use crate::step::Task;

/// Segments of the image store in which a task's answers lie; of a run before several inputs could be one task there is one, under a name of its own.
pub(super) fn segments(marker: &Marker) -> impl Iterator<Item = String> {
    let (one, several) = (&marker.facts["segment"], marker.facts["segments"].as_array());
    several.into_iter().flatten().chain([one]).filter_map(Value::as_str).map(str::to_owned)
}

/// Writes a task's answers, each counted in this unit: kept, or failed for its reason.
pub(super) fn write(task: &mut Task<'_>, unit: &str, mut answers: Vec<Answer>) -> Result<(), TaskError> {
    answers.sort_unstable();
    let mut sink = task.sink::<Answer>()?;
    for answer in answers {
        let flow = task.accounts.unit(unit);
        flow.enter(1);
        if let Some(reason) = answer.reason {
            flow.fail_one(reason.name());
        }
        sink.push(answer)?;
    }
    task.close(sink)
}
