//! Archives and pages that a user names → what becomes of each page, without a run.
//!
//! One thread reads ([`Pages::read`]), any thread makes a document of what was read ([`Job::finish`]).

use std::io::{self, Read, Seek, SeekFrom};

use obelisc_storage::inputs::{self, ARCHIVE_ENDINGS, ArchiveFile, Input, Kind, Spool, Wanted};
use obelisc_storage::{Object, Remotes};

use crate::intake::{Finding, Intake, Page, Seen, is_archive};
use crate::prepare::{self, Refusal};

/// Bytes by which an archive is told from a page.
const HEAD: u64 = 4096;

/// Why a URL is refused.
const ONE_PAGE: &str = "--url names one page: archives name the URLs of theirs, and of several pages each has its own";

/// What a page on standard input is called, and an archive.
const STANDARD_INPUT: &str = "stdin";

/// What a thread is given to do.
#[derive(Debug)]
pub enum Job {
    /// A page, to be made a document of.
    Page(Page<'static>),
    /// Anything else.
    Other(Finding),
}

impl Job {
    /// What becomes of it.
    pub fn finish(self, intake: &Intake<'_>) -> Finding {
        match self {
            Self::Page(page) => intake.finding(page),
            Self::Other(finding) => finding,
        }
    }
}

impl From<Seen<'_>> for Job {
    fn from(seen: Seen<'_>) -> Self {
        match seen {
            Seen::Page(page) => Self::Page(page.into_owned()),
            Seen::Other(finding) => Self::Other(finding),
        }
    }
}

/// Hears of what is read, in order.
type Give<'g, E> = &'g mut dyn FnMut(Job) -> Result<(), E>;

/// What is read.
pub enum Pages<'a> {
    /// Standard input, and the URL of a page there.
    StandardInput(Box<dyn Read + Send>, Option<&'a str>),
    /// Files, and the URL of the one page among them.
    Found(Vec<Input>, Option<&'a str>),
}

impl<'a> Pages<'a> {
    /// Looks at all inputs before one is read.
    ///
    /// # Errors
    /// Names that lead nowhere, and a URL for what is more than one page.
    pub fn find(names: &[String], url: Option<&'a str>, remotes: &Remotes) -> Result<Self, Refusal> {
        let found = prepare::find(names, Wanted::Archives, remotes, "")?;
        let pages = found.iter().map(|input| match &input.kind {
            Kind::Archive(_) if has_archive_ending(&input.name) => 2,
            Kind::Archive(_) | Kind::Index(_) | Kind::Shard(_) => 1,
            Kind::Pages(pages) => pages.len(),
        });
        if url.is_some() && pages.sum::<usize>() != 1 {
            return Err(Refusal::usage(ONE_PAGE));
        }
        Ok(Self::Found(found, url))
    }

    /// Reads all of it, in order.
    ///
    /// # Errors
    /// What the files fail with, and the first error of `give`.
    pub fn read<E: From<Refusal>>(self, intake: &Intake<'_>, give: Give<'_, E>) -> Result<(), E> {
        match self {
            Self::StandardInput(input, url) => {
                let input = Spool::new(input).map_err(|error| cannot_read(STANDARD_INPUT, &error))?;
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
                    let file = inputs::open(path).map_err(|error| cannot_read(&name, &error.into()))?;
                    page(intake, &name, file, url.unwrap_or(&its_own), give)
                }),
            }),
        }
    }
}

fn has_archive_ending(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn opened(name: &str, file: &ArchiveFile) -> Result<Box<dyn Object>, Refusal> {
    file.open().map_err(|error| cannot_read(name, &error.into()))
}

/// Reads an archive or a page: its first bytes say which.  A page's URL is the one that the user gave, or else its own.
fn any<E: From<Refusal>>(
    intake: &Intake<'_>,
    name: &str,
    mut file: impl Read + Seek + Send + 'static,
    (given, its_own): (Option<&str>, &str),
    give: Give<'_, E>,
) -> Result<(), E> {
    let mut head = Vec::new();
    let read = file.by_ref().take(HEAD).read_to_end(&mut head).and_then(|_| file.seek(SeekFrom::Start(0)));
    read.map_err(|error| cannot_read(name, &error))?;
    match given {
        Some(_) if is_archive(&head) => Err(Refusal::usage(format!("{ONE_PAGE}; {name} is an archive")).into()),
        None if is_archive(&head) => archive(intake, name, file, give),
        _ => page(intake, name, file, given.unwrap_or(its_own), give),
    }
}

fn archive<E: From<Refusal>>(
    intake: &Intake<'_>,
    name: &str,
    file: impl Read + Seek + Send + 'static,
    give: Give<'_, E>,
) -> Result<(), E> {
    match intake.records(name, file, |seen| give(seen.into()).map_err(Stop::Given)) {
        Ok(_) => Ok(()),
        Err(Stop::Io(error)) => Err(cannot_read(name, &error).into()),
        Err(Stop::Given(error)) => Err(error),
    }
}

fn page<E: From<Refusal>>(
    intake: &Intake<'_>,
    name: &str,
    file: impl Read,
    url: &str,
    give: Give<'_, E>,
) -> Result<(), E> {
    let mut body = Vec::new();
    file.take(intake.page_cap()).read_to_end(&mut body).map_err(|error| cannot_read(name, &error))?;
    give(intake.lone_page(name, url, &body).into())
}

/// Why the reading of an archive ended.
enum Stop<E> {
    Io(io::Error),
    Given(E),
}

impl<E> From<io::Error> for Stop<E> {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Refusal {
    Refusal::unreachable(format!("{name}: {error}"))
}
