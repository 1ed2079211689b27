//! Damaged inputs through everything that reads bytes from outside: archive, HTTP response, page, `srcset`, image, model
//! file, text.
//!
//! No engine and no instrumentation: bytes that exist, damaged at random, as many as the time allows.  Each case comes from
//! (target, seed, number), so that one that fails can be had again alone.  The same targets run under libFuzzer where a
//! nightly toolchain is at hand: see `crates/xtask/fuzz`.

mod mutate;
mod samples;
#[allow(unreachable_pub, reason = "the library of the crate in crates/xtask/fuzz is this file")]
mod targets;

pub(crate) use self::mutate::damage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;

use self::samples::Samples;
use self::targets::{TARGETS, Target};
use crate::Random;
use crate::binary::target as built;

/// What, for how long, from where.
#[derive(Args, Debug)]
pub(crate) struct Fuzz {
    /// Targets [default: all]
    #[arg(value_name = "TARGET", value_parser = TARGETS.map(|(name, _)| name))]
    targets: Vec<String>,
    /// Seconds for each target; as many run at a time as there are cores
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Only this case
    #[arg(long)]
    case: Option<u64>,
    /// Write the bytes that are damaged into DIR/TARGET, for another engine to begin with, and end
    #[arg(long, value_name = "DIR")]
    write_seeds: Option<std::path::PathBuf>,
}

/// What the cases of a target gave.
#[derive(Debug, Default)]
struct Tally {
    cases: u64,
    /// Records, documents, candidates, images that were found: whether damage lets anything through.
    found: u64,
    slowest: (Duration, u64),
    /// Cases that panicked.
    failed: Vec<u64>,
    /// Where panics came from, how often, caught by the crates themselves or not.
    panics: BTreeMap<String, u64>,
}

thread_local! {
    /// Panics of the thread, by place.
    static PANICS: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Damages and reads; says whether nothing panicked.
pub(crate) fn run(fuzz: &Fuzz) -> Result<bool> {
    let samples = Samples::collect()?;
    let chosen: Vec<Target> = TARGETS
        .into_iter()
        .filter(|(name, _)| fuzz.targets.is_empty() || fuzz.targets.iter().any(|chosen| chosen == name))
        .collect();
    if let Some(folder) = &fuzz.write_seeds {
        chosen.iter().try_for_each(|(name, _)| samples.write(name, &folder.join(name)))?;
        return Ok(true);
    }
    let empty = chosen.iter().find(|(name, _)| samples.of(name).is_empty());
    ensure!(empty.is_none(), "there is nothing to damage for {empty:?}");
    let seed = fuzz.seed.unwrap_or_else(Random::seed);
    println!("fuzz: {} s for each target, --seed {seed}", fuzz.seconds);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        PANICS.with_borrow_mut(|panics| *panics.entry(format!("{place}: {message}")).or_default() += 1);
    }));
    let next = AtomicUsize::new(0);
    let mut fine = true;
    std::thread::scope(|scope| -> Result<()> {
        let work = || -> Result<Vec<(&str, Tally)>> {
            let mut done = Vec::new();
            while let Some(&target) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((target.0, attack(target, samples.of(target.0), fuzz, seed)?));
            }
            Ok(done)
        };
        let threads: Vec<_> = (0..available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (name, tally) in thread.join().map_err(|_| anyhow::anyhow!("a thread of the runner panicked"))?? {
                fine &= tally.failed.is_empty();
                report(name, &tally);
            }
        }
        Ok(())
    })?;
    let _ = std::panic::take_hook();
    Ok(fine)
}

/// The cases of one target, until its time is over.
fn attack((name, target): Target, samples: &[Vec<u8>], fuzz: &Fuzz, seed: u64) -> Result<Tally> {
    let (started, mut tally) = (Instant::now(), Tally::default());
    let cases = fuzz.case.map_or(0..u64::MAX, |case| case..case + 1);
    for case in cases {
        if started.elapsed() >= Duration::from_secs(fuzz.seconds) {
            break;
        }
        let mut random = Random(seed ^ case.wrapping_mul(0xA076_1D64_78BD_642F));
        let sample = &samples[random.below(samples.len())];
        let other = &samples[random.below(samples.len())];
        let bytes = damage(sample, other, &mut random);
        let began = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| target(&bytes))) {
            Ok(found) => tally.found += found,
            Err(_) => {
                tally.failed.push(case);
                std::fs::write(built()?.join(format!("fuzz-{name}-{seed}-{case}.bin")), &bytes)?;
            }
        }
        tally.cases += 1;
        tally.slowest = tally.slowest.max((began.elapsed(), case));
    }
    tally.panics = PANICS.take();
    Ok(tally)
}

fn report(name: &str, tally: &Tally) {
    let Tally { cases, found, slowest, failed, panics } = tally;
    let slowest = format!("slowest {:.2} s, case {}", slowest.0.as_secs_f64(), slowest.1);
    println!("{name:<7} {cases:>9} cases, {found:>9} found, {slowest}");
    for (place, count) in panics {
        println!("        panic at {place} ({count} times)");
    }
    if !failed.is_empty() {
        println!("        FAILED: cases {failed:?}; inputs lie in the target folder as fuzz-{name}-*.bin");
    }
}
