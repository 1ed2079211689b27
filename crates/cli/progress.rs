//! Progress: a bar on a terminal, a line per task elsewhere, JSON lines on request.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use obelisc_document::account::Accounts;
use obelisc_pipeline::{Finished, Marker, Observer, StepInfo};
use serde_json::json;

use crate::args::LogFormat;
use crate::output::say;
use crate::printable;

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Nothing,
    Bars,
    Lines,
    Json,
}

/// Tells on standard error how a run goes on.
pub struct Progress {
    form: Form,
    tasks_too: bool,
    state: Mutex<State>,
}

struct State {
    bar: Option<ProgressBar>,
    done: u32,
    tasks: u32,
    started: Instant,
}

impl Progress {
    /// Progress as the flags and the terminal want it.
    pub fn new(quiet: bool, verbose: bool, format: LogFormat) -> Self {
        let form = match (quiet, format, std::io::stderr().is_terminal()) {
            (true, ..) => Form::Nothing,
            (_, LogFormat::Json, _) => Form::Json,
            (_, LogFormat::Text, true) => Form::Bars,
            (_, LogFormat::Text, false) => Form::Lines,
        };
        let state = State { bar: None, done: 0, tasks: 0, started: Instant::now() };
        Self { form, tasks_too: verbose || form == Form::Lines, state: Mutex::new(state) }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.abandon();
        }
    }

    /// Tells as a JSON line where the dataset is.
    pub fn finished(finished: &Finished) {
        let shards = &finished.manifest.shards;
        let event = json!({
            "event": "finished",
            "folder": finished.folder,
            "existed": finished.existed,
            "dataset_digest": finished.manifest.dataset_digest,
            "documents": shards.iter().map(|shard| shard.rows).sum::<u64>(),
            "images": shards.iter().map(|shard| shard.images).sum::<u64>(),
        });
        say(&event.to_string());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(state: &State, text: &str) {
        match &state.bar {
            Some(bar) => bar.println(text),
            None => say(text),
        }
    }
}

impl Observer for Progress {
    fn step_started(&self, step: &StepInfo) {
        let mut state = self.state();
        (state.done, state.tasks, state.started) = (step.done, step.tasks, Instant::now());
        match self.form {
            Form::Nothing => {}
            Form::Json => {
                let event = json!({"event": "step_started", "step": step.step, "tasks": step.tasks, "done": step.done});
                say(&event.to_string());
            }
            Form::Lines if step.done > 0 => {
                say(&format!("{}: {} of {} tasks done before", step.step, step.done, step.tasks));
            }
            Form::Lines => {}
            Form::Bars => {
                let bar = ProgressBar::with_draw_target(Some(u64::from(step.tasks)), ProgressDrawTarget::stderr());
                let style =
                    ProgressStyle::with_template("{prefix:<8} {bar:30} {pos}/{len} tasks, {per_sec}, {eta} left");
                if let Ok(style) = style {
                    bar.set_style(style);
                }
                bar.set_prefix(step.step);
                bar.set_position(u64::from(step.done));
                state.bar = Some(bar);
            }
        }
    }

    fn task_finished(&self, step: &'static str, subject: &str, marker: &Marker) {
        let mut state = self.state();
        state.done += 1;
        if let Some(bar) = &state.bar {
            bar.inc(1);
        }
        if self.form == Form::Json {
            let (task, accounts) = (marker.task, &marker.accounts);
            let event =
                json!({"event": "task_finished", "step": step, "task": task, "subject": subject, "accounts": accounts});
            say(&event.to_string());
        } else if self.form != Form::Nothing && self.tasks_too {
            let counts =
                marker.accounts.0.iter().map(|(unit, flow)| format!("{} of {} {unit}", flow.kept, flow.entered));
            let counts = counts.collect::<Vec<_>>().join(", ");
            let subject = printable(subject);
            let text = format!("{step} {}/{}: {subject}: {counts}", state.done, state.tasks);
            Self::line(&state, text.trim_end_matches([':', ' ']));
        }
    }

    fn step_finished(&self, step: &StepInfo, accounts: &Accounts) {
        let mut state = self.state();
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
            let seconds = state.started.elapsed().as_secs_f64();
            let totals: BTreeMap<_, _> = accounts.0.iter().map(|(unit, flow)| (unit, flow.kept)).collect();
            let totals = totals.iter().map(|(unit, kept)| format!("{kept} {unit}")).collect::<Vec<_>>().join(", ");
            say(&format!("{:<8} {} tasks in {seconds:.1} s  {totals}", step.step, step.tasks));
        }
        if self.form == Form::Json {
            say(&json!({"event": "step_finished", "step": step.step, "accounts": accounts}).to_string());
        }
    }
}
