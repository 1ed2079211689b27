//! Errors as Python knows them: classes of `obelisc._errors`, with the texts of the command line.

use obelisc_pipeline::prepare::Refusal;
use pyo3::prelude::*;

/// The exception of a refusal; its class is that of the exit code.
pub(crate) fn raised(py: Python<'_>, refusal: &Refusal) -> PyErr {
    let class = match refusal.code {
        2 => "Refused",
        3 => "Unreachable",
        4 => "Interrupted",
        _ => "RunFailed",
    };
    made(py, class, |class| class.call1((&refusal.message,)))
}

/// The exception of a page that became no document.
pub(crate) fn no_document(py: Python<'_>, message: &str, reason: &str, detail: &str) -> PyErr {
    made(py, "NoDocument", |class| class.call1((message, reason, detail)))
}

/// The exception of what was found nowhere.
pub(crate) fn not_found(py: Python<'_>, message: &str) -> PyErr {
    made(py, "NotFound", |class| class.call1((message,)))
}

fn made<'py>(
    py: Python<'py>,
    class: &str,
    make: impl FnOnce(Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyErr {
    let error = py.import("obelisc._errors").and_then(|module| module.getattr(class)).and_then(make);
    error.map_or_else(|error| error, PyErr::from_value)
}
