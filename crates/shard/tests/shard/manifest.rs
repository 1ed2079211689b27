//! Manifests of today, of yesterday and of tomorrow.

use obelisc_document::account::{Accounts, Flow};
use obelisc_shard::{Counts, Error, Input, Manifest, Recipe, Removal, Shard, Stage, dataset_digest};

/// A manifest of format 1; it must load for ever.
const FORMAT_1: &str = include_str!("../fixtures/manifest-1.json");

pub(crate) fn counts(pairs: &[(&str, u64)]) -> Counts {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// The manifest that the fixture holds.
pub(crate) fn manifest() -> Manifest {
    let shard = |index: usize, rows: u64| Shard {
        path: format!("data/train-{index:05}-of-00002.parquet"),
        split: "train".into(),
        rows,
        images: 2 * rows,
        texts: 3 * rows,
        bytes: 1000 * rows,
        uncompressed_bytes: 1500 * rows,
        sha256: format!("{index:064x}"),
    };
    let text = "[stage.filter]\nwords = { min_count = 10 }\n".to_owned();
    let overrides = [("filter.words.min_count".to_owned(), "5".to_owned())].into();
    let input = |name: &str| Input {
        name: name.into(),
        size: 12,
        read_sha256: "a".repeat(64),
        records: 7,
        records_digest: "d".repeat(32),
    };
    let documents = Flow {
        entered: 10,
        kept: 5,
        dropped: counts(&[("word_count", 2), ("image_count", 1)]),
        failed: counts(&[("too_deep", 2)]),
        ..Flow::default()
    };
    let images = Flow { entered: 20, kept: 10, dropped: counts(&[("format", 10)]), ..Flow::default() };
    let paragraphs = Flow { entered: 9, kept: 7, merged: 2, ..Flow::default() };
    let flows = [("documents", documents), ("images", images), ("paragraphs", paragraphs)];
    let stage = Stage {
        name: "filter".into(),
        digest: "c".repeat(64),
        accounts: Accounts(flows.map(|(unit, flow)| (unit.to_owned(), flow)).into()),
    };
    Manifest {
        dataset_version: 1,
        program_version: "0.1.0".into(),
        recipe: Recipe::new("quickstart".into(), text, overrides),
        inputs: vec![input("b.warc.gz"), input("a|b.warc.gz")],
        image_seal: Some("b".repeat(64)),
        shards: vec![shard(1, 2), shard(0, 3)],
        stages: vec![stage],
        ..Manifest::default()
    }
    .seal()
    .unwrap()
}

#[test]
fn a_manifest_of_format_1_loads() {
    assert_eq!(Manifest::from_json(FORMAT_1.as_bytes()).unwrap(), manifest());
}

#[test]
fn the_same_dataset_has_the_same_manifest_byte_for_byte() {
    assert_eq!(manifest().to_json().unwrap(), FORMAT_1);
}

#[test]
fn a_manifest_of_a_newer_program_is_refused_by_its_number() {
    let newer = br#"{"format": 2, "shards": "in a form not known yet"}"#;
    let error = Manifest::from_json(newer).unwrap_err();
    assert!(matches!(error, Error::NewerManifest { found: 2, known: 1 }));
    assert!(error.to_string().contains("format 2"));
}

#[test]
fn other_files_are_no_manifest() {
    for text in ["{}", "[]", r#"{"format": "1"}"#, r#"{"format": 0}"#] {
        assert!(matches!(Manifest::from_json(text.as_bytes()), Err(Error::NotAManifest(_))), "{text}");
    }
    assert!(matches!(Manifest::from_json(b"{"), Err(Error::Json(_))));
    assert!(matches!(Manifest::from_json(br#"{"format": 1}"#), Err(Error::Json(_))));
}

#[test]
fn keys_added_later_do_not_stop_an_older_reader() {
    let more = FORMAT_1.replacen('{', "{\n  \"added\": true,", 1);
    assert_eq!(Manifest::from_json(more.as_bytes()).unwrap(), manifest());
}

#[test]
fn counts_that_lose_a_document_are_refused() {
    let mut manifest = manifest();
    manifest.stages[0].accounts.unit("documents").kept -= 1;
    let error = manifest.seal().unwrap_err();
    assert!(matches!(&error, Error::Unbalanced { stage, unit } if stage == "filter" && unit.starts_with("documents")));
}

#[test]
fn the_digest_is_that_of_the_sorted_list_of_files() {
    let shards = manifest().shards;
    let mut reversed = shards.clone();
    reversed.reverse();
    assert_eq!(dataset_digest(&shards), dataset_digest(&reversed));
    // printf '%s  %s\n' 0…0 data/train-00000-of-00002.parquet 0…1 data/train-00001-of-00002.parquet | sha256sum
    assert_eq!(dataset_digest(&shards), "837c5f3ea04e1163d64340c0116ae25aa6db74b75edc0dd5ea30d1b3cd0788ab");
    let mut other = shards;
    other[1].sha256 = "f".repeat(64);
    assert_ne!(dataset_digest(&other), "837c5f3ea04e1163d64340c0116ae25aa6db74b75edc0dd5ea30d1b3cd0788ab");
}

#[test]
fn takedowns_are_told_in_numbers_and_in_nothing_where_there_were_none() {
    let removal = Removal { version: 2, from_version: 1, pages: 3, ..Removal::default() };
    let taken_down = Manifest { removals: vec![removal], ..manifest() };
    let text = taken_down.to_json().unwrap();
    assert_eq!(Manifest::from_json(text.as_bytes()).unwrap(), taken_down);
    assert!(!manifest().to_json().unwrap().contains("removals"));
}
