//! `extract`: documents as JSON lines, without a run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

use obelisc_filter::{RuleSet, StageView};
use obelisc_pipeline::in_order::{JOBS_PER_THREAD, in_order};
use obelisc_pipeline::intake::{Fate, Finding, Intake, Page, Seen, is_archive};
use obelisc_pipeline::{Config, Error, Recipe};
use obelisc_storage::inputs::{self, ARCHIVE_ENDINGS, ArchiveFile, Input, Kind, Spool, Wanted};
use obelisc_storage::{Error as StorageError, Object};

use crate::args::ExtractArgs;
use crate::output::{cannot_print, say};
use crate::place::remotes;
use crate::{Failure, printable};

/// Bytes by which an archive is told from a page.
const HEAD: u64 = 4096;

/// Why a URL is refused.
const ONE_PAGE: &str = "--url names one page: archives name the URLs of theirs, and of several pages each has its own";

/// What a page on standard input is called, and an archive.
const STANDARD_INPUT: &str = "stdin";

/// `obelisc extract`.
pub fn extract(args: &ExtractArgs, quiet: bool) -> Result<(), Failure> {
    let recipe =
        format!("stages = [\"extract\", \"finish\"]\nextract.profile = {:?}\nfinish.images = \"url\"\n", args.profile);
    let recipe = Recipe::parse("--profile", &recipe, &[]).map_err(Error::Refused)?;
    let intake = Intake::new(&recipe.extract, false).map_err(Failure::unreachable)?;
    let cut = (!args.whole_page).then(obelisc_filters::main_content);
    let inputs = Inputs::find(args)?;
    if args.whole_page && !intake.scores_content() && !quiet {
        say(&format!("note: --whole-page changes nothing: profile {} always keeps the whole page", args.profile));
    }
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
    let threads = threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let mut printer = Printer { output: io::stdout().lock(), counts: Counts::default() };
    in_order(
        threads,
        JOBS_PER_THREAD,
        |give| inputs.read(&intake, give),
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

/// What a thread is given to do.
enum Job {
    Page(Page<'static>),
    Other(Finding),
}

/// What it makes of it.
enum Outcome {
    /// A JSON line, and how many images are not in it for want of a URL to resolve them against.
    Document(Vec<u8>, u64),
    /// The reason, and a line for people.
    Failed(&'static str, String),
    /// No page that counts.
    NoPage(&'static str),
}

fn outcome(intake: &Intake<'_>, job: Job, cut: Option<&RuleSet>) -> Result<Outcome, Failure> {
    let Finding { archive, location, url, fate } = match job {
        Job::Page(page) => intake.finding(page),
        Job::Other(finding) => finding,
    };
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

/// What is read.
enum Inputs<'a> {
    /// The URL of a page there.
    StandardInput(Option<&'a str>),
    /// The same of the one page among them.
    Found(Vec<Input>, Option<&'a str>),
}

impl<'a> Inputs<'a> {
    /// Looks at all inputs before one is read.
    fn find(args: &'a ExtractArgs) -> Result<Self, Failure> {
        let url = args.url.as_deref();
        if args.input.iter().any(|input| input == "-") {
            return match args.input.len() {
                1 => Ok(Self::StandardInput(url)),
                _ => Err(Failure::usage("-: standard input is read alone")),
            };
        }
        let found = inputs::find(&args.input, Wanted::Archives, &remotes(&Config::default())).map_err(|errors| {
            let wrong = errors.iter().all(|error| matches!(error, StorageError::Unsupported { .. }));
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure { code: if wrong { 2 } else { 3 }, message: lines.join("\n") }
        })?;
        if found.is_empty() {
            return Err(Failure::unreachable(format!("{}: the lists name nothing", args.input.join(" "))));
        }
        let pages = found.iter().map(|input| match &input.kind {
            Kind::Archive(_) if has_archive_ending(&input.name) => 2,
            Kind::Archive(_) | Kind::Index(_) | Kind::Shard(_) => 1,
            Kind::Pages(pages) => pages.len(),
        });
        if url.is_some() && pages.sum::<usize>() != 1 {
            return Err(Failure::usage(ONE_PAGE));
        }
        Ok(Self::Found(found, url))
    }

    fn read(self, intake: &Intake<'_>, give: &mut dyn FnMut(Job) -> Result<(), Failure>) -> Result<(), Failure> {
        match self {
            Self::StandardInput(url) => {
                let input = Spool::new(io::stdin()).map_err(|error| cannot_read(STANDARD_INPUT, &error))?;
                any(intake, STANDARD_INPUT, input, (url, "about:blank"), give)
            }
            Self::Found(inputs, url) => inputs.iter().try_for_each(|input| match &input.kind {
                Kind::Archive(file) if has_archive_ending(&input.name) => {
                    archive(intake, &input.name, opened(&input.name, file)?, give)
                }
                // Neither by its name: a page that was saved as something else.
                Kind::Archive(file) | Kind::Index(file) | Kind::Shard(file) => {
                    let its_own = format!("file:///{}", input.name);
                    any(intake, &input.name, opened(&input.name, file)?, (url, &its_own), give)
                }
                Kind::Pages(pages) => pages.iter().try_for_each(|(page_name, path)| {
                    let name = input.page_name(page_name);
                    let its_own = format!("file:///{name}");
                    page(intake, &name, open(&name, path)?, url.unwrap_or(&its_own), give)
                }),
            }),
        }
    }
}

fn has_archive_ending(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn opened(name: &str, file: &ArchiveFile) -> Result<Box<dyn Object>, Failure> {
    file.open().map_err(|error| cannot_read(name, &error.into()))
}

fn open(name: &str, path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| cannot_read(name, &error))
}

/// Reads an archive or a page: its first bytes say which.  A page's URL is the one that the user gave, or else its own.
fn any(
    intake: &Intake<'_>,
    name: &str,
    mut file: impl Read + Seek + Send + 'static,
    (given, its_own): (Option<&str>, &str),
    give: &mut dyn FnMut(Job) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut head = Vec::new();
    let read = file.by_ref().take(HEAD).read_to_end(&mut head).and_then(|_| file.seek(SeekFrom::Start(0)));
    read.map_err(|error| cannot_read(name, &error))?;
    match given {
        Some(_) if is_archive(&head) => Err(Failure::usage(format!("{ONE_PAGE}; {name} is an archive"))),
        None if is_archive(&head) => archive(intake, name, file, give),
        _ => page(intake, name, file, given.unwrap_or(its_own), give),
    }
}

fn archive(
    intake: &Intake<'_>,
    name: &str,
    file: impl Read + Seek + Send + 'static,
    give: &mut dyn FnMut(Job) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let facts = intake.records(name, file, |seen| give(job(seen)).map_err(Stop::Failure));
    match facts {
        Ok(_) => Ok(()),
        Err(Stop::Io(error)) => Err(cannot_read(name, &error)),
        Err(Stop::Failure(failure)) => Err(failure),
    }
}

fn page(
    intake: &Intake<'_>,
    name: &str,
    file: impl Read,
    url: &str,
    give: &mut dyn FnMut(Job) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut body = Vec::new();
    file.take(intake.page_cap()).read_to_end(&mut body).map_err(|error| cannot_read(name, &error))?;
    give(job(intake.lone_page(name, url, &body)))
}

fn job(seen: Seen<'_>) -> Job {
    match seen {
        Seen::Page(page) => Job::Page(page.into_owned()),
        Seen::Other(finding) => Job::Other(finding),
    }
}

/// Why the reading of an archive ended.
enum Stop {
    Io(io::Error),
    Failure(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::unreachable(format!("{name}: {error}"))
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
