//! `plan` looks and touches nothing.

use std::path::{Path, PathBuf};

use crate::archives::quickstart;
use crate::dataset::{assert_same, tree};
use crate::program::{Place, run_of};

/// Plans, and holds every byte of the output against what it was before; tasks that are done, by step.
fn done(output: &Path) -> Vec<(String, u64)> {
    let (before, folders) = (tree(output), folders(output));
    let plan = run_of(&[quickstart()], output).instead("plan").word("--json").ok().json();
    run_of(&[quickstart()], output).instead("plan").ok();
    assert_same(&before, &tree(output));
    assert_eq!(folders, self::folders(output));
    let steps = plan["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["step"].as_str().unwrap().to_owned(), step["done"].as_u64().unwrap())).collect()
}

/// All folders below one.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    let mut next = 0;
    while let Some(folder) = found.get(next) {
        let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut inside: Vec<_> = inside.filter(|path| path.is_dir()).collect();
        inside.sort();
        found.extend(inside);
        next += 1;
    }
    found
}

/// A file of a step whose path has these words.
fn file_of(output: &Path, step: &str, words: &str) -> PathBuf {
    let prefix = format!("run/steps/{step}-");
    let found = tree(output).into_keys().find(|key| key.starts_with(&prefix) && key.contains(words));
    output.join(found.unwrap_or_else(|| panic!("{step} has no {words}")))
}

/// A finished run, and `done` tasks of its steps from the one named on, none.
fn undone_from(all: &[(String, u64)], step: &str) -> Vec<(String, u64)> {
    let from = all.iter().position(|(name, _)| name == step).unwrap();
    all.iter().enumerate().map(|(at, (name, done))| (name.clone(), if at < from { *done } else { 0 })).collect()
}

#[test]
fn plan_changes_no_byte_of_a_finished_run() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let all = done(&output);
    assert!(all.len() == 9 && all.iter().all(|(_, done)| *done == 1), "{all:?}");
}

#[test]
fn plan_leaves_alone_a_marker_whose_files_were_removed() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let all = done(&output);
    std::fs::remove_file(file_of(&output, "filter", "/judgements/")).unwrap();
    assert_eq!(done(&output), undone_from(&all, "filter"));
    run_of(&[quickstart()], &output).ok();
    assert_eq!(done(&output), all);
}

#[test]
fn plan_leaves_alone_a_marker_that_says_nothing_and_what_a_kill_left() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let all = done(&output);
    std::fs::write(file_of(&output, "apply", "/markers/"), "").unwrap();
    std::fs::write(file_of(&output, "apply", "/markers/").with_file_name("half.json.part"), "{").unwrap();
    place.write("out/run/staging/data/half.parquet", "PAR1");
    assert_eq!(done(&output), undone_from(&all, "apply"));
}

#[test]
fn plan_leaves_alone_a_run_whose_image_store_is_gone() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    std::fs::remove_dir_all(output.join("images")).unwrap();
    done(&output);
    assert!(!output.join("images").exists());
}
