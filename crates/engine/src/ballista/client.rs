//! Asking queries of a cluster.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use ballista_core::execution_plans::DistributedQueryExec;
use ballista_core::extension::{SessionConfigExt as _, SessionStateExt as _};
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{CancelJobParams, CleanJobDataParams};
use ballista_core::utils::create_grpc_client_endpoint;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::protobuf::LogicalPlanNode;
use futures::StreamExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::MAX_MESSAGE;
use super::codec::LogicalCodec;
use super::ready::{State, Watch, missing, state};
use super::scan::Scan;
use super::table::ScanTable;
use crate::{Cluster, Error, ROWS_PER_BATCH, Source};

/// How often a cluster is looked after while its answer is waited for.
const LOOK: Duration = Duration::from_secs(5);
/// How long a cluster may take to hear that a query ended.
const ENDING: Duration = Duration::from_secs(10);

/// Who asks.
pub(crate) struct Client {
    cluster: Cluster,
    runtime: Runtime,
}

impl Client {
    pub(crate) fn new(cluster: &Cluster) -> Result<Self, Error> {
        // What keeps connections alive goes on while the receiver of an answer is at work.
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("ballista").enable_all().build();
        let runtime = runtime.map_err(|error| Error::Engine(format!("no runtime: {error}")))?;
        Ok(Self { cluster: cluster.clone(), runtime })
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// As [`Engine::ask`](crate::Engine) does in this process.
    pub(crate) fn ask<T>(
        &self,
        sources: Vec<Source>,
        sql: &str,
        begin: impl FnOnce(SchemaRef) -> Result<T, Error>,
        receive: impl FnMut(&mut T, RecordBatch) -> Result<(), Error>,
    ) -> Result<T, Error> {
        let context = self.context()?;
        let mut held = Vec::new();
        for source in sources {
            let files = source.files.ok_or_else(|| Error::Engine(format!("{} lies in no files", source.name)))?;
            let (scan, keys) = Scan::new(&files, &self.cluster).map_err(|error| Error::Outside(error.into()))?;
            let table = ScanTable { scan: Arc::new(scan), schema: source.schema };
            context.register_table(source.name.as_str(), Arc::new(table))?;
            held.push((files, keys));
        }
        let asked = self.runtime.block_on(self.answer(&context, sql, begin, receive));
        // The files are there until the query ended.
        drop(held);
        asked
    }

    fn context(&self) -> Result<SessionContext, Error> {
        // As in this process: joins that spill, in batches of the same size.  Nothing is broadcast, and no join becomes another while
        // the query runs.
        let mut config = SessionConfig::new_with_ballista()
            .with_target_partitions(self.cluster.partitions.max(2))
            .with_batch_size(ROWS_PER_BATCH)
            .with_ballista_logical_extension_codec(Arc::new(LogicalCodec::default()))
            .with_ballista_adaptive_query_planner(false)
            .with_ballista_broadcast_join_threshold_bytes(0)
            .with_ballista_broadcast_join_threshold_rows(0)
            .with_ballista_grpc_client_max_message_size(MAX_MESSAGE);
        config.options_mut().optimizer.prefer_hash_join = false;
        let state = SessionStateBuilder::new().with_default_features().with_config(config).build();
        // Tables come after this: what was registered before the state became one of a cluster is lost.
        let state = state.upgrade_for_ballista(format!("http://{}", self.cluster.scheduler))?;
        Ok(SessionContext::new_with_state(state))
    }

    async fn answer<T>(
        &self,
        context: &SessionContext,
        sql: &str,
        begin: impl FnOnce(SchemaRef) -> Result<T, Error>,
        receive: impl FnMut(&mut T, RecordBatch) -> Result<(), Error>,
    ) -> Result<T, Error> {
        let scheduler = &self.cluster.scheduler;
        let mut watch = Watch::new(scheduler);
        watch.wait().await?;
        let plan = context.sql(sql).await?.create_physical_plan().await?;
        let received =
            self.received(execute_stream(Arc::clone(&plan), context.task_ctx())?, watch, begin, receive).await;
        if let Some(job) = job(&plan) {
            // What stays because nobody answers goes when its time is over.
            let _ = timeout(ENDING, end(scheduler, job, received.is_ok())).await;
        }
        received
    }

    async fn received<T>(
        &self,
        mut answer: SendableRecordBatchStream,
        mut watch: Watch<'_>,
        begin: impl FnOnce(SchemaRef) -> Result<T, Error>,
        mut receive: impl FnMut(&mut T, RecordBatch) -> Result<(), Error>,
    ) -> Result<T, Error> {
        let schema = answer.schema();
        let mut receiver = begin(Arc::clone(&schema))?;
        loop {
            match timeout(LOOK, answer.next()).await {
                Ok(None) => return Ok(receiver),
                // What comes over the network says less of itself.
                Ok(Some(Ok(batch))) => {
                    receive(&mut receiver, batch.with_schema(Arc::clone(&schema)).map_err(of_arrow)?)?;
                }
                Ok(Some(Err(error))) => return Err(self.failed(Error::from(error)).await),
                Err(_) => drop(watch.look().await?),
            }
        }
    }

    /// What an error of a cluster means: one that is gone says so in many ways.
    async fn failed(&self, error: Error) -> Error {
        let scheduler = &self.cluster.scheduler;
        match (state(scheduler).await, error) {
            (State::Ready, Error::Engine(text)) if text.contains("Resources exhausted") => {
                Error::Engine(format!("an executor's memory is too little (`obelisc executor --memory-bytes`): {text}"))
            }
            (State::Ready, error) => error,
            (state, _) => missing(scheduler, &state),
        }
    }
}

/// What the cluster calls a query that was asked; of one that needs no cluster there is nothing.
fn job(mut plan: &Arc<dyn ExecutionPlan>) -> Option<String> {
    loop {
        if let Some(query) = plan.downcast_ref::<DistributedQueryExec<LogicalPlanNode>>() {
            return query.job_id().map(Into::into);
        }
        plan = plan.children().first().copied()?;
    }
}

/// Lets executors remove what they keep of a query, or lets them be at it no longer.
async fn end(scheduler: &str, job_id: String, answered: bool) -> Option<()> {
    let endpoint = create_grpc_client_endpoint(format!("http://{scheduler}"), None).ok()?;
    let mut client = SchedulerGrpcClient::new(endpoint.connect().await.ok()?);
    if answered {
        client.clean_job_data(CleanJobDataParams { job_id, remove_stage_ids: Vec::new() }).await.ok()?;
    } else {
        client.cancel_job(CancelJobParams { job_id }).await.ok()?;
    }
    Some(())
}

fn of_arrow(error: arrow_schema::ArrowError) -> Error {
    Error::Engine(format!("an answer of another kind than was asked for: {error}"))
}
