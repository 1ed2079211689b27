//! Rules: those of a recipe, and those that are functions of Python.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Bound as Limit, ConfiguredRule, Measure, Needs, RuleSpec, Subject, SubjectKind};
use obelisc_pipeline::Recipe;
use obelisc_pipeline::prepare::{AskedRecipe, Refusal};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::environment::environment;
use crate::error::raised;
use crate::extract::Document;

thread_local! {
    /// What ended a function of the user's that is no mistake of it: Ctrl-C in the thread that called.
    static INTERRUPT: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// A rule that is a function of Python.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct Rule(pub(crate) &'static RuleSpec);

/// An option of such a rule, with its default.
#[derive(Clone, Copy)]
struct Threshold {
    key: &'static str,
    default: Option<f64>,
}

/// Texts that a rule has for as long as the interpreter runs: as long as those of the program.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[pymethods]
impl Rule {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "the parts of a rule, of which Python gives each by its name")]
    fn new(
        subject: &str,
        name: String,
        version: u32,
        resources: Vec<String>,
        page: String,
        needs: Vec<String>,
        falling: bool,
        thresholds: Vec<(String, Option<f64>)>,
        function: Py<PyAny>,
    ) -> PyResult<Self> {
        let subject = SubjectKind::from_name(subject).ok_or_else(|| {
            let names = SubjectKind::ALL.map(SubjectKind::name).join(", ");
            PyValueError::new_err(format!("subject {subject:?} is given, one of {names} is allowed"))
        })?;
        let all = [Needs::Url, Needs::Text, Needs::ImageReference, Needs::ImageFacts];
        let need = |name: &String| {
            all.into_iter().find(|need| need.name() == name).ok_or_else(|| {
                let names = all.map(Needs::name).join(", ");
                PyValueError::new_err(format!("needs {name:?} is given, of {names} some are allowed"))
            })
        };
        let needs = needs.iter().map(need).collect::<PyResult<Vec<_>>>()?;
        let thresholds: Vec<Threshold> =
            thresholds.into_iter().map(|(key, default)| Threshold { key: kept(key), default }).collect();
        let function = Arc::new(function);
        let build = move |options: &mut Options<'_>| -> Box<dyn obelisc_filter::Rule> {
            let mut limits = Vec::new();
            for Threshold { key, default } in &thresholds {
                let range = f64::NEG_INFINITY..=f64::INFINITY;
                let value = options.optional_number(key, *default, range, "bound of the value that the function gives");
                limits.extend(value.map(if key.starts_with("min_") { Limit::Min } else { Limit::Max }));
            }
            Box::new(Called { function: Arc::clone(&function), limits })
        };
        Ok(Self(Box::leak(Box::new(RuleSpec {
            name: kept(name),
            subject,
            version,
            needs: Box::leak(needs.into_boxed_slice()),
            falling,
            resources: Box::leak(resources.into_iter().map(kept).collect::<Vec<_>>().into_boxed_slice()),
            page: kept(page),
            build: Box::leak(Box::new(build)),
        }))))
    }
}

/// The rule with its options set.
struct Called {
    function: Arc<Py<PyAny>>,
    limits: Vec<Limit>,
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Called").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl obelisc_filter::Rule for Called {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        Python::attach(|py| match self.call(py, subject) {
            Ok(measure) => measure,
            Err(error) => {
                let detail = told(py, &error);
                if !error.is_instance_of::<PyException>(py) {
                    INTERRUPT.with_borrow_mut(|interrupt| *interrupt = Some(error));
                }
                Measure::Failed(detail)
            }
        })
    }

    fn bounds(&self) -> Vec<Limit> {
        self.limits.clone()
    }
}

impl Called {
    fn call(&self, py: Python<'_>, subject: Subject<'_>) -> PyResult<Measure> {
        let function = self.function.bind(py);
        let value = match subject {
            Subject::Url(url) => function.call1((url,)),
            Subject::Paragraph { text, .. } => function.call1((text,)),
            Subject::Image { image, page } => {
                let metadata =
                    image.published_metadata(&page.url).map_err(|error| PyValueError::new_err(error.to_string()))?;
                function.call1((loaded(py, &metadata)?,))
            }
            Subject::Document { document, .. } => {
                let native = Document(Arc::new(document.clone()));
                let document = py.import("obelisc._document")?.getattr("Document")?.call1((native,))?;
                function.call1((document,))
            }
        }?;
        if value.is_none() {
            return Ok(Measure::NotApplicable);
        }
        Ok(match value.extract::<f64>() {
            Ok(number) if number.is_finite() => Measure::number(number),
            _ => Measure::Failed(format!(
                "it gave {} ({}); a finite number or None is allowed",
                value.repr()?,
                value.get_type().name()?
            )),
        })
    }
}

/// A JSON value as Python has it.
fn loaded<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}

/// An exception with where it was raised, as an interpreter prints it.
fn told(py: Python<'_>, error: &PyErr) -> String {
    let lines = || -> PyResult<String> {
        let parts = (error.get_type(py), error.value(py), error.traceback(py));
        let lines: Vec<String> = py.import("traceback")?.call_method1("format_exception", parts)?.extract()?;
        Ok(lines.concat().trim_end().to_owned())
    };
    lines().unwrap_or_else(|_| error.to_string())
}

/// The rules of a recipe, and those beside them.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct RuleSet(Recipe);

#[pymethods]
impl RuleSet {
    /// Reads the recipe `path`; where there is a `text` it is that, and `path` its name.
    #[new]
    #[pyo3(signature = (path, text, set, config, resources, rules))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        text: Option<String>,
        set: Vec<String>,
        config: Option<PathBuf>,
        resources: Vec<(String, PathBuf)>,
        rules: Vec<Py<Rule>>,
    ) -> PyResult<Self> {
        let added = specs(&rules);
        let asked = AskedRecipe {
            path: &path,
            text: text.as_deref(),
            config: config.as_deref(),
            set: &set,
            resources: &resources,
            added: &added,
        };
        let read = py.detach(|| asked.read(&environment()));
        let (recipe, _) = read.map_err(|refusal| raised(py, &refusal))?;
        Ok(Self(recipe))
    }

    /// Judges a document, and gives what `obelisc judge` prints.
    fn judge(&self, py: Python<'_>, document: &Document) -> PyResult<String> {
        let judged = py.detach(|| {
            INTERRUPT.with_borrow_mut(Option::take);
            let judged = self.0.judge_alone((*document.0).clone())?;
            serde_json::to_string(&judged)
        });
        if let Some(interrupt) = INTERRUPT.with_borrow_mut(Option::take) {
            return Err(interrupt);
        }
        judged.map_err(|error| raised(py, &Refusal::unreachable(error)))
    }

    /// The rules in the order in which they are asked, as JSON.
    fn rules(&self) -> String {
        let told = |rule: &ConfiguredRule| {
            let bounds: Vec<String> = rule.bounds().iter().map(ToString::to_string).collect();
            json!({
                "rule": rule.spec().path(),
                "version": rule.spec().version,
                "options": rule.options(),
                "bounds": bounds,
                "summary": rule.spec().summary(),
            })
        };
        Value::Array(self.0.judging.default_rules().iter().map(told).collect()).to_string()
    }

    /// The name of the recipe.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }
}

/// What the rules are.
pub(crate) fn specs(rules: &[Py<Rule>]) -> Vec<&'static RuleSpec> {
    rules.iter().map(|rule| rule.get().0).collect()
}
