//! Extraction against gold: what `obelisc extract` would print, given to the scorers that stand beside the data.
//!
//! A set is an archive `SET.warc.gz` in the data folder with gold in its folder `gold`: `SET.gold.jsonl.gz` for text,
//! `SET.interleaved_gold.jsonl` for images between texts.  The scorers lie in `../tools` of it; their `--help` says what
//! each number is.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use obelisc_document::Document;
use obelisc_filter::StageView;
use obelisc_pipeline::Recipe;
use obelisc_pipeline::intake::{Fate, Intake};
use serde_json::{Value, json};

use crate::binary::optimised;
use crate::data;

/// What is scored.
#[derive(Args, Debug)]
pub(crate) struct Score {
    /// Sets
    #[arg(value_name = "SET", default_values_t = ["wcxb-dev".to_owned(), "mozilla-dev".to_owned()])]
    sets: Vec<String>,
    /// Folder of the data, beside which the folder `tools` lies [default: OBELISC_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Extraction profile
    #[arg(long, default_value = "default")]
    profile: String,
    /// Only whole pages: without the cut to the main content
    #[arg(long)]
    whole_page: bool,
    /// Score only the pages whose gold id or URL stands in this file
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Keep what was extracted in this folder
    #[arg(long, value_name = "DIR")]
    predictions: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The forms of gold: the file's ending, the scorer, further arguments.
const GOLDS: [(&str, &str, &[&str]); 2] =
    [("gold.jsonl.gz", "score_text.py", &["--per-type"]), ("interleaved_gold.jsonl", "score_interleaved.py", &[])];

/// Columns of the tables, of text and of images between texts: the scorers' names, and the headings.
const TEXT_COLUMNS: [(&str, &str); 7] = [
    ("pages", "pages"),
    ("precision", "P"),
    ("recall", "R"),
    ("f1", "F1"),
    ("shingle_f1", "shF1"),
    ("with", "with"),
    ("without", "without"),
];
const IMAGE_COLUMNS: [(&str, &str); 10] = [
    ("pages", "pages"),
    ("precision", "imgP"),
    ("recall", "imgR"),
    ("f1", "imgF1"),
    ("order", "order"),
    ("placed", "placed"),
    ("text_p", "textP"),
    ("text_r", "textR"),
    ("text_f1", "textF1"),
    ("no_image", "no-image"),
];

/// Extracts and scores; fails where a scorer does.
pub(crate) fn run(score: &Score) -> Result<bool> {
    if cfg!(debug_assertions) {
        return optimised("peers");
    }
    let data = score.data.clone().or_else(data).context("OBELISC_DATA is not set, and there is no --data")?;
    let folder = tempfile::tempdir()?;
    let folder = score.predictions.as_deref().unwrap_or(folder.path());
    std::fs::create_dir_all(folder)?;
    let mut all = serde_json::Map::new();
    for set in &score.sets {
        let golds: Vec<_> = GOLDS.iter().map(|gold| (data.join(format!("gold/{set}.{}", gold.0)), gold)).collect();
        ensure!(golds.iter().any(|(gold, _)| gold.exists()), "{}: no gold of {set}", data.join("gold").display());
        // With the cut first: that is what `extract` does.
        for cut in [true, false].into_iter().filter(|cut| !(*cut && score.whole_page)) {
            let form = if cut { "main content" } else { "whole page" };
            let predicted = folder.join(format!("{set}.{}.jsonl", form.replace(' ', "-")));
            let (documents, time) = predict(&data.join(format!("{set}.warc.gz")), &score.profile, cut, &predicted)?;
            if !score.json {
                println!("{set}, {form}: {documents} documents in {:.1} s", time.as_secs_f64());
            }
            for (gold, (_, scorer, arguments)) in golds.iter().filter(|(gold, _)| gold.exists()) {
                let scores =
                    ask(&data.join("../tools").join(scorer), arguments, &predicted, gold, score.ids.as_deref())?;
                if !score.json {
                    print!("{}", table(&scores));
                }
                let name = format!("{set} {form} {}", scorer.trim_end_matches(".py"));
                all.insert(name, json!({"documents": documents, "seconds": time.as_secs_f64(), "scores": scores}));
            }
        }
    }
    if score.json {
        println!("{:#}", json!({"profile": score.profile, "sets": all}));
    }
    Ok(true)
}

/// Extracts an archive into JSON lines; says how many documents there were and how long it took.
fn predict(archive: &Path, profile: &str, cut: bool, out: &Path) -> Result<(u64, Duration)> {
    let text = format!("stages = [\"extract\", \"finish\"]\nextract.profile = {profile:?}\nfinish.images = \"url\"\n");
    let recipe = Recipe::parse("--profile", &text, &[])
        .map_err(|problems| anyhow::anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let intake = Intake::new(&recipe.extract, false)?;
    let (main_content, mut out) = (obelisc_filters::main_content(), BufWriter::new(File::create(out)?));
    let (mut documents, started) = (0, Instant::now());
    let file = File::open(archive).with_context(|| archive.display().to_string())?;
    intake.archive(&archive.to_string_lossy(), file, |finding| {
        if let Fate::Document(document) = finding.fate {
            documents += 1;
            let mut document = document;
            if cut {
                main_content.judge(&mut document, StageView::FINAL);
            }
            write(&document, &mut out)?;
        }
        Ok::<(), io::Error>(())
    })?;
    out.flush()?;
    Ok((documents, started.elapsed()))
}

/// Writes what a scorer reads of a document.
fn write(document: &Document, out: &mut impl Write) -> io::Result<()> {
    let document = document.to_json()?;
    serde_json::to_writer(
        &mut *out,
        &json!({"url": document.url, "texts": document.texts, "images": document.images}),
    )?;
    out.write_all(b"\n")
}

/// Runs a scorer.
fn ask(scorer: &Path, arguments: &[&str], predicted: &Path, gold: &Path, ids: Option<&Path>) -> Result<Value> {
    let mut python = Command::new("python3");
    python.arg(scorer).arg(predicted).arg(gold).arg("--json").args(arguments);
    if let Some(ids) = ids {
        python.arg("--ids").arg(ids);
    }
    let output = python.output().context("python3 does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} ended with {}\n{}", scorer.display(), output.status, said.trim_end());
    serde_json::from_slice(&output.stdout).with_context(|| format!("{} gave no JSON", scorer.display()))
}

/// A table with a row for each object of scores in `scores`.
fn table(scores: &Value) -> String {
    let rows = scores.as_object().into_iter().flatten().filter(|(_, row)| row.get("f1").is_some());
    let rows: Vec<(&String, &Value)> = rows.collect();
    let is_text = rows.iter().any(|(_, row)| row.get("shingle_f1").is_some());
    let columns = if is_text { &TEXT_COLUMNS[..] } else { &IMAGE_COLUMNS[..] };
    let mut text = format!("  {:<14}", "");
    columns.iter().for_each(|(_, heading)| text += &format!("{heading:>9}"));
    for (name, row) in rows {
        text += &format!("\n  {name:<14}");
        for (column, _) in columns {
            text += &match &row[column] {
                Value::Number(number) if number.is_f64() => format!("{:>9.3}", number.as_f64().unwrap_or(f64::NAN)),
                Value::Number(number) => format!("{number:>9}"),
                _ => format!("{:>9}", "–"),
            };
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_scores_become_a_table() {
        let row = json!({"pages": 12, "precision": 0.5, "recall": null, "f1": 0.25, "shingle_f1": 1.0});
        let shown = table(&json!({"unknown_predictions": 0, "all": row}));
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["pages", "P", "R", "F1", "shF1", "with", "without"]);
        assert_eq!(lines[1..], [["all", "12", "0.500", "–", "0.250", "1.000", "–", "–"]]);
        let images = table(&json!({"macro": {"precision": 1.0, "f1": 0.6, "order": 1.0}, "total": {"pages": 3}}));
        assert_eq!(images.lines().count(), 2, "{images}");
        assert!(images.contains("placed"));
    }
}
