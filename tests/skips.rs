//! `[extract.skip]`: what is dropped before it is parsed can be counted and looked up.

use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse};

use crate::dataset::{accounts, assert_same, dataset_tree, manifest, rows};
use crate::program::{Place, obelisc, run_recipe};

const RECIPE: &str = r#"
name = "skips"
stages = ["extract", "filter", "finish"]

[extract.skip]
max_html_bytes = 10000
min_image_tags = 1
languages = ["en"]

[rules.document.image_count]
min_images = 1

[finish]
images = "url"
"#;

const WORDS: &str = "Twice a day the water comes and twice a day it goes, and the beach is never the same again.";

/// Two pages that are kept and three that are not, the crawler's metadata behind each.
fn archive() -> Vec<u8> {
    let page = |name: &str, body: &str, language: &str| {
        let url = format!("https://tides.example/{name}");
        let told = format!(r#"{{"reliable":true,"languages":[{{"code":"{language}","text-covered":0.9}}]}}"#);
        (url, HttpResponse::html(body), told)
    };
    let image = format!("<p>{WORDS}<img src=a.png>");
    let pages = [
        page("one", &image, "en"),
        page("text", &format!("<p>{WORDS}"), "en"),
        page("long", &image.repeat(200), "en"),
        page("zwei", &image, "de"),
        page("two", &image, "en"),
    ];
    let builder = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo();
    let builder = pages.iter().fold(builder, |builder, (url, response, told)| {
        builder.request(url).response(url, response).annotation(&[("languages-cld2", told)])
    });
    builder.finish().bytes
}

#[test]
fn skipped_pages_are_dropped_by_reason_and_can_be_looked_up() {
    let place = Place::new();
    let (recipe, archive) = (place.write("skips.toml", RECIPE), place.write("tides.warc.gz", archive()));
    let output = place.path("out");
    run_recipe(&recipe, &[&archive], &output).ok();
    let urls: Vec<_> = rows(&output.join("dataset")).into_iter().map(|row| row.url).collect();
    assert_eq!(urls, ["https://tides.example/one", "https://tides.example/two"]);

    let accounts = accounts(&manifest(&output.join("dataset")));
    let (_, extract) = accounts.iter().find(|(step, _)| step == "extract").unwrap();
    let records = &extract.0["records"];
    assert_eq!((records.entered, records.kept), (16, 2));
    let dropped = ["language_not_kept", "not_a_response", "page_too_long", "too_few_image_tags"];
    assert!(records.dropped.keys().eq(dropped), "{records:?}");
    assert_eq!(records.dropped["not_a_response"], 11);
    assert!(records.failed.is_empty(), "{records:?}");

    for (name, reason, detail) in [
        ("text", "too_few_image_tags", "image tags: 0, min 1"),
        ("long", "page_too_long", "bytes: 21800, max 10000"),
        ("zwei", "language_not_kept", "language: de by the crawler, one of en"),
    ] {
        let url = format!("https://tides.example/{name}");
        let found = obelisc(["explain"]).path(&output).words(["--url", &url]).ok().stdout;
        assert!(found.contains(&format!("no document: {reason} ({detail})")), "{found}");
    }
    let status = obelisc(["status"]).path(&output).ok().stdout;
    assert!(status.contains("too_few_image_tags 1"), "{status}");
}

#[test]
fn a_skip_that_drops_what_a_rule_would_drop_changes_no_byte_of_the_dataset() {
    let place = Place::new();
    let archive = place.write("tides.warc.gz", archive());
    let shards = |name: &str, recipe: &str| {
        let output = place.path(name);
        run_recipe(&place.write(&format!("{name}.toml"), recipe), &[&archive], &output).ok();
        let mut tree = dataset_tree(&output);
        tree.retain(|file, _| file.starts_with("data/"));
        tree
    };
    let without = RECIPE.replace("max_html_bytes = 10000", "").replace("languages = [\"en\"]", "");
    let with = shards("with", &without);
    assert_same(&with, &shards("without", &without.replace("min_image_tags = 1", "")));
}

#[test]
fn a_skip_enters_the_digest_of_extract() {
    let place = Place::new();
    let (recipe, archive) = (place.write("skips.toml", RECIPE), place.write("tides.warc.gz", archive()));
    let output = place.path("out");
    run_recipe(&recipe, &[&archive], &output).ok();
    let again = |set: &str| {
        let events = run_recipe(&recipe, &[&archive], &output).words(["--set", set]).events();
        let done = events.iter().filter(|event| event["event"] == "task_finished").map(|event| event["step"].clone());
        done.collect::<Vec<_>>()
    };
    assert_eq!(again("finish.max_shard_bytes=1000000")[0], "order");
    assert_eq!(again("extract.skip.languages=\"off\"")[0], "extract");
}
