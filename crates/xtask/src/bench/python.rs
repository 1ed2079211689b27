//! Pages → documents out of Python: beside the same call in Rust, and on two threads beside one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use obelisc_filter::StageView;
use obelisc_pipeline::Recipe;
use obelisc_pipeline::intake::{Fate, Intake, Seen};
use serde_json::{Value, json};

use super::{cpu_time, median};
use crate::binary::{cargo, target};
use crate::{data, root};

/// Most that Python may cost over Rust.
const MOST_OVER: f64 = 0.10;
/// Least that two threads must do of what one does.
const LEAST_OF_TWO: f64 = 1.7;

/// On what.
#[derive(Args, Debug)]
pub(crate) struct Python {
    /// Archive [default: wcxb-dev-300.warc.gz of OBELISC_DATA, else the bundled one]
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// Runs; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Python that is measured
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures, and says whether both bounds hold.
pub(crate) fn run(options: &Python) -> Result<bool> {
    let real = || data().map(|data| data.join("wcxb-dev-300.warc.gz")).filter(|file| file.exists());
    let bundled = || root().join("tests/fixtures/quickstart.warc.gz");
    let corpus = options.corpus.clone().or_else(real).unwrap_or_else(bundled);
    let pages = pages(&corpus)?;
    ensure!(!pages.is_empty(), "{} has no pages", corpus.display());
    let folder = tempfile::tempdir()?;
    let package = package(folder.path())?;
    let urls: Vec<&str> = pages.iter().map(|(url, _)| &**url).collect();
    std::fs::write(folder.path().join("urls.json"), serde_json::to_vec(&urls)?)?;
    for (number, (_, body)) in pages.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.html")), body)?;
    }
    // Before and after, so that what else the machine does weighs on both.
    let (documents, mut rust) = in_rust(&pages, options.runs)?;
    let python = in_python(options, folder.path(), &package)?;
    rust.extend(in_rust(&pages, options.runs)?.1);
    let there = python["documents"].as_u64().unwrap_or_default();
    ensure!(documents == there, "{documents} documents in Rust, {there} in Python");
    let seconds =
        |name: &str| median(python[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect());
    let (rust, cpu) = (median(rust), seconds("cpu"));
    let (one, two) = (seconds("one"), seconds("two"));
    let (over, of_two) = (cpu / rust - 1.0, 2.0 * one / two);
    if options.json {
        let json = json!({"documents": documents, "rust_s": rust, "python_s": cpu, "over": over, "one_s": one, "two_s": two, "of_two": of_two});
        println!("{json:#}");
    } else {
        let name = corpus.file_name().unwrap_or_default().to_string_lossy();
        println!("{name}, {documents} documents, median of {} runs", options.runs);
        println!("Rust, one thread    {:8.1} ms of CPU", rust * 1e3);
        println!(
            "Python, one thread  {:8.1} ms of CPU: {:+.1} % (bound +{:.0} %)",
            cpu * 1e3,
            over * 1e2,
            MOST_OVER * 1e2
        );
        println!("Python, two threads do {of_two:.2} times what one does (bound {LEAST_OF_TWO})");
    }
    Ok(over <= MOST_OVER && of_two >= LEAST_OF_TWO)
}

fn recipe() -> Result<Recipe> {
    let text = "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n";
    Recipe::parse("bench", text, &[]).map_err(|problems| anyhow::anyhow!("{problems:?}"))
}

/// URL and body of each page.
fn pages(archive: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let recipe = recipe()?;
    let intake = Intake::new(&recipe.extract, false)?;
    let mut pages = Vec::new();
    intake.records("corpus", File::open(archive)?, |seen| -> std::io::Result<()> {
        if let Seen::Page(page) = seen {
            pages.push((page.url.clone(), page.body.into_owned()));
        }
        Ok(())
    })?;
    Ok(pages)
}

/// Documents, and seconds of each run: the page read as one that stands alone, extracted and cut, as Python's `extract` does.
fn in_rust(pages: &[(String, Vec<u8>)], runs: u32) -> Result<(u64, Vec<f64>)> {
    let recipe = recipe()?;
    let intake = Intake::new(&recipe.extract, false)?;
    let cut = obelisc_filters::main_content();
    let once = || {
        let mut documents = 0;
        for (url, body) in pages {
            if let Fate::Document(mut document) = intake.page(url, url, body).fate {
                cut.judge(&mut document, StageView::FINAL);
                documents += 1;
            }
        }
        documents
    };
    let (documents, mut seconds) = (once(), Vec::new());
    for _ in 0..runs {
        let begin: Duration = cpu_time();
        once();
        seconds.push((cpu_time() - begin).as_secs_f64());
    }
    Ok((documents, seconds))
}

/// The package, built optimised, in a folder that Python can search.
fn package(folder: &Path) -> Result<PathBuf> {
    let status = cargo().args(["build", "--quiet", "--release", "--package", "obelisc-python"]).status()?;
    ensure!(status.success(), "the build failed");
    let package = folder.join("package");
    let inside = package.join("obelisc");
    std::fs::create_dir_all(&inside)?;
    for entry in std::fs::read_dir(root().join("crates/python/python/obelisc"))? {
        let file = entry?.path();
        if file.is_file() {
            std::fs::copy(&file, inside.join(file.file_name().context("a file has a name")?))?;
        }
    }
    let names = ["lib_obelisc.so", "lib_obelisc.dylib"].map(|name| Ok(target()?.join("release").join(name)));
    let native = names.into_iter().collect::<Result<Vec<_>>>()?.into_iter().find(|file| file.exists());
    std::fs::copy(native.context("no library was built")?, inside.join("_obelisc.abi3.so"))?;
    Ok(package)
}

fn in_python(options: &Python, folder: &Path, package: &Path) -> Result<Value> {
    let script = folder.join("measure.py");
    std::fs::write(&script, include_str!("python/measure.py"))?;
    let mut python = Command::new(&options.python);
    python.arg(script).arg(folder).arg(options.runs.to_string()).env("PYTHONPATH", package);
    let output = python.output().with_context(|| options.python.display().to_string())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("what the script printed")
}
