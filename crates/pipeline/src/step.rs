//! Steps and tasks: what a stage is made of.
//!
//! A stage of a recipe becomes one or more steps; a step is a number of tasks, each a pure function of what earlier
//! steps wrote.  A step says what it reads and which options matter to it; [`crate::run`] does the rest: digests,
//! resume, threads, accounts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;

use obelisc_document::account::Accounts;
use obelisc_document::table::{self, Table};
use obelisc_engine::Limits;
use obelisc_fetch::ImageStore;
use obelisc_storage::inputs::Input;
use obelisc_storage::parquet::{Reader, Writer};
use obelisc_storage::{Storage, random_word};
use serde_json::{Value, json};

use crate::config::{Config, EngineLimits};
use crate::error::TaskError;
use crate::marker::{FORMAT, File, Marker, Output};
use crate::recipe::{Recipe, Stage};

/// A step: a number of tasks of one kind.
pub(crate) trait Step: Sync {
    /// Name, as folders, progress and manifest show it.
    fn name(&self) -> &'static str;

    /// The stage it is a part of.
    fn stage(&self) -> Stage;

    /// Names of the steps whose output it reads.
    fn reads(&self, recipe: &Recipe) -> Vec<&'static str>;

    /// The step whose kept subjects come in here; accounts are checked across the two.
    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        let _ = recipe;
        None
    }

    /// All that decides about its output besides what it reads: its own semantic version, options, versions of rules.
    fn options(&self, context: &Context<'_>) -> Value;

    /// How many tasks it has, given what it reads: one for each input, or for some of them, where a step does not say otherwise.
    fn tasks(&self, context: &Context<'_>) -> u32 {
        u32::try_from(context.inputs.len().div_ceil(context.inputs_per_task())).unwrap_or(u32::MAX)
    }

    /// What a task works on, in words: its inputs where a step does not say otherwise.
    fn subject(&self, context: &Context<'_>, task: u32) -> String {
        let mut inputs = context.inputs_of(task);
        let first = inputs.next().map_or_else(String::new, |(_, input)| input.name.clone());
        match inputs.count() {
            0 => first,
            more => format!("{first} and {more} more"),
        }
    }

    /// What a finished task left outside of the run's own folder, by name: its output is of use only while all of it is [`there`](Self::there).
    fn rests_on(&self, marker: &Marker) -> Vec<String> {
        let _ = marker;
        Vec::new()
    }

    /// The names of all that is there of the kind.
    fn there(&self, context: &Context<'_>) -> Result<BTreeSet<String>, TaskError> {
        let _ = context;
        Ok(BTreeSet::new())
    }

    /// Runs a task.
    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError>;
}

/// What all steps of a run see.
pub(crate) struct Context<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) config: &'a Config,
    /// What the user named.
    pub(crate) given: &'a [Input],
    /// What is read: the same, or the archives that were selected.
    pub(crate) inputs: Cow<'a, [Input]>,
    pub(crate) storage: &'a dyn Storage,
    pub(crate) images: &'a ImageStore,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) outputs: BTreeMap<&'static str, Output<'a>>,
}

impl<'a> Context<'a> {
    /// Inputs that one task reads: one, unless there would be more tasks than the config wants.
    pub(crate) fn inputs_per_task(&self) -> usize {
        let most = usize::try_from(self.config.max_tasks).unwrap_or(usize::MAX);
        self.inputs.len().div_ceil(most.max(1)).max(1)
    }

    /// How steps are cut into tasks, where that is not the usual way.
    pub(crate) fn cut(&self) -> Option<Value> {
        let (inputs, rows) = (self.inputs_per_task(), self.config.engine.rows_per_task);
        let is_usual = inputs == 1 && rows == EngineLimits::default().rows_per_task;
        (!is_usual).then(|| json!({"inputs_per_task": inputs, "rows_per_task": rows}))
    }

    /// The inputs of a task, each with its number.
    pub(crate) fn inputs_of(&self, task: u32) -> impl Iterator<Item = (u32, &Input)> {
        let each = self.inputs_per_task();
        let first = usize::try_from(task).unwrap_or(usize::MAX).saturating_mul(each);
        let numbered = (0..).zip(self.inputs.iter());
        numbered.skip(first).take(each)
    }

    /// What the user named, by the task of a step that has one for each.
    pub(crate) fn given(&self, task: u32) -> Option<&Input> {
        self.given.get(usize::try_from(task).ok()?)
    }

