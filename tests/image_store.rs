//! The image store: what its answers depend on, and what becomes of a run whose store is gone.

use std::path::Path;

use obelisc_testkit::digest_tree;

use crate::archives::quickstart;
use crate::dataset::{assert_same, dataset_tree, manifest, tree};
use crate::program::{Place, run_of};

/// Bytes that some pictures of the bundled archive have and others do not.
const SMALL: &str = "extract.max_body_bytes=20000";

/// Images of a dataset.
fn images(dataset: &Path) -> u64 {
    manifest(dataset)["shards"].as_array().unwrap().iter().map(|shard| shard["images"].as_u64().unwrap()).sum()
}

/// Removes the tables of a run's steps, so that it is as if it had ended before them.
fn forget(output: &Path, steps: &[&str]) {
    for entry in std::fs::read_dir(output.join("run/steps")).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if steps.contains(&name.split('-').next().unwrap()) {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

#[test]
fn a_larger_cap_takes_the_images_that_a_smaller_one_refused() {
    let place = Place::new();
    let (alone, output) = (place.path("alone"), place.path("out"));
    run_of(&[quickstart()], &alone).ok();
    run_of(&[quickstart()], &output).words(["--set", SMALL]).ok();
    assert!(images(&output.join("dataset")) < images(&alone.join("dataset")), "the cap refuses no picture");
    run_of(&[quickstart()], &output).word("--force").ok();
    assert_same(&dataset_tree(&alone), &dataset_tree(&output));
}

#[test]
fn a_smaller_cap_refuses_the_images_that_a_larger_one_took() {
    let place = Place::new();
    let (alone, output) = (place.path("alone"), place.path("out"));
    run_of(&[quickstart()], &alone).words(["--set", SMALL]).ok();
    run_of(&[quickstart()], &output).ok();
    run_of(&[quickstart()], &output).words(["--set", SMALL, "--force"]).ok();
    assert_same(&dataset_tree(&alone), &dataset_tree(&output));
}

#[test]
fn a_store_that_is_gone_is_filled_again() {
    // What is left of the run: all steps, or those before the documents take their images, or nothing behind the requests.
    for forgotten in [&[][..], &["attach", "apply", "order", "write"], &["seal", "attach", "apply", "order", "write"]] {
        let place = Place::new();
        let output = place.path("out");
        run_of(&[quickstart()], &output).ok();
        let (dataset, store) = (dataset_tree(&output), tree(&output.join("images")));
        forget(&output, forgotten);
        std::fs::remove_dir_all(output.join("dataset")).unwrap();
        std::fs::remove_dir_all(output.join("images")).unwrap();
        let ran = run_of(&[quickstart()], &output).events();
        assert_same(&dataset, &dataset_tree(&output));
        assert_same(&store, &tree(&output.join("images")));
        let harvested = ran.iter().any(|event| event["event"] == "task_finished" && event["step"] == "harvest");
        assert!(harvested, "{forgotten:?}");
    }
}

#[test]
fn a_finished_dataset_needs_no_store() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let dataset = dataset_tree(&output);
    std::fs::remove_dir_all(output.join("images")).unwrap();
    run_of(&[quickstart()], &output).ok();
    assert_same(&dataset, &dataset_tree(&output));
    assert_eq!(digest_tree(&output).unwrap().keys().filter(|key| key.starts_with("dataset-2/")).count(), 0);
}
