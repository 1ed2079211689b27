//! The card tells what the manifest counts.

use obelisc_shard::{Card, ImageColumn, Removal};

use crate::manifest::manifest;

fn card() -> String {
    let limits = vec!["Nobody was asked\nwhether they agree.".to_owned()];
    Card { pretty_name: "A: \"test\"".into(), languages: vec!["no".into()], known_limits: limits, ..Card::default() }
        .render(&manifest(), ImageColumn::Bytes)
}

fn has(line: &str) {
    let card = card();
    assert!(card.lines().any(|found| found == line), "no line {line:?} in\n{card}");
}

#[test]
fn the_header_states_configs_features_and_counts() {
    let card = card();
    let header = card.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
    assert_eq!(
        header,
        r#"pretty_name: "A: \"test\""
license: "other"
language:
- "no"
size_categories:
- "n<1K"
task_categories:
- "image-text-to-text"
- "text-generation"
tags:
- "interleaved"
- "web"
- "obelisc"
configs:
- config_name: default
  data_files:
  - split: "train"
    path: "data/train-*.parquet"
dataset_info:
  features:
  - name: images
    list: image
  - name: metadata
    dtype: string
  - name: general_metadata
    dtype: string
  - name: texts
    list: string
  splits:
  - name: "train"
    num_bytes: 7500
    num_examples: 5
  download_size: 5000
  dataset_size: 7500"#
    );
}

#[test]
fn every_removal_and_failure_is_in_a_table() {
    has("| filter | word\\_count | 2 | 0 |");
    has("| filter | format | 0 | 10 |");
    has("| filter | too\\_deep | 2 |");
    has("| filter | documents | 10 | 5 | 3 | 2 | 0 |");
    has("| filter | paragraphs | 9 | 7 | 0 | 0 | 2 |");
}

#[test]
fn the_sources_and_the_whole_recipe_are_told() {
    has(&format!("| a\\|b.warc.gz | 12 | 7 | `{}` |", "a".repeat(64)));
    has("words = { min_count = 10 }");
    has("| filter.words.min\\_count | 5 |");
    has("| train | 5 | 10 | 15 | 2 | 5,000 | 7,500 |");
    has("- Nobody was asked whether they agree.");
}

#[test]
fn a_dataset_of_links_says_so() {
    let card = Card::default().render(&manifest(), ImageColumn::Url);
    assert!(card.contains("  - name: images\n    list: string\n"));
    assert!(card.contains("Images are links"));
}

#[test]
fn the_card_depends_on_the_manifest_alone() {
    assert_eq!(card(), card());
    let mut other = manifest();
    other.shards[0].rows += 1;
    assert_ne!(Card::default().render(&manifest(), ImageColumn::Url), Card::default().render(&other, ImageColumn::Url));
}

#[test]
fn takedowns_are_counted_where_there_were_some() {
    assert!(!card().contains("Takedowns"));
    let removal = Removal { version: 2, from_version: 1, pages: 1200, images: 3, shards: 2, ..Removal::default() };
    let taken_down = obelisc_shard::Manifest { removals: vec![removal], ..manifest() };
    let card = Card::default().render(&taken_down, ImageColumn::Bytes);
    assert!(card.lines().any(|line| line == "| 2 | 1 | 1,200 | 3 | 2 |"), "{card}");
}
