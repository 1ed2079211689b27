//! Runs: recipe, config and inputs → a dataset, in steps that can be stopped and taken up again at any time.

pub(crate) mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_document::table;
use obelisc_fetch::ImageStore;
use obelisc_filter::Judgement;
use obelisc_storage::inputs::{Input, Kind};
use obelisc_storage::{Lock, Storage};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use crate::config::Config;
use crate::error::Error;
use crate::marker::index::{self, Found};
use crate::marker::{self, FORMAT, Marker, Output};
use crate::observer::{Observer, StepInfo};
use crate::publish::{self, Finished};
use crate::recipe::Recipe;
use crate::record::{Record, RecordedStep};
use crate::step::{Context, Step};
use crate::steps;
use crate::version;
use crate::work;

/// Folder of a run inside its output.
pub(crate) const RUN: &str = "run";

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
        self.storage.remove_unfinished(RUN)?;
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
            context.outputs.insert(step.name(), output);
        }
        if self.config.engine.scheduler.is_some() {
            self.storage.remove_all(QUERIES)?;
        }
        let finished = publish::publish(&context, self.force)?;
        record.dataset = Some(finished.folder.clone());
        record.tables_removed = !self.config.keep_tables;
        record.write(self.storage)?;
        if record.tables_removed {
            self.storage.remove_all(&format!("{RUN}/steps"))?;
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
    pub(crate) fn balanced(&self, step: &dyn Step, context: &Context<'_>, output: &Output) -> Result<(), Error> {
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
            let (markers, _) = self.markers(&*step, &context, &started)?;
            let done = u32::try_from(markers.len()).unwrap_or(u32::MAX);
            known = done >= started.tasks;
            let (digest, tasks) = (Some(started.digest), Some(started.tasks));
            plan.push(PlannedStep { stage, step: name, digest, tasks, done });
            context.outputs.insert(name, Output::new(markers));
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
            inputs: self.inputs,
            storage: self.storage,
            images: self.images,
            stop: self.stop,
            outputs: BTreeMap::new(),
        }
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
        let all = json!({
            "format": FORMAT,
            "step": step.name(),
            "reads": reads,
            "tables": tables,
            "options": step.options(context),
            "inputs": inputs,
        });
        let digest = format!("{:032x}", xxh3_128(all.to_string().as_bytes()));
        let folder = format!("{RUN}/steps/{}-{digest}", step.name());
        Prepared { digest, folder, tasks: step.tasks(context) }
    }

    /// The markers of a step's finished tasks whose files are all there, and the keys of those that say nothing, or whose
    /// files somebody removed: such tasks are run again.
    pub(crate) fn markers(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
    ) -> Result<(Vec<Marker>, Vec<String>), Error> {
        let Found { indexed, alone, damaged } = index::read_all(self.storage, &prepared.folder)?;
        let (mut markers, mut stale) = (Vec::with_capacity(indexed.len()), damaged);
        // Of a step so large that it has an index, files are not looked for.
        let entries = if indexed.is_empty() { self.storage.list(&prepared.folder)? } else { Vec::new() };
        let unreachable = |error: crate::error::TaskError| Error::Unreachable(vec![error.whole()]);
        for marker in indexed {
            if step.holds(context, &marker).map_err(unreachable)? {
                markers.push(marker);
            } else {
                stale.push(marker::key(&prepared.folder, marker.task));
            }
        }
        let sizes: BTreeMap<&str, u64> = entries.iter().map(|entry| (entry.key.as_str(), entry.size)).collect();
        let is_whole =
            |marker: &Marker| marker.files.iter().all(|file| sizes.get(file.key.as_str()) == Some(&file.bytes));
        for (key, marker) in alone {
            let ours = marker.task < prepared.tasks && marker::key(&prepared.folder, marker.task) == key;
            let complete = entries.is_empty() || is_whole(&marker);
            let held = step.holds(context, &marker).map_err(unreachable)?;
            if ours && complete && held {
                markers.push(marker);
            } else {
                stale.push(key);
            }
        }
        Ok((markers, stale))
    }

    fn run_step(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
        observer: &dyn Observer,
    ) -> Result<Output, Error> {
        let (mut markers, stale) = self.markers(step, context, prepared)?;
        index::take_out(
            self.storage,
            &prepared.folder,
            &stale.iter().filter_map(|key| marker::task_of(key)).collect(),
        )?;
        self.storage.remove_many(&stale)?;
        // What an earlier run was killed over need not be read one by one again.
        markers.sort_by_key(|marker| marker.task);
        index::make(self.storage, &prepared.folder, &markers)?;
        let done: BTreeSet<u32> = markers.iter().map(|marker| marker.task).collect();
        let pending: Vec<u32> = (0..prepared.tasks).filter(|task| !done.contains(task)).collect();
        let info = StepInfo {
            stage: step.stage().name(),
            step: step.name(),
            tasks: prepared.tasks,
            done: prepared.tasks.saturating_sub(u32::try_from(pending.len()).unwrap_or(u32::MAX)),
        };
        observer.step_started(&info);
        if !pending.is_empty() {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            markers.extend(tasks::run(step, context, &prepared.folder, &pending, observer)?);
            self.sweep(prepared, &markers)?;
        }
        let output = prepared.output(step, markers)?;
        if !pending.is_empty() {
            index::make(self.storage, &prepared.folder, &output.markers)?;
        }
        observer.step_finished(&info, &output.accounts);
        Ok(output)
    }

    /// Removes what unfinished attempts left in a finished step.
    fn sweep(&self, prepared: &Prepared, markers: &[Marker]) -> Result<(), Error> {
        let files = markers.iter().flat_map(|marker| &marker.files);
        let named: BTreeSet<&str> = files.map(|file| file.key.as_str()).collect();
        let ours = ["markers", "index"].map(|name| format!("{}/{name}/", prepared.folder));
        for entry in self.storage.list(&prepared.folder)? {
            if !ours.iter().any(|prefix| entry.key.starts_with(prefix)) && !named.contains(entry.key.as_str()) {
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
    pub(crate) fn output(&self, step: &dyn Step, markers: Vec<Marker>) -> Result<Output, Error> {
        let (found, all) = (markers.len(), self.tasks);
        if u32::try_from(found) != Ok(all) {
            let detail = format!("{found} of {all} tasks have left a marker; run it again to go on from here");
            return Err(Error::Accounts { step: step.name(), detail });
        }
        Ok(Output::new(markers))
    }
}

/// What makes an input another one.
fn identity(input: &Input) -> Value {
    let kind = match &input.kind {
        Kind::Archive(_) => "archive",
        Kind::Pages(_) => "pages",
    };
    json!({"name": input.name, "size": input.size, "identity": input.identity, "kind": kind})
}

/// What an earlier step kept and this one did not see.
fn gap(step: &dyn Step, context: &Context<'_>, output: &Output) -> Option<String> {
    output.accounts.gap(&context.output(step.follows(context.recipe)?).accounts)
}
