//! Queries on a cluster of Apache Ballista, and what such a cluster runs.
//!
//! A query goes to the scheduler as a logical plan whose tables are [`Scan`](scan::Scan)s: where the files lie and which rows of them are meant, in a
//! [codec](codec) of ours.  Executors open the place themselves and read; what they made is fetched from them.

mod client;
mod codec;
mod ready;
mod scan;
mod server;
mod table;

pub(crate) use client::Client;
pub use server::{run_executor, run_scheduler};

/// Whether this program was built with the feature `ballista`.
pub const HAS_BALLISTA: bool = true;

/// The longest message that the parts of a cluster send each other: the plan of a query is one.  Bytes.
const MAX_MESSAGE: usize = 64 << 20;

#[cfg(test)]
mod tests;
