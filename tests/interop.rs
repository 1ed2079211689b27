//! Datasets of others in the layout of OBELICS: judged, written anew, and an input of the whole pipeline.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{LargeBinaryBuilder, LargeListBuilder, LargeStringBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, Int64Array, LargeStringArray, RecordBatch};
use arrow_schema::{DataType, Field};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use obelisc_testkit::picture;
use serde_json::{Value, json};

use crate::archives::quickstart;
use crate::dataset::{Row, accounts, assert_same, data_tree, dataset_tree, manifest, rows, rows_of_split};
use crate::program::{Ended, Place, obelisc, repository, run_quickstart, run_recipe};

const TEXT: &str = "These are words enough for a paragraph that every rule of the recipe will keep.";

const PLAIN: &str = "tests/fixtures/plain.toml";

/// A row as somebody else writes it.
#[derive(Clone)]
struct Theirs {
    texts: Vec<Option<String>>,
    /// Bytes of images.
    images: Vec<Option<Vec<u8>>>,
    metadata: Option<String>,
    general_metadata: Option<String>,
}

/// A page with a text, a picture of its own and a text.
fn page(number: u64) -> Theirs {
    let src = format!("https://theirs.example/{number}.png");
    let image = json!({"document_url": "x", "unformatted_src": "1.png", "src": src, "formatted_filename": "1",
        "alt_text": null, "rendered_width": 200, "original_width": 1, "original_height": 1, "format": "png"});
    let general = json!({"url": format!("https://theirs.example/{number}"), "warc_filename": "their.warc.gz",
        "warc_record_offset": number, "warc_record_length": 9});
    let text = || Some(format!("{TEXT} It has the number {number}."));
    Theirs {
        texts: vec![text(), None, text()],
        images: vec![None, Some(picture::png(number, 200, 160)), None],
        metadata: Some(json!([null, image, null]).to_string()),
        general_metadata: Some(general.to_string()),
    }
}

/// Writes a shard with wide types, `path` before `bytes`, the columns in another order, and one more.
fn shard(place: &Place, name: &str, rows: &[Theirs]) -> PathBuf {
    let fields = vec![Field::new("path", DataType::Utf8, true), Field::new("bytes", DataType::LargeBinary, true)];
    let image = StructBuilder::new(fields, vec![Box::new(StringBuilder::new()), Box::new(LargeBinaryBuilder::new())]);
    let (mut images, mut texts) = (LargeListBuilder::new(image), LargeListBuilder::new(LargeStringBuilder::new()));
    for row in rows {
        for cell in &row.images {
            let image = images.values();
            image.field_builder::<StringBuilder>(0).unwrap().append_null();
            image.field_builder::<LargeBinaryBuilder>(1).unwrap().append_option(cell.as_ref());
            image.append(cell.is_some());
        }
        images.append(true);
        row.texts.iter().for_each(|text| texts.values().append_option(text.as_ref()));
        texts.append(true);
    }
    let strings = |of: fn(&Theirs) -> &Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row).as_deref()).collect::<LargeStringArray>())
    };
    let columns: [(&str, ArrayRef); 5] = [
        ("texts", Arc::new(texts.finish())),
        ("score", Arc::new(Int64Array::from_iter_values((0..).take(rows.len())))),
        ("metadata", strings(|row| &row.metadata)),
        ("general_metadata", strings(|row| &row.general_metadata)),
        ("images", Arc::new(images.finish())),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap();
    let path = place.write(name, "");
    let folder = LocalFolder::open(path.parent().unwrap()).unwrap();
    let mut writer = Writer::create(&folder, path.file_name().unwrap().to_str().unwrap(), batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    path
}

/// Two shards of 40 pages, of which one row is none, one shows no picture and one a damaged one.
fn theirs(place: &Place) -> Vec<PathBuf> {
    let mut pages: Vec<Theirs> = (0..80).map(page).collect();
    pages[3].texts.pop();
    pages[5].images[1] = Some(b"\x89PNG\r\n\x1a\nno more".to_vec());
    pages[7].images[1] = Some(picture::png(7, 40, 30));
    // The same picture under another address.
    pages[41].images[1] = pages[40].images[1].clone();
    let (one, two) = pages.split_at(40);
    vec![shard(place, "theirs/train-00000.parquet", one), shard(place, "theirs/test-00001.parquet", two)]
}

fn urls(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.url.as_str()).collect()
}

fn judge(recipe: &Path, inputs: &[PathBuf], output: &Path, threads: &str) -> Ended {
    let call = inputs.iter().fold(obelisc(["judge"]).path(recipe), |call, input| call.path(input));
    call.word("--output").path(output).words(["--threads", threads]).end()
}

fn plain() -> PathBuf {
    repository(PLAIN).into()
}

