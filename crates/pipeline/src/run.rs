//! Runs: recipe, config and inputs → a dataset, in steps that can be stopped and taken up again at any time.

mod found;
mod gathering;
#[cfg(test)]
mod memory;
#[doc(hidden)]
pub mod pretend;
pub(crate) mod tasks;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_document::table;
use obelisc_fetch::ImageStore;
use obelisc_filter::Judgement;
use obelisc_storage::inputs::{Input, Kind};
use obelisc_storage::{Lock, Remotes, Storage};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use crate::config::Config;
use crate::error::Error;
use crate::marker::{self, FORMAT, Marker, Output, index};
use crate::observer::{Observer, StepInfo};
use crate::publish::{self, Finished};
use crate::recipe::{Recipe, Stage};
use crate::record::{Record, RecordedStep};
use crate::step::{Context, Step};
use crate::steps;
use crate::version;
use crate::work;

pub(crate) use found::Gathered;
use gathering::Gathering;
#[cfg(test)]
pub(crate) use memory::Memory;

/// Folder of a run inside its output.
pub(crate) const RUN: &str = "run";
/// Below this each step has a folder.
const STEPS: &str = "run/steps";
/// How often a step's tasks are run again whose files are gone when the step ends.
const ROUNDS: u32 = 3;

/// Folder for what queries on a cluster need until they end.
pub(crate) const QUERIES: &str = "run/queries";

/// What to run, and where.
#[derive(Debug)]
pub struct Run<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The machine.
    pub config: &'a Config,
    /// The inputs, as [`obelisc_storage::inputs::find`] sorts them.
    pub inputs: &'a [Input],
    /// The output.
    pub storage: &'a dyn Storage,
    /// The image store.
    pub images: &'a ImageStore,
    /// How places are reached that the config names.
    pub remotes: &'a Remotes,
    /// Raised by a signal: tasks in flight end, no new one begins.
    pub stop: &'a AtomicBool,
    /// Replace a finished dataset instead of writing the next version beside it.
    pub force: bool,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// Name of the stage.
    pub stage: &'static str,
    /// Name of the step.
    pub step: &'static str,
    /// Digest of all that decides about the output; `None` where an earlier step has to end first.
    pub digest: Option<String>,
    /// Tasks, where known.
    pub tasks: Option<u32>,
    /// Tasks that are done.
    pub done: u32,
}

