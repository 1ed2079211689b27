//! Whole documents of pages written for this project.
//!
//! A difference here is a change of output: raise the profile's version, then write the documents anew by
//! `cargo test -p obelisc-extract --test golden -- --ignored write_documents`, and read the difference.
#![allow(clippy::disallowed_methods, reason = "a test reads and writes its data")]
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::fs;
use std::path::{Path, PathBuf};

use obelisc_extract::{Extractor, Input, Limits, Profile};

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "html"));
    pages.sort();
    pages
}

/// Where the expected document of a page lies.
fn expected(page: &Path, profile: &str) -> PathBuf {
    page.with_extension(if profile == "default" { "json".to_owned() } else { format!("{profile}.json") })
}

/// The document as JSON, after a line that names the profile's version.
fn document(page: &Path, profile: &str) -> String {
    let extractor = Extractor::new(Profile::named(profile).unwrap(), Limits::default());
    let body = fs::read(page).unwrap();
    let name = page.file_name().unwrap().to_str().unwrap();
    let url = format!("https://example.org/trips/{name}");
    let input = Input { body: &body, url: &url, warc_filename: name, ..Input::default() };
    let json = extractor.extract(&input).unwrap().to_json().unwrap();
    let golden = serde_json::json!({ "profile": extractor.profile().version, "document": json });
    serde_json::to_string_pretty(&golden).unwrap() + "\n"
}

#[test]
fn documents_are_as_they_were() {
    let pages = pages();
    assert!(pages.len() >= 3, "{pages:?}");
    for (page, profile) in pages.iter().flat_map(|page| Profile::NAMES.iter().map(move |profile| (page, profile))) {
        let expected = fs::read_to_string(expected(page, profile)).unwrap();
        assert_eq!(document(page, profile), expected, "{} {profile}", page.display());
    }
}

#[test]
#[ignore = "writes the expected documents"]
fn write_documents() {
    for page in pages() {
        for profile in Profile::NAMES {
            fs::write(expected(&page, profile), document(&page, profile)).unwrap();
        }
    }
}
