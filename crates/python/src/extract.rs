//! Pages → documents.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use obelisc_document::{self as document, DocId, Reason};
use obelisc_filter::{RuleSet, StageView};
use obelisc_pipeline::in_order::{JOBS_PER_THREAD, in_order};
use obelisc_pipeline::intake::{Fate, Finding, Intake, Page, Seen};
use obelisc_pipeline::pages::{self, Job};
use obelisc_pipeline::prepare::Refusal;
use obelisc_pipeline::{Config, Error, Recipe};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyString};

use crate::arrow::stream_of_pages;
use crate::environment::environment;
use crate::error::{no_document, raised};

/// Documents that wait for whoever reads them.
const WAITING: usize = 64;

/// A document.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct Document(pub(crate) Arc<document::Document>);

#[pymethods]
impl Document {
    /// Reads a document as `to_json` writes it; `name` stands for the identity of one that has none.
    #[staticmethod]
    fn from_json(py: Python<'_>, json: &str, name: &str) -> PyResult<Self> {
        let read = document::Document::from_json(json.as_bytes(), DocId::new(name, 0, 0));
        let read = read.map_err(|error| raised(py, &Refusal::usage(format!("no document: {error}"))))?;
        Ok(Self(Arc::new(read)))
    }

    /// The document as `obelisc extract` prints it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let json = py.detach(|| self.0.to_json().and_then(|json| serde_json::to_string(&json)));
        json.map_err(|error| raised(py, &Refusal::unreachable(error)))
    }
}

/// How pages become documents by one profile.
struct Extracting {
    intake: Intake<'static>,
    /// The cut to the main content.
    cut: RuleSet,
}

impl Extracting {
    /// By the profile of this name, read once.
    fn by(profile: &str) -> Result<Arc<Self>, Refusal> {
        static MADE: Mutex<Vec<(String, Arc<Extracting>)>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = made.iter().find(|(name, _)| name == profile) {
            return Ok(Arc::clone(found));
        }
        let text =
            format!("stages = [\"extract\", \"finish\"]\nextract.profile = {profile:?}\nfinish.images = \"url\"\n");
        let recipe = Recipe::parse("profile", &text, &[]).map_err(Error::Refused)?;
        // There are a few profiles, each of which stays until the interpreter ends.
        let options = &Box::leak(Box::new(recipe)).extract;
        let intake = Intake::new(options, false).map_err(Refusal::unreachable)?;
        let extracting = Arc::new(Self { intake, cut: obelisc_filters::main_content() });
        made.push((profile.to_owned(), Arc::clone(&extracting)));
        Ok(extracting)
    }

    /// What became of a page.
    fn outcome(&self, finding: Finding, whole_page: bool) -> Outcome {
        let Finding { archive, location, url, fate } = finding;
        let (reason, detail) = match fate {
            Fate::Document(mut document) => {
                if !whole_page {
                    self.cut.judge(&mut document, StageView::FINAL);
                }
                return Outcome::Document(Arc::new(*document));
            }
            Fate::Failed(reason, detail) | Fate::NotAccepted(reason, detail) => (reason.name(), detail),
            Fate::PassedOver(reason) => return Outcome::PassedOver(reason),
            Fate::Capture => return Outcome::PassedOver(Reason::NotHtml),
        };
        Outcome::Failed(Failed { archive, offset: location.offset, url, reason, detail })
    }
}

/// What becomes of a page.
enum Outcome {
    Document(Arc<document::Document>),
    Failed(Failed),
    /// No page, and none was expected.
    PassedOver(Reason),
}

/// A page that became no document.
struct Failed {
    archive: String,
    offset: u64,
    url: Option<String>,
    reason: &'static str,
    detail: String,
}

impl Failed {
    /// As the command line says it.
    fn error(&self, py: Python<'_>) -> PyErr {
        let Self { archive, offset, url, reason, detail } = self;
        let url = url.as_deref().map(|url| format!("{url}: ")).unwrap_or_default();
        let why = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        no_document(py, &format!("{archive} at {offset}: {url}no document: {reason}{why}"), reason, detail)
    }
}

