//! What a cluster runs: one scheduler, and executors.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_core::extension::SessionConfigExt as _;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::MAX_MESSAGE;
use super::codec::{LogicalCodec, PhysicalCodec};
use super::ready::{State, Watch, missing};
use super::scan::Places;
use crate::{Error, ExecutorOptions, SchedulerOptions};

/// Seconds without a word after which an executor counts as lost; one that is at work speaks every five.
const LOST_AFTER: u64 = 20;
/// Seconds between two looks for lost executors.
const LOOK_FOR_LOST: u64 = 5;
/// Seconds for which queries wait for an executor when the last one is lost.
const WITHOUT_EXECUTORS: u64 = 60;
/// Seconds after which what executors keep of an answer goes, though nobody who asked said that it was read: reading may take long.
const ANSWERS_KEPT: u64 = 24 * 3600;
/// Seconds after which a scheduler forgets a query that ended.
const QUERIES_KNOWN: u64 = 600;
/// Bytes of the stack of a thread: plans are walked through by recursion.
const STACK: usize = 32 << 20;

fn runtime() -> Result<Runtime, Error> {
    let runtime = Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
    runtime.map_err(|error| Error::Engine(format!("no runtime: {error}")))
}

fn message_bytes() -> u32 {
    u32::try_from(MAX_MESSAGE).unwrap_or(u32::MAX)
}

fn settings() -> SessionConfig {
    SessionConfig::new_with_ballista().with_ballista_grpc_client_max_message_size(MAX_MESSAGE)
}

/// Runs a scheduler until SIGTERM or SIGINT ends it; `started` gets the address on which it listens.  Queries that run then are lost.
///
/// # Errors
/// An address that cannot be listened on is [`Error::Unreachable`].
pub fn run_scheduler(options: &SchedulerOptions, started: impl FnOnce(SocketAddr)) -> Result<(), Error> {
    let address = SocketAddr::new(options.bind, options.port);
    let config = SchedulerConfig {
        bind_host: options.bind.to_string(),
        bind_port: options.port,
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        grpc_server_max_decoding_message_size: message_bytes(),
        grpc_server_max_encoding_message_size: message_bytes(),
        grpc_client_max_message_size: message_bytes(),
        executor_timeout_seconds: LOST_AFTER,
        expire_dead_executor_interval_seconds: LOOK_FOR_LOST,
        no_executors_grace_period_seconds: WITHOUT_EXECUTORS,
        finished_job_data_clean_up_interval_seconds: ANSWERS_KEPT,
        finished_job_state_clean_up_interval_seconds: QUERIES_KNOWN,
        override_config_producer: Some(Arc::new(settings)),
        override_logical_codec: Some(Arc::new(LogicalCodec::default())),
        override_physical_codec: Some(Arc::new(PhysicalCodec::default())),
        ..SchedulerConfig::default()
    };
    let failed = |error: BallistaError| Error::Engine(format!("scheduler: {error}"));
    runtime()?.block_on(async {
        let unreachable = |error: std::io::Error| Error::Unreachable(format!("{address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(unreachable)?;
        let bound = listener.local_addr().map_err(unreachable)?;
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(failed)?;
        let scheduler =
            create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await.map_err(failed)?;
        let ended = signalled()?;
        started(bound);
        tokio::select! {
            served = start_grpc_service_with_listener(listener, scheduler) => served.map_err(failed),
            () = ended => Ok(()),
        }
    })
}

/// What ends when SIGTERM or SIGINT came.
fn signalled() -> Result<impl Future<Output = ()>, Error> {
    let failed = |error: std::io::Error| Error::Engine(format!("signals: {error}"));
    let (mut term, mut int) =
        (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

/// Runs an executor until SIGTERM or SIGINT ends it, when the tasks at which it is are done; `started` is called when its scheduler was reached.
///
/// # Errors
/// A scheduler that does not answer within a minute, and a port that is taken, are [`Error::Unreachable`].
pub fn run_executor(options: ExecutorOptions, started: impl FnOnce()) -> Result<(), Error> {
    let ExecutorOptions { scheduler, bind, port, work_folder, threads, memory, remotes } = options;
    let wrong = || Error::Engine(format!("{scheduler:?} is no scheduler: host:port is allowed"));
    let (host, scheduler_port) = scheduler.rsplit_once(':').ok_or_else(wrong)?;
    let scheduler_port = scheduler_port.parse().map_err(|_| wrong())?;
    let failed = |error: std::io::Error| Error::Unreachable(format!("work folder: {error}"));
    // What an executor leaves is of no use to the next one, and what stands beside it is not its own.
    let folder = match &work_folder {
        Some(folder) => tempfile::Builder::new().prefix("executor-").tempdir_in(folder),
        None => tempfile::Builder::new().prefix("obelisc-executor-").tempdir(),
    };
    let folder = folder.map_err(failed)?;
    let config = ExecutorProcessConfig {
        bind_host: match bind {
            IpAddr::V4(bind) => bind.to_string(),
            IpAddr::V6(bind) => format!("[{bind}]"),
        },
        external_host: (!bind.is_unspecified()).then(|| bind.to_string()),
        port,
        scheduler_host: host.to_owned(),
        scheduler_port,
        vcores: threads,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(folder.path().to_string_lossy().into_owned()),
        grpc_max_decoding_message_size: message_bytes(),
        grpc_max_encoding_message_size: message_bytes(),
        memory_pool_size: memory,
        override_config_producer: Some(Arc::new(settings)),
        override_logical_codec: Some(Arc::new(LogicalCodec::default())),
        override_physical_codec: Some(Arc::new(PhysicalCodec::reading(Places::new(remotes)))),
        ..ExecutorProcessConfig::default()
    };
    runtime()?.block_on(async {
        // Ballista says of a port that is taken what it says of all that ends it.
        let address = SocketAddr::new(bind, port);
        drop(TcpListener::bind(address).await.map_err(|error| Error::Unreachable(format!("{address}: {error}")))?);
        let mut watch = Watch::new(&scheduler);
        let ended = signalled()?;
        tokio::pin!(ended);
        loop {
            tokio::select! {
                state = watch.look() => match state? {
                    State::Away(_) => tokio::time::sleep(super::ready::PAUSE).await,
                    State::Ready | State::NoExecutor => break,
                },
                () = &mut ended => return Ok(()),
            }
        }
        started();
        let ran = start_executor_process(Arc::new(config)).await;
        ran.map_err(|error| match error {
            BallistaError::GrpcConnectionError(why) => missing(&scheduler, &State::Away(why)),
            other => Error::Engine(format!("executor: {other}")),
        })
    })
}
