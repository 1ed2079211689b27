//! SQL over streams of rows, under a memory limit.
//!
//! A global stage sees all rows with the same key: it counts, joins, picks one of several.  What it asks is SQL, and what answers is
//! DataFusion in this process.  Rows come in as batches from wherever they are; what does not fit into memory goes into a spill folder, and the answer is
//! the same.
//!
//! Tables that lie in files of a storage ([`Source::of_files`]) can be asked on a [`Cluster`] of Apache Ballista as well, where the program was built with the
//! feature `ballista`; a query over any other table is answered here.
//!
//! Joins are sort-merge joins and what is picked is picked by aggregates, since these spill: hash joins do not.  Who wants an answer that does not depend on
//! threads asks for an order in which no two rows are equal.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::{Int64Array, RecordBatch};
//! use obelisc_engine::{Engine, Limits, Source};
//!
//! let numbers: arrow_array::ArrayRef = Arc::new(Int64Array::from(vec![3, 1, 3]));
//! let batch = RecordBatch::try_from_iter([("n", numbers)])?;
//! let schema = batch.schema();
//! let spill = tempfile::tempdir()?;
//! let engine = Engine::new(&Limits { memory: 64 << 20, spill: Some(spill.path().to_owned()), threads: 1, cluster: None })?;
//! let numbers = Source::new("numbers", schema, move || Ok(Box::new(vec![Ok(batch.clone())].into_iter())));
//! let mut rows = 0;
//! engine.query(vec![numbers], "SELECT n, count(*) FROM numbers GROUP BY n", |batch| {
//!     rows += batch.num_rows();
//!     Ok(())
//! })?;
//! assert_eq!(rows, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "ballista")]
mod ballista;
#[cfg(not(feature = "ballista"))]
#[path = "without_ballista.rs"]
mod ballista;
mod cluster;
mod condition;
mod files;
mod kept;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt as _;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

pub use ballista::{HAS_BALLISTA, run_executor, run_scheduler};
pub use cluster::{Cluster, ExecutorOptions, SchedulerOptions};
pub use condition::{Bound, Bounds, Condition};
pub use files::Files;
pub use kept::Kept;

/// Rows that are worked on together.
const ROWS_PER_BATCH: usize = 8192;

/// What a query may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes for what queries hold; what does not fit is spilled.
    pub memory: usize,
    /// Folder for what is spilled, `None` for the system's temporary one; it is emptied when the query ends.
    pub spill: Option<PathBuf>,
    /// Parts that a query is cut into and worked on at once.
    pub threads: usize,
    /// Where queries go whose tables all lie in files; `None` for this process.
    pub cluster: Option<Cluster>,
}

/// Why a query gave no answer.
#[derive(Debug, Error)]
pub enum Error {
    /// A source could not be read, or the receiver of the answer failed.
    #[error("{0}")]
    Outside(Box<dyn std::error::Error + Send + Sync>),
    /// The memory limit is too low even with spilling.
    #[error("the engine's memory limit is too low: {0}")]
    Memory(String),
    /// The cluster cannot be reached, or has no executor.
    #[error("{0}")]
    Unreachable(String),
    /// All other errors of the engine; a full spill folder is one.
    #[error("engine: {0}")]
    Engine(String),
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(source) => Self::Outside(source),
            DataFusionError::Context(_, inner) => Self::from(*inner),
            DataFusionError::ResourcesExhausted(message) => Self::Memory(message),
            other => match other.find_root() {
                DataFusionError::ResourcesExhausted(message) => Self::Memory(message.clone()),
                _ => Self::Engine(other.to_string()),
            },
        }
    }
}

/// What gives the batches of a table; read anew for each query that names it.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, Box<dyn std::error::Error + Send + Sync>>> + Send>;

type Open = dyn Fn() -> Result<Batches, Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// A table by its name.
#[derive(Clone)]
pub struct Source {
    name: String,
    schema: SchemaRef,
    open: Arc<Open>,
    files: Option<Files>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// A table of this schema whose batches `open` gives, each time it is called.
    pub fn new(
        name: &str,
        schema: SchemaRef,
        open: impl Fn() -> Result<Batches, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.to_owned(), schema, open: Arc::new(open), files: None }
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let external = |error| DataFusionError::External(error);
        let batches: Box<dyn Iterator<Item = _> + Send> = match (self.open)() {
            Ok(batches) => Box::new(batches.map(move |batch| batch.map_err(external))),
            Err(error) => Box::new(std::iter::once(Err(external(error)))),
        };
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(batches)))
    }
}

