//! Steps that nobody ran, of which only the markers are there: on those is measured and tested what a run costs beside its tasks.

use obelisc_document::account::Accounts;
use serde_json::Value;

use super::gathering::Gathering;
use super::{Run, steps};
use crate::error::Error;
use crate::marker::{self, FORMAT, File, Marker};

/// A task of which it is pretended that it was run.
#[derive(Debug)]
pub struct Pretended<'p> {
    /// The step.
    pub step: &'static str,
    /// Folder of the step.
    pub folder: &'p str,
    /// Number of the task.
    pub task: u32,
}

/// What it left.
#[derive(Debug, Default)]
pub struct Left {
    /// Its files; none has to be there.
    pub files: Vec<File>,
    /// What became of what.
    pub accounts: Accounts,
    /// Its facts.
    pub facts: Value,
}

impl Run<'_> {
    /// Pretends that all steps up to `last` were run, but for so many tasks at the end of that one.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn pretend(&self, last: &str, open: u32, mut left: impl FnMut(&Pretended<'_>) -> Left) -> Result<(), Error> {
        let mut context = self.context();
        let steps = steps::of(self.recipe);
        let mut record = self.new_record(&steps);
        for (step, number) in steps.iter().zip(0..) {
            let (step, prepared) = (&**step, self.prepare(&**step, &context));
            record.enter(number, &prepared.folder, prepared.tasks);
            let is_last = step.name() == last;
            let done = prepared.tasks.saturating_sub(if is_last { open } else { 0 });
            let gathering = Gathering::new(self.storage, &prepared, &(0..prepared.tasks).collect::<Vec<_>>());
            for task in 0..done {
                let Left { files, accounts, facts } =
                    left(&Pretended { step: step.name(), folder: &prepared.folder, task });
                gathering.add(Marker { format: FORMAT, task, files, accounts, facts });
            }
            let markers = gathering.markers();
            for marker in &markers {
                let text = serde_json::to_vec(marker);
                let text = text.map_err(|error| Error::Unreachable(vec![error.to_string()]))?;
                self.storage.publish(&marker::key(&prepared.folder, marker.task), &text)?;
            }
            if is_last {
                break;
            }
            if prepared.is_large() {
                self.gather(step, &context, &prepared, false)?;
            }
            let (_, output) = self.seen(step, &context, &prepared)?;
            let output = output.ok_or_else(|| prepared.lacks(step, 0))?;
            context.outputs.insert(step.name(), output);
        }
        record.write(self.storage)
    }
}
