//! `judge`: a recipe's rules applied to documents, without a run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use obelisc_document::{DocId, Document};
use obelisc_pipeline::in_order::{JOBS_PER_THREAD, in_order};
use obelisc_pipeline::{Judged, Recipe};

use crate::args::{Cli, JudgeArgs};
use crate::output::{cannot_print, say};
use crate::run::read;
use crate::{Failure, printable, rewrite};

/// Longest line, in bytes, that is read: what a page of the longest that is read can become.
const MAX_LINE: u64 = 256 << 20;

/// What documents on standard input are called.
const STANDARD_INPUT: &str = "stdin";

/// `obelisc judge`.
pub fn judge(cli: &Cli, args: &JudgeArgs) -> Result<(), Failure> {
    let (recipe, config) = read(&args.recipe)?;
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(threads.into())).unwrap_or(config.threads);
    if !is_lines(&args.documents) {
        return rewrite::shards(cli, args, &recipe, &config, threads);
    }
    if args.output.is_some() {
        return Err(Failure::usage(
            "--output: a dataset is written of the shards of a dataset (Parquet), not of JSON lines",
        ));
    }
    let path = args.documents.first().map(Path::new).filter(|path| *path != Path::new("-"));
    let name = path.map_or_else(|| STANDARD_INPUT.to_owned(), |path| path.display().to_string());
    let cannot_read = |error: io::Error| Failure::unreachable(format!("{name}: {error}"));
    let input: Box<dyn BufRead> = match path {
        Some(path) => Box::new(BufReader::with_capacity(1 << 18, File::open(path).map_err(cannot_read)?)),
        None => Box::new(io::stdin().lock()),
    };
    let mut output = io::stdout().lock();
    let mut counts = Counts::default();
    in_order(
        threads,
        JOBS_PER_THREAD,
        |give| lines(input, give, cannot_read),
        |line| outcome(&recipe, &name, &line),
        |outcome| match outcome? {
            Outcome::Judged(line, dropped_by) => {
                counts.enter(dropped_by);
                output.write_all(&line).map_err(|error| cannot_print(&error))
            }
            Outcome::Failed(text) => {
                counts.failed += 1;
                say(&text);
                Ok(())
            }
        },
    )?;
    output.flush().map_err(|error| cannot_print(&error))?;
    if !cli.quiet && counts.documents + counts.failed != 1 {
        say(&counts.summary("line"));
    }
    if counts.documents == 0 && counts.failed > 0 {
        return Err(Failure { code: 1, message: format!("{name}: no document") });
    }
    Ok(())
}

/// Whether documents are JSON lines: standard input, or one file that is not called Parquet.
fn is_lines(documents: &[String]) -> bool {
    match documents {
        [] => true,
        [one] => one == "-" || (Path::new(one).is_file() && !one.to_ascii_lowercase().ends_with(".parquet")),
        _ => false,
    }
}

/// A line of the input, its number from 1.
struct Line {
    number: u64,
    /// One byte more than a line may have where it is longer.
    bytes: Vec<u8>,
}

/// Gives the lines that are not blank.
fn lines(
    mut input: Box<dyn BufRead>,
    mut give: impl FnMut(Line) -> Result<(), Failure>,
    cannot_read: impl Fn(io::Error) -> Failure,
) -> Result<(), Failure> {
    for number in 1.. {
        let mut bytes = Vec::new();
        if input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes).map_err(&cannot_read)? == 0 {
            break;
        }
        if bytes.len() as u64 > MAX_LINE && bytes.last() != Some(&b'\n') {
            input.skip_until(b'\n').map_err(&cannot_read)?;
        }
        if !bytes.trim_ascii().is_empty() {
            give(Line { number, bytes })?;
        }
    }
    Ok(())
}

/// What became of a line.
enum Outcome {
    /// A JSON line, and what dropped the document: rule or reason.
    Judged(Vec<u8>, Option<String>),
    /// A line for people.
    Failed(String),
}

fn outcome(recipe: &Recipe, name: &str, line: &Line) -> Result<Outcome, Failure> {
    let failed = |why: String| Outcome::Failed(printable(&format!("{name}:{}: no document: {why}", line.number)));
    if line.bytes.len() as u64 > MAX_LINE {
        return Ok(failed(format!("longer than {MAX_LINE} bytes")));
    }
    match Document::from_json(&line.bytes, DocId::new(name, line.number, 0)) {
        Err(error) => Ok(failed(error.to_string())),
        Ok(document) => {
            let judged = recipe.judge_alone(document).map_err(Failure::unreachable)?;
            Ok(Outcome::Judged(line_of(&judged)?, dropped_by(&judged)))
        }
    }
}

/// A document with its verdict as a line.
pub fn line_of(judged: &Judged) -> Result<Vec<u8>, Failure> {
    let mut line = serde_json::to_vec(judged).map_err(Failure::unreachable)?;
    line.push(b'\n');
    Ok(line)
}

/// What dropped a document: its own reason stands last.
pub fn dropped_by(judged: &Judged) -> Option<String> {
    let last = judged.reasons.last().filter(|_| judged.verdict == "dropped")?;
    Some(if last.failing.is_empty() { last.rule.to_string() } else { format!("{}.{}", last.subject, last.rule) })
}

/// How many documents became what.
#[derive(Default)]
pub struct Counts {
    pub documents: u64,
    pub dropped: BTreeMap<String, u64>,
    /// Lines or rows that are no documents.
    pub failed: u64,
}

impl Counts {
    pub fn enter(&mut self, dropped_by: Option<String>) {
        self.documents += 1;
        if let Some(rule) = dropped_by {
            *self.dropped.entry(rule).or_default() += 1;
        }
    }

    /// In a line; `of` is what a document is of its file.
    pub fn summary(&self, of: &str) -> String {
        let dropped: u64 = self.dropped.values().sum();
        let mut text = format!("{} documents: {} kept, {dropped} dropped", self.documents, self.documents - dropped);
        if dropped > 0 {
            let all: Vec<String> = self.dropped.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
            text += &format!(": {}", all.join(", "));
        }
        if self.failed > 0 {
            let lines = if self.failed == 1 { format!("1 {of} is") } else { format!("{} {of}s are", self.failed) };
            text += &format!("; {lines} no document");
        }
        text
    }
}