#[test]
fn rows_are_judged_with_what_the_bytes_of_their_images_say() {
    let place = Place::new();
    theirs(&place);
    let judged = obelisc(["judge"]).path(&plain()).path(&place.path("theirs")).ok();
    let lines = judged.json_lines();
    assert_eq!(lines.len(), 79);
    assert!(judged.stderr.contains("train-00000.parquet: row 3: not_a_document: "), "{judged}");
    assert!(
        judged.stderr.contains("79 documents: 77 kept, 2 dropped: document.image_count 2; 1 row is no document"),
        "{judged}"
    );
    let of = |number: u64| {
        let url = format!("https://theirs.example/{number}");
        lines.iter().find(|line| line["url"] == url.as_str()).unwrap()
    };
    // The bytes win over what was written beside them.
    assert_eq!(of(0)["signals"]["image"]["1"]["side_pixels"], json!({"low": 160.0, "high": 200.0}));
    assert_eq!(of(0)["metadata"][1]["original_width"], 200);
    assert_eq!(of(0)["general_metadata"]["warc_filename"], "their.warc.gz");
    let reasons = |number: u64| {
        of(number)["reasons"].as_array().unwrap().iter().map(|reason| reason["rule"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(reasons(5), ["damaged_image", "image_count"]);
    assert_eq!(reasons(7), ["side_pixels", "image_count"]);
    assert!(!judged.stdout.contains("PNG"));
}

#[test]
fn what_is_kept_is_written_in_its_order_and_its_split_with_its_images() {
    let place = Place::new();
    let inputs = theirs(&place);
    let (one, three) = (place.path("one"), place.path("three"));
    let ended = judge(&plain(), &inputs, &one, "1");
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert_eq!(judge(&plain(), &inputs, &three, "3").code(), Some(0));
    assert_same(&dataset_tree(&one), &dataset_tree(&three));

    let dataset = one.join("dataset");
    let train = rows_of_split(&dataset, "train");
    let kept: Vec<String> =
        (0..40).filter(|n| ![3, 5, 7].contains(n)).map(|n| format!("https://theirs.example/{n}")).collect();
    assert_eq!(urls(&train), kept);
    assert_eq!(rows_of_split(&dataset, "test").len(), 40);
    assert_eq!(train[0].images, page(0).images);
    assert_eq!(train[0].texts, page(0).texts);
    let manifest = manifest(&dataset);
    for (_, accounts) in accounts(&manifest) {
        assert_eq!(accounts.imbalance(), None);
    }
    let records = &manifest["stages"][0]["accounts"]["records"];
    assert_eq!((&records["in"], &records["failed"]), (&json!(80), &json!({"not_a_document": 1})));
    assert_eq!(manifest["inputs"][1]["read_sha256"].as_str().unwrap().len(), 64);

    // What is there is not written over, and what is not wanted any more is taken out of it.
    let again = judge(&plain(), &inputs, &one, "2");
    assert_eq!(again.code(), Some(3), "{again}");
    assert!(again.stderr.contains("there is a dataset, which is not written over"), "{again}");
    let list = place.write("list.txt", "https://theirs.example/0\n");
    obelisc(["remove"]).path(&one).word("--list").path(&list).ok();
    assert_eq!(rows(&one.join("dataset-2")).len(), 76);
    assert!(one.join("dataset-2/croissant.json").exists());
}

#[test]
fn a_dataset_of_ours_is_written_again_as_it_was() {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.path("second"));
    run_quickstart(&first).ok();
    let recipe = place.write("r.toml", "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n");
    let ended = judge(&recipe, std::slice::from_ref(&first), &second, "2");
    assert_eq!(ended.code(), Some(0), "{ended}");
    let before = rows(&first.join("dataset"));
    assert!(before.len() > 5);
    assert_eq!(rows(&second.join("dataset")), before);
    assert_same(&data_tree(&first), &data_tree(&second));
}

/// The recipe, and pages and images that stand once.
fn with_dedup(place: &Place) -> PathBuf {
    let recipe = std::fs::read_to_string(plain()).unwrap();
    let recipe = recipe.replace("\"filter\", \"fetch\"", "\"filter\", \"dedup\", \"fetch\"");
    place.write("dedup.toml", recipe + "\n[dedup.page_url]\n[dedup.image_content]\nmax_copies = 1\n")
}

#[test]
fn shards_are_an_input_of_the_whole_pipeline() {
    let place = Place::new();
    let inputs = theirs(&place);
    let recipe = with_dedup(&place);
    let output = place.path("out");
    run_recipe(&recipe, &inputs, &output).ok();
    let found = rows(&output.join("dataset"));
    // Of the two that show the same picture one stays, or none that has no other.
    assert!(found.len() < 77, "{}", found.len());
    assert!(found.len() >= 75, "{}", found.len());
    assert_eq!(found[0].general["warc_filename"], "their.warc.gz");
    assert_eq!(found.iter().find(|row| row.url.ends_with("/9")).unwrap().images, page(9).images);
    let manifest = manifest(&output.join("dataset"));
    let records = &manifest["stages"][0]["accounts"]["records"];
    assert_eq!((&records["in"], &records["failed"]), (&json!(80), &json!({"not_a_document": 1})));
    assert_eq!(manifest["inputs"][0]["records"], 40);

    let failures = obelisc(["status"]).path(&output).word("--failures").ok();
    assert!(failures.stdout.contains("not_a_document"), "{failures}");
    let explained =
        obelisc(["explain"]).path(&output).words(["--url", "https://theirs.example/7", "--json"]).ok().json();
    assert_ne!(explained["documents"][0]["reached"], "dataset");
    let swept = obelisc(["sweep"])
        .path(&output)
        .words(["--set", "document.word_count.min_words=10,1000", "--json"])
        .ok()
        .json();
    assert!(swept.is_object() || swept.is_array());

    // A folder of shards, as one task, and taken up again.
    let other = place.path("other");
    let config = place.write("one.toml", "[run]\nmax_tasks = 1\n");
    run_recipe(&recipe, &[place.path("theirs")], &other).word("--config").path(&config).ok();
    assert_same(&data_tree(&output), &data_tree(&other));
    std::fs::remove_dir_all(output.join("dataset")).unwrap();
    std::fs::remove_dir_all(output.join("images")).unwrap();
    run_recipe(&recipe, &inputs, &output).ok();
    assert_same(&data_tree(&output), &data_tree(&other));
}

#[test]
fn a_dataset_of_ours_runs_through_its_own_recipe_unchanged() {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.path("second"));
    run_recipe(&plain(), &[quickstart()], &first).ok();
    run_recipe(&plain(), &[&first], &second).ok();
    let before = rows(&first.join("dataset"));
    assert!(before.len() > 5);
    assert_eq!(rows(&second.join("dataset")), before);
}

#[test]
fn links_of_a_dataset_stay_links() {
    let place = Place::new();
    let recipe = place.write(
        "r.toml",
        "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n[rules.document.word_count]\nmin_words = 10\n",
    );
    let (first, second, third) = (place.path("first"), place.path("second"), place.path("third"));
    run_recipe(&recipe, &[quickstart()], &first).ok();
    run_recipe(&recipe, &[first.join("dataset/data")], &second).ok();
    assert_eq!(judge(&recipe, &[first.join("dataset/data")], &third, "2").code(), Some(0));
    let before = rows(&first.join("dataset"));
    assert!(before.iter().any(|row| !row.sources().is_empty()));
    assert_eq!(rows(&second.join("dataset")), before);
    assert_eq!(rows(&third.join("dataset")), before);
}

#[test]
fn damage_costs_the_rows_that_it_meets() {
    let place = Place::new();
    let whole = shard(&place, "a/train-0.parquet", &(0..20).map(page).collect::<Vec<_>>());
    let mut bytes = std::fs::read(&whole).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle - 3000..middle].fill(0xff);
    std::fs::write(&whole, bytes).unwrap();
    shard(&place, "a/train-1.parquet", &(20..40).map(page).collect::<Vec<_>>());
    place.write("a/train-2.parquet", "PAR1 and nothing else");
    let output = place.path("out");
    run_recipe(&plain(), &[place.path("a")], &output).ok();
    let manifest = manifest(&output.join("dataset"));
    let records = &manifest["stages"][0]["accounts"]["records"];
    assert_eq!(records["in"], 41, "{records}");
    assert_eq!(records["failed"]["not_a_dataset"], 1, "{records}");
    let rows = rows(&output.join("dataset"));
    assert!(rows.iter().filter(|row| row.general["warc_record_offset"].as_u64() >= Some(20)).count() == 20);
    let judged = obelisc(["judge"]).path(&plain()).path(&place.path("a")).ok();
    assert!(judged.stderr.contains("train-2.parquet: row 0: not_a_dataset"), "{judged}");
}

