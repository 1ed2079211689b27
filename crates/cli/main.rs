//! `obelisc`: the command.  The only place that prints, exits and reads the environment.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the command line does"
)]
#![allow(unreachable_pub, reason = "nothing of a binary is reachable from outside")]

mod args;
mod explain;
mod extract;
mod in_order;
mod plan;
mod progress;
mod reference;
mod run;
mod summary;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use obelisc_pipeline::Error;
use signal_hook::consts::SIGPIPE;
use signal_hook::flag::register_conditional_shutdown;

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
        let code = match &error {
            Error::Refused(_) => 2,
            error if error.is_unreachable() => 3,
            Error::Interrupted => 4,
            Error::Unreachable(_) | Error::Failed { .. } | Error::Accounts { .. } => 1,
        };
        Self { code, message: error.to_string() }
    }
}

/// A text from outside on one line of a terminal: control characters are shown, not obeyed.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Whoever reads what is printed may go away, as `head` does: then the program ends without a word.  A run that loses the
/// reader of its progress was interrupted.
fn end_with_the_reader(command: &Command) {
    let code = if matches!(command, Command::Run(_)) { run::INTERRUPTED } else { 0 };
    // Where the signal cannot be had, printing panics as it would without this.
    let _ = register_conditional_shutdown(SIGPIPE, code, Arc::new(AtomicBool::new(true)));
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    end_with_the_reader(&cli.command);
    let result = match &cli.command {
        Command::Run(args) => run::run(&cli, args),
        Command::Check(args) => run::check(args),
        Command::Plan { run, json } => plan::plan(run, *json),
        Command::Status { dir, failures, json } => plan::status(dir, *failures, *json),
        Command::Extract(args) => extract::extract(args, cli.quiet),
        Command::Explain { dir, url, json } => explain::explain(dir, url, *json),
        Command::Rules { name, json } => reference::rules(name.as_deref(), *json),
        Command::PrintConfig => reference::print_config(),
        Command::Schema { subject } => reference::schema(subject),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "obelisc", &mut std::io::stdout());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.message.lines() {
                eprintln!("error: {line}");
            }
            ExitCode::from(failure.code)
        }
    }
}
