//! `extract`: documents as JSON lines, without a run.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use obelisc_filter::{RuleSet, StageView};
use obelisc_pipeline::in_order::{JOBS_PER_THREAD, in_order};
use obelisc_pipeline::intake::{Fate, Finding, Intake};
use obelisc_pipeline::pages::{Job, Pages};
use obelisc_pipeline::{Config, Error, Recipe};

use crate::args::ExtractArgs;
use crate::output::{cannot_print, say};
use crate::place::remotes;
use crate::{Failure, printable};

/// `obelisc extract`.
pub fn extract(args: &ExtractArgs, quiet: bool) -> Result<(), Failure> {
    let recipe =
        format!("stages = [\"extract\", \"finish\"]\nextract.profile = {:?}\nfinish.images = \"url\"\n", args.profile);
    let recipe = Recipe::parse("--profile", &recipe, &[]).map_err(Error::Refused)?;
    let intake = Intake::new(&recipe.extract, false).map_err(Failure::unreachable)?;
    let cut = (!args.whole_page).then(obelisc_filters::main_content);
    let pages = find(args)?;
    if args.whole_page && !intake.scores_content() && !quiet {
        say(&format!("note: --whole-page changes nothing: profile {} always keeps the whole page", args.profile));
    }
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
    let threads = threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let mut printer = Printer { output: io::stdout().lock(), counts: Counts::default() };
    in_order(
        threads,
        JOBS_PER_THREAD,
        |give| pages.read(&intake, give),
        |job| outcome(&intake, job, cut.as_ref()),
        |outcome| printer.print(outcome?),
    )?;
    printer.output.flush().map_err(|error| cannot_print(&error))?;
    let counts = printer.counts;
    if !quiet && counts.unresolved > 0 {
        say(&counts.unresolved_images(intake.scores_content()));
    }
    if !quiet && (counts.seen() > 1 || (counts.documents == 0 && counts.failed.is_empty())) {
        say(&counts.summary());
    }
    if counts.documents == 0 && !counts.failed.is_empty() {
        return Err(Failure { code: 1, message: format!("{}: no document", args.input.join(" ")) });
    }
    Ok(())
}

/// What becomes of a page.
enum Outcome {
    /// A JSON line, and how many images are not in it for want of a URL to resolve them against.
    Document(Vec<u8>, u64),
    /// The reason, and a line for people.
    Failed(&'static str, String),
    /// No page that counts.
    NoPage(&'static str),
}

fn outcome(intake: &Intake<'_>, job: Job, cut: Option<&RuleSet>) -> Result<Outcome, Failure> {
    let Finding { archive, location, url, fate } = job.finish(intake);
    Ok(match fate {
        Fate::Document(mut document) => {
            if let Some(cut) = cut {
                cut.judge(&mut document, StageView::FINAL);
            }
            let json = document.to_json().and_then(|document| serde_json::to_vec(&document));
            let mut line = json.map_err(Failure::unreachable)?;
            line.push(b'\n');
            Outcome::Document(line, document.page.unresolved_images.len() as u64)
        }
        Fate::Failed(reason, detail) => {
            let url = url.map(|url| format!("{url}: ")).unwrap_or_default();
            let text = format!("{archive} at {}: {url}no document: {reason} ({detail})", location.offset);
            Outcome::Failed(reason.name(), printable(&text))
        }
        Fate::PassedOver(reason) | Fate::NotAccepted(reason, _) => Outcome::NoPage(reason.name()),
        Fate::Capture => Outcome::NoPage("image"),
    })
}

/// Looks at all inputs before one is read.
fn find(args: &ExtractArgs) -> Result<Pages<'_>, Failure> {
    let url = args.url.as_deref();
    if args.input.iter().any(|input| input == "-") {
        return match args.input.len() {
            1 => Ok(Pages::StandardInput(Box::new(io::stdin()), url)),
            _ => Err(Failure::usage("-: standard input is read alone")),
        };
    }
    Ok(Pages::find(&args.input, url, &remotes(&Config::default()))?)
}

/// Prints documents to standard output, failures to standard error.
struct Printer<W> {
    output: W,
    counts: Counts,
}

impl<W: Write> Printer<W> {
    fn print(&mut self, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Document(line, unresolved) => {
                self.counts.documents += 1;
                self.counts.unresolved += unresolved;
                self.output.write_all(&line).map_err(|error| cannot_print(&error))?;
            }
            Outcome::Failed(reason, text) => {
                *self.counts.failed.entry(reason).or_default() += 1;
                say(&text);
            }
            Outcome::NoPage(reason) => *self.counts.no_pages.entry(reason).or_default() += 1,
        }
        Ok(())
    }
}

/// How many records and pages became what, by reason.
#[derive(Default)]
struct Counts {
    documents: u64,
    /// Images that were left out for want of a URL to resolve them against.
    unresolved: u64,
    failed: BTreeMap<&'static str, u64>,
    no_pages: BTreeMap<&'static str, u64>,
}

impl Counts {
    fn seen(&self) -> u64 {
        self.documents + self.failed.values().chain(self.no_pages.values()).sum::<u64>()
    }

    /// `by_base` says whether the profile looks at `<base>`.
    fn unresolved_images(&self, by_base: bool) -> String {
        let images = if self.unresolved == 1 { "1 image was" } else { &format!("{} images were", self.unresolved) };
        let one_by_one = if self.documents > 1 { ", one page at a time" } else { "" };
        let base = if by_base { ", or by a <base href> in the page" } else { "" };
        format!("note: {images} left out: relative addresses need the page's URL; give it by --url{one_by_one}{base}")
    }

    fn summary(&self) -> String {
        let mut text = format!("{} documents", self.documents);
        for (what, reasons) in [("failed", &self.failed), ("no pages", &self.no_pages)] {
            if !reasons.is_empty() {
                let all: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
                text += &format!("; {} {what}: {}", reasons.values().sum::<u64>(), all.join(", "));
            }
        }
        text
    }
}
