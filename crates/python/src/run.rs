//! `run`: the whole pipeline, with progress that Python hears and an end that Ctrl-C asks for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use obelisc_document::account::Accounts;
use obelisc_pipeline::prepare::{AskedRecipe, AskedRun, Prepared, Refusal};
use obelisc_pipeline::{Error, Finished, Marker, Observer, StepInfo};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::environment::environment;
use crate::error::raised;
use crate::rules::{Rule, specs};

/// How long a signal may wait to be seen.
const PATIENCE: Duration = Duration::from_millis(50);

/// Tells the calling thread what the run's threads say.
struct Teller(Mutex<Sender<Value>>);

impl Teller {
    fn tell(&self, event: Value) {
        // Who does not listen any more is not told.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    }
}

impl Observer for Teller {
    fn step_started(&self, info: &StepInfo) {
        let StepInfo { stage, step, tasks, done } = info;
        self.tell(json!({"event": "step_started", "stage": stage, "step": step, "tasks": tasks, "done": done}));
    }

    fn task_finished(&self, step: &'static str, subject: &str, marker: &Marker) {
        self.tell(json!({"event": "task_finished", "step": step, "task": marker.task, "subject": subject}));
    }

    fn step_finished(&self, info: &StepInfo, accounts: &Accounts) {
        let StepInfo { stage, step, tasks, .. } = info;
        self.tell(
            json!({"event": "step_finished", "stage": stage, "step": step, "tasks": tasks, "accounts": accounts}),
        );
    }
}

/// Runs a recipe; `tell` hears JSON texts of what happens.  Gives JSON.
#[pyfunction]
#[pyo3(signature = (recipe, text, set, config, resources, rules, input, output, image_store, threads, force, tell))]
#[expect(clippy::too_many_arguments, reason = "the flags of the command, of which Python gives each by its name")]
pub(crate) fn run(
    py: Python<'_>,
    recipe: PathBuf,
    text: Option<String>,
    set: Vec<String>,
    config: Option<PathBuf>,
    resources: Vec<(String, PathBuf)>,
    rules: Vec<Py<Rule>>,
    input: Vec<String>,
    output: PathBuf,
    image_store: Option<PathBuf>,
    threads: Option<u16>,
    force: bool,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let added = specs(&rules);
    let recipe = AskedRecipe {
        path: &recipe,
        text: text.as_deref(),
        config: config.as_deref(),
        set: &set,
        resources: &resources,
        added: &added,
    };
    let image_store = image_store.as_deref();
    let asked = AskedRun { recipe, input: &input, output: &output, image_store, threads, force };
    let prepared = py.detach(|| Prepared::new(&asked, &environment())).map_err(|refusal| raised(py, &refusal))?;
    match execute(py, &prepared, tell.as_ref())? {
        Ok(finished) => Ok(told(&finished)),
        Err(error) => Err(raised(py, &error.into())),
    }
}

/// Runs on a thread of its own; the calling one hears signals, and hands on what is told.
fn execute(py: Python<'_>, prepared: &Prepared, tell: Option<&Bound<'_, PyAny>>) -> PyResult<Result<Finished, Error>> {
    let stop = AtomicBool::new(false);
    let (events, heard) = channel();
    let heard = Mutex::new(heard);
    thread::scope(|scope| {
        let stop = &stop;
        let running = scope.spawn(move || {
            let teller = Teller(Mutex::new(events));
            prepared.run(stop).execute(&teller)
        });
        let listened = listen(py, &heard, stop, tell);
        let ended = py.detach(|| running.join());
        if let Err(error) = listened {
            if error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) {
                error.set_cause(py, Some(raised(py, &Refusal::from(Error::Interrupted))));
            }
            return Err(error);
        }
        ended.map_err(|_| PyRuntimeError::new_err("the run panicked: a mistake of obelisc"))
    })
}

/// Hands on what is told until the run ends.  The first exception, of a signal or of whoever is told, asks the run to
/// stop, and is given when it has.
fn listen(
    py: Python<'_>,
    heard: &Mutex<Receiver<Value>>,
    stop: &AtomicBool,
    tell: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let mut first = None;
    loop {
        let event = py.detach(|| heard.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(PATIENCE));
        let handed = match (event, tell) {
            (Err(RecvTimeoutError::Disconnected), _) => break,
            (Ok(event), Some(tell)) if first.is_none() => tell.call1((event.to_string(),)).map(drop),
            _ => Ok(()),
        };
        if let Err(error) = handed.and_then(|()| py.check_signals()) {
            stop.store(true, Ordering::Relaxed);
            first.get_or_insert(error);
        }
    }
    first.map_or(Ok(()), Err)
}

/// What is told of a dataset.
fn told(finished: &Finished) -> String {
    let Finished { folder, existed, manifest, steps } = finished;
    let steps: Map<String, Value> =
        steps.iter().map(|(step, accounts)| ((*step).to_owned(), json!(accounts))).collect();
    json!({"folder": folder, "existed": existed, "steps": steps, "manifest": manifest}).to_string()
}
