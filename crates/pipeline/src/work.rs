//! Work on a run that others work on too: tasks are claimed by lease, a few at a time, until none is left.
//!
//! Every worker goes through the steps in order and finds out from markers what is done.  What a lease is for is told in [`obelisc_storage::lease`]: two that do
//! one task do no harm, since the first marker counts.

mod board;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use obelisc_filter::options::Problem;
use obelisc_storage::Storage;
use obelisc_storage::lease::{self, Claim, Lease, Watch, beat_of, rest};

use crate::error::{Error, TaskFailure};
use crate::marker::{Output, index};
use crate::observer::{Observer, StepInfo};
use crate::publish::{self, Finished};
use crate::recipe::Stage;
use crate::record::Record;
use crate::run::{Gathered, Prepared, RUN, Run, tasks};
use crate::shares::in_shares;
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
        if !lease::living(self.storage, ALONE)?.is_empty() {
            return Err(Error::Unreachable(vec![format!("{}: `obelisc run` is at it", self.storage.location())]));
        }
        version::check_output(self.storage)?;
        let mut tries = 0;
        let lease = self.claimed(&format!("{WORKERS}/{}", worker.name), worker, || {
            tries += 1;
            // Of one of the name that is gone the lease is over by then.
            let message = || format!("{}: another worker is called {}", self.storage.location(), worker.name);
            if tries > 11 { Err(Error::Unreachable(vec![message()])) } else { Ok(()) }
        })?;
        with_lease(self.storage, worker.lease, lease, || self.work_beside(worker, observer))
    }

    /// Waits for a lease, as long as that may go on.
    fn claimed(
        &self,
        key: &str,
        worker: &Worker,
        mut may_wait: impl FnMut() -> Result<(), Error>,
    ) -> Result<Lease, Error> {
        let mut watch = Watch::default();
        loop {
            match lease::claim(self.storage, key, &worker.name, worker.lease, &mut watch)? {
                Claim::Held(lease) => return Ok(lease),
                Claim::Others(_) => may_wait()?,
            }
            rest(beat_of(worker.lease));
        }
    }

    fn work_beside(&self, worker: &Worker, observer: &dyn Observer) -> Result<Option<Finished>, Error> {
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
            self.enter(&mut context, &**step, output)?;
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
    ) -> Result<Output<'_>, Error> {
        let tasks = prepared.tasks;
        let board = board::Board::new(step, context, prepared, worker, observer);
        let is_whole = index::whole(self.storage, &prepared.folder, tasks)?.is_some();
        let pending = if is_whole { 0 } else { board.pending()?.len() };
        let done = tasks.saturating_sub(u32::try_from(pending).unwrap_or(u32::MAX));
        let info = StepInfo { stage: step.stage().name(), step: step.name(), tasks, done };
        observer.step_started(&info);
        if !is_whole {
            board.work()?;
        }
        let output = self.ended(step, context, prepared, worker, &board.index_lease())?;
        observer.step_finished(&info, &output.accounts);
        Ok(output)
    }

    /// The output of a step whose tasks are done.  Of those who come to the end of a large one, one makes its indexes and its summary, and the others wait for that.
    fn ended(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
        worker: &Worker,
        lease: &str,
    ) -> Result<Output<'_>, Error> {
        let found = self.found(step, context, prepared)?;
        let stale = match found.whole {
            Some(whole) => return Ok(Output::of_whole(self.storage, &prepared.folder, whole)),
            None if found.stale.is_empty() && prepared.is_large() => {
                let lease = self.claimed(lease, worker, || self.not_stopped())?;
                let gather = || self.gather(step, context, prepared, false);
                match with_lease(self.storage, worker.lease, lease, gather)? {
                    Gathered::Whole(output) => return Ok(output),
                    Gathered::Stale(keys) => keys,
                }
            }
            None => found.stale,
        };
        match stale.first() {
            None => prepared.output(step, found.markers),
            // Whoever removed it runs the task again by running the recipe: here somebody may be at it.
            Some(key) => {
                let message = format!("{key} names files that are gone or says nothing; `obelisc run` makes them anew");
                Err(Error::Unreachable(vec![message]))
            }
        }
    }

    fn not_stopped(&self) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Runs tasks of one step, whoever else does: those that are done already stay as they are.
    ///
    /// # Errors
    /// [`Error::Refused`] for a step that the recipe does not have and tasks that it has not; [`Error::Unreachable`] where steps before it are not done; [`Error::Failed`].
    pub fn tasks(&self, name: &str, numbers: RangeInclusive<u32>, observer: &dyn Observer) -> Result<(), Error> {
        self.check()?;
        let mut context = self.context();
        let steps = steps::of(self.recipe);
        let names: Vec<&str> = steps.iter().map(|step| step.name()).collect();
        if !names.contains(&name) {
            return Err(refused(name, format!("no step of this run; it has {}", names.join(", "))));
        }
        for step in &steps {
            let prepared = self.prepare(&**step, &context);
            if step.name() == name {
                let all = prepared.tasks;
                if *numbers.end() >= all {
                    return Err(refused(name, format!("task {} is given, 0 to {} are there", numbers.end(), all - 1)));
                }
                return some_tasks(&**step, &context, &prepared, numbers, observer);
            }
            let (done, output) = self.seen(&**step, &context, &prepared)?;
            let Some(output) = output else {
                let (all, before) = (prepared.tasks, step.name());
                let message = format!("step {before} comes before {name}, and {done} of its {all} tasks are done");
                return Err(Error::Unreachable(vec![message]));
            };
            self.enter(&mut context, &**step, output)?;
        }
        Ok(())
    }

    /// One worker at a time publishes: the others find the dataset there.
    fn publish_alone(&self, context: &Context<'_>, mut record: Record, worker: &Worker) -> Result<Finished, Error> {
        let lease = self.claimed(&format!("{RUN}/leases/publish"), worker, || self.not_stopped())?;
        let finished = with_lease(self.storage, worker.lease, lease, || publish::publish(context, self.force))?;
        record.dataset = Some(finished.folder.clone());
        record.write(self.storage)?;
        Ok(finished)
    }
}

