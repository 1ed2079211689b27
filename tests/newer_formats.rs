//! What a newer program wrote is refused by name, not misread.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::archives::quickstart;
use crate::program::{Place, obelisc, run_of};

/// A finished run of the bundled archive.
fn finished(place: &Place) -> PathBuf {
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    output
}

/// Replaces a JSON file by one of format 99, with its other keys or without them.
fn make_newer(path: &Path, keep: bool) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    if !keep {
        value = json!({"nobody": "knows"});
    }
    value["format"] = json!(99);
    // A finished dataset may share its files with the run folder.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, value.to_string()).unwrap();
}

/// The marker of a step's only task.
fn marker(output: &Path, step: &str) -> PathBuf {
    let folders = std::fs::read_dir(output.join("run/steps")).unwrap().map(|entry| entry.unwrap().path());
    let prefix = format!("{step}-");
    let mut folders = folders.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix));
    folders.next().unwrap().join("markers/000000.json")
}

#[test]
fn a_newer_record_of_a_run_is_refused() {
    for keep in [true, false] {
        let place = Place::new();
        let output = finished(&place);
        make_newer(&output.join("run/record.json"), keep);
        obelisc(["status"]).path(&output).fails(3).one_error(["run/record.json", "format 99", "up to format 1"]);
        let explain = obelisc(["explain"]).path(&output).words(["--url", "https://atlas.example/"]).fails(3);
        explain.one_error(["run/record.json", "format 99", "up to format 1"]);
    }
}

#[test]
fn a_newer_marker_is_refused() {
    for keep in [true, false] {
        let place = Place::new();
        let output = finished(&place);
        let marker = marker(&output, "filter");
        make_newer(&marker, keep);
        let before = std::fs::read(&marker).unwrap();
        let name = marker.strip_prefix(&output).unwrap().to_str().unwrap();
        run_of(&[quickstart()], &output).fails(3).one_error([name, "format 99", "up to format 1"]);
        run_of(&[quickstart()], &output).instead("plan").fails(3).one_error([name, "format 99"]);
        obelisc(["status"]).path(&output).fails(3).one_error([name, "format 99", "up to format 1"]);
        assert_eq!(std::fs::read(&marker).unwrap(), before);
    }
}

#[test]
fn a_newer_image_store_is_refused() {
    for keep in [true, false] {
        let place = Place::new();
        let output = finished(&place);
        make_newer(&output.join("images/store.json"), keep);
        run_of(&[quickstart()], &output).fails(3).one_error(["images", "format 99", "up to format 1"]);
    }
}

#[test]
fn a_newer_dataset_is_refused_and_left_alone() {
    for keep in [true, false] {
        let place = Place::new();
        let output = finished(&place);
        let manifest = output.join("dataset/manifest.json");
        make_newer(&manifest, keep);
        let before = std::fs::read(&manifest).unwrap();
        let ended = run_of(&[quickstart()], &output).fails(3);
        ended.one_error(["dataset/manifest.json", "99"]);
        assert_eq!(std::fs::read(&manifest).unwrap(), before);
    }
}

#[test]
fn a_newer_recipe_or_config_is_refused() {
    let place = Place::new();
    let text = std::fs::read_to_string(crate::program::repository("pipelines/quickstart.toml")).unwrap();
    let recipe = place.write("recipe.toml", text.replace("format = 1\n", "format = 99\n"));
    let config = place.write("config.toml", "format = 99\n");
    let ended = obelisc(["check"]).path(&recipe).word("--config").path(&config).fails(2);
    let errors = ended.errors();
    assert_eq!(errors.len(), 2, "{ended}");
    for (error, file) in errors.iter().zip([recipe, config]) {
        assert!(error.contains(&format!("{}:", file.display())) && error.contains("format: 99"), "{error}");
    }
}