    /// What one query may take, and where it goes.
    pub(crate) fn engine_limits(&self, alone: bool) -> Limits {
        self.config.engine_limits(alone, self.storage)
    }

    /// What an earlier step wrote; empty where there was no such step.
    pub(crate) fn output(&self, step: &str) -> &Output<'a> {
        static NOTHING: std::sync::LazyLock<Output<'static>> = std::sync::LazyLock::new(|| Output::new(Vec::new()));
        self.outputs.get(step).unwrap_or(&NOTHING)
    }
}

/// One attempt at one task.
pub(crate) struct Task<'a> {
    pub(crate) context: &'a Context<'a>,
    /// Number of the task.
    pub(crate) index: u32,
    /// Folder of the step.
    folder: &'a str,
    /// A word that no other attempt has.
    attempt: u64,
    files: Vec<File>,
    /// What became of what.
    pub(crate) accounts: Accounts,
    /// Facts for later steps and the manifest.
    pub(crate) facts: Value,
}

impl<'a> Task<'a> {
    pub(crate) fn new(context: &'a Context<'a>, folder: &'a str, index: u32) -> Self {
        let (files, accounts) = (Vec::new(), Accounts::default());
        Self { context, index, folder, attempt: random_word(), files, accounts, facts: Value::Null }
    }

    /// Begins a table.
    pub(crate) fn sink<T: Table>(&self) -> Result<Sink<T>, TaskError> {
        let key = format!("{}/{}/{:06}-{:016x}.parquet", self.folder, T::NAME, self.index, self.attempt);
        let writer = Writer::create_sorted(self.context.storage, &key, T::schema(), T::SORTED_BY)?;
        Ok(Sink { key, writer, rows: Vec::new(), weight: 0 })
    }

    /// Writes a table.
    pub(crate) fn write<T: Table>(&mut self, rows: Vec<T>) -> Result<(), TaskError> {
        let mut sink = self.sink::<T>()?;
        rows.into_iter().try_for_each(|row| sink.push(row))?;
        self.close(sink)
    }

    /// Ends a table.
    pub(crate) fn close<T: Table>(&mut self, mut sink: Sink<T>) -> Result<(), TaskError> {
        sink.flush()?;
        let written = sink.writer.finish()?;
        let table = T::NAME.to_owned();
        let (rows, bytes, digest) = (written.rows, written.bytes, written.digest);
        self.files.push(File { table, key: sink.key, rows, bytes, digest });
        Ok(())
    }

    /// A key for a file that is no table.
    pub(crate) fn key(&self, folder: &str, ending: &str) -> String {
        format!("{}/{folder}/{:06}-{:016x}.{ending}", self.folder, self.index, self.attempt)
    }

    /// Adds a file that is no table.
    pub(crate) fn add(&mut self, file: File) {
        self.files.push(file);
    }

    /// The rows of one table that one task of an earlier step wrote.
    pub(crate) fn rows<T: Table + 'a>(&self, step: &str, task: u32) -> Result<Rows<'a, T>, TaskError> {
        let marker = self.context.output(step).marker(task)?;
        let files = marker.into_iter().flat_map(|marker| marker.files_of(T::NAME));
        rows(self.context.storage, files.map(|file| file.key.as_str()))
    }

