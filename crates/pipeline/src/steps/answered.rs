//! Answers to what was asked, written and counted.

use obelisc_document::table::Answer;

use crate::error::TaskError;
use crate::step::Task;

/// Writes a task's answers, each counted in this unit: kept, or failed for its reason.
pub(super) fn write(task: &mut Task<'_>, unit: &str, answers: Vec<Answer>) -> Result<(), TaskError> {
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
