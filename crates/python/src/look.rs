//! `explain` and `sweep`: what a run stored.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use obelisc_pipeline::prepare::{self, Refusal};
use obelisc_pipeline::sweep::Options;
use obelisc_pipeline::{Config, Error, Given};
use pyo3::prelude::*;

use crate::environment::environment;
use crate::error::{not_found, raised};
use crate::rules::{Rule, specs};

/// What is said of a URL that no table names.
const NOT_FOUND: &str =
    "no page of this URL in the run; records that are no pages (images, scripts, requests) are counted, not listed";

/// What a run knows of a page, as JSON.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>, folder: PathBuf, url: &str) -> PyResult<String> {
    let found = py.detach(|| {
        let storage = prepare::open(&folder, &environment().remotes(&Config::default()))?;
        obelisc_pipeline::explain::explain(&*storage, url)
            .map_err(|error| Refusal::unreachable(format!("{}: no run that can be read: {error}", folder.display())))
    });
    let found = found.map_err(|refusal| raised(py, &refusal))?;
    if found.documents.is_empty() && found.failures.is_empty() {
        return Err(not_found(py, &format!("{url}: {NOT_FOUND}")));
    }
    serde_json::to_string(&found).map_err(|error| raised(py, &Refusal::unreachable(error)))
}

/// What other options would keep, as JSON.
#[pyfunction]
#[pyo3(signature = (folder, set, samples, config, resources, rules, threads))]
#[expect(clippy::too_many_arguments, reason = "the flags of the command, of which Python gives each by its name")]
pub(crate) fn sweep(
    py: Python<'_>,
    folder: PathBuf,
    set: Vec<String>,
    samples: usize,
    config: Option<PathBuf>,
    resources: Vec<(String, PathBuf)>,
    rules: Vec<Py<Rule>>,
    threads: Option<NonZeroUsize>,
) -> PyResult<String> {
    let added = specs(&rules);
    let threads = threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let swept = py.detach(|| {
        let config = prepare::config(config.as_deref())?.map_err(Error::Refused)?;
        let storage = prepare::open(&folder, &environment().remotes(&config))?;
        let given = Given { added, ..prepare::given(config.resources, &resources) };
        let options = Options { set, samples, threads, given, list_kept: false };
        let found = obelisc_pipeline::sweep::sweep(&*storage, &options)?;
        serde_json::to_string(&found).map_err(Refusal::unreachable)
    });
    swept.map_err(|refusal: Refusal| raised(py, &refusal))
}