    /// Those of its rows that have these numbers, in rising order.  Others are not read, as far as their pages go.
    pub(crate) fn rows_at<T: Table + 'a>(
        &self,
        step: &str,
        task: u32,
        wanted: &[u32],
    ) -> Result<Rows<'a, T>, TaskError> {
        let marker = self.context.output(step).marker(task)?;
        let Some(file) = marker.and_then(|marker| marker.files_of(T::NAME).next()) else {
            return Ok(Box::new(std::iter::empty()));
        };
        Ok(read(Reader::open_rows(self.context.storage, &file.key, ROWS_PER_READ, wanted)?))
    }

    /// The rows of one table that an earlier step wrote whose values of the column by which it is sorted lie in a range, in the order of its tasks.
    pub(crate) fn rows_in<T: Table + 'a>(&self, step: &str, range: RangeInclusive<u64>) -> Rows<'a, T> {
        match self.context.output(step).keys(T::NAME) {
            Ok(keys) => rows_in(self.context.storage, keys, range),
            Err(error) => Box::new(std::iter::once(Err(error.into()))),
        }
    }

    /// All rows of one table that an earlier step wrote, in the order of its tasks.
    pub(crate) fn all_rows<T: Table + 'a>(&self, step: &str) -> Result<Rows<'a, T>, TaskError> {
        rows(self.context.storage, self.context.output(step).keys(T::NAME)?)
    }

    /// Those in which the column has one number, such as that of an input.
    pub(crate) fn rows_of<T: Table + 'a>(&self, step: &str, number: u32) -> Rows<'a, T> {
        self.rows_in(step, number.into()..=number.into())
    }

    /// Those in which it has the number of this task.
    pub(crate) fn own_rows<T: Table + 'a>(&self, step: &str) -> Rows<'a, T> {
        self.rows_of(step, self.index)
    }

    /// Ends the attempt.
    pub(crate) fn finish(self) -> Result<Marker, TaskError> {
        if let Some(detail) = self.accounts.imbalance() {
            return Err(TaskError::Accounts(detail));
        }
        let Self { index, files, accounts, facts, .. } = self;
        Ok(Marker { format: FORMAT, task: index, files, accounts, facts })
    }
}

/// Rows that gather before they become a batch.
const ROWS_PER_BATCH: usize = 1024;
/// Bytes that gather before they become a batch: documents are large, key rows are not.
const BYTES_PER_BATCH: usize = 4 << 20;
/// Rows of a batch that is read: a few documents may be as large as a page can be.
const ROWS_PER_READ: usize = 32;
/// Rows of a batch of a key table.
const ROWS_PER_KEY_READ: usize = 8192;

/// A table being written.
pub(crate) struct Sink<T> {
    key: String,
    writer: Writer,
    rows: Vec<T>,
    weight: usize,
}

impl<T: Table> Sink<T> {
    /// Adds a row.
    pub(crate) fn push(&mut self, row: T) -> Result<(), TaskError> {
        self.weight += row.weight();
        self.rows.push(row);
        if self.rows.len() >= ROWS_PER_BATCH || self.weight >= BYTES_PER_BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes what gathered.
    fn flush(&mut self) -> Result<(), TaskError> {
        if !self.rows.is_empty() {
            self.writer.write(&T::to_batch(&self.rows)?)?;
            self.rows.clear();
            self.weight = 0;
        }
        Ok(())
    }
}

/// Rows being read.
pub(crate) type Rows<'a, T> = Box<dyn Iterator<Item = Result<T, TaskError>> + 'a>;

/// Rows of a reader's batches.
pub(crate) fn read<'a, T: Table + 'a>(reader: Reader) -> Rows<'a, T> {
    Box::new(reader.flat_map(|batch| -> Rows<'a, T> {
        match batch.map_err(TaskError::from).and_then(|batch| Ok(table::rows(&batch)?)) {
            Ok(rows) => Box::new(rows.into_iter().map(Ok)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }))
}

/// The rows of tables whose values of the column by which they are sorted lie in a range.
pub(crate) fn rows_in<'a, T: Table + 'a>(
    storage: &'a dyn Storage,
    keys: impl Iterator<Item = &'a str> + 'a,
    range: RangeInclusive<u64>,
) -> Rows<'a, T> {
    let column = T::SORTED_BY.unwrap_or_default();
    let open = move |key: &str| {
        let object = storage.open(key)?;
        Reader::open_wanted(object, key, ROWS_PER_KEY_READ, column, &range, |_| true)
    };
    read_each(keys, open)
}

/// All rows of tables.
pub(crate) fn rows<'a, T: Table + 'a>(
    storage: &'a dyn Storage,
    keys: impl Iterator<Item = &'a str> + 'a,
) -> Result<Rows<'a, T>, TaskError> {
    Ok(read_each(keys, move |key| Reader::open(storage, key, ROWS_PER_READ)))
}

/// The rows of files, each opened when it is its turn.
fn read_each<'a, T: Table + 'a>(
    keys: impl Iterator<Item = &'a str> + 'a,
    open: impl Fn(&str) -> obelisc_storage::Result<Reader> + 'a,
) -> Rows<'a, T> {
    Box::new(keys.flat_map(move |key| -> Rows<'a, T> {
        match open(key) {
            Ok(reader) => read(reader),
            Err(error) => Box::new(std::iter::once(Err(error.into()))),
        }
    }))
}