/// Below this each worker has a lease for as long as it is there.
const WORKERS: &str = "run/leases/workers";
/// Below this a run has one that works alone.
const ALONE: &str = "run/leases/alone";

/// Refuses to run alone where workers are at it; what those left who are gone goes.
pub(crate) fn no_worker(storage: &dyn Storage) -> Result<(), Error> {
    let living = lease::living(storage, WORKERS)?;
    if living.is_empty() {
        if !storage.list(WORKERS)?.is_empty() {
            // Those who were lost may have been at any step, also at one that others brought to its end.
            storage.remove_unfinished(RUN, &[])?;
        }
        return Ok(storage.remove_all(&format!("{RUN}/leases"))?);
    }
    let names: Vec<String> = living.into_iter().collect();
    Err(Error::Unreachable(vec![format!("{}: workers are at it: {}", storage.location(), names.join(", "))]))
}

/// Does something that workers must not do meanwhile, as whoever holds the run's lock.
pub(crate) fn alone<T>(
    storage: &dyn Storage,
    lasts: Duration,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let lease = lease::seize(storage, &format!("{ALONE}/run"), "a run", lasts)?;
    let done = with_lease(storage, lasts, lease, work);
    storage.remove_all(&format!("{RUN}/leases"))?;
    done
}

/// Does something while a lease is renewed, which ends with it.
fn with_lease<T>(
    storage: &dyn Storage,
    lasts: Duration,
    lease: Lease,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let leases = Mutex::new(BTreeMap::from([(0, lease.clone())]));
    let done = beating(storage, lasts, &leases, work);
    let ended = lease.end(storage);
    let done = done?;
    ended?;
    Ok(done)
}

fn some_tasks(
    step: &dyn Step,
    context: &Context<'_>,
    prepared: &Prepared,
    numbers: RangeInclusive<u32>,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let mut failures = Vec::new();
    for task in numbers {
        let subject = step.subject(context, task);
        match tasks::attempt(step, context, &prepared.folder, task) {
            Ok(marker) => observer.task_finished(step.name(), &subject, &marker),
            Err(error) => failures.push(TaskFailure { task, subject, error }),
        }
    }
    let all = prepared.tasks;
    if failures.is_empty() { Ok(()) } else { Err(Error::Failed { step: step.name(), tasks: all, failures }) }
}

fn refused(step: &str, message: String) -> Error {
    Error::Refused(vec![Problem { file: format!("step {step}"), line: 0, key: String::new(), message }])
}

/// Leases that are renewed at a time.
const BEATS_AT_A_TIME: usize = 16;

/// Renews leases while something is done.
fn beating<T>(
    storage: &dyn Storage,
    lasts: Duration,
    leases: &Mutex<BTreeMap<u32, Lease>>,
    work: impl FnOnce() -> T,
) -> T {
    let (end, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while ended.recv_timeout(beat_of(lasts)) == Err(RecvTimeoutError::Timeout) {
                // Not while others wait for the list: a store may take its time.
                let held: Vec<Lease> =
                    leases.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
                // One that is late is made up for by the next.
                in_shares(&held, BEATS_AT_A_TIME, |some| some.iter().for_each(|lease| drop(lease.beat(storage))));
            }
        });
        let done = work();
        drop(end);
        done
    })
}
