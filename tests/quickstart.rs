//! The README's first command.

use obelisc_document::account::Flow;
use serde_json::{Value, json};

use crate::archives::quickstart;
use crate::dataset::{Row, accounts, assert_same, dataset_tree, manifest, rows, tree};
use crate::program::{Place, obelisc, run_of, run_quickstart};

/// The row of a page of the atlas.
fn row(rows: &[Row], path: &str) -> Row {
    let url = format!("https://atlas.example{path}");
    rows.iter().find(|row| row.url == url).unwrap_or_else(|| panic!("no row for {url}")).clone()
}

#[test]
fn the_first_command_gives_a_dataset_and_says_where() {
    let place = Place::new();
    let output = place.path("out");
    let ended = run_quickstart(&output).ok();
    assert!(ended.stdout.contains(&format!("The dataset is finished: {}/dataset\n", output.display())), "{ended}");
    let files: Vec<String> = dataset_tree(&output).into_keys().collect();
    assert_eq!(files, ["README.md", "croissant.json", "data/train-00000-of-00001.parquet", "manifest.json"]);
    let rows = rows(&output.join("dataset"));
    assert_eq!(rows.len(), 14);
    for row in &rows {
        let lengths = (row.texts.len(), row.images.len(), row.metadata.len());
        assert_eq!(lengths, (row.texts.len(), row.texts.len(), row.texts.len()), "{}", row.url);
        for ((text, image), metadata) in row.texts.iter().zip(&row.images).zip(&row.metadata) {
            assert_ne!(text.is_some(), image.is_some(), "{}", row.url);
            assert_eq!(metadata.is_null(), text.is_some(), "{}", row.url);
        }
    }
}

#[test]
fn images_stand_between_the_texts_between_which_the_page_shows_them() {
    let place = Place::new();
    let output = place.path("out");
    run_quickstart(&output).ok();
    let row = row(&rows(&output.join("dataset")), "/waves/interference");
    let file = |name: &str| Some(std::fs::read(quickstart().with_file_name("quickstart/site/img").join(name)).unwrap());
    let images = [None, file("interference.jpg"), None, file("moire-rings.png"), None, file("chladni.jpg"), None];
    assert_eq!(row.images, images);
    let begins = [
        Some("Drop two pebbles"),
        None,
        Some("The quiet lines that fan out"),
        None,
        Some("Two equal sets of rings"),
        None,
        Some("Six standing waves of a square plate"),
    ];
    for (text, begin) in row.texts.iter().zip(begins) {
        assert_eq!(text.is_some(), begin.is_some());
        assert!(text.as_deref().unwrap_or_default().starts_with(begin.unwrap_or_default()), "{text:?}");
    }
    // The picture that was never stored whole leaves its two neighbours as one text.
    let last = row.texts[6].as_deref().unwrap();
    assert!(last.ends_with("Browsers show what they have."), "{last}");
}

#[test]
fn text_of_every_declared_or_missing_charset_is_read_right() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let rows = rows(&output.join("dataset"));
    let text = |path: &str| row(&rows, path).texts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    let tides = text("/earth/tides");
    for words in ["mécanique céleste", "90°", "½"] {
        assert!(tides.contains(words), "{words} is missing: {tides}");
    }
    assert!(text("/waves/interference").contains("Moiré is a magnifying glass"));
    assert!(!text("/living/phyllotaxis").contains('\u{fffd}'));
}

#[test]
fn the_second_run_says_that_it_was_finished_and_changes_no_byte() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let before = tree(&output);
    let ended = run_of(&[quickstart()], &output).ok();
    assert!(ended.stdout.contains("The dataset was finished before: "), "{ended}");
    assert_same(&before, &tree(&output));
    let events = run_of(&[quickstart()], &output).events();
    assert!(events.iter().all(|event| event["event"] != "task_finished"), "{events:?}");
}

#[test]
fn the_last_event_names_the_dataset() {
    let place = Place::new();
    let output = place.path("out");
    for existed in [false, true] {
        let ended = run_of(&[quickstart()], &output).words(["--log-format", "json"]).ok();
        let last = ended.stderr.lines().last().unwrap();
        let manifest = manifest(&output.join("dataset"));
        let expected = json!({
            "event": "finished",
            "folder": "dataset",
            "existed": existed,
            "dataset_digest": manifest["dataset_digest"],
            "documents": manifest["shards"][0]["rows"],
            "images": manifest["shards"][0]["images"],
        });
        assert_eq!(serde_json::from_str::<Value>(last).unwrap(), expected);
    }
}

#[test]
fn the_accounts_balance_and_chain_from_step_to_step() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let manifest = manifest(&output.join("dataset"));
    let accounts = accounts(&manifest);
    for (step, accounts) in &accounts {
        for (unit, flow) in &accounts.0 {
            let lost = flow.dropped.values().chain(flow.failed.values()).sum::<u64>() + flow.merged;
            assert_eq!(flow.entered, flow.kept + lost, "{step} {unit}");
        }
    }
    let flow = |step: &str, unit: &str| -> Flow {
        let (_, accounts) = accounts.iter().find(|(name, _)| name == step).unwrap();
        accounts.0[unit].clone()
    };
    for (before, after) in [("extract", "filter"), ("filter", "apply"), ("apply", "write")] {
        for unit in ["documents", "images", "text_nodes"] {
            assert_eq!(flow(before, unit).kept, flow(after, unit).entered, "{unit} from {before} to {after}");
        }
    }
    for (before, after) in [("extract", "filter"), ("filter", "apply")] {
        assert_eq!(flow(before, "paragraphs").kept, flow(after, "paragraphs").entered);
    }
    let records = flow("extract", "records");
    assert_eq!((records.entered, records.kept), (139, flow("extract", "documents").entered));
    assert_eq!(records.failed.values().sum::<u64>(), 1);
    let rows = rows(&output.join("dataset"));
    let images = rows.iter().flat_map(|row| &row.images).flatten().count() as u64;
    let texts = rows.iter().flat_map(|row| &row.texts).flatten().count() as u64;
    assert_eq!(flow("write", "documents").kept, rows.len() as u64);
    assert_eq!(flow("write", "images").kept, images);
    assert_eq!(flow("write", "text_nodes").kept, texts);
    let shard = &manifest["shards"][0];
    assert_eq!(json!([shard["rows"], shard["images"], shard["texts"]]), json!([rows.len(), images, texts]));
}

#[test]
fn status_tells_of_each_step_and_of_each_failed_record() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let status = obelisc(["status"]).path(&output).words(["--json", "--failures"]).ok().json();
    let steps: Vec<&str> =
        status["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["extract", "filter", "locate", "harvest", "seal", "attach", "apply", "order", "write"]);
    assert!(status["steps"].as_array().unwrap().iter().all(|step| step["done"] == 1 && step["tasks"] == 1));
    let failures = status["failures"].as_array().unwrap();
    let urls = failures.iter().map(|failure| (failure["url"].as_str(), failure["reason"].as_str().unwrap()));
    assert_eq!(
        urls.collect::<Vec<_>>(),
        [
            (Some("https://atlas.example/old/fractals"), "status_not_accepted"),
            (Some("https://atlas.example/img/lost-fern.jpg"), "status_not_accepted"),
            (None, "damaged_member"),
            (Some("https://atlas.example/poster"), "status_not_accepted"),
        ]
    );
    let text = obelisc(["status"]).path(&output).ok().stdout;
    assert!(text.contains("extract  records             139        17  "), "{text}");
}
