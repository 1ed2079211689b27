//! What stands in for [`Cluster`]s in a program that was built without them.

use std::net::SocketAddr;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{Cluster, Error, ExecutorOptions, SchedulerOptions, Source};

/// Whether this program was built with the feature `ballista`.
pub const HAS_BALLISTA: bool = false;

/// A client that there is none of.
pub(crate) enum Client {}

fn absent() -> Error {
    Error::Engine("this program was built without Ballista: build it with `--features ballista`".to_owned())
}

impl Client {
    pub(crate) fn new(_: &Cluster) -> Result<Self, Error> {
        Err(absent())
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        match *self {}
    }

    pub(crate) fn ask<T>(
        &self,
        _: Vec<Source>,
        _: &str,
        _: impl FnOnce(SchemaRef) -> Result<T, Error>,
        _: impl FnMut(&mut T, RecordBatch) -> Result<(), Error>,
    ) -> Result<T, Error> {
        match *self {}
    }
}

/// Runs a scheduler until a signal ends it.
///
/// # Errors
/// Always, in a program that was built without the feature `ballista`.
pub fn run_scheduler(_: &SchedulerOptions, _: impl FnOnce(SocketAddr)) -> Result<(), Error> {
    Err(absent())
}

/// Runs an executor until a signal ends it.
///
/// # Errors
/// Always, in a program that was built without the feature `ballista`.
pub fn run_executor(_: ExecutorOptions, _: impl FnOnce()) -> Result<(), Error> {
    Err(absent())
}
