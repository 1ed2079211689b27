//! `scheduler` and `executor`: a cluster of Apache Ballista that answers queries.

use std::io::Write as _;
use std::num::NonZeroUsize;

use obelisc_pipeline::Config;
use obelisc_pipeline::cluster::{Error, ExecutorOptions, HAS_BALLISTA, SchedulerOptions, run_executor, run_scheduler};

use crate::args::{Cli, ExecutorArgs, SchedulerArgs};
use crate::output::print;
use crate::{Failure, place};

/// `obelisc scheduler`.
pub fn scheduler(cli: &Cli, args: &SchedulerArgs) -> Result<(), Failure> {
    is_built()?;
    let options = SchedulerOptions { bind: args.bind, port: args.port };
    let ran = run_scheduler(&options, |address| say(cli, &format!("listening on {address}")));
    ran.map_err(of_cluster)
}

/// `obelisc executor`.
pub fn executor(cli: &Cli, args: &ExecutorArgs) -> Result<(), Failure> {
    is_built()?;
    let is_port = |(_, port): (&str, &str)| port.parse().is_ok_and(|port: u16| port > 0);
    if !args.scheduler.rsplit_once(':').is_some_and(is_port) {
        let given = &args.scheduler;
        return Err(Failure::usage(format!(
            "--scheduler {given:?} is given, HOST:PORT is allowed, as in 10.0.0.7:50050"
        )));
    }
    let threads =
        args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get), usize::from);
    let options = ExecutorOptions {
        scheduler: args.scheduler.clone(),
        bind: args.bind,
        port: args.port,
        work_folder: args.work_dir.clone(),
        threads,
        memory: args.memory_bytes,
        remotes: place::remotes(&Config::default()),
    };
    let (scheduler, port) = (args.scheduler.clone(), args.port);
    let started = || say(cli, &format!("at the service of {scheduler}, with {threads} threads, on port {port}"));
    run_executor(options, started).map_err(of_cluster)
}

fn is_built() -> Result<(), Failure> {
    let message = "this program was built without Ballista: build it with `cargo build --release --features ballista`";
    if HAS_BALLISTA { Ok(()) } else { Err(Failure::usage(message)) }
}

fn of_cluster(error: Error) -> Failure {
    match error {
        Error::Unreachable(message) => Failure::unreachable(message),
        other => Failure { code: 1, message: other.to_string() },
    }
}

/// Says that it runs; whoever does not hear it finds out by asking.
fn say(cli: &Cli, line: &str) {
    if !cli.quiet {
        drop(print(|out| writeln!(out, "{line}")));
    }
}
