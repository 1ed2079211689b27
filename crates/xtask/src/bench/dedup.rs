//! Copies among key tables at three sizes, under a memory limit; beside DuckDB and polars on the same files.
//!
//! Each measurement is a process of its own: this program again for ours, `peers.py` for the others.  All read the same
//! key tables, which are as the steps `keys-N` write them, and write removals as Parquet; all must find the same.

mod input;
mod ours;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use obelisc_dedup::{Comparison, Keep, Kind};
use serde_json::{Value, json};

pub(super) use self::table::mib;
use super::median;
use super::memory::{size_of, watch};
use crate::binary::target;
use crate::root;

/// On what, by whom.
#[derive(Args, Debug)]
pub(crate) struct Dedup {
    /// What is compared
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Paragraphs, Part::Pages])]
    part: Vec<Part>,
    /// Rows of the largest of the three sizes [default: 20000000 paragraphs, 5000000 pages]
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// A hundredth of the rows
    #[arg(long)]
    quick: bool,
    /// Threads of all who are measured, one number after the other
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// What ours and DuckDB may hold; polars takes no limit
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    memory_mib: u64,
    /// Fail if ours needs more memory
    #[arg(long, value_name = "MIB")]
    max_mib: Option<u64>,
    /// Runs; the median counts
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Python that has the modules duckdb and polars; who is not there is left out
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Work on the key tables in this folder and say what came of it: one measurement of ours
    #[arg(long, value_name = "DIR", hide = true)]
    worker: Option<PathBuf>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Paragraphs of a domain, of which those that stand there more than twice all go
    Paragraphs,
    /// Page URLs, of which the newest capture stays
    Pages,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paragraphs => "paragraphs",
            Self::Pages => "pages",
        })
    }
}

impl Part {
    fn comparison(self) -> Comparison {
        match self {
            Self::Paragraphs => Comparison { max_copies: 2, ..Comparison::new(Kind::Paragraph, Keep::None) },
            Self::Pages => Comparison::new(Kind::PageUrl, Keep::Newest),
        }
    }

    fn rows(self) -> u64 {
        match self {
            Self::Paragraphs => 20_000_000,
            Self::Pages => 5_000_000,
        }
    }
}

/// Who is measured.
const WHO: [&str; 3] = ["obelisc", "duckdb", "polars"];

/// One measurement, or the median of several.
struct Measured {
    who: &'static str,
    rows: u64,
    threads: usize,
    /// By the clock, and of all processors; without the start of a process.
    seconds: f64,
    cpu_seconds: f64,
    /// The largest resident set, and the most that stood in the spill folder.
    peak_bytes: u64,
    spilled_bytes: u64,
    /// What was found, as numbers that do not depend on the order of rows.
    found: Value,
}

/// Measures; says whether all agree and ours is within the bound.
pub(super) fn run(options: &Dedup) -> Result<bool> {
    if let (Some(folder), [part], [threads]) = (&options.worker, &*options.part, &*options.threads) {
        let rows = options.rows.unwrap_or(part.rows());
        println!("{}", ours::work(*part, rows, folder, *threads, options.memory_mib << 20)?);
        return Ok(true);
    }
    let mut good = true;
    let mut all = Vec::new();
    for part in &options.part {
        let whole = options.rows.unwrap_or(part.rows()) / if options.quick { 100 } else { 1 };
        let mut measured = Vec::new();
        for rows in [whole / 4, whole / 2, whole] {
            // Beside the build, where there is a disk and not memory.
            let folder = tempfile::tempdir_in(target()?)?;
            let bytes = input::write(*part, rows, folder.path())?;
            eprintln!("{rows} {part}: {:.0} MB of key tables", bytes as f64 / 1e6);
            for threads in &options.threads {
                for who in WHO {
                    measured.extend(options.measure(*part, rows, *threads, who, folder.path())?);
                }
            }
        }
        good &= agreed(&measured);
        good &= options.max_mib.is_none_or(|max| {
            measured.iter().all(|measured| measured.who != WHO[0] || measured.peak_bytes <= max << 20)
        });
        if options.json {
            let rows = measured.iter().map(table::json);
            all.push(json!({"part": part.to_string(), "measured": rows.collect::<Vec<_>>()}));
        } else {
            print!("{}", table::text(*part, options.memory_mib, options.runs, &measured));
        }
    }
    if options.json {
        println!(
            "{:#}",
            json!({"bench": "dedup", "memory_mib": options.memory_mib, "runs": options.runs, "parts": all})
        );
    }
    Ok(good)
}

