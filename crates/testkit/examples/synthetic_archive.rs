//! Writes a synthetic archive for measurements: `synthetic_archive OUTPUT.warc.gz PAGES [IMAGES_PER_PAGE [SEED]]`.
//!
//! With three pictures a page, about 575 kB a page: 870 pages are half a gigabyte.
#![allow(clippy::disallowed_methods, reason = "an example that writes files")]

use std::fs::File;
use std::io::{self, BufWriter};

use obelisc_testkit::{Synthetic, synthetic_archive};

#[expect(clippy::print_stdout, reason = "a program for a person at a terminal")]
fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "OUTPUT PAGES [IMAGES_PER_PAGE [SEED]] are needed");
    let number = |at: usize, otherwise: Option<u64>| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| wrong()),
        None => otherwise.ok_or_else(wrong),
    };
    let path = arguments.first().ok_or_else(wrong)?;
    let options = Synthetic {
        pages: number(1, None)?,
        images_per_page: number(2, Some(3))?,
        seed: number(3, Some(0))?,
        ..Default::default()
    };
    let counts = synthetic_archive(BufWriter::new(File::create(path)?), &options)?;
    println!("{path}: {counts:?}");
    Ok(())
}
