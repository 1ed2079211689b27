//! Rebuilds `tests/fixtures/quickstart.warc.gz` from `tests/fixtures/quickstart/`.
//!
//! `cargo run -p obelisc-testkit --example build_quickstart` writes the fixture; a path given as argument is written
//! instead.
#![allow(clippy::disallowed_methods, reason = "an example that writes files")]

use std::path::PathBuf;

use obelisc_testkit::site;

#[expect(clippy::print_stdout, reason = "a program for a person at a terminal")]
fn main() -> std::io::Result<()> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures"));
    let output = std::env::args_os().nth(1).map_or_else(|| fixtures.join("quickstart.warc.gz"), PathBuf::from);
    let captures = std::fs::read_to_string(fixtures.join("quickstart/captures.txt"))?;
    let archive = site::archive(&fixtures.join("quickstart/site"), &captures, "https://atlas.example")?;
    std::fs::write(&output, &archive.bytes)?;
    println!("{}: {} records, {} bytes", output.display(), archive.members.len(), archive.bytes.len());
    Ok(())
}
