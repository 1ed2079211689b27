//! Runs killed at random moments: the run after a kill must end with the bytes of a run that nobody killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use obelisc_testkit::digest_tree;

use crate::binary::{Binary, Run, target};
use crate::{Random, data, root};

/// What is run, how often it is killed.
#[derive(Args, Debug)]
pub(crate) struct Crash {
    /// Archive [default: four of OBELISC_DATA, else the bundled one]
    #[arg(long, value_name = "FILE")]
    input: Vec<PathBuf>,
    /// Runs that are killed once each
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// Seed of the moments [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
}

/// The archives of `OBELISC_DATA` that are killed on by default.
const ARCHIVES: [&str; 4] =
    ["gimp-help-fr.warc.gz", "gimp-help-el.warc.gz", "gimp-help-ru.warc.gz", "skimage-small.warc.gz"];

type Digests = BTreeMap<String, String>;

/// Kills and compares.
pub(crate) fn run(crash: &Crash) -> Result<bool> {
    let inputs = if crash.input.is_empty() { archives() } else { crash.input.clone() };
    let seed = crash.seed.unwrap_or_else(Random::seed);
    println!("crash: {} archives, {} kills, --seed {seed}", inputs.len(), crash.kills);
    let binary = Binary::release()?;
    let folder = tempfile::tempdir_in(target()?)?;

    let unbroken = folder.path().join("unbroken");
    let started = Instant::now();
    binary.finish(&Run { inputs: &inputs, output: &unbroken, threads: Some(2) })?;
    let whole = started.elapsed();
    let expected = dataset(&unbroken)?;
    println!("unbroken: {:.1} s, {} files in the dataset", whole.as_secs_f64(), expected.len());

    let mut random = Random(seed);
    let (mut different, mut broken) = (0, 0);
    for kill in 1..=crash.kills {
        let output = folder.path().join(format!("killed-{kill}"));
        // One thread and two threads write the same bytes, also where one goes on with the work of the other.
        let threads = [1, 2][kill as usize % 2];
        let moment = whole * (random.next() % 1000) as u32 / 1000;
        let unfinished = kill_at(&binary, &inputs, &output, moment, threads)?;
        broken += u32::from(unfinished);
        let again = Instant::now();
        binary.finish(&Run { inputs: &inputs, output: &output, threads: Some(3 - threads) })?;
        let same = dataset(&output)? == expected;
        different += u32::from(!same);
        let (what, verdict) =
            (if unfinished { "killed" } else { "had ended" }, if same { "same" } else { "DIFFERENT" });
        println!(
            "{what} at {:.2} s with {threads} threads, went on for {:.1} s: {verdict} bytes",
            moment.as_secs_f64(),
            again.elapsed().as_secs_f64()
        );
        std::fs::remove_dir_all(&output)?;
    }

    // The same run killed over and over gets on each time, however little.
    let output = folder.path().join("again-and-again");
    for _ in 0..crash.kills {
        kill_at(&binary, &inputs, &output, whole * (random.next() % 1000) as u32 / 3000, 2)?;
    }
    binary.finish(&Run { inputs: &inputs, output: &output, threads: Some(2) })?;
    let same = dataset(&output)? == expected;
    println!("one run killed {} times: {} bytes", crash.kills, if same { "same" } else { "DIFFERENT" });
    ensure!(broken > 0 || crash.kills == 0, "no run was killed before it ended");
    Ok(same && different == 0)
}

fn archives() -> Vec<PathBuf> {
    let found = data().map(|data| ARCHIVES.map(|name| data.join(name)).to_vec());
    found.filter(|files| files.iter().all(|file| file.exists())).unwrap_or_else(|| {
        eprintln!("OBELISC_DATA does not hold the archives: the bundled one is used");
        vec![root().join("tests/fixtures/quickstart.warc.gz")]
    })
}

/// Starts a run and kills it after a time; whether it was still at work.
fn kill_at(binary: &Binary, inputs: &[PathBuf], output: &Path, moment: Duration, threads: usize) -> Result<bool> {
    let mut child = binary.start(&Run { inputs, output, threads: Some(threads) })?;
    std::thread::sleep(moment);
    // SIGKILL: nothing of the run is asked.
    child.kill()?;
    Ok(!child.wait()?.success())
}

fn dataset(output: &Path) -> Result<Digests> {
    let digests = digest_tree(&output.join("dataset"))?;
    ensure!(digests.keys().any(|name| name.ends_with(".parquet")), "{} holds no shard", output.display());
    Ok(digests)
}
