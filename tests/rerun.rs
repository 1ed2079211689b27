//! Another recipe on the same output: only what depends on the change runs, and no dataset is overwritten.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::archives::quickstart;
use crate::dataset::{assert_same, dataset_tree, manifest, tree};
use crate::program::{Call, Place, run_of};

/// The steps of which a run did any task.
fn ran(events: &[Value]) -> BTreeSet<String> {
    let tasks = events.iter().filter(|event| event["event"] == "task_finished");
    tasks.map(|event| event["step"].as_str().unwrap().to_owned()).collect()
}

/// The steps of a plan that are done.
fn done(call: Call) -> BTreeSet<String> {
    let plan = call.instead("plan").word("--json").ok().json();
    let steps = plan["steps"].as_array().unwrap().iter().filter(|step| step["done"] == step["tasks"]);
    steps.map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn call(output: &Path, set: &str) -> Call {
    run_of(&[quickstart()], output).words(["--set", set])
}

/// A threshold of a rule on text.
const WORDS: &str = "rules.document.word_count.min_words=425";

#[test]
fn a_changed_threshold_runs_what_depends_on_it_and_writes_a_new_version() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let first = dataset_tree(&output);

    assert_eq!(done(call(&output, WORDS)), names(["extract"]));
    let events = call(&output, WORDS).events();
    assert_eq!(ran(&events), names(["filter", "locate", "harvest", "seal", "attach", "apply", "order", "write"]));
    assert_eq!(done(call(&output, WORDS)).len(), 9);

    assert_same(&first, &dataset_tree(&output));
    let (old, new) = (manifest(&output.join("dataset")), manifest(&output.join("dataset-2")));
    assert_eq!((&old["dataset_version"], &new["dataset_version"]), (&1.into(), &2.into()));
    assert_ne!(old["dataset_digest"], new["dataset_digest"]);
    let rows = |manifest: &Value| manifest["shards"][0]["rows"].as_u64().unwrap();
    assert!(rows(&new) < rows(&old), "{new}");
    assert_eq!(new["recipe"]["overrides"]["rules.document.word_count.min_words"], "425");

    // Both recipes are finished now, and stay where they are.
    assert!(call(&output, WORDS).ok().stdout.contains("was finished before"));
    assert!(run_of(&[quickstart()], &output).ok().stdout.contains("was finished before"));
    assert!(!output.join("dataset-3").exists());

    // The new version is what a run of its own would have written, but for its number.
    let alone = place.path("alone");
    call(&alone, WORDS).ok();
    assert_eq!(manifest(&alone.join("dataset"))["shards"], new["shards"]);
    assert_eq!(manifest(&alone.join("dataset"))["dataset_digest"], new["dataset_digest"]);
}

#[test]
fn a_changed_rule_runs_the_stages_behind_extraction_alone_as_plan_says() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let behind_filter = names(["filter", "apply", "order", "write"]);
    let fetching = names(["locate", "harvest", "seal", "attach"]);
    for (set, fetches) in [
        (WORDS, true),
        ("rules.document.image_count.min_images=3", true),
        // Images that the filter still wants are the same: nothing is asked for again.
        ("rules.image.aspect_ratio.max_ratio=10", false),
    ] {
        assert_eq!(done(call(&output, set)), names(["extract"]), "{set}");
        let plan = call(&output, set).instead("plan").ok().stdout;
        let states: Vec<(&str, &str)> =
            plan.lines().skip(1).map(|line| (line.split_whitespace().nth(1).unwrap(), line)).collect();
        for (step, line) in states {
            let state = match step {
                "extract" => "  done",
                "filter" => "  would run",
                _ => "  waits for the steps before",
            };
            assert!(line.ends_with(state), "{set}: {plan}");
        }
        let ran = ran(&call(&output, set).events());
        let expected = if fetches { behind_filter.union(&fetching).cloned().collect() } else { behind_filter.clone() };
        assert_eq!(ran, expected, "{set}");
    }
}

#[test]
fn a_change_at_the_end_runs_the_end_alone() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let events = call(&output, "finish.max_shard_bytes=400000").events();
    assert_eq!(ran(&events), names(["order", "write"]));
    assert!(manifest(&output.join("dataset-2"))["shards"].as_array().unwrap().len() > 1);
    let events = call(&output, "attach.max_document_bytes=50000").events();
    assert_eq!(ran(&events), names(["apply", "order", "write"]));
    let events = call(&output, "card.pretty_name=Atlas").events();
    assert_eq!(ran(&events), names([]));
    let card = std::fs::read_to_string(output.join("dataset-4/README.md")).unwrap();
    assert!(card.contains("Atlas"), "{card}");
}

#[test]
fn a_threshold_that_changes_nothing_stops_behind_the_steps_that_looked() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let events = call(&output, "rules.document.word_count.min_words=11").events();
    assert_eq!(ran(&events), names(["filter", "apply"]));
    let digest = |folder: &str| manifest(&output.join(folder))["dataset_digest"].clone();
    assert_eq!(digest("dataset"), digest("dataset-2"));
}

#[test]
fn images_that_are_in_the_store_are_not_read_again() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let store = tree(&output.join("images"));
    let ratio = "rules.image.aspect_ratio.max_ratio=10";
    call(&output, ratio).ok();
    assert_same(&store, &tree(&output.join("images")));
    let images = |folder: &str| manifest(&output.join(folder))["shards"][0]["images"].as_u64().unwrap();
    assert_eq!(images("dataset-2"), images("dataset") + 2);
}

#[test]
fn force_replaces_the_dataset() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let old = dataset_tree(&output);
    call(&output, WORDS).word("--force").ok();
    assert!(!output.join("dataset-2").exists());
    let alone = place.path("alone");
    call(&alone, WORDS).ok();
    assert_same(&dataset_tree(&alone), &dataset_tree(&output));
    run_of(&[quickstart()], &output).word("--force").ok();
    assert_same(&old, &dataset_tree(&output));
    let folders: Vec<_> = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders.len(), 3, "{folders:?}");
}

#[test]
fn a_removed_table_is_made_again() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let dataset = dataset_tree(&output);
    let key = tree(&output).into_keys().find(|key| key.contains("/judgements/")).unwrap();
    std::fs::remove_file(output.join(&key)).unwrap();
    let step = key.strip_prefix("run/steps/").unwrap().split('-').next().unwrap().to_owned();
    let events = run_of(&[quickstart()], &output).events();
    assert_eq!(ran(&events), BTreeSet::from([step]));
    assert_same(&dataset, &dataset_tree(&output));
}

#[test]
fn a_removed_run_folder_is_no_loss_to_the_dataset() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let dataset = dataset_tree(&output);
    std::fs::remove_dir_all(output.join("run")).unwrap();
    assert_same(&dataset, &dataset_tree(&output));
    let ended = run_of(&[quickstart()], &output).ok();
    assert!(ended.stdout.contains("was finished before"), "{ended}");
    assert_same(&dataset, &dataset_tree(&output));
}

#[test]
fn an_input_that_changed_is_read_again() {
    let place = Place::new();
    let output = place.path("out");
    let bytes = |pages| crate::archives::small_bytes(obelisc_testkit::Compression::GzipPerRecord, pages);
    let archives = [place.write("a.warc.gz", bytes(2)), place.write("b.warc.gz", bytes(3))];
    run_of(&archives, &output).ok();
    place.write("b.warc.gz", bytes(5));
    let events = run_of(&archives, &output).events();
    assert!(ran(&events).contains("extract"));
    assert_eq!(manifest(&output.join("dataset-2"))["shards"][0]["rows"], 7);
}
