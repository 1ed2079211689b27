//! `obelisc`: the command.  The only place that prints, exits and reads the environment.
#![allow(clippy::exit, clippy::disallowed_methods, reason = "the command line does")]
#![allow(unreachable_pub, reason = "nothing of a binary is reachable from outside")]

mod args;
mod cluster;
mod corpus;
mod estimate;
mod explain;
mod extract;
mod fetch;
mod judge;
mod lexicon;
mod output;
mod place;
mod plan;
mod progress;
mod reference;
mod remove;
mod rewrite;
mod run;
mod submit;
mod summary;
mod sweep;
mod train;
mod work;

use std::io::Write;
use std::process::ExitCode;

use args::{Cli, Command, TrainSubject};
use clap::{CommandFactory, Parser};
use obelisc_pipeline::Error;
use obelisc_pipeline::prepare::{Environment, Refusal};
use output::{cannot_print, print, say};

/// Why a command ended without doing what was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit code that scripts rely on.
    code: u8,
    /// What to say on standard error.
    message: String,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    fn unreachable(message: impl ToString) -> Self {
        Self { code: 3, message: message.to_string() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message } = refusal;
        Self { code, message }
    }
}

/// A text from outside on one line of a terminal: control characters are shown, not obeyed.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The variables of the environment.
fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => obey(&cli),
        // Help and version are data.
        Err(help) if !help.use_stderr() => help.print().map_err(|error| cannot_print(&error)),
        Err(error) => error.exit(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.message.lines() {
                say(&format!("error: {}", printable(line)));
            }
            ExitCode::from(failure.code)
        }
    }
}

fn obey(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Run(args) => run::run(cli, args),
        Command::Check(args) => run::check(args),
        Command::Plan { run, json, estimate, calibration, archives, archive_bytes } => {
            let (archives, archive_bytes) = (*archives, *archive_bytes);
            let question = estimate::Question { calibration: calibration.as_deref(), archives, archive_bytes };
            plan::plan(run, *json, estimate.then_some(&question))
        }
        Command::Status { dir, prometheus: true, .. } => plan::metrics(dir),
        Command::Status { dir, failures, json, .. } => plan::status(dir, *failures, *json),
        Command::Submit { run, dry_run } => work::submit(run, *dry_run),
        Command::Work(args) => work::work(cli, args),
        Command::Task(args) => work::task(cli, args),
        Command::Scheduler(args) => cluster::scheduler(cli, args),
        Command::Executor(args) => cluster::executor(cli, args),
        Command::Extract(args) => extract::extract(args, cli.quiet),
        Command::Judge(args) => judge::judge(cli, args),
        Command::Explain { dir, url, json } => explain::explain(dir, url, *json),
        Command::Fetch { subject } => fetch::fetch(cli, subject),
        Command::Remove(args) => remove::remove(cli, args),
        Command::Sweep(args) => sweep::sweep(args),
        Command::Rules { name, json } => reference::rules(name.as_deref(), *json),
        Command::Lexicon(args) => lexicon::lexicon(cli, args),
        Command::Train { subject: TrainSubject::Quality(args) } => train::quality(cli, args),
        Command::PrintConfig => reference::print_config(),
        Command::Schema { subject } => reference::schema(subject),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "obelisc", &mut script);
            print(|out| out.write_all(&script))
        }
    }
}
