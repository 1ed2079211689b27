//! A run whose config keeps no tables: the dataset is complete, and what is gone is said.

use std::path::PathBuf;

use crate::archives::quickstart;
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Call, Place, obelisc, run_of};

/// A run that keeps no tables.
fn call(place: &Place) -> Call {
    let config = place.write("config.toml", "run.keep_tables = false\n");
    run_of(&[quickstart()], &output(place)).word("--config").path(&config)
}

fn output(place: &Place) -> PathBuf {
    place.path("out")
}

#[test]
fn explain_says_that_the_tables_were_removed() {
    let place = Place::new();
    call(&place).ok();
    let ended = obelisc(["explain"]).path(&output(&place)).words(["--url", "https://atlas.example/"]).fails(3);
    ended.one_error(["removed", "run.keep_tables"]);
    let ended = obelisc(["status"]).path(&output(&place)).word("--failures").fails(3);
    ended.one_error(["removed", "run.keep_tables"]);
}

#[test]
fn status_says_that_the_run_is_finished() {
    let place = Place::new();
    call(&place).ok();
    let status = obelisc(["status"]).path(&output(&place)).word("--json").ok().json();
    let steps = status["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 9);
    assert!(steps.iter().all(|step| step["done"] == 1 && step["tasks"] == 1), "{status}");
    let text = obelisc(["status"]).path(&output(&place)).ok().stdout;
    assert!(text.contains("finished") && text.contains("dataset"), "{text}");
}

#[test]
fn the_next_run_finds_the_dataset_finished() {
    let place = Place::new();
    call(&place).ok();
    let dataset = dataset_tree(&output(&place));
    let again = call(&place).ok();
    assert!(again.stdout.contains("was finished before"), "{again}");
    assert_same(&dataset, &dataset_tree(&output(&place)));
    assert!(!output(&place).join("dataset-2").exists());
}
