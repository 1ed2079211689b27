//! Measurements: medians of several runs, beside what the same work costs others in the same minute.

mod calibrate;
mod dedup;
mod extract;
mod fetch;
mod language;
mod linear;
mod memory;
mod minhash;
#[cfg(feature = "peers")]
mod peers;
mod python;
mod rewrite;
mod rules;
mod tasks;
mod warc;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::binary::optimised;
use crate::{data, root};

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// What runs take step by step, as `obelisc plan --estimate` scales it
    Calibrate(calibrate::Calibrate),
    /// Key tables → removals at three sizes under a memory limit; beside DuckDB and polars on the same files
    Dedup(dedup::Dedup),
    /// Archive → documents in CPU time of one thread, and its parts; beside stock html5ever and the sum of public parts
    Extract(Options),
    /// Pictures over HTTP → image store in CPU time; beside img2dataset on the same pictures
    Fetch(fetch::Fetch),
    /// Text → language: what is built in and a model of fastText, on documents that it was not trained on
    Language(language::Language),
    /// Pages that could cost more than their bytes, at three sizes
    Linear(linear::Linear),
    /// Pages → documents out of Python: beside the same in Rust, and on two threads
    Python(python::Python),
    /// Documents → judgements: what rules cost beside extraction, and beside the reference's filter stage
    Rules(Options),
    /// Documents → near copies by MinHash at three sizes under a memory limit; beside datatrove on the same files
    Minhash(minhash::MinHash),
    /// A dataset in the layout of OBELICS → the documents of it that a recipe keeps, with their images; beside pyarrow and datasets, which judge nothing
    Rewrite(rewrite::Rewrite),
    /// A run of 100,000 tasks in each step, of which nobody ran one: what `plan`, `status` and going on with it cost, in a folder and in an object store
    Tasks(tasks::Tasks),
    /// Archive → records on one thread; beside bare decompression and the crate fastwarc
    Warc(Options),
    /// Peak memory of a whole run over a synthetic archive of pages and pictures
    Memory(memory::Memory),
}

/// On what, how often.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Archive [default: wcxb-dev.warc.gz of OBELISC_DATA, else the bundled one]
    #[arg(long, value_name = "FILE")]
    corpus: Vec<PathBuf>,
    /// Runs; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs a measurement.
pub(crate) fn run(bench: &Bench) -> Result<bool> {
    // These watch the program, and compute nothing that counts.
    match bench {
        Bench::Calibrate(options) => return calibrate::run(options),
        Bench::Tasks(options) => return tasks::run(options),
        Bench::Rewrite(options) => return rewrite::run(options),
        _ => {}
    }
    // Its peers are programs of their own: without the others the engine is built as for everything else.
    let features = if matches!(bench, Bench::Dedup(_) | Bench::Fetch(_) | Bench::Minhash(_) | Bench::Python(_)) {
        ""
    } else {
        "peers"
    };
    if cfg!(debug_assertions) || !(features.is_empty() || cfg!(feature = "peers")) {
        return optimised(features);
    }
    match bench {
        Bench::Calibrate(_) | Bench::Rewrite(_) => {}
        Bench::Dedup(options) => return dedup::run(options),
        Bench::Fetch(options) => return fetch::run(options),
        Bench::Minhash(options) => return minhash::run(options),
        Bench::Extract(options) => extract::run(options)?,
        Bench::Language(options) => language::run(options)?,
        Bench::Linear(options) => return linear::run(options),
        Bench::Python(options) => return python::run(options),
        Bench::Rules(options) => rules::run(options)?,
        Bench::Warc(options) => warc::run(options)?,
        Bench::Memory(options) => return memory::run(options),
        Bench::Tasks(options) => return tasks::run(options),
    }
    Ok(true)
}

impl Options {
    /// The archives to measure on.
    fn corpus(&self) -> Vec<PathBuf> {
        if !self.corpus.is_empty() {
            return self.corpus.clone();
        }
        let real = data().map(|data| data.join("wcxb-dev.warc.gz")).filter(|file| file.exists());
        vec![real.unwrap_or_else(|| {
            eprintln!("OBELISC_DATA holds no wcxb-dev.warc.gz: measuring on the bundled archive, which is too small to compare");
            root().join("tests/fixtures/quickstart.warc.gz")
        })]
    }

    /// Prints JSON, or lines of text.
    fn print(&self, corpus: &[PathBuf], mut json: Value, text: &str) {
        let names = corpus.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
        let names = names.collect::<Vec<_>>().join(", ");
        if self.json {
            json["corpus"] = names.into();
            json["runs"] = self.runs.into();
            println!("{json:#}");
        } else {
            println!("{names}, one thread, median of {} runs", self.runs);
            print!("{text}");
        }
    }
}

/// CPU time of this thread so far: unlike the time of day it does not run while others have the processor.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The middle value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(super::median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(super::median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
