//! Peak memory of a whole run, on an archive far larger than the memory it may take.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use obelisc_testkit::{Synthetic, synthetic_archive};
use serde_json::json;

use crate::binary::{Binary, Run, target};

/// Bytes of the archive that a page of the synthetic archive, with its pictures, takes.
const BYTES_PER_PAGE: u64 = 575_000;

/// How large, how much.
#[derive(Args, Debug)]
pub(crate) struct Memory {
    /// Size of the archive, MB
    #[arg(long, default_value_t = 500)]
    size_mb: u64,
    /// Threads of the run [default: those of the machine]
    #[arg(long)]
    threads: Option<usize>,
    /// Fail if the run needs more memory, MiB
    #[arg(long)]
    max_mib: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures; says whether the peak is within the bound.
pub(super) fn run(options: &Memory) -> Result<bool> {
    let binary = Binary::release()?;
    // Beside the build, where there is a disk and not memory.
    let folder = tempfile::tempdir_in(target()?)?;
    let archive = folder.path().join("synthetic.warc.gz");
    let pages = (options.size_mb * 1_000_000).div_ceil(BYTES_PER_PAGE);
    let counts =
        synthetic_archive(BufWriter::new(File::create(&archive)?), &Synthetic { pages, ..Synthetic::default() })?;
    let output = folder.path().join("out");
    let started = Instant::now();
    let run = Run { inputs: std::slice::from_ref(&archive), output: &output, threads: options.threads };
    let peak = watch(&mut binary.start(&run)?, || ())?;
    let seconds = started.elapsed().as_secs_f64();

    let streamed = size_of(&output.join("images"))? as f64 / 1e6;
    let megabytes = counts.bytes as f64 / 1e6;
    let within = options.max_mib.is_none_or(|max| peak <= max << 20);
    let (peak_mib, rate) = (peak as f64 / f64::from(1 << 20), megabytes / seconds);
    if options.json {
        let json = json!({"bench": "memory", "archive_mb": megabytes, "pages": counts.pages, "images": counts.images,
            "images_mb": streamed, "seconds": seconds, "mb_per_s": rate, "peak_mib": peak_mib, "within": within});
        println!("{json:#}");
    } else {
        println!("archive      {megabytes:.0} MB, {} pages, {} images", counts.pages, counts.images);
        println!("images       {streamed:.0} MB into the image store");
        println!("time         {seconds:.1} s, {rate:.1} MB/s");
        let bound = options.max_mib.map(|max| format!(", at most {max} MiB")).unwrap_or_default();
        println!("peak memory  {peak_mib:.0} MiB{bound}");
    }
    ensure!(streamed > megabytes / 2.0, "most of the archive is images, and they did not reach the store");
    Ok(within)
}

/// Waits for a process, and does something else now and then; its largest resident set in bytes, as the kernel keeps it.
pub(super) fn watch(child: &mut Child, mut now_and_then: impl FnMut()) -> Result<u64> {
    let mut largest = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        largest = peak(child).map_or(largest, |peak| peak.max(largest));
        now_and_then();
        std::thread::sleep(Duration::from_millis(10));
    };
    ensure!(ended.success(), "the run ended with {ended}");
    (largest > 0).then_some(largest).context("this system does not tell the peak memory of a process in /proc")
}

/// The largest resident set of a process so far, in bytes.
pub(super) fn peak(child: &Child) -> Option<u64> {
    let status = Path::new("/proc").join(child.id().to_string()).join("status");
    let text = std::fs::read_to_string(&status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib << 10)
}

/// Bytes of the files in a folder and below.
pub(super) fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
