//! Which tasks of a step are whose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use obelisc_fetch::Error as FetchError;
use obelisc_storage::lease::{self, Claim, Lease, Watch, beat_of, rest};
use obelisc_storage::{Error as StorageError, Storage};

use super::{Worker, beating};
use crate::error::{Error, TaskError, TaskFailure};
use crate::marker::index::{self, GROUP, Listed};
use crate::observer::Observer;
use crate::run::{Prepared, RUN, tasks};
use crate::step::{Context, Step};

/// Chunks that a step has at least, where it has as many tasks.
const CHUNKS: u32 = 256;
/// Tasks of a chunk at most.
const MOST_TASKS: u32 = 64;
/// Chunks of others that are looked at in turn, whether their holders are still there.
const LOOKS: usize = 4;
/// What stands for the lease of whoever makes indexes, among those of chunks.
const INDEXES: u32 = u32::MAX;

/// The tasks of a step, in chunks of which each is one worker's.
pub(super) struct Board<'b> {
    step: &'b dyn Step,
    context: &'b Context<'b>,
    storage: &'b dyn Storage,
    worker: &'b Worker,
    observer: &'b dyn Observer,
    folder: &'b str,
    leases: String,
    tasks: u32,
    /// Tasks of a chunk.
    chunk: u32,
    state: Mutex<State>,
    looks: Mutex<Looks>,
    held: Mutex<BTreeMap<u32, Lease>>,
    changed: Condvar,
}

/// What the thread that looks for a chunk needs: one at a time does, and the others work on.
#[derive(Default)]
struct Looks {
    /// Chunks to ask for, the last of them first.
    queue: Vec<u32>,
    watch: Watch,
    /// Tasks that were gone through since.
    since: u32,
}

#[derive(Default)]
struct State {
    failures: BTreeMap<u32, TaskFailure>,
    error: Option<Error>,
}

/// What a thread is to do next.
enum Next {
    Chunk(u32),
    /// The rest is in other hands.
    Wait,
    End,
}

