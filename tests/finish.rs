//! `finish`: the order of the documents, their splits and shards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::archives::three_archives;
use crate::dataset::{Row, assert_same, dataset_tree, manifest, rows, rows_of_split};
use crate::program::{Call, Place, run_of};

/// Shards small enough that three archives make many, in a shuffled order, of three splits.
fn shuffled(archives: &[PathBuf], output: &Path) -> Call {
    run_of(archives, output)
        .words(["--set", "finish.max_shard_bytes=1000000", "--set", "finish.order=shuffled"])
        .words(["--set", "finish.splits.validation_per_million=200000"])
        .words(["--set", "finish.splits.test_per_million=100000"])
}

fn urls(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| &*row.url).collect()
}

/// The split of each page.
fn splits(output: &Path) -> BTreeMap<String, String> {
    let dataset = output.join("dataset");
    let of = |split: &str| -> Vec<_> {
        rows_of_split(&dataset, split).into_iter().map(|row| (row.url, split.to_owned())).collect()
    };
    ["train", "validation", "test"].into_iter().flat_map(of).collect()
}

#[test]
fn a_shuffled_dataset_has_every_document_once_and_the_same_bytes_for_any_threads_and_memory() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 60);
    let (one, two) = (place.path("one"), place.path("two"));
    shuffled(&archives, &one).words(["--threads", "1"]).ok();
    let config = place.write("c.toml", "[engine]\nmax_memory_bytes = 67_108_864\n");
    shuffled(&archives, &two).words(["--threads", "2"]).word("--config").path(&config).ok();
    assert_same(&dataset_tree(&one), &dataset_tree(&two));

    let plain = place.path("plain");
    run_of(&archives, &plain).ok();
    let (shuffled, plain) = (rows(&one.join("dataset")), rows(&plain.join("dataset")));
    assert_ne!(urls(&shuffled), urls(&plain));
    let by_url = |rows: Vec<Row>| rows.into_iter().map(|row| (row.url.clone(), row)).collect::<BTreeMap<_, _>>();
    assert_eq!(shuffled.len(), plain.len());
    assert!(by_url(shuffled) == by_url(plain), "a document is another one after the shuffle");

    let manifest = manifest(&one.join("dataset"));
    let shards = manifest["shards"].as_array().unwrap();
    for split in ["train", "validation", "test"] {
        let own = shards.iter().filter(|shard| shard["split"] == split).collect::<Vec<_>>();
        let paths: Vec<_> = own.iter().map(|shard| shard["path"].as_str().unwrap()).collect();
        let expected: Vec<_> =
            (0..own.len()).map(|index| format!("data/{split}-{index:05}-of-{:05}.parquet", own.len())).collect();
        assert_eq!(paths, expected);
        assert!(own.iter().all(|shard| shard["uncompressed_bytes"].as_u64().unwrap() <= 1_000_000), "{manifest}");
    }
    assert!(shards.iter().filter(|shard| shard["split"] == "train").count() > 2, "{manifest}");
}

#[test]
fn the_card_names_each_split_with_its_files_and_counts() {
    let place = Place::new();
    let output = place.path("out");
    shuffled(&three_archives(&place, "in", 20), &output).ok();
    let card = std::fs::read_to_string(output.join("dataset/README.md")).unwrap();
    let mut from = 0;
    for split in ["train", "validation", "test"] {
        let entry = format!("  - split: \"{split}\"\n    path: \"data/{split}-*.parquet\"\n");
        from += card[from..].find(&entry).unwrap_or_else(|| panic!("{entry:?} is missing\n{card}"));
        let count = splits(&output).values().filter(|name| *name == split).count();
        let info = card[card.find("  splits:").unwrap()..].split("  - name: ").find(|info| info.contains(split));
        assert!(info.unwrap().contains(&format!("num_examples: {count}\n")), "{card}");
    }
    assert!(card.contains("split=\"train\""), "{card}");
}

#[test]
fn a_page_stays_in_its_split_whatever_the_order_and_whoever_else_is_there() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 40);
    let (all, one, other) = (place.path("all"), place.path("one"), place.path("other"));
    shuffled(&archives, &all).ok();
    shuffled(&archives[1..2], &one).ok();
    shuffled(&archives, &other).words(["--set", "finish.order=input"]).ok();
    let (all, one, other) = (splits(&all), splits(&one), splits(&other));
    assert_eq!(all, other);
    assert!(!one.is_empty() && one.len() < all.len());
    assert!(one.iter().all(|(url, split)| all[url] == *split));
    assert_eq!(all.values().collect::<BTreeSet<_>>().len(), 3, "{all:?}");
}

#[test]
fn the_seed_decides_about_the_order_and_not_about_the_splits() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 20);
    let (output, alone) = (place.path("out"), place.path("alone"));
    shuffled(&archives, &output).ok();
    let events = shuffled(&archives, &output).words(["--set", "finish.seed=43"]).events();
    let ran = events.iter().filter(|event| event["event"] == "task_finished").map(|event| event["step"].as_str());
    assert_eq!(ran.collect::<BTreeSet<_>>(), BTreeSet::from([Some("order"), Some("write")]));
    let dataset = |name: &str| rows(&output.join(name));
    assert_ne!(urls(&dataset("dataset")), urls(&dataset("dataset-2")));
    shuffled(&archives, &alone).words(["--set", "finish.seed=43"]).ok();
    assert_eq!(splits(&output), splits(&alone));
    assert_eq!(urls(&dataset("dataset-2")), urls(&rows(&alone.join("dataset"))));
    // The order of the inputs has no seed.
    let input = ["--set", "finish.order=input"];
    shuffled(&archives, &output).words(input).ok();
    let events = shuffled(&archives, &output).words(input).words(["--set", "finish.seed=7"]).events();
    assert!(!events.iter().any(|event| event["event"] == "task_finished"), "{events:?}");
}

/// `datasets` loads no dataset that has a split without rows.
#[test]
fn a_split_that_nothing_falls_into_has_no_shard() {
    let place = Place::new();
    let output = place.path("out");
    let set = ["--set", "finish.splits.test_per_million=1"];
    run_of(&three_archives(&place, "in", 5), &output).words(set).ok();
    let manifest = manifest(&output.join("dataset"));
    let shards = manifest["shards"].as_array().unwrap();
    assert!(shards.iter().all(|shard| shard["split"] == "train"), "{manifest}");
    assert_eq!(rows(&output.join("dataset")).len(), 15);
    let card = std::fs::read_to_string(output.join("dataset/README.md")).unwrap();
    assert!(!card.contains("\"test\""), "{card}");
}

#[test]
fn a_shuffled_run_that_was_killed_ends_with_the_bytes_of_an_unbroken_one() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 30);
    let (unbroken, broken) = (place.path("unbroken"), place.path("broken"));
    shuffled(&archives, &unbroken).ok();
    let mut killed = 0;
    for step in ["\"order\"", "\"write\"", "\"write\""] {
        let mut started = shuffled(&archives, &broken).start();
        started.read_until(step);
        started.line();
        killed += usize::from(started.kill().0);
    }
    shuffled(&archives, &broken).ok();
    assert_same(&dataset_tree(&unbroken), &dataset_tree(&broken));
    assert!(killed > 0);
}