/// One page → its document.
#[pyfunction]
#[pyo3(signature = (html, url, profile, whole_page, name))]
pub(crate) fn extract(
    py: Python<'_>,
    html: &Bound<'_, PyAny>,
    url: &str,
    profile: &str,
    whole_page: bool,
    name: &str,
) -> PyResult<Document> {
    let extracting = Extracting::by(profile).map_err(|refusal| raised(py, &refusal))?;
    let text;
    // Bytes of an interpreter never change, so they are read where they lie.
    let (body, is_text) = if let Ok(bytes) = html.cast::<PyBytes>() {
        (bytes.as_bytes(), false)
    } else if let Ok(string) = html.cast::<PyString>() {
        text = string.to_cow()?;
        (text.as_bytes(), true)
    } else {
        return Err(PyTypeError::new_err(format!("bytes or str expected, not {}", html.get_type().name()?)));
    };
    let outcome = py.detach(|| {
        let finding = match extracting.intake.lone_page(name, url, body) {
            Seen::Page(page) => {
                let content_type = is_text.then(|| "text/html; charset=utf-8".to_owned());
                extracting.intake.finding(Page { content_type, ..page })
            }
            Seen::Other(finding) => finding,
        };
        extracting.outcome(finding, whole_page)
    });
    match outcome {
        Outcome::Document(document) => Ok(Document(document)),
        Outcome::Failed(failed) => Err(failed.error(py)),
        Outcome::PassedOver(reason) => {
            Err(no_document(py, &format!("{name}: no document: {reason}"), reason.name(), ""))
        }
    }
}

/// Archives and pages whose documents can be read, any number of times.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct Pages {
    input: Vec<String>,
    profile: String,
    whole_page: bool,
    threads: NonZeroUsize,
}

#[pymethods]
impl Pages {
    #[new]
    #[pyo3(signature = (input, profile, whole_page, threads))]
    fn new(input: Vec<String>, profile: String, whole_page: bool, threads: Option<NonZeroUsize>) -> Self {
        let threads = threads.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        Self { input, profile, whole_page, threads }
    }

    /// The documents as a table, by the protocol that Arrow's libraries share.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        stream_of_pages(py, self)
    }

    /// Begins to read.
    fn read(&self, py: Python<'_>) -> PyResult<Reading> {
        let begun = py.detach(|| self.begin()).map_err(|refusal| raised(py, &refusal))?;
        Ok(Reading(Mutex::new(begun)))
    }
}

/// What a reading thread gives.
type Given = Result<Outcome, Refusal>;

/// Why a reading thread ends.
enum End {
    /// Nobody reads any more.
    Deserted,
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Pages {
    fn begin(&self) -> Result<Receiver<Given>, Refusal> {
        let extracting = Extracting::by(&self.profile)?;
        let pages = pages::Pages::find(&self.input, None, &environment().remotes(&Config::default()))?;
        let (give, take) = sync_channel(WAITING);
        let (threads, whole_page) = (self.threads, self.whole_page);
        thread::spawn(move || {
            let extracting = &*extracting;
            let read = in_order(
                threads,
                JOBS_PER_THREAD,
                |hand| pages.read(&extracting.intake, hand),
                |job: Job| extracting.outcome(job.finish(&extracting.intake), whole_page),
                |outcome| give.send(Ok(outcome)).map_err(|_| End::Deserted),
            );
            if let Err(End::Refused(refusal)) = read {
                // Where nobody reads any more nobody is told.
                let _ = give.send(Err(refusal));
            }
        });
        Ok(take)
    }

    /// The documents alone.
    pub(crate) fn documents(
        &self,
    ) -> Result<impl Iterator<Item = Result<Arc<document::Document>, Refusal>> + Send + use<>, Refusal> {
        let given = self.begin()?.into_iter();
        Ok(given.filter_map(|given| match given {
            Ok(Outcome::Document(document)) => Some(Ok(document)),
            Ok(Outcome::Failed(_) | Outcome::PassedOver(_)) => None,
            Err(refusal) => Some(Err(refusal)),
        }))
    }
}

/// Documents as they come.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct Reading(Mutex<Receiver<Given>>);

#[pymethods]
impl Reading {
    /// The next document, or `(archive, offset, url, reason, detail)` of a page that became none; `None` at the end.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        loop {
            let given = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).recv());
            return match given {
                Err(_) => Ok(None),
                Ok(Err(refusal)) => Err(raised(py, &refusal)),
                Ok(Ok(Outcome::PassedOver(_))) => continue,
                Ok(Ok(Outcome::Document(document))) => Ok(Some(Document(document).into_pyobject(py)?.into_any())),
                Ok(Ok(Outcome::Failed(failed))) => {
                    let Failed { archive, offset, url, reason, detail } = failed;
                    Ok(Some((archive, offset, url, reason, detail).into_pyobject(py)?.into_any()))
                }
            };
        }
    }
}
