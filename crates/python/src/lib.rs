//! The native half of the Python package `obelisc`.
//!
//! What a user sees is written in Python, in `python/obelisc`: names, defaults, docstrings.  Here is what those call, each a
//! thin cover of a function of the other crates.  Structured answers cross as JSON, the same JSON that the command line prints;
//! tables cross as Arrow streams, without a copy.  Calls that take long let other threads of the interpreter run meanwhile.

mod arrow;
mod environment;
mod error;
mod extract;
mod look;
mod rules;
mod run;

use pyo3::prelude::*;

/// The module `obelisc._obelisc`.
#[pymodule]
fn _obelisc(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<extract::Document>()?;
    module.add_class::<extract::Pages>()?;
    module.add_class::<extract::Reading>()?;
    module.add_class::<rules::Rule>()?;
    module.add_class::<rules::RuleSet>()?;
    module.add_class::<arrow::Table>()?;
    module.add_function(wrap_pyfunction!(extract::extract, module)?)?;
    module.add_function(wrap_pyfunction!(arrow::documents_table, module)?)?;
    module.add_function(wrap_pyfunction!(arrow::run_table, module)?)?;
    module.add_function(wrap_pyfunction!(arrow::run_tables, module)?)?;
    module.add_function(wrap_pyfunction!(arrow::dataset_table, module)?)?;
    module.add_function(wrap_pyfunction!(look::explain, module)?)?;
    module.add_function(wrap_pyfunction!(look::sweep, module)?)?;
    module.add_function(wrap_pyfunction!(run::run, module)?)?;
    Ok(())
}