/// Values of a column as another type, such as numbers of 32 bits as those of 64.
///
/// # Errors
/// [`Error::Engine`]: types of which one cannot become the other, or a value that does not fit.
pub fn cast(column: &dyn Array, to: &DataType) -> Result<ArrayRef, Error> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, to, &options).map_err(|error| Error::Engine(error.to_string()))
}

/// DataFusion in this process, or on a cluster.
pub struct Engine {
    config: SessionConfig,
    environment: Arc<RuntimeEnv>,
    runtime: Runtime,
    spill: Option<PathBuf>,
    client: Option<ballista::Client>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that holds to these limits.
    ///
    /// # Errors
    /// A spill folder that cannot be used; a cluster in a program without the feature `ballista`.
    pub fn new(limits: &Limits) -> Result<Self, Error> {
        // Of a query in one part DataFusion makes hash joins whatever it should prefer.
        let parts = limits.threads.max(2);
        let mut config = SessionConfig::new().with_target_partitions(parts).with_batch_size(ROWS_PER_BATCH);
        config.options_mut().optimizer.prefer_hash_join = false;
        // A sort merges what it spilled in a part of its memory that nobody else takes.
        config.options_mut().execution.sort_spill_reservation_bytes = limits.memory / 16;
        let mode = match &limits.spill {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::OsTmpDirectory,
        };
        let disk = DiskManagerBuilder::default().with_mode(mode);
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let runtime = Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| Error::Engine(format!("no runtime: {error}")))?;
        let client = limits.cluster.as_ref().map(ballista::Client::new).transpose()?;
        Ok(Self { config, environment, runtime, spill: limits.spill.clone(), client })
    }

    /// Asks a query of these tables, and hands each batch of the answer on.
    ///
    /// # Errors
    /// A source's, the receiver's and those of the engine.
    pub fn query(
        &self,
        sources: Vec<Source>,
        sql: &str,
        mut receive: impl FnMut(RecordBatch) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<(), Error> {
        let receive = |(): &mut (), batch| receive(batch).map_err(Error::Outside);
        match self.client_of(&sources) {
            Some(client) => client.ask(sources, sql, |_| Ok(()), receive),
            None => self.ask(sources, sql, |_| Ok(()), receive),
        }
    }

    /// Asks a query and keeps the answer as a table of this name for others, until nobody holds it: in the spill folder, or where executors of the cluster read it.
    ///
    /// # Errors
    /// A source's, those of writing and those of the engine.
    pub fn keep(&self, name: &str, sources: Vec<Source>, sql: &str) -> Result<Kept, Error> {
        if let Some(client) = self.client_of(&sources) {
            let begin = |schema| kept::TableWriter::new(client.cluster(), schema);
            return client.ask(sources, sql, begin, |writer, batch| writer.write(&batch))?.finish(name);
        }
        let begin = |schema| kept::Writer::new(self.spill.as_deref(), schema);
        self.ask(sources, sql, begin, |writer, batch| writer.write(&batch))?.finish(name)
    }

    /// The cluster, for tables that executors can read.
    fn client_of(&self, sources: &[Source]) -> Option<&ballista::Client> {
        self.client.as_ref().filter(|_| sources.iter().all(|source| source.files.is_some()))
    }

    /// Asks a query: `begin` gets the schema of the answer, `receive` what it gave and each batch.
    fn ask<T>(
        &self,
        sources: Vec<Source>,
        sql: &str,
        begin: impl FnOnce(SchemaRef) -> Result<T, Error>,
        mut receive: impl FnMut(&mut T, RecordBatch) -> Result<(), Error>,
    ) -> Result<T, Error> {
        let context = SessionContext::new_with_config_rt(self.config.clone(), Arc::clone(&self.environment));
        for source in sources {
            let (name, schema) = (source.name.clone(), Arc::clone(&source.schema));
            let table = StreamingTable::try_new(schema, vec![Arc::new(source)])?;
            context.register_table(name.as_str(), Arc::new(table))?;
        }
        self.runtime.block_on(async {
            let mut answer = context.sql(sql).await?.execute_stream().await?;
            let mut receiver = begin(answer.schema())?;
            while let Some(batch) = answer.next().await {
                receive(&mut receiver, batch?)?;
            }
            Ok(receiver)
        })
    }
}

#[cfg(test)]
mod tests;
