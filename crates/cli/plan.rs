//! `plan` and `status`.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use obelisc_document::table;
use obelisc_pipeline::{Job, Record, TaskError};
use obelisc_schedule::Submission;
use obelisc_storage::{Error, Storage};
use serde_json::json;

use crate::args::RunArgs;
use crate::estimate::{self, Question};
use crate::output::print;
use crate::run::prepared;
use crate::{Failure, place, printable, summary};

/// What `obelisc submit` notes of its jobs.
const SUBMISSION: &str = "run/jobs/slurm.json";

/// `obelisc plan`.
pub fn plan(args: &RunArgs, as_json: bool, question: Option<&Question<'_>>) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    let prepared = prepared(args)?;
    if let Some(question) = question {
        return estimate::tell(&prepared, question, as_json);
    }
    let steps = prepared.run(&stop).plan()?;
    if as_json {
        let steps: Vec<_> = steps
            .iter()
            .map(|s| json!({"stage": s.stage, "step": s.step, "digest": s.digest, "tasks": s.tasks, "done": s.done}))
            .collect();
        return print(|out| writeln!(out, "{:#}", json!({ "steps": steps })));
    }
    print(|out| {
        writeln!(out, "{:<8} {:<8} {:>7} {:>7}  state", "stage", "step", "tasks", "done")?;
        for step in steps {
            let tasks = step.tasks.map_or_else(|| "?".to_owned(), |tasks| tasks.to_string());
            let state = match step.tasks {
                None => "waits for the steps before",
                Some(tasks) if step.done >= tasks => "done",
                Some(_) if step.done > 0 => "would go on",
                Some(_) => "would run",
            };
            writeln!(out, "{:<8} {:<8} {tasks:>7} {:>7}  {state}", step.stage, step.step, step.done)?;
        }
        Ok(())
    })
}

/// `obelisc status`.
pub fn status(dir: &Path, failures: bool, as_json: bool) -> Result<(), Failure> {
    let storage = place::open_plainly(dir)?;
    let record = match Record::read(&*storage) {
        Ok(record) => record,
        Err(_) if Job::read(&*storage).is_ok() => return submitted(&*storage, as_json),
        Err(error) => return Err(no_run(dir, &error)),
    };
    let steps = record.status(&*storage).map_err(Failure::unreachable)?;
    let workers = record.workers(&*storage).map_err(Failure::unreachable)?;
    let submission = submission(&*storage)?;
    let failed = if failures { Some(record.failures(&*storage).map_err(Failure::unreachable)?) } else { None };
    if as_json {
        let failed = failed.map(|failed| failed.iter().map(as_object).collect::<Vec<_>>());
        let status = json!({
            "recipe": record.recipe,
            "steps": steps,
            "dataset": record.dataset,
            "failures": failed,
            "workers": workers,
            "slurm": submission,
        });
        return print(|out| writeln!(out, "{status:#}"));
    }
    if let Some(failed) = failed {
        return print(|out| {
            for failure in failed {
                let url = failure.url.as_deref().unwrap_or("-");
                let text =
                    format!("{} at {}: {url}: {} {}", failure.input, failure.offset, failure.reason, failure.detail);
                writeln!(out, "{}", printable(text.trim_end()))?;
            }
            Ok(())
        });
    }
    print(|out| {
        writeln!(out, "recipe {}", printable(&record.recipe))?;
        if let Some(dataset) = &record.dataset {
            writeln!(out, "finished: the dataset is {}", dir.join(dataset).display())?;
        }
        submission.iter().try_for_each(|submission| jobs(out, submission))?;
        for (worker, leases) in &workers {
            writeln!(out, "worker {}: {leases} leases", printable(worker))?;
        }
        for step in &steps {
            let tasks = step.tasks.map_or_else(|| "?".to_owned(), |tasks| tasks.to_string());
            writeln!(out, "{:<8} {:<8} {} of {tasks} tasks done", step.stage, step.step, step.done)?;
        }
        let mut text = String::from("\n");
        // Writing into a String cannot fail.
        let _ = summary::table(&mut text, steps.iter().map(|step| (step.step.as_str(), &step.accounts)));
        write!(out, "{text}")
    })
}

