//! Folders of pages: who is who, and what changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::dataset::{manifest, rows};
use crate::program::{Call, Place, obelisc, run_recipe};

const RECIPE: &str = "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n";

fn call(place: &Place, inputs: &[PathBuf], output: &Path) -> Call {
    run_recipe(&place.write("pages.toml", RECIPE), inputs, output)
}

/// Id and first text of the document at a URL.
fn document(output: &Path, url: &str) -> (String, String) {
    let found = obelisc(["explain"]).path(output).words(["--json", "--url", url]).ok().json();
    let documents = found["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 1, "{found}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&documents[0]["extracted"]["id"]), text(&documents[0]["extracted"]["texts"][0]))
}

fn urls(dataset: &Path) -> Vec<String> {
    rows(dataset).into_iter().map(|row| row.url).collect()
}

#[test]
fn pages_of_one_name_in_two_folders_are_two_documents() {
    for (folders, names) in [
        (["a", "b"], ["a/index.html", "b/index.html"]),
        (["a/site", "b/site"], ["a/site/index.html", "b/site/index.html"]),
    ] {
        let place = Place::new();
        let output = place.path("out");
        for folder in folders {
            place.write(&format!("{folder}/index.html"), format!("<p>The start page of {folder}.</p>"));
        }
        call(&place, &folders.map(|folder| place.path(folder)), &output).ok();
        let expected = names.map(|name| format!("file:///{name}"));
        assert_eq!(urls(&output.join("dataset")), expected);
        let mut ids = BTreeSet::new();
        for (url, folder) in expected.iter().zip(folders) {
            let (id, text) = document(&output, url);
            assert_eq!(text, format!("The start page of {folder}."));
            assert!(ids.insert(id), "two documents share an id");
        }
    }
}

#[test]
fn the_same_page_in_two_folders_is_two_documents() {
    let place = Place::new();
    let output = place.path("out");
    for folder in ["a", "b"] {
        place.write(&format!("{folder}/index.html"), "<p>The same words.</p>");
    }
    call(&place, &[place.path("a"), place.path("b")], &output).ok();
    let ids = ["a", "b"].map(|folder| document(&output, &format!("file:///{folder}/index.html")).0);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_renamed_page_is_noticed_by_the_next_run() {
    let place = Place::new();
    let output = place.path("out");
    let page = place.write("site/index.html", "<p>Some words.</p>");
    place.write("site/other.html", "<p>Other words.</p>");
    let run = || call(&place, &[place.path("site")], &output);
    run().ok();
    assert_eq!(urls(&output.join("dataset")), ["file:///site/index.html", "file:///site/other.html"]);
    // Size, time and bytes stay as they are.
    std::fs::rename(&page, page.with_file_name("welcome.html")).unwrap();
    run().ok();
    assert_eq!(urls(&output.join("dataset-2")), ["file:///site/other.html", "file:///site/welcome.html"]);
    assert_eq!(manifest(&output.join("dataset-2"))["dataset_version"], 2);
    // And nothing is noticed where nothing changed.
    assert!(run().ok().stdout.contains("was finished before"));
}
