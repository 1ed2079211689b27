//! Work on a run that others work on too: tasks are claimed by lease, a few at a time, until none is left.
//!
//! Every worker goes through the steps in order and finds out from markers what is done.  What a lease is for is told in [`obelisc_storage::lease`]: two that do
//! one task do no harm, since the first marker counts.

mod board;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use obelisc_storage::Storage;
use obelisc_storage::lease::{self, Claim, Watch, beat_of};

use crate::error::Error;
use crate::marker::Output;
use crate::observer::{Observer, StepInfo};
use crate::publish::{self, Finished};
use crate::record::Record;
use crate::recipe::Stage;
use crate::run::{Prepared, RUN, Run};
use crate::step::{Context, Step};
use crate::steps;
use crate::version;

/// Who works, and how far.
#[derive(Clone, Debug)]
pub struct Worker {
    /// What others call it: a host and a process, say.
    pub name: String,
    /// How long its leases last when it does not renew them.
    pub lease: Duration,
    /// The stage behind which it ends; `None` for the whole run.
    pub last_stage: Option<Stage>,
}

impl Run<'_> {
    /// Works beside others until nothing is left, and publishes the dataset, or what an earlier one of them published is told.
    /// `None` where the worker was to end behind a stage.
    ///
    /// Unlike [`execute`](Self::execute) it takes no lock, so that it never removes what might be another's: files of attempts that were lost stay until then.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Interrupted`] where the stop flag was raised before the end.
    pub fn work(&self, worker: &Worker, observer: &dyn Observer) -> Result<Option<Finished>, Error> {
        self.check()?;
        version::check_output(self.storage)?;
        let mut context = self.context();
        let steps = steps::of(self.recipe);
        let mut record = self.new_record(&steps);
        for (step, index) in steps.iter().zip(0..) {
            if worker.last_stage.is_some_and(|last| self.recipe.is_behind(step.stage(), last)) {
                return Ok(None);
            }
            let prepared = self.prepare(&**step, &context);
            record.enter(index, &prepared.folder, prepared.tasks);
            record.write_if_further(self.storage)?;
            let output = self.work_on(&**step, &context, &prepared, worker, observer)?;
            self.balanced(&**step, &context, &output)?;
            context.outputs.insert(step.name(), output);
        }
        self.publish_alone(&context, record, worker).map(Some)
    }

    fn work_on(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
        worker: &Worker,
        observer: &dyn Observer,
    ) -> Result<Output, Error> {
        let tasks = prepared.tasks;
        let board = board::Board::new(self.storage, &prepared.folder, tasks, worker);
        let done = tasks.saturating_sub(u32::try_from(board.pending()?.len()).unwrap_or(u32::MAX));
        let info = StepInfo { stage: step.stage().name(), step: step.name(), tasks, done };
        observer.step_started(&info);
        board.work(step, context, &prepared.folder, observer)?;
        let (markers, stale) = self.markers(step, context, prepared)?;
        if let Some(key) = stale.first() {
            // Whoever removed it runs the task again by running the recipe: here somebody may be at it.
            let message = format!("{key} names files that are gone or says nothing; `obelisc run` makes them anew");
            return Err(Error::Unreachable(vec![message]));
        }
        let output = Output::new(markers);
        observer.step_finished(&info, &output.accounts);
        Ok(output)
    }

    /// One worker at a time publishes: the others find the dataset there.
    fn publish_alone(&self, context: &Context<'_>, mut record: Record, worker: &Worker) -> Result<Finished, Error> {
        let key = format!("{RUN}/leases/publish");
        let mut watch = Watch::default();
        let lease = loop {
            match lease::claim(self.storage, &key, &worker.name, worker.lease, &mut watch)? {
                Claim::Held(lease) => break lease,
                Claim::Others(_) if self.stop.load(Ordering::Relaxed) => return Err(Error::Interrupted),
                Claim::Others(_) => wait(beat_of(worker.lease)),
            }
        };
        let lease = std::sync::Mutex::new(BTreeMap::from([(0, lease)]));
        let finished = beating(self.storage, worker, &lease, || publish::publish(context, self.force));
        let lease = lease.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        lease.into_values().try_for_each(|lease| lease.end(self.storage))?;
        let finished = finished?;
        record.dataset = Some(finished.folder.clone());
        record.write(self.storage)?;
        Ok(finished)
    }
}

/// Waits.
fn wait(time: Duration) {
    let (_nobody_sends, waited) = mpsc::channel::<()>();
    let _ = waited.recv_timeout(time);
}

/// Renews leases while something is done.
fn beating<T>(
    storage: &dyn Storage,
    worker: &Worker,
    leases: &std::sync::Mutex<BTreeMap<u32, lease::Lease>>,
    work: impl FnOnce() -> T,
) -> T {
    let (end, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while ended.recv_timeout(beat_of(worker.lease)) == Err(RecvTimeoutError::Timeout) {
                let mut leases = leases.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for lease in leases.values_mut() {
                    // One that is late is made up for by the next.
                    let _ = lease.beat(storage);
                }
            }
        });
        let done = work();
        drop(end);
        done
    })
}
