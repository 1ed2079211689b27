//! Inputs and outputs that cannot be had: one clear error each, exit 3.

use obelisc_storage::{LocalFolder, Storage};
use obelisc_testkit::Compression;

use crate::archives::{quickstart, small_bytes};
use crate::dataset::{assert_same, tree};
use crate::program::{Place, obelisc, run_of};

#[test]
fn an_input_that_is_not_there_exits_with_3_and_nothing_is_made() {
    let place = Place::new();
    let ended = run_of(&[place.path("nowhere.warc.gz")], &place.path("out")).fails(3);
    ended.one_error(["nowhere.warc.gz", "not found"]);
    run_of(&[place.path("*.warc.gz")], &place.path("out")).fails(3).one_error(["*.warc.gz", "not found"]);
    assert!(!place.path("out").exists());
}

#[test]
fn all_inputs_that_lead_nowhere_are_named_at_once() {
    let place = Place::new();
    let empty = place.write("empty/readme.txt", "nothing");
    let inputs = ["/nowhere/a.warc", "/nowhere/b.warc.gz", empty.parent().unwrap().to_str().unwrap()];
    let ended = run_of(&inputs, &place.path("out")).fails(3);
    let errors = ended.errors();
    assert_eq!(errors.len(), 3, "{ended}");
    for (error, input) in errors.iter().zip(inputs) {
        assert!(error.contains(input), "{error}");
    }
    assert!(!place.path("out").exists());
}

#[test]
fn a_url_of_another_kind_is_refused_with_what_is_allowed() {
    let place = Place::new();
    for url in ["ftp://bucket/x.warc.gz", "file://bucket/x.warc.gz"] {
        let ended = run_of(&[url], &place.path("out")).fails(2);
        ended.one_error([url, "is not known here", "local path", "s3://", "https://"]);
    }
    let ended = run_of(&[quickstart()], std::path::Path::new("https://example.org/out")).fails(2);
    ended.one_error(["--output https://example.org/out", "is not known here", "local folder", "s3://"]);
}

#[test]
fn an_output_that_is_a_file_is_refused() {
    let place = Place::new();
    let file = place.write("out", "a file");
    run_of(&[quickstart()], &file).fails(3).one_error([file.to_str().unwrap(), "not a folder"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"a file");
}

#[test]
fn a_dataset_folder_with_files_of_somebody_else_is_left_alone() {
    for folder in ["dataset", "dataset-2"] {
        let place = Place::new();
        let output = place.path("out");
        run_of(&[quickstart()], &output).ok();
        std::fs::remove_dir_all(output.join("dataset")).unwrap();
        if folder == "dataset-2" {
            run_of(&[quickstart()], &output).ok();
        }
        let mine = place.write(&format!("out/{folder}/thesis.txt"), "mine");
        let other = "rules.paragraph.word_count.min_words=6";
        let ended = run_of(&[quickstart()], &output).words(["--set", other]).fails(3);
        ended.one_error([folder, "manifest.json"]);
        assert_eq!(std::fs::read(mine).unwrap(), b"mine");
    }
}

#[test]
fn a_folder_in_the_place_of_the_next_version_is_refused_before_anything_runs() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    place.write("out/dataset-2/thesis.txt", "mine");
    let before = tree(&output);
    let other = ["--set", "rules.paragraph.word_count.min_words=6", "--log-format", "json"];
    let ended = run_of(&[quickstart()], &output).words(other).fails(3);
    ended.one_error(["dataset-2", "manifest.json"]);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended}");
    assert_same(&before, &tree(&output));
}

#[test]
fn a_second_run_on_the_same_output_is_one_clear_error() {
    let place = Place::new();
    let output = place.path("out");
    let storage = LocalFolder::create(&output).unwrap();
    let lock = storage.lock("run/lock").unwrap();
    let ended = run_of(&[quickstart()], &output).fails(3);
    ended.one_error(["run/lock", "another obelisc process works on this output"]);
    assert!(!output.join("dataset").exists());
    drop(lock);
    run_of(&[quickstart()], &output).ok();
}

#[test]
fn too_little_free_space_is_one_clear_error() {
    let place = Place::new();
    let output = place.path("out");
    let config = place.write("config.toml", format!("run.min_free_bytes = {}\n", 1_u64 << 50));
    let ended = run_of(&[quickstart()], &output).word("--config").path(&config).fails(3);
    ended.one_error(["bytes are free", "1125899906842624 are needed", "run.min_free_bytes"]);
    assert!(!output.join("dataset").exists());
}

#[test]
fn an_output_that_cannot_be_written_is_one_clear_error() {
    let place = Place::new();
    let output = place.path("out");
    place.write("out/run", "a file where a folder should be");
    let ended = run_of(&[quickstart()], &output).fails(3);
    assert_eq!(ended.errors().len(), 1, "{ended}");
    assert!(!ended.stderr.contains("panicked"), "{ended}");
}

#[test]
fn commands_on_a_folder_without_a_run_say_so() {
    let place = Place::new();
    place.write("empty/readme.txt", "");
    for folder in ["empty", "absent"] {
        let ended = obelisc(["status"]).path(&place.path(folder)).fails(3);
        ended.one_error([folder]);
    }
}

#[test]
fn plan_makes_nothing() {
    let place = Place::new();
    let archive = place.write("in/a.warc", small_bytes(Compression::Plain, 1));
    let before = tree(&place.path("in"));
    let plan = run_of(&[&archive], &place.path("out")).instead("plan").ok();
    assert!(plan.stdout.contains("extract"), "{plan}");
    assert!(!place.path("out").exists());
    assert_same(&before, &tree(&place.path("in")));
}
