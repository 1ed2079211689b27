//! Standard output and standard error that are closed or full.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use obelisc_testkit::skip;

use crate::archives::quickstart;
use crate::program::{Place, run_of};

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let output = output.to_str().unwrap();
    for words in [
        &["explain", output, "--url", "https://atlas.example/"][..],
        &["status", output],
        &["rules", "--json"],
        &["schema", "recipe"],
        &["completions", "bash"],
        &["extract", quickstart().to_str().unwrap()],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        let mut child = command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), stderr.contains("panicked")), (Some(0), false), "{words:?}: {stderr}");
    }
}

#[test]
fn a_run_whose_progress_nobody_reads_was_interrupted_and_goes_on_later() {
    let place = Place::new();
    let output = place.path("out");
    let words = ["run", "pipelines/quickstart.toml", "--input", quickstart().to_str().unwrap(), "--output"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
    command.args(words).arg(&output).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
    run_of(&[quickstart()], &output).ok();
}

/// A device that is always full, `None` where there is none.
fn full() -> Option<File> {
    let device = Path::new("/dev/full");
    if !device.exists() {
        skip("there is no /dev/full here");
        return None;
    }
    Some(File::options().write(true).open(device).unwrap())
}

#[test]
fn a_full_standard_output_is_an_error_of_every_command() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let (output, archive, recipe) = (output.to_str().unwrap(), quickstart(), "pipelines/quickstart.toml");
    let archive = archive.to_str().unwrap();
    let run = ["--input", archive, "--output", output];
    for words in [
        &["--help"][..],
        &["--version"],
        &["help", "run"],
        &["check", recipe],
        &["plan", recipe, run[0], run[1], run[2], run[3]],
        &["plan", recipe, run[0], run[1], run[2], run[3], "--json"],
        &["run", recipe, run[0], run[1], run[2], run[3]],
        &["status", output],
        &["status", output, "--json"],
        &["status", output, "--failures"],
        &["explain", output, "--url", "https://atlas.example/"],
        &["explain", output, "--url", "https://atlas.example/", "--json"],
        &["extract", archive],
        &["rules"],
        &["rules", "--json"],
        &["rules", "content_score"],
        &["print-config"],
        &["schema", "recipe"],
        &["schema", "config"],
        &["schema", "document"],
        &["schema", "table"],
        &["schema", "table", "documents"],
        &["completions", "bash"],
    ] {
        let Some(full) = full() else { return };
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(full);
        let ended = command.output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(3), "{words:?}: {stderr}");
        assert!(stderr.contains("error: standard output: "), "{words:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{words:?}: {stderr}");
    }
}

#[test]
fn a_full_standard_error_changes_no_exit_code() {
    let place = Place::new();
    let output = place.path("out");
    let (output, archive) = (output.to_str().unwrap(), quickstart());
    for (words, code) in [
        (&["run", "pipelines/quickstart.toml", "--input", archive.to_str().unwrap(), "--output", output][..], 0),
        (&["extract", archive.to_str().unwrap()], 0),
        (&["extract", "/nowhere.html"], 3),
        (&["check", "/nowhere.toml"], 2),
        (&["nothing"], 2),
    ] {
        let Some(full) = full() else { return };
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null()).stderr(full);
        assert_eq!(command.status().unwrap().code(), Some(code), "{words:?}");
    }
}

#[test]
fn a_finished_run_whose_summary_nobody_reads_is_finished() {
    let place = Place::new();
    let output = place.path("out");
    let words = ["run", "pipelines/quickstart.toml", "--input", quickstart().to_str().unwrap(), "--output"];
    // The second time it has nothing to do but to say so.
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        command.args(words).arg(&output).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("error: "), "{stderr}");
        assert!(output.join("dataset").exists());
    }
}
