//! `plan --estimate`.

use std::io::Write as _;
use std::path::Path;

use obelisc_pipeline::estimate::{Calibration, Estimate, Size, StepEstimate, estimate};
use serde_json::json;

use crate::Failure;
use crate::output::print;
use crate::run::{Prepared, read_text};

/// What somebody wants to know.
pub struct Question<'a> {
    /// Where the measurements lie, if not in the program.
    pub calibration: Option<&'a Path>,
    pub archives: Option<u64>,
    pub archive_bytes: Option<u64>,
}

/// Tells what a run would take.
pub fn tell(prepared: &Prepared, question: &Question<'_>, as_json: bool) -> Result<(), Failure> {
    let calibration = match question.calibration {
        Some(path) => Calibration::parse(&path.to_string_lossy(), &read_text(path)?),
        None => Calibration::built_in(),
    };
    let calibration = calibration.map_err(Failure::usage)?;
    let named = prepared.inputs.len() as u64;
    let bytes: u64 = prepared.inputs.iter().map(|input| input.size).sum();
    let archives = question.archives.unwrap_or(named);
    let each = question.archive_bytes.unwrap_or(bytes / named.max(1));
    let size = Size { archives, bytes: archives.saturating_mul(each) };
    let estimate = estimate(&prepared.recipe, &prepared.config, size, &calibration);
    let total = estimate.total();
    if as_json {
        let of = json!({"archives": size.archives, "bytes": size.bytes});
        return print(|out| writeln!(out, "{:#}", json!({"of": of, "estimate": estimate, "total": total})));
    }
    print(|out| out.write_all(text(&size, &estimate, &total).as_bytes()))
}

fn text(size: &Size, estimate: &Estimate, total: &StepEstimate) -> String {
    let mut text = format!("{} archives of {} in all\n\n", size.archives, bytes(size.bytes as f64));
    let head = ["stage", "step", "tasks", "core-hours", "reads", "writes", "ledger", "requests", "images", "peak"];
    text += &line(&head.map(str::to_owned));
    for step in estimate.steps.iter().chain([total]) {
        text += &line(&cells(step));
    }
    let [extracted, written] = estimate.documents;
    text += &format!(
        "\nOf {} documents {} come into the dataset, {} in all.\n",
        amount(extracted),
        amount(written),
        bytes(estimate.dataset_bytes)
    );
    if !total.calibrated {
        text += "What \"?\" stands for was not measured.\n";
    }
    for assumption in &estimate.assumptions {
        text += &format!("- {assumption}\n");
    }
    text
}

fn cells(step: &StepEstimate) -> [String; 10] {
    let known = |cell: String| if step.calibrated { cell } else { "?".to_owned() };
    [
        step.stage.to_owned(),
        step.step.to_owned(),
        step.tasks.to_string(),
        known(format!("{:.1}", step.core_seconds / 3600.0)),
        known(bytes(step.read_bytes)),
        known(bytes(step.written_bytes)),
        known(bytes(step.ledger_bytes)),
        known(amount(step.requests)),
        amount(step.images),
        known(bytes(step.peak_bytes)),
    ]
}

fn line(cells: &[String; 10]) -> String {
    let [stage, step, rest @ ..] = cells;
    let rest: String = rest.iter().map(|cell| format!(" {cell:>10}")).collect();
    format!("{stage:<8} {step:<12}{rest}\n")
}

fn bytes(bytes: f64) -> String {
    scaled(bytes, &[(1e15, " PB"), (1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB")])
}

fn amount(amount: f64) -> String {
    scaled(amount, &[(1e9, " G"), (1e6, " M"), (1e3, " k")])
}

/// Three digits or so, in the greatest unit that fits.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    match units.iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) if value / unit < 10.0 => format!("{:.1}{name}", value / unit),
        Some((unit, name)) => format!("{:.0}{name}", value / unit),
        None => format!("{value:.0}"),
    }
}