impl Run<'_> {
    /// Runs all that is not done yet and publishes the dataset.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn execute(&self, observer: &dyn Observer) -> Result<Finished, Error> {
        self.check()?;
        let _lock = self.begin()?;
        work::alone(self.storage, self.config.storage.lease, || self.execute_alone(observer))
    }

    fn execute_alone(&self, observer: &dyn Observer) -> Result<Finished, Error> {
        // Of steps those that are not whole are looked through when it is their turn: the others hold nothing unfinished.
        self.storage.remove_unfinished(RUN, &[STEPS])?;
        self.storage.remove_all(version::STAGING)?;
        self.storage.remove_all(QUERIES)?;
        let mut context = self.context();
        let steps = steps::of(self.recipe);
        let mut record = self.new_record(&steps);
        for (step, index) in steps.iter().zip(0..) {
            let started = self.prepare(&**step, &context);
            record.enter(index, &started.folder, started.tasks);
            record.write(self.storage)?;
            let output = self.run_step(&**step, &context, &started, observer)?;
            self.balanced(&**step, &context, &output)?;
            self.enter(&mut context, &**step, output)?;
        }
        if self.config.engine.scheduler.is_some() {
            self.storage.remove_all(QUERIES)?;
        }
        let finished = publish::publish(&context, self.force)?;
        record.dataset = Some(finished.folder.clone());
        record.tables_removed = !self.config.keep_tables;
        record.write(self.storage)?;
        if record.tables_removed {
            self.storage.remove_all(STEPS)?;
        }
        Ok(finished)
    }

    /// A record of which nothing is done.
    pub(crate) fn new_record(&self, steps: &[Box<dyn Step>]) -> Record {
        let unknown = |step: &dyn Step| RecordedStep {
            stage: step.stage().name().to_owned(),
            step: step.name().to_owned(),
            folder: None,
            tasks: None,
        };
        let judgements = steps::retention(self.config.judgements);
        Record::new(self.recipe, steps.iter().map(|step| unknown(&**step)).collect(), judgements)
    }

    /// Refuses what a step left where its accounts, or those of the step before it, do not balance.
    pub(crate) fn balanced(&self, step: &dyn Step, context: &Context<'_>, output: &Output<'_>) -> Result<(), Error> {
        match output.accounts.imbalance().or_else(|| gap(step, context, output)) {
            Some(detail) => Err(Error::Accounts { step: step.name(), detail }),
            None => Ok(()),
        }
    }

    /// What [`execute`](Self::execute) would do; reads markers only.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub fn plan(&self) -> Result<Vec<PlannedStep>, Error> {
        self.check()?;
        let mut context = self.context();
        let mut plan = Vec::new();
        let mut known = true;
        for step in steps::of(self.recipe) {
            let (stage, name) = (step.stage().name(), step.name());
            if !known {
                plan.push(PlannedStep { stage, step: name, digest: None, tasks: None, done: 0 });
                continue;
            }
            let started = self.prepare(&*step, &context);
            let (done, output) = self.seen(&*step, &context, &started)?;
            known = output.is_some();
            let (digest, tasks) = (Some(started.digest), Some(started.tasks));
            plan.push(PlannedStep { stage, step: name, digest, tasks, done });
            if let Some(output) = output {
                self.enter(&mut context, &*step, output)?;
            }
        }
        Ok(plan)
    }

    /// Refuses a recipe for which the config lacks something.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let problems = self.config.lacks(self.recipe);
        if problems.is_empty() { Ok(()) } else { Err(Error::Refused(problems)) }
    }

    /// Takes the lock and looks for space.
    fn begin(&self) -> Result<Lock, Error> {
        let lock = self.storage.lock(&format!("{RUN}/lock"))?;
        work::no_worker(self.storage)?;
        version::check_output(self.storage)?;
        let needed = self.config.min_free_bytes;
        let places = [
            (self.storage.location(), self.storage.free_bytes()?),
            (self.images.location(), self.images.free_bytes()?),
        ];
        for (place, free) in places {
            if let Some(free) = free.filter(|free| *free < needed) {
                let message =
                    format!("{place}: {free} bytes are free, {needed} are needed (run.min_free_bytes in the config)");
                return Err(Error::Unreachable(vec![message]));
            }
        }
        Ok(lock)
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            recipe: self.recipe,
            config: self.config,
            given: self.inputs,
            inputs: if self.recipe.has(Stage::Select) { Cow::default() } else { self.inputs.into() },
            storage: self.storage,
            images: self.images,
            stop: self.stop,
            outputs: BTreeMap::new(),
        }
    }

    /// Notes what a step wrote, for those behind it.
    pub(crate) fn enter<'c>(
        &self,
        context: &mut Context<'c>,
        step: &dyn Step,
        output: Output<'c>,
    ) -> Result<(), Error> {
        if let Some(inputs) = steps::selected(step, context, &output, self.remotes)? {
            context.inputs = inputs.into();
        }
        context.outputs.insert(step.name(), output);
        Ok(())
    }

    /// Digest, folder and number of tasks of a step whose inputs are complete.
    pub(crate) fn prepare(&self, step: &dyn Step, context: &Context<'_>) -> Prepared {
        let reads: BTreeMap<_, _> =
            step.reads(self.recipe).into_iter().map(|name| (name, &context.output(name).digest)).collect();
        let mut tables = table::tables();
        tables.push(table::describe::<Judgement>());
        let tables: BTreeMap<_, _> = tables.iter().map(|table| (table.name, table.version)).collect();
        let inputs: Vec<Value> =
            if step.reads(self.recipe).is_empty() { self.inputs.iter().map(identity).collect() } else { Vec::new() };
        let mut all = json!({
            "format": FORMAT,
            "step": step.name(),
            "reads": reads,
            "tables": tables,
            "options": step.options(context),
        });
        // Not within: the macro would copy each of them.
        all["inputs"] = inputs.into();
        // Tasks of another cut are other tasks.
        if let Some(cut) = context.cut() {
            all["cut"] = cut;
        }
        let digest = format!("{:032x}", xxh3_128(all.to_string().as_bytes()));
        let folder = format!("{STEPS}/{}-{digest}", step.name());
        Prepared { digest, folder, tasks: step.tasks(context) }
    }

    fn run_step(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
        observer: &dyn Observer,
    ) -> Result<Output<'_>, Error> {
        let mut told = None;
        for _ in 0..ROUNDS {
            let found = self.found(step, context, prepared)?;
            self.forget(prepared, &found.stale)?;
            let pending = found.pending;
            let done = prepared.tasks.saturating_sub(u32::try_from(pending.len()).unwrap_or(u32::MAX));
            let info = told.get_or_insert_with(|| {
                let info = StepInfo { stage: step.stage().name(), step: step.name(), tasks: prepared.tasks, done };
                observer.step_started(&info);
                info
            });
            let mut markers = found.markers;
            if !pending.is_empty() {
                if self.stop.load(Ordering::Relaxed) {
                    return Err(Error::Interrupted);
                }
                self.storage.remove_unfinished(&prepared.folder, &[])?;
                let gathering = Gathering::new(self.storage, prepared, &pending);
                tasks::run(step, context, &prepared.folder, &pending, observer, &|marker| gathering.add(marker))?;
                markers.extend(gathering.markers());
            }
            let output = match found.whole {
                Some(whole) => Output::of_whole(self.storage, &prepared.folder, whole),
                None if prepared.is_large() => match self.gather(step, context, prepared, true)? {
                    Gathered::Whole(output) => output,
                    Gathered::Stale(keys) => {
                        self.forget(prepared, &keys)?;
                        continue;
                    }
                },
                None => {
                    if !pending.is_empty() {
                        let files = markers.iter().flat_map(|marker| &marker.files);
                        self.sweep(prepared, &files.map(|file| file.key.clone()).collect())?;
                    }
                    prepared.output(step, markers)?
                }
            };
            observer.step_finished(info, &output.accounts);
            return Ok(output);
        }
        let detail = format!("its tasks were run {ROUNDS} times, and what some of them left was gone each time");
        Err(Error::Accounts { step: step.name(), detail })
    }

    /// Takes markers away, wherever they stand.
    fn forget(&self, prepared: &Prepared, keys: &[String]) -> Result<(), Error> {
        if prepared.is_large() && !keys.is_empty() {
            let tasks = keys.iter().filter_map(|key| marker::task_of(key)).collect();
            index::take_out(self.storage, &prepared.folder, &tasks)?;
        }
        Ok(self.storage.remove_many(keys)?)
    }

    /// Removes what unfinished attempts left in a finished step.
    fn sweep(&self, prepared: &Prepared, named: &HashSet<String>) -> Result<(), Error> {
        let ours = ["markers", "index"].map(|name| format!("{}/{name}/", prepared.folder));
        for entry in self.storage.list(&prepared.folder)? {
            if !ours.iter().any(|prefix| entry.key.starts_with(prefix)) && !named.contains(&entry.key) {
                self.storage.remove(&entry.key)?;
            }
        }
        Ok(())
    }
}

