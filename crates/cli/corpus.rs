//! What the commands that read a corpus have in common: their documents, how far they are, how they end.

use std::io::{self, IsTerminal, Read};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use obelisc_pipeline::corpus::{Corpus, Error, Reading, Tally};
use obelisc_storage::Error as StorageError;
use serde_json::json;

use crate::args::{Cli, LogFormat};
use crate::output::say;
use crate::run::stop_on_signals;
use crate::{Failure, printable};

/// What is said at the first signal.
const STOPPING: &str = "stopping; nothing will be written";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Names(errors) if errors.iter().all(|error| matches!(error, StorageError::Unsupported { .. })) => 2,
            Error::Storage(StorageError::Unsupported { .. }) => 2,
            Error::Nothing(_) => 1,
            Error::Interrupted => 4,
            _ => 3,
        };
        let hint = match &error {
            Error::Storage(StorageError::AlreadyExists { .. }) => "; name another file, or replace it with --force",
            _ => "",
        };
        Self { code, message: format!("{error}{hint}") }
    }
}

/// The documents behind the words of a command line; `-` is standard input.
pub fn find(names: &[String]) -> Result<Corpus, Failure> {
    let files: Vec<String> = names.iter().filter(|name| *name != "-").cloned().collect();
    let standard_input = || Box::new(io::stdin()) as Box<dyn Read + Send>;
    Ok(Corpus::find(&files, (files.len() < names.len()).then(standard_input))?)
}

/// As many threads as are asked for, or as there are cores.
pub fn threads(asked: Option<u16>) -> NonZeroUsize {
    let asked = asked.and_then(|threads| NonZeroUsize::new(threads.into()));
    asked.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// Tells on standard error how far a corpus is read.
pub struct Watch {
    bar: Option<ProgressBar>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Begins; from now on a signal ends the command.
    pub fn begin(cli: &Cli, corpora: &[&Corpus]) -> Result<Self, Failure> {
        let stop = stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
        let (files, bytes): (usize, u64) =
            corpora.iter().fold((0, 0), |(files, bytes), corpus| (files + corpus.files(), bytes + corpus.bytes()));
        if cli.log_format == LogFormat::Json && !cli.quiet {
            say(&json!({"event": "started", "files": files, "bytes": bytes}).to_string());
        }
        let shown = !cli.quiet && cli.log_format == LogFormat::Text && io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
            let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            ProgressStyle::with_template(template).into_iter().for_each(|style| bar.set_style(style));
            bar
        });
        Ok(Self { bar, stop })
    }

    /// Does the work that reads the corpus; what was read before it counts as well.
    pub fn over<T>(&self, before: u64, work: impl FnOnce(Reading<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let watch = |bytes: u64| {
            if let Some(bar) = &self.bar {
                bar.set_position(before + bytes);
            }
        };
        work(Reading { stop: &self.stop, watch: &watch })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says what a user should know, as JSON where that is wanted.
pub fn note(cli: &Cli, text: &str) {
    match cli.log_format {
        _ if cli.quiet => {}
        LogFormat::Text => say(&format!("note: {text}")),
        LogFormat::Json => say(&json!({"event": "note", "text": text}).to_string()),
    }
}

/// Says what of a corpus is not as it should be.
pub fn notes(cli: &Cli, tally: &Tally) {
    if let Some(first) = &tally.first_damage {
        let lines = if tally.damaged == 1 { "1 line is" } else { &format!("{} lines are", tally.damaged) };
        note(cli, &format!("{lines} no document and passed over; the first: {}", printable(&first.to_string())));
    }
    if tally.not_utf8 > 0 {
        note(
            cli,
            &format!("{} pieces of plain text are not UTF-8 everywhere; what is not was replaced", tally.not_utf8),
        );
    }
}

/// Says that a command did what it was asked, as JSON where that is wanted.
pub fn finished(cli: &Cli, output: &Path, mut facts: serde_json::Value) {
    if cli.log_format == LogFormat::Json && !cli.quiet {
        facts["event"] = "finished".into();
        facts["output"] = output.to_string_lossy().into();
        say(&facts.to_string());
    }
}

/// Bytes in the unit that people read.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
