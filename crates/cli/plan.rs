//! `plan` and `status`.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use obelisc_document::table;
use obelisc_pipeline::{Config, Record};
use serde_json::json;

use crate::args::RunArgs;
use crate::output::print;
use crate::run::Prepared;
use crate::{Failure, place, printable, summary};

/// `obelisc plan`.
pub fn plan(args: &RunArgs, as_json: bool) -> Result<(), Failure> {
    let stop = AtomicBool::new(false);
    let prepared = Prepared::new(args)?;
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
    let storage = place::open(dir, &place::remotes(&Config::default()))?;
    let record = Record::read(&*storage)
        .map_err(|error| Failure::unreachable(format!("{}: no run here: {error}", dir.display())))?;
    let steps = record.status(&*storage).map_err(Failure::unreachable)?;
    let failed = if failures { Some(record.failures(&*storage).map_err(Failure::unreachable)?) } else { None };
    if as_json {
        let failed = failed.map(|failed| failed.iter().map(as_object).collect::<Vec<_>>());
        let status = json!({"recipe": record.recipe, "steps": steps, "dataset": record.dataset, "failures": failed});
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
