//! Takedowns from a finished dataset.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::archives::quickstart;
use crate::dataset::{accounts, assert_same, dataset_tree, manifest, rows, tree};
use crate::program::{Call, Place, obelisc, run_of};

/// A finished run.
fn finished(place: &Place) -> PathBuf {
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    output
}

fn remove(place: &Place, output: &Path, list: &str) -> Call {
    obelisc(["remove"]).path(output).word("--list").path(&place.write("list.txt", list))
}

fn urls(dataset: &Path) -> Vec<String> {
    rows(dataset).into_iter().map(|row| row.url).collect()
}

/// Counts of the shards of a dataset.
fn sum(manifest: &Value, count: &str) -> u64 {
    manifest["shards"].as_array().unwrap().iter().map(|shard| shard[count].as_u64().unwrap()).sum()
}

#[test]
fn pages_and_images_go_and_all_else_stays_as_it_was() {
    let place = Place::new();
    let output = finished(&place);
    let before = dataset_tree(&output);
    let all = rows(&output.join("dataset"));
    let with_images = all.iter().find(|row| row.sources().len() > 1).unwrap();
    let image = with_images.sources()[0].to_owned();
    let page = all.iter().find(|row| row.url != with_images.url && !row.sources().contains(&&*image)).unwrap();

    let list = format!("# asked for by mail\n{}#top\n\n{image}\nhttps://nowhere.example/\n", page.url);
    let told = remove(&place, &output, &list).ok();
    assert!(told.stdout.contains("version 2 of the dataset, made from version 1"), "{told}");
    assert!(told.stdout.contains("dataset is another version"), "{told}");
    assert!(told.stderr.contains("list.txt:5: https://nowhere.example/: nothing in the dataset is meant"), "{told}");

    assert_same(&before, &dataset_tree(&output));
    let left = rows(&output.join("dataset-2"));
    assert_eq!(left.len(), all.len() - 1);
    assert!(left.iter().all(|row| row.url != page.url && !row.sources().contains(&&*image)));
    let whole = |row: &&crate::dataset::Row| row.url != page.url && !row.sources().contains(&&*image);
    for row in all.iter().filter(whole) {
        assert!(left.contains(row), "{} changed", row.url);
    }
    for row in &left {
        assert_eq!((row.texts.len(), row.images.len()), (row.metadata.len(), row.metadata.len()));
        assert!(row.texts.iter().zip(&row.images).all(|(text, image)| text.is_some() != image.is_some()));
    }

    let new = manifest(&output.join("dataset-2"));
    assert_eq!((&new["dataset_version"], &new["removals"][0]["pages"]), (&2.into(), &1.into()));
    let steps = accounts(&new);
    let (name, last) = steps.last().unwrap();
    assert_eq!(name, "remove-2");
    assert_eq!(last.gap(&steps[steps.len() - 2].1), None);
    assert_eq!(last.0["documents"].kept, sum(&new, "rows"));
    assert_eq!(last.0["images"].kept, sum(&new, "images"));
    let card = std::fs::read_to_string(output.join("dataset-2/README.md")).unwrap();
    assert!(card.contains("## Takedowns") && card.contains("num_examples"), "{card}");
    // The sources of its pages are told anyway; which of them went is not.
    assert!(!card.contains(&page.url) && !card.contains("nowhere.example"), "{card}");
    assert!(output.join("removals/dataset-2/record.json").is_file());
}

#[test]
fn a_list_that_finds_nothing_writes_nothing() {
    let place = Place::new();
    let output = finished(&place);
    let page = urls(&output.join("dataset"))[0].clone();
    remove(&place, &output, &page).ok();
    let once = tree(&output);
    let again = remove(&place, &output, &page).ok();
    assert!(again.stdout.contains("dataset-2: nothing of the list is in it; nothing was written"), "{again}");
    assert_same(&once, &tree(&output));
}

#[test]
fn a_host_goes_with_all_its_pages() {
    let place = Place::new();
    let output = finished(&place);
    remove(&place, &output, "host:atlas.example\n").ok();
    assert!(urls(&output.join("dataset-2")).iter().all(|url| !url.contains("atlas.example")));
    let shards = |folder: &str| manifest(&output.join(folder))["shards"].as_array().unwrap().len();
    assert_eq!(shards("dataset"), shards("dataset-2"));
}

#[test]
fn what_a_takedown_removed_does_not_come_back_with_the_next_run() {
    let place = Place::new();
    let output = finished(&place);
    let page = urls(&output.join("dataset"))[0].clone();
    let told = remove(&place, &output, &page).word("--remove-old").ok();
    assert!(told.stdout.contains("dataset was removed"), "{told}");
    assert!(!output.join("dataset").exists());
    let once = tree(&output.join("dataset-2"));
    let again = run_of(&[quickstart()], &output).ok();
    assert!(again.stdout.contains("was finished before"), "{again}");
    assert!(!output.join("dataset").exists() && !output.join("dataset-3").exists());
    assert_same(&once, &tree(&output.join("dataset-2")));
    // Commands that look for the run's dataset find what is left of it.
    let status = obelisc(["status"]).path(&output).word("--json").ok().json();
    assert_eq!(status["dataset"], "dataset-2");
}

#[test]
fn a_wrong_list_is_refused_whole_before_anything_is_written() {
    let place = Place::new();
    let output = finished(&place);
    let before = tree(&output);
    let ended = remove(&place, &output, "https://a.example/\nexample\nhost:*.example.org\nco.uk\n").fails(2);
    let errors = ended.errors();
    assert_eq!(errors.len(), 3, "{ended}");
    for (error, line) in errors.iter().zip([2, 3, 4]) {
        assert!(error.contains(&format!("list.txt:{line}: ")) && error.contains("use a URL"), "{ended}");
    }
    remove(&place, &output, "# nothing\n").fails(2).one_error(["no entry"]);
    obelisc(["remove"]).path(&output).word("--list").path(&place.path("absent.txt")).fails(2).one_error(["absent.txt"]);
    assert_same(&before, &tree(&output));
}

#[test]
fn a_place_without_a_dataset_is_refused_and_left_as_it_is() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    remove(&place, &place.path("empty"), "a.example\n").fails(3).one_error(["no finished dataset"]);
    remove(&place, &place.path("absent"), "a.example\n").fails(3);
    assert!(std::fs::read_dir(place.path("empty")).unwrap().next().is_none());
}
