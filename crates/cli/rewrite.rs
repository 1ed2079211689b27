//! `judge` on the shards of datasets: verdicts as JSON lines, or a new dataset of what is kept.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;

use obelisc_document::account::{Accounts, Flow};
use obelisc_pipeline::{Config, Error, Fate, Recipe, Rewrite, prepare};
use obelisc_storage::inputs::Wanted;
use serde_json::json;

use crate::args::{Cli, JudgeArgs, LogFormat};
use crate::judge::{Counts, dropped_by, line_of};
use crate::output::{cannot_print, say};
use crate::run::stop_on_signals;
use crate::{Failure, place, printable};

/// What is said at the first signal.
const STOPPING: &str = "stopping; no dataset will be written";

/// `obelisc judge` of shards.
pub fn shards(
    cli: &Cli,
    args: &JudgeArgs,
    recipe: &Recipe,
    config: &Config,
    threads: NonZeroUsize,
) -> Result<(), Failure> {
    if args.documents.iter().any(|name| name == "-") {
        return Err(Failure::usage("-: standard input is read alone"));
    }
    let remotes = place::remotes(config);
    let inputs = prepare::find(&args.documents, Wanted::Shards, &remotes, "")?;
    let stop = stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
    let rewrite = Rewrite { recipe, inputs: &inputs, threads, stop: &stop };
    let Some(output) = &args.output else { return lines(cli, &rewrite) };
    let storage = place::at("--output", output, &remotes)?;
    let written = rewrite.write(&*storage, |failure| say(&printable(failure)))?;
    let counts = counts(written.manifest.stages.iter().map(|stage| &stage.accounts));
    let dataset = output.join(&written.folder);
    match cli.log_format {
        _ if cli.quiet => {}
        LogFormat::Text => say(&format!("{}\n{}", counts.summary("row"), dataset.display())),
        LogFormat::Json => say(&json!({
            "event": "finished",
            "dataset": dataset.to_string_lossy(),
            "documents": counts.documents,
            "dropped": counts.dropped,
            "failed": counts.failed,
            "shards": written.manifest.shards.len(),
        })
        .to_string()),
    }
    Ok(())
}

/// Prints each document with its verdict.
fn lines(cli: &Cli, rewrite: &Rewrite<'_>) -> Result<(), Failure> {
    let (mut output, mut counts) = (io::stdout().lock(), Counts::default());
    // What printing failed with, which is no error of what is read.
    let printed = RefCell::new(Ok(()));
    let ended = rewrite.judge(|fate| {
        let entered = match fate {
            Fate::Judged(judged) => {
                counts.enter(dropped_by(&judged));
                line_of(&judged).and_then(|line| output.write_all(&line).map_err(|error| cannot_print(&error)))
            }
            Fate::Failed(failure) => {
                counts.failed += 1;
                say(&printable(&failure));
                Ok(())
            }
        };
        let is_printed = entered.is_ok();
        *printed.borrow_mut() = entered;
        if is_printed { Ok(()) } else { Err(Error::Interrupted) }
    });
    printed.into_inner()?;
    ended?;
    output.flush().map_err(|error| cannot_print(&error))?;
    if !cli.quiet && counts.documents + counts.failed != 1 {
        say(&counts.summary("row"));
    }
    if counts.documents == 0 && counts.failed > 0 {
        return Err(Failure { code: 1, message: "no row is a document".to_owned() });
    }
    Ok(())
}

/// How many documents became what, by the accounts of the steps.
fn counts<'a>(stages: impl Iterator<Item = &'a Accounts>) -> Counts {
    let mut counts = Counts::default();
    for (accounts, number) in stages.zip(0..) {
        let flow = |unit: &str| accounts.0.get(unit).cloned().unwrap_or_default();
        let Flow { entered, dropped, .. } = flow("documents");
        if number == 0 {
            counts.documents = entered;
            counts.failed = flow("records").failed.values().sum();
        }
        for (rule, count) in dropped {
            *counts.dropped.entry(rule).or_default() += count;
        }
    }
    counts
}
