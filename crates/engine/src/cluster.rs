//! A cluster of Apache Ballista: who asks it, and what it runs.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use obelisc_storage::{Remotes, Storage};

/// A cluster that queries are asked of.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its scheduler, as `host:port`.
    pub scheduler: String,
    /// Parts that a query is cut into.
    pub partitions: usize,
    /// Where answers are kept that are tables of the next query.  Executors must see the place under its [`address`](Storage::address).
    pub storage: Arc<dyn Storage>,
    /// Folder in it, of nobody else: what it holds is of no use when no query runs.
    pub folder: String,
}

/// What a scheduler needs to know.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// Address that it listens on.
    pub bind: IpAddr,
    /// Port that it listens on; 0 for any that is free.
    pub port: u16,
}

/// What an executor needs to know.
#[derive(Debug)]
pub struct ExecutorOptions {
    /// The scheduler, as `host:port`.
    pub scheduler: String,
    /// Address that it listens on; others reach it by this one, or, where it is all addresses, by the one that the scheduler sees.
    pub bind: IpAddr,
    /// Port at which others fetch what it made.
    pub port: u16,
    /// Folder for what goes from one part of a query to the next, and for what does not fit into memory; `None` for one of the system's, which is removed at the end.
    pub work_folder: Option<PathBuf>,
    /// Tasks that run at a time.
    pub threads: usize,
    /// Bytes for what all of them hold; `None` for seven tenths of the machine's, or of the container's.
    pub memory: Option<u64>,
    /// How object stores are reached.
    pub remotes: Remotes,
}