/// Whether all found the same in the same rows; tells who did not.
fn agreed(measured: &[Measured]) -> bool {
    let mut agreed = true;
    for other in measured {
        let ours = measured.iter().find(|ours| ours.rows == other.rows);
        if let Some(ours) = ours.filter(|ours| ours.found != other.found) {
            eprintln!("error: of {} rows {} found {}, {} {}", ours.rows, ours.who, ours.found, other.who, other.found);
            agreed = false;
        }
    }
    agreed
}

impl Dedup {
    /// The median of several runs; `None` of who is not installed.
    fn measure(
        &self,
        part: Part,
        rows: u64,
        threads: usize,
        who: &'static str,
        folder: &Path,
    ) -> Result<Option<Measured>> {
        let mut runs = Vec::new();
        for _ in 0..self.runs {
            let mut command = self.command(part, rows, who, folder)?;
            command.arg(format!("--part={part}")).arg(format!("--threads={threads}"));
            command.arg(format!("--memory-mib={}", self.memory_mib));
            match once(command, who, folder) {
                Ok(run) if run.said["missing"].is_string() => {
                    eprintln!("{} has no module {who}: left out", self.python.display());
                    return Ok(None);
                }
                // What others cannot do within the limit is a result as well.
                Err(error) if who != WHO[0] => {
                    eprintln!("{who} on {rows} {part}, {threads} threads: {error:#}; left out");
                    return Ok(None);
                }
                run => runs.push(run?),
            }
        }
        let of = |name: &str| median(runs.iter().map(|run| run.said[name].as_f64().unwrap_or(f64::NAN)).collect());
        Ok(runs.first().map(|first| Measured {
            who,
            rows,
            threads,
            seconds: of("seconds"),
            cpu_seconds: of("cpu_seconds"),
            peak_bytes: runs.iter().map(|run| run.peak_bytes).max().unwrap_or_default(),
            spilled_bytes: runs.iter().map(|run| run.spilled_bytes).max().unwrap_or_default(),
            found: first.said["found"].clone(),
        }))
    }

    fn command(&self, part: Part, rows: u64, who: &str, folder: &Path) -> Result<Command> {
        if who == WHO[0] {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["bench", "dedup", &format!("--rows={rows}"), "--worker"]).arg(folder);
            return Ok(command);
        }
        let comparison = part.comparison();
        let mut command = Command::new(&self.python);
        command.arg(root().join("crates/xtask/src/bench/dedup/peers.py")).arg(who).arg(folder);
        command.arg(format!("--max-copies={}", comparison.max_copies));
        Ok(command)
    }
}

/// What one process said, and took.
pub(super) struct Run {
    /// The last line of what it said, which is JSON.
    pub said: Value,
    /// The largest resident set.
    pub peak_bytes: u64,
    /// The most that stood in the spill folder.
    pub spilled_bytes: u64,
}

/// Runs a process that may spill into `spill` of a folder.
pub(super) fn once(mut command: Command, who: &str, folder: &Path) -> Result<Run> {
    let spill = folder.join("spill");
    std::fs::create_dir_all(&spill)?;
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("{who} does not start"))?;
    let mut spilled_bytes = 0;
    // Files come and go: one that went while it was looked at is no error.
    let peak = watch(&mut child, || spilled_bytes = size_of(&spill).unwrap_or_default().max(spilled_bytes));
    let said = child.wait_with_output()?.stdout;
    std::fs::remove_dir_all(&spill)?;
    let peak_bytes = peak?;
    let last = said.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let said = serde_json::from_slice(last).with_context(|| format!("{who} gave no JSON"))?;
    Ok(Run { said, peak_bytes, spilled_bytes })
}