fn no_run(dir: &Path, error: &TaskError) -> Failure {
    Failure::unreachable(format!("{}: no run here: {error}", dir.display()))
}

/// `status` of a run that no worker has begun.
fn submitted(storage: &dyn Storage, as_json: bool) -> Result<(), Failure> {
    let submission = submission(storage)?;
    if as_json {
        return print(|out| writeln!(out, "{:#}", json!({"steps": [], "slurm": submission})));
    }
    print(|out| {
        writeln!(out, "submitted; no worker has begun")?;
        submission.iter().try_for_each(|submission| jobs(out, submission))
    })
}

fn jobs(out: &mut dyn Write, submission: &Submission) -> std::io::Result<()> {
    let jobs: Vec<String> = submission.jobs.iter().map(|job| format!("{} {}", job.stage, job.id)).collect();
    writeln!(out, "slurm jobs: {}; their logs are in {}", jobs.join(", "), submission.logs)
}

/// What was submitted to Slurm.
fn submission(storage: &dyn Storage) -> Result<Option<Submission>, Failure> {
    let unreadable = |problem: String| Failure::unreachable(format!("{SUBMISSION}: {problem}"));
    let text = match storage.read(SUBMISSION) {
        Ok(text) => text,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Failure::unreachable(error)),
    };
    let found: Submission = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
    if found.format() > Submission::FORMAT {
        return Err(unreadable(format!("format {}; this version reads up to {}", found.format(), Submission::FORMAT)));
    }
    Ok(Some(found))
}

/// `obelisc status --prometheus`: gauges in the text format of Prometheus (version 0.0.4).
pub fn metrics(dir: &Path) -> Result<(), Failure> {
    let storage = place::open_plainly(dir)?;
    let record = Record::read(&*storage).map_err(|error| no_run(dir, &error))?;
    let steps = record.status(&*storage).map_err(Failure::unreachable)?;
    let workers = record.workers(&*storage).map_err(Failure::unreachable)?;
    print(|out| {
        writeln!(out, "# HELP obelisc_tasks Tasks of a step.\n# TYPE obelisc_tasks gauge")?;
        for step in steps.iter().filter_map(|step| Some((&step.step, step.tasks?))) {
            writeln!(out, "obelisc_tasks{{step=\"{}\"}} {}", step.0, step.1)?;
        }
        writeln!(out, "# HELP obelisc_tasks_done Tasks of a step that are done.\n# TYPE obelisc_tasks_done gauge")?;
        for step in &steps {
            writeln!(out, "obelisc_tasks_done{{step=\"{}\"}} {}", step.step, step.done)?;
        }
        writeln!(
            out,
            "# HELP obelisc_subjects What became of documents, images and the like, by step.\n# TYPE obelisc_subjects gauge"
        )?;
        for step in &steps {
            for (unit, flow) in &step.accounts.0 {
                let line = |fate: &str, reason: &str, count: u64| {
                    let step = &step.step;
                    format!(
                        "obelisc_subjects{{step=\"{step}\",unit=\"{unit}\",fate=\"{fate}\",reason=\"{reason}\"}} {count}\n"
                    )
                };
                out.write_all(line("kept", "", flow.kept).as_bytes())?;
                let dropped = flow.dropped.iter().map(|(reason, count)| line("dropped", reason, *count));
                let failed = flow.failed.iter().map(|(reason, count)| line("failed", reason, *count));
                dropped.chain(failed).try_for_each(|line| out.write_all(line.as_bytes()))?;
            }
        }
        writeln!(out, "# HELP obelisc_leases Leases that workers hold.\n# TYPE obelisc_leases gauge")?;
        writeln!(out, "obelisc_leases {}", workers.values().sum::<usize>())?;
        writeln!(out, "# HELP obelisc_finished Whether the dataset is published.\n# TYPE obelisc_finished gauge")?;
        writeln!(out, "obelisc_finished {}", u8::from(record.dataset.is_some()))
    })
}

fn as_object(failure: &table::Failure) -> serde_json::Value {
    json!({
        "input": failure.input,
        "offset": failure.offset,
        "length": failure.length,
        "url": failure.url,
        "reason": failure.reason,
        "detail": failure.detail,
    })
}