/// A step whose inputs are complete.
pub(crate) struct Prepared {
    digest: String,
    pub(crate) folder: String,
    pub(crate) tasks: u32,
}

impl Prepared {
    /// What a step left, whose tasks all are done.
    pub(crate) fn output(&self, step: &dyn Step, markers: Vec<Marker>) -> Result<Output<'static>, Error> {
        if u32::try_from(markers.len()) != Ok(self.tasks) {
            return Err(self.lacks(step, usize::try_from(self.tasks).unwrap_or_default().abs_diff(markers.len())));
        }
        Ok(Output::new(markers))
    }

    /// Of a step of which so many tasks are not done that should be.
    fn lacks(&self, step: &dyn Step, open: usize) -> Error {
        let all = self.tasks;
        let detail = format!("{open} of {all} tasks have left no marker; run it again to go on from here");
        Error::Accounts { step: step.name(), detail }
    }

    /// Whether the step has indexes.
    pub(crate) fn is_large(&self) -> bool {
        !index::groups_of(self.tasks).is_empty()
    }
}

/// What makes an input another one.
fn identity(input: &Input) -> Value {
    let kind = match &input.kind {
        Kind::Archive(_) => "archive",
        Kind::Pages(_) => "pages",
        Kind::Index(_) => "index",
        Kind::Shard(_) => "shard",
    };
    json!({"name": input.name, "size": input.size, "identity": input.identity, "kind": kind})
}

/// What an earlier step kept and this one did not see.
fn gap(step: &dyn Step, context: &Context<'_>, output: &Output<'_>) -> Option<String> {
    output.accounts.gap(&context.output(step.follows(context.recipe)?).accounts)
}
