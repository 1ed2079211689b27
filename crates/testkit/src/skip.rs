//! Tests that cannot be done here: they pass, but not in silence.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// The variable that names the file in which skipped tests are counted.
const SKIPPED: &str = "OBELISC_SKIPPED";

/// The variable that names the folder of real data, which is no part of the repository.
const DATA: &str = "OBELISC_DATA";

/// Says that the running test is skipped, and why.  Cargo hides what passing tests print, so the same stands as one line
/// `TEST: REASON` at the end of the file that the environment variable `OBELISC_SKIPPED` names, where it names one.
///
/// # Panics
/// When the line cannot be written: a skipped test that is not counted would look like one that passed.
#[expect(clippy::print_stdout, reason = "a test that was skipped says so")]
pub fn skip(reason: &str) {
    println!("skipped: {reason}");
    let Some(file) = std::env::var_os(SKIPPED) else { return };
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    // One write, so that the lines of tests that run at the same time do not mix.
    let written =
        File::options().append(true).create(true).open(&file).and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        panic!("{SKIPPED}={}: {error}", file.display());
    }
}

/// The folder of real data that `OBELISC_DATA` names; without the variable the running test is skipped.
pub fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os(DATA).map(PathBuf::from);
    if folder.is_none() {
        skip(&format!("{DATA} is not set"));
    }
    folder
}
