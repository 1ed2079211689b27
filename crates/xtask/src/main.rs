//! `cargo xtask`: what developers run besides tests.
//!
//! ```text
//! cargo xtask bench NAME                                how fast, how much memory, beside what others need
//! cargo xtask crash                                       kill a run at random moments, go on, compare the bytes
//! cargo xtask differential                                pages through our tokenizer and html5ever's own, and compare the trees
//! cargo xtask fuzz [TARGET]                               damaged inputs through all readers of outside bytes
//! cargo xtask generate [--check]                          pages that come from the code
//! cargo xtask samples                                     pages as the scorer of main content sees them, to train it on
//! cargo xtask score [SET]                                 extraction against gold, by the scorers that stand beside the data
//! ```
//!
//! The house rules (which crate may use which, how long files may be, …) are tests: `cargo test -p obelisc-xtask`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for developers: it prints, reads the environment, touches files, starts programs"
)]

mod bench;
mod binary;
mod crash;
mod differential;
mod fuzz;
mod generate;
mod samples;
mod score;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of obelisc.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure, in an optimised build
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Kill runs at random moments, run again, compare the datasets with that of an unbroken run
    Crash(crash::Crash),
    /// Read pages with our tokenizer and with html5ever's own, compare the trees
    Differential(differential::Differential),
    /// Feed damaged inputs to the readers of archives, responses, pages, srcset attributes and images
    Fuzz(fuzz::Fuzz),
    /// Write the pages that come from the code
    Generate {
        /// Write nothing; fail where a page is not what the code says
        #[arg(long)]
        check: bool,
    },
    /// Write pages as the scorer of main content sees them, for crates/extract/model/train.py
    Samples(samples::Samples),
    /// Extract pages that have gold, in an optimised build, and score what comes out
    Score(score::Score),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Bench(bench) => bench::run(&bench),
        Task::Crash(crash) => crash::run(&crash),
        Task::Differential(options) => differential::run(&options),
        Task::Fuzz(fuzz) => fuzz::run(&fuzz),
        Task::Generate { check } => generate::run(check),
        Task::Samples(samples) => samples::run(&samples),
        Task::Score(score) => score::run(&score),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of real data that is not part of the repository, where `OBELISC_DATA` names one.
fn data() -> Option<PathBuf> {
    std::env::var_os("OBELISC_DATA").map(PathBuf::from)
}

/// Numbers that a seed repeats (splitmix64, Steele et al. 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where the bound is 0.
    fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    /// A seed that differs from run to run.
    fn seed() -> u64 {
        use std::hash::{BuildHasher, Hasher};
        std::hash::RandomState::new().build_hasher().finish() % 1_000_000_000
    }
}
