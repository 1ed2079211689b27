//! Archive → records: ours, bare decompression, fastwarc.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use flate2::bufread::MultiGzDecoder;
use obelisc_warc::{Archive, Item, Limits};
use serde_json::json;

use super::{Options, median};

/// What a reader saw: records, and bytes of their blocks (of the whole file for bare decompression).
pub(super) type Seen = (u64, u64);

/// Reads a file.
type Reader = fn(&Path) -> Result<Seen>;

fn ours(path: &Path) -> Result<Seen> {
    let mut archive = Archive::open(File::open(path)?, Limits::default())?;
    let (mut records, mut bytes) = (0, 0);
    while let Some(item) = archive.next_item()? {
        if let Item::Record(record) = item {
            records += 1;
            bytes += record.block.len() as u64;
        }
    }
    Ok((records, bytes))
}

/// Decompresses a file and nothing else.
pub(super) fn inflate(path: &Path) -> Result<Seen> {
    let mut file = BufReader::with_capacity(64 << 10, File::open(path)?);
    let mut magic = [0; 2];
    file.read_exact(&mut magic)?;
    file.seek_relative(-2)?;
    let mut out = vec![0; 64 << 10];
    let mut source: Box<dyn Read> =
        if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut bytes = 0;
    loop {
        // A damaged member ends it: archives have some, and this is what a bare decompressor makes of them.
        match source.read(&mut out) {
            Ok(0) => return Ok((0, bytes)),
            Ok(count) => bytes += count as u64,
            Err(error) if bytes > 0 && matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
                return Ok((0, bytes));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(feature = "peers")]
const READERS: [(&str, Reader); 3] =
    [("obelisc-warc", ours), ("zlib-rs alone", inflate), ("fastwarc", super::peers::fastwarc)];
#[cfg(not(feature = "peers"))]
const READERS: [(&str, Reader); 2] = [("obelisc-warc", ours), ("zlib-rs alone", inflate)];

/// One reader over all files.
fn pass(reader: Reader, corpus: &[PathBuf]) -> Result<(Seen, f64)> {
    let started = Instant::now();
    let mut seen = (0, 0);
    for file in corpus {
        let (records, bytes) = reader(file)?;
        seen = (seen.0 + records, seen.1 + bytes);
    }
    Ok((seen, started.elapsed().as_secs_f64()))
}

/// Measures the readers in turns, so that what else the machine does meets all of them.
pub(super) fn run(options: &Options) -> Result<()> {
    let corpus = options.corpus();
    for file in &corpus {
        io::copy(&mut File::open(file)?, &mut io::sink())?;
    }
    let mut times = vec![Vec::new(); READERS.len()];
    let mut seen = vec![(0, 0); READERS.len()];
    for _ in 0..options.runs {
        for (k, (_, reader)) in READERS.iter().enumerate() {
            let (found, seconds) = pass(*reader, &corpus)?;
            seen[k] = found;
            times[k].push(seconds);
        }
    }
    let mut text =
        format!("{:<14} {:>9} {:>9} {:>8} {:>11} {:>8}\n", "reader", "records", "MB", "s", "records/s", "MB/s");
    let mut rows = Vec::new();
    for ((name, _), (times, (records, bytes))) in READERS.iter().zip(times.into_iter().zip(seen)) {
        let (seconds, megabytes) = (median(times), bytes as f64 / 1e6);
        let (records_per_s, mb_per_s) = (records as f64 / seconds, megabytes / seconds);
        text +=
            &format!("{name:<14} {records:>9} {megabytes:>9.1} {seconds:>8.3} {records_per_s:>11.0} {mb_per_s:>8.0}\n");
        rows.push(json!({"reader": name, "records": records, "mb": megabytes, "seconds": seconds,
            "records_per_s": records_per_s, "mb_per_s": mb_per_s}));
    }
    options.print(&corpus, json!({"bench": "warc", "readers": rows}), &text);
    Ok(())
}