#[test]
fn what_is_no_dataset_is_refused_before_anything_is_written() {
    let place = Place::new();
    let folder = LocalFolder::create(place.path("index")).unwrap();
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("fetch_status", column)]).unwrap();
    let mut writer = Writer::create(&folder, "part-0.parquet", batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let output = place.path("out");
    let run = run_recipe(&plain(), &[place.path("index")], &output).fails(2);
    assert!(run.stderr.contains("the column texts is missing") && run.stderr.contains("stage select"), "{run}");
    let judged = judge(&plain(), &[place.path("index")], &output, "1");
    assert_eq!(judged.code(), Some(2), "{judged}");
    let lines = place.write("d.jsonl", "{\"texts\": [\"a\"]}\n");
    let judged = judge(&plain(), std::slice::from_ref(&lines), &output, "1");
    assert_eq!(judged.code(), Some(2), "{judged}");
    assert!(judged.stderr.contains("not of JSON lines"), "{judged}");
    let two = obelisc(["judge"]).path(&plain()).path(&lines).path(&lines).fails(2);
    assert!(two.stderr.contains("no Parquet file"), "{two}");
    let extract = obelisc(["extract"]).path(&place.path("index/part-0.parquet")).fails(2);
    assert!(extract.stderr.contains("judge reads the documents of a dataset"), "{extract}");
    assert!(!output.exists());
    let nothing: Value = obelisc(["plan"])
        .path(&plain())
        .word("--input")
        .path(quickstart())
        .word("--output")
        .path(&output)
        .word("--json")
        .ok()
        .json();
    assert!(nothing["steps"].is_array());
}