impl<'b> Board<'b> {
    pub(super) fn new(
        step: &'b dyn Step,
        context: &'b Context<'b>,
        prepared: &'b Prepared,
        worker: &'b Worker,
        observer: &'b dyn Observer,
    ) -> Self {
        let (folder, tasks) = (prepared.folder.as_str(), prepared.tasks);
        let name = folder.rsplit('/').next().unwrap_or_default();
        let chunk = (tasks / CHUNKS).clamp(1, MOST_TASKS);
        Self {
            step,
            context,
            storage: context.storage,
            worker,
            observer,
            folder,
            leases: format!("{RUN}/leases/{name}"),
            tasks,
            chunk,
            state: Mutex::default(),
            looks: Mutex::default(),
            held: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u32, Lease>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tasks that have no marker.
    pub(super) fn pending(&self) -> Result<BTreeSet<u32>, Error> {
        Ok(index::list(self.storage, self.folder, self.tasks)?.pending().into_iter().collect())
    }

    /// Whoever makes indexes of the step has this lease.
    pub(super) fn index_lease(&self) -> String {
        format!("{}/index", self.leases)
    }

    /// Makes the indexes of groups whose tasks are all done, where nobody else is at it.
    fn make_indexes(&self, listed: &Listed, watch: &mut Watch) -> Result<(), Error> {
        if listed.complete().is_empty() {
            return Ok(());
        }
        let (name, lasts) = (&self.worker.name, self.worker.lease);
        let Claim::Held(lease) = lease::claim(self.storage, &self.index_lease(), name, lasts, watch)? else {
            return Ok(());
        };
        self.held().insert(INDEXES, lease.clone());
        // Markers that say nothing are told when the step ends.
        let made = index::make_missing(self.storage, self.folder, listed);
        self.held().remove(&INDEXES);
        lease.end(self.storage)?;
        made?;
        Ok(())
    }

    /// Does tasks on the threads of the config until all are done, by whomever.
    pub(super) fn work(&self) -> Result<(), Error> {
        let threads = u32::try_from(self.context.config.threads.get()).unwrap_or(u32::MAX).min(self.tasks);
        let thread = || {
            if let Err(error) = self.thread() {
                self.state().error.get_or_insert(error);
            }
            self.changed.notify_all();
        };
        beating(self.storage, self.worker.lease, &self.held, || {
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(thread);
                }
                if threads > 0 {
                    thread();
                }
            });
        });
        let State { mut failures, error } = std::mem::take(&mut *self.state());
        let given_back = std::mem::take(&mut *self.held()).into_values().try_for_each(|lease| lease.end(self.storage));
        if let Some(error) = error {
            return Err(error);
        }
        given_back?;
        if !failures.is_empty() {
            // What failed here another may have done.
            let open = self.pending()?;
            failures.retain(|task, _| open.contains(task));
        }
        if !failures.is_empty() {
            let failures = failures.into_values().collect();
            return Err(Error::Failed { step: self.step.name(), tasks: self.tasks, failures });
        }
        Ok(())
    }

    fn thread(&self) -> Result<(), Error> {
        loop {
            if self.state().error.is_some() {
                return Ok(());
            }
            if self.context.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            match self.next()? {
                Next::End => return Ok(()),
                Next::Wait => {
                    let state = self.state();
                    drop(self.changed.wait_timeout(state, beat_of(self.worker.lease)));
                }
                Next::Chunk(chunk) => {
                    let ended = self.do_chunk(chunk);
                    // Not in one line with its end: the leases would stay locked.
                    let lease = self.held().remove(&chunk);
                    if let Some(lease) = lease {
                        lease.end(self.storage)?;
                    }
                    self.changed.notify_all();
                    ended?;
                }
            }
        }
    }

    /// Claims a chunk.
    fn next(&self) -> Result<Next, Error> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        for looked in [false, true] {
            while let Some(chunk) = looks.queue.pop() {
                let key = format!("{}/{chunk:06}", self.leases);
                let (name, lasts) = (&self.worker.name, self.worker.lease);
                if let Claim::Held(lease) = lease::claim(self.storage, &key, name, lasts, &mut looks.watch)? {
                    self.held().insert(chunk, lease);
                    return Ok(Next::Chunk(chunk));
                }
            }
            if looked {
                break;
            }
            let listed = index::list(self.storage, self.folder, self.tasks)?;
            looks.since = 0;
            self.make_indexes(&listed, &mut looks.watch)?;
            let failed: BTreeSet<u32> = self.state().failures.keys().copied().collect();
            let open: Vec<u32> = listed.pending().into_iter().filter(|task| !failed.contains(task)).collect();
            if open.is_empty() {
                return Ok(Next::End);
            }
            let chunks: BTreeSet<u32> = open.iter().map(|task| task / self.chunk).collect();
            looks.queue = self.in_turn(&chunks)?;
        }
        Ok(Next::Wait)
    }

    /// Chunks to ask for: those that nobody holds, from one on that is another for each worker; behind them a few of those
    /// that others hold, who may be gone.
    fn in_turn(&self, chunks: &BTreeSet<u32>) -> Result<Vec<u32>, Error> {
        let taken = lease::taken(self.storage, &self.leases)?;
        let is_taken = |chunk: &u32| taken.contains(&format!("{chunk:06}"));
        let ours: BTreeSet<u32> = self.held().keys().copied().collect();
        let (others, mut free): (Vec<u32>, Vec<u32>) =
            chunks.iter().filter(|chunk| !ours.contains(chunk)).partition(|chunk| is_taken(chunk));
        let start = lease::turn(free.len());
        free.rotate_left(start);
        let start = lease::turn(others.len());
        let watched = others.iter().cycle().skip(start).take(LOOKS.min(others.len()));
        // The last is asked for first.
        Ok(watched.copied().chain(free.into_iter().rev()).collect())
    }

    fn do_chunk(&self, chunk: u32) -> Result<(), Error> {
        let Self { step, context, observer, folder, .. } = *self;
        let first = chunk * self.chunk;
        let mut is_done = true;
        for task in first..(first + self.chunk).min(self.tasks) {
            if self.context.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            if self.state().failures.contains_key(&task) || index::is_done(self.storage, folder, task, self.tasks)? {
                continue;
            }
            is_done = false;
            match tasks::attempt(step, context, folder, task) {
                Ok(marker) => observer.task_finished(step.name(), &step.subject(context, task), &marker),
                Err(TaskError::Stopped) => return Err(Error::Interrupted),
                Err(error) if error.is_fatal() => return Err(Error::Unreachable(vec![error.whole()])),
                // Somebody is still at it, who was taken to be gone.
                Err(TaskError::Store(FetchError::Storage(StorageError::Locked { .. }))) => {
                    rest(beat_of(self.worker.lease));
                }
                // Another may have done it meanwhile, and taken away what this one read or wrote.
                Err(_) if index::is_done(self.storage, folder, task, self.tasks)? => {}
                Err(error) => {
                    let failure = TaskFailure { task, subject: step.subject(context, task), error };
                    self.state().failures.insert(task, failure);
                }
            }
        }
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.since += self.chunk;
        // Others were here since this thread's last look, and were elsewhere too; or a group may be done, whose index somebody has to make.
        if is_done || looks.since >= GROUP {
            looks.queue.clear();
        }
        Ok(())
    }
}
