//! Running the tasks of one step on threads of this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use obelisc_storage::{Published, Storage};

use crate::error::{Error, TaskError, TaskFailure};
use crate::marker::{self, Marker};
use crate::observer::Observer;
use crate::step::{Context, Step, Task};

/// Runs `pending` tasks and gives their markers to `take`, as they come.  A task that fails does not stop the others, but a full disk does.
///
/// # Errors
/// [`Error::Interrupted`] where the stop flag kept tasks from beginning, [`Error::Failed`], [`Error::Unreachable`].
pub(super) fn run(
    step: &dyn Step,
    context: &Context<'_>,
    folder: &str,
    pending: &[u32],
    observer: &dyn Observer,
    take: &(dyn Fn(Marker) + Sync),
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let full = AtomicBool::new(false);
    let (ended, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while !context.stop.load(Ordering::Relaxed) && !full.load(Ordering::Relaxed) {
            let Some(&task) = pending.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            match attempt(step, context, folder, task) {
                Ok(marker) => {
                    observer.task_finished(step.name(), &step.subject(context, task), &marker);
                    take(marker);
                }
                Err(TaskError::Stopped) => continue,
                Err(error) => {
                    full.fetch_or(error.is_fatal(), Ordering::Relaxed);
                    let failure = TaskFailure { task, subject: step.subject(context, task), error };
                    failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
                }
            }
            ended.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..context.config.threads.get().min(pending.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|failure: &TaskFailure| failure.task);
    if let Some(failure) = failures.iter().find(|failure| failure.error.is_fatal()) {
        return Err(Error::Unreachable(vec![failure.error.whole()]));
    }
    // Whoever asked for the end runs the rest again, and what failed with it.
    if ended.into_inner() < pending.len() {
        return Err(Error::Interrupted);
    }
    if !failures.is_empty() {
        return Err(Error::Failed { step: step.name(), tasks: step.tasks(context), failures });
    }
    Ok(())
}

pub(crate) fn attempt(step: &dyn Step, context: &Context<'_>, folder: &str, index: u32) -> Result<Marker, TaskError> {
    let mut task = Task::new(context, folder, index);
    // A panic is a mistake of ours; it costs its task and is named with it.
    catch_unwind(AssertUnwindSafe(|| step.run(&mut task))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(TaskError::Panicked(text.unwrap_or_else(|| "panic".to_owned())))
    })?;
    let marker = task.finish()?;
    commit(context.storage, folder, marker)
}

/// Publishes a marker; where another attempt was first, its marker counts.
fn commit(storage: &dyn Storage, folder: &str, marker: Marker) -> Result<Marker, TaskError> {
    let key = marker::key(folder, marker.task);
    match storage.publish(&key, &serde_json::to_vec(&marker)?)? {
        Published::Created => Ok(marker),
        Published::Existed => Ok(marker::read(storage, &key)?),
    }
}
