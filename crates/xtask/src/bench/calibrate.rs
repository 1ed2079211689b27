//! What runs take, step by step, on one thread: the figures behind `obelisc plan --estimate`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use obelisc_document::Document;
use obelisc_document::table::{Band, DuplicateKey, ImageReference, Table as _};
use obelisc_pipeline::Record;
use obelisc_pipeline::estimate::{Calibration, Corpus, Cost, Measured};
use obelisc_storage::LocalFolder;
use serde_json::Value;

use super::memory::size_of;
use crate::binary::{Binary, target};
use crate::{data, root};

/// Tables that tell what went and why.
const LEDGER: [&str; 3] = ["judgements", "removals", "failures"];
/// Clock ticks of a second in `/proc`, as Linux has it on all machines.
const TICKS: f64 = 100.0;

/// On what, for which recipes.
#[derive(Args, Debug)]
pub(crate) struct Calibrate {
    /// Archives of pages of the web, which say how many documents, keys and images there are [default: wcxb-dev.warc.gz of OBELISC_DATA]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pages: Vec<PathBuf>,
    /// Archives of pages and their images, on which the steps are timed [default: the same, gimp-help-fr.warc.gz, mozilla-dev.warc.gz and skimage-small.warc.gz]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    timed: Vec<PathBuf>,
    /// Recipes of `pipelines/`
    #[arg(long, value_name = "NAME", num_args = 1.., default_values = ["default", "links", "multilingual"])]
    recipe: Vec<String>,
    /// The machine, in words
    #[arg(long, default_value = "2 shared cores")]
    machine: String,
    /// The day, YYYY-MM-DD
    #[arg(long)]
    date: String,
    /// CPU milliseconds of an image that is fetched, as `cargo xtask bench fetch` gives them for decoding and keeping its bytes
    #[arg(long, default_value_t = 0.758)]
    ms_per_fetched_image: f64,
    /// Where the calibration goes [default: crates/pipeline/calibration.json, which the program carries]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The `obelisc` that is measured [default: a release build of this tree]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Measures and writes the calibration.
pub(super) fn run(options: &Calibrate) -> Result<bool> {
    let program = match &options.program {
        Some(program) => std::path::absolute(program)?,
        None => Binary::release()?.path().to_owned(),
    };
    let named = |given: &[PathBuf], names: &[&str]| -> Result<Vec<PathBuf>> {
        if !given.is_empty() {
            return Ok(given.to_vec());
        }
        let data = data().context("OBELISC_DATA is not set, and no archives are given")?;
        Ok(names.iter().map(|name| data.join(name)).collect())
    };
    let pages = named(&options.pages, &["wcxb-dev.warc.gz"])?;
    let both = ["wcxb-dev.warc.gz", "gimp-help-fr.warc.gz", "mozilla-dev.warc.gz", "skimage-small.warc.gz"];
    let timed = named(&options.timed, &both)?;
    let mut recipes = BTreeMap::new();
    for name in &options.recipe {
        let recipe = root().join(format!("pipelines/{name}.toml"));
        eprintln!("{name}: pages");
        let (pages, _) = once(&program, &recipe, &pages)?;
        eprintln!("{name}: steps");
        let (timed, steps) = once(&program, &recipe, &timed)?;
        recipes.insert(name.clone(), Measured { pages, timed, steps });
    }
    let calibration = Calibration {
        format: 1,
        machine: options.machine.clone(),
        date: options.date.clone(),
        command: "cargo xtask bench calibrate".to_owned(),
        recipes,
        seconds_per_fetched_image: options.ms_per_fetched_image / 1000.0,
        assumed_image_bytes: 60_000.0,
        assumed_found_percent: 80.0,
    };
    let text = serde_json::to_string_pretty(&calibration)? + "\n";
    Calibration::parse("the calibration", &text).map_err(anyhow::Error::msg)?;
    let output = options.output.clone().unwrap_or_else(|| root().join("crates/pipeline/calibration.json"));
    fs::write(&output, text).with_context(|| output.display().to_string())?;
    println!("written: {}", output.display());
    Ok(true)
}

/// One run, and what came of it.
fn once(program: &Path, recipe: &Path, archives: &[PathBuf]) -> Result<(Corpus, BTreeMap<String, Cost>)> {
    let folder = tempfile::tempdir_in(target()?)?;
    let output = folder.path().join("out");
    let mut command = Command::new(program);
    command.arg("run").arg(recipe).arg("--input").args(archives).arg("--output").arg(&output);
    command.args(["--threads", "1", "--log-format", "json"]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let process = Path::new("/proc").join(child.id().to_string());
    let lines = BufReader::new(child.stderr.take().context("no standard error")?);
    let (mut before, mut steps) = (Taken::default(), BTreeMap::new());
    for line in lines.lines() {
        let event: Value = serde_json::from_str(&line?).unwrap_or_default();
        if event["event"] != "step_finished" {
            continue;
        }
        let taken = Taken::of(&process)?;
        let name = event["step"].as_str().context("a step without a name")?.to_owned();
        steps.insert(name, taken.since(&before));
        before = taken;
    }
    let status = child.wait()?;
    ensure!(status.success(), "the run of {} ended with {status}", recipe.display());
    let storage = LocalFolder::open(&output)?;
    let record = Record::read(&storage)?;
    let mut corpus = Corpus { archive_bytes: 0.0, ..Corpus::default() };
    for archive in archives {
        corpus.archives.extend(archive.file_name().map(|name| name.to_string_lossy().into_owned()));
        corpus.archive_bytes += fs::metadata(archive)?.len() as f64;
    }
    let mut is_fetched = false;
    for step in &record.steps {
        let markers = record.markers(&storage, &step.step)?;
        let kept = |unit: &str, entered: bool| -> f64 {
            let flows = markers.iter().filter_map(|marker| marker.accounts.0.get(unit));
            flows.map(|flow| if entered { flow.entered } else { flow.kept }).sum::<u64>() as f64
        };
        let rows = |table: &str| {
            let files = markers.iter().flat_map(|marker| &marker.files).filter(|file| file.table == table);
            files.map(|file| file.rows).sum::<u64>() as f64
        };
        match step.step.as_str() {
            "extract" => corpus.documents = kept("documents", false),
            "locate" => {
                corpus.images = [kept("wanted_urls", true), kept("captured_urls", true)];
                is_fetched = true;
            }
            "write" => corpus.written = kept("documents", false),
            name if name.starts_with("keys-") => corpus.key_rows.push(rows(DuplicateKey::NAME) + rows(Band::NAME)),
            _ => {}
        }
        if !is_fetched && rows(Document::NAME) > 0.0 {
            let files = markers.iter().flat_map(|marker| &marker.files).filter(|file| file.table == Document::NAME);
            corpus.wanting = [rows(Document::NAME), files.map(|file| file.bytes).sum::<u64>() as f64];
        }
        if !is_fetched && rows(ImageReference::NAME) > 0.0 {
            corpus.references = rows(ImageReference::NAME);
        }
        if let Some((folder, cost)) = step.folder.as_ref().zip(steps.get_mut(&step.step)) {
            let tables = LEDGER.map(|table| output.join(folder).join(table));
            let sizes = tables.iter().filter(|table| table.is_dir()).map(|table| size_of(table));
            cost.ledger_bytes = sizes.collect::<Result<Vec<_>>>()?.iter().sum::<u64>() as f64;
        }
    }
    corpus.dataset_bytes = size_of(&output.join("dataset"))? as f64;
    Ok((corpus, steps))
}

/// What a process has taken so far.
#[derive(Clone, Copy, Default)]
struct Taken {
    cpu_seconds: f64,
    read_bytes: f64,
    written_bytes: f64,
    /// Since this was last asked.
    peak_bytes: f64,
}

impl Taken {
    fn of(process: &Path) -> Result<Self> {
        let read = |name: &str| fs::read_to_string(process.join(name)).with_context(|| format!("{name} of the run"));
        let stat = read("stat")?;
        // Behind the name, which may hold anything, in brackets.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
        let number = |text: &str, key: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
        };
        let (io, status) = (read("io")?, read("status")?);
        // From here on the kernel notes a peak anew.
        fs::write(process.join("clear_refs"), "5").context("the peak of the run's memory")?;
        Ok(Self {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS,
            read_bytes: number(&io, "rchar:"),
            written_bytes: number(&io, "wchar:"),
            peak_bytes: number(&status, "VmHWM:") * 1024.0,
        })
    }

    fn since(&self, before: &Self) -> Cost {
        Cost {
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            read_bytes: self.read_bytes - before.read_bytes,
            written_bytes: self.written_bytes - before.written_bytes,
            ledger_bytes: 0.0,
            peak_bytes: self.peak_bytes,
        }
    }
}
