//! Archives that other people made.  They lie outside the repository, in the folder that `OBELISC_DATA` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use obelisc_testkit::data_folder;
use obelisc_warc::{Archive, Item, Limits};
use serde_json::Value;

use crate::dataset::{Row, manifest, rows};
use crate::program::{Place, obelisc, run_of};

/// A file or folder of the data, `None` where there is none.
fn data(name: &str) -> Option<PathBuf> {
    Some(data_folder()?.join(name))
}

/// Records and failures that the reader alone finds in a file.
fn counted(file: &Path) -> (u64, u64) {
    let mut archive = Archive::open(std::fs::File::open(file).unwrap(), Limits::default()).unwrap();
    let (mut records, mut failures) = (0, 0);
    while let Some(item) = archive.next_item().unwrap() {
        match item {
            Item::Record(_) => records += 1,
            Item::Failure(_) => failures += 1,
        }
    }
    (records, failures)
}

#[test]
fn all_collected_archives_run_at_once_and_nothing_goes_uncounted() {
    let Some(folder) = data("warcs-others") else { return };
    let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("MANIFEST.json")).unwrap()).unwrap();
    let path = |entry: &Value| folder.join("..").join(entry["file"].as_str().unwrap());
    let place = Place::new();
    let output = place.path("out");
    let events = run_of(&expected.iter().map(path).collect::<Vec<_>>(), &output).events();
    let read: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "task_finished" && event["step"] == "extract").collect();
    assert_eq!(read.len(), expected.len());

    let manifest = manifest(&output.join("dataset"));
    let inputs = manifest["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), expected.len());
    let mut all = 0;
    for entry in &expected {
        let file = entry["file"].as_str().unwrap();
        let named = |name: &str| file == name || file.ends_with(&format!("/{name}"));
        let input = inputs.iter().find(|input| named(input["name"].as_str().unwrap()));
        let input = input.unwrap_or_else(|| panic!("{file} is no input"));
        let task = read.iter().find(|event| event["subject"] == input["name"]).unwrap();
        let (records, failures) = counted(&path(entry));
        assert_eq!(input["records"], records, "{file}");
        let flow = &task["accounts"]["records"];
        assert_eq!(flow["in"], records + failures, "{file}: {flow}");
        all += records + failures;

        // What the list states was found, or failed and was counted; no program reads bzip2 as an archive.
        let stated = if file.ends_with(".bz2") { 1 } else { entry["records"].as_u64().unwrap_or(0) };
        assert!(
            records + failures >= stated,
            "{file}: {records} records and {failures} failures, {stated} in the list"
        );
    }
    let status = obelisc(["status"]).path(&output).words(["--json", "--failures"]).ok().json();
    let flow = &status["steps"][0]["accounts"]["records"];
    assert_eq!(flow["in"], all, "{flow}");
    // Each failure has its row, and so has each page that was not accepted.
    let count = |reasons: &Value| reasons.as_object().map_or(0, |all| all.values().map(|n| n.as_u64().unwrap()).sum());
    let passed_over = ["not_a_response", "not_html"].map(|reason| flow["dropped"][reason].as_u64().unwrap_or(0));
    let unaccepted = count(&flow["dropped"]) - passed_over.iter().sum::<u64>();
    let rows = status["failures"].as_array().unwrap().len() as u64;
    assert_eq!(rows, count(&flow["failed"]) + unaccepted, "{flow}");
}

/// The HTML of each page of an archive, by URL.
fn sources(archive: &Path) -> BTreeMap<String, String> {
    let limits = Limits::default();
    let mut archive = Archive::open(std::fs::File::open(archive).unwrap(), limits).unwrap();
    let mut pages = BTreeMap::new();
    while let Some(item) = archive.next_item().unwrap() {
        let Item::Record(record) = item else { continue };
        let Ok(response) = record.response(&limits) else { continue };
        if let (Some(url), true, Ok(body)) = (record.target_uri(), response.declares_html(), response.body(&limits)) {
            pages.insert(url.to_owned(), String::from_utf8_lossy(&body.bytes).into_owned());
        }
    }
    pages
}

#[test]
fn a_real_crawl_gives_its_images_in_the_order_of_its_pages() {
    let Some(archive) = data("skimage-small.warc.gz") else { return };
    let place = Place::new();
    let output = place.path("out");
    // Its galleries have more pictures than a document should have: all of them are to be looked at.
    run_of(&[&archive], &output).words(["--set", "rules.document.image_count.max_images=off"]).ok();
    let (rows, sources) = (rows(&output.join("dataset")), sources(&archive));
    assert!(rows.len() > 40, "{}", rows.len());
    assert!(rows.iter().flat_map(|row| &row.images).flatten().count() > 150);
    for row in &rows {
        let page = &sources[&row.url];
        let mut from = 0;
        for image in row.metadata.iter().filter(|entry| !entry.is_null()) {
            let source = image["unformatted_src"].as_str().unwrap();
            let tag = format!("src=\"{source}\"");
            let found = page[from..].find(&tag).unwrap_or_else(|| panic!("{}: {tag} is not where it was", row.url));
            from += found + tag.len();
        }
    }
}

#[test]
fn the_texts_of_a_real_crawl_keep_the_order_of_what_was_extracted() {
    let Some(archive) = data("skimage-small.warc.gz") else { return };
    let place = Place::new();
    let output = place.path("out");
    run_of(&[&archive], &output).ok();
    let extracted = obelisc(["extract", "--whole-page"]).path(&archive).ok().json_lines();
    for row in rows(&output.join("dataset")) {
        let page = extracted.iter().find(|page| page["url"] == row.url.as_str()).unwrap();
        in_order(&row, page);
    }
}

/// Images and words of a row stand in the order in which the page has them.
fn in_order(row: &Row, page: &Value) {
    let mut sources = page["images"].as_array().unwrap().iter().filter_map(Value::as_str);
    for source in row.sources() {
        assert!(sources.any(|of_page| of_page == source), "{}: {source} is not where it was", row.url);
    }
    let whole: Vec<&str> = page["texts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let whole = whole.join("\n\n");
    let mut from = 0;
    for paragraph in row.texts.iter().flatten().flat_map(|text| text.split("\n\n")) {
        let found = whole[from..].find(paragraph);
        from += found.unwrap_or_else(|| panic!("{}: {paragraph:?} is not where it was", row.url)) + paragraph.len();
    }
}
