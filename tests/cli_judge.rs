//! `judge`: rules on documents, without a run.

use serde_json::{Value, json};

use crate::archives::quickstart;
use crate::program::{Place, obelisc, repository};

const RECIPE: &str = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
    [rules.paragraph.word_count]\nmin_words = 4\n[rules.document.word_count]\nmin_words = 300\n";

/// The documents of the bundled archive, whole.
fn documents() -> String {
    obelisc(["extract", "--whole-page"]).path(quickstart()).ok().stdout
}

#[test]
fn a_recipe_without_rules_gives_documents_back_as_they_were() {
    let place = Place::new();
    let documents = documents();
    let recipe = place.write("r.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n");
    let lines = place.write("d.jsonl", &documents);
    let judged = obelisc(["judge"]).path(&recipe).path(&lines).ok().json_lines();
    let documents: Vec<Value> = documents.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(documents.len() > 10);
    assert_eq!(judged.len(), documents.len());
    for (mut judged, document) in judged.into_iter().zip(documents) {
        let fields = judged.as_object_mut().unwrap();
        assert_eq!(fields.shift_remove("verdict"), Some("kept".into()));
        assert_eq!(fields.shift_remove("reasons"), Some(json!([])));
        assert_eq!(fields.shift_remove("signals"), Some(json!({"document": {}})));
        assert_eq!(judged, document);
    }
}

#[test]
fn documents_come_in_order_with_any_number_of_threads_and_from_standard_input() {
    let place = Place::new();
    let documents = documents();
    let recipe = place.write("r.toml", RECIPE);
    let lines = place.write("d.jsonl", &documents);
    let one = obelisc(["judge"]).path(&recipe).path(&lines).words(["--threads", "1"]).ok();
    assert!(one.stderr.contains("dropped: document.word_count "), "{one}");
    let ids = |text: &str| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect()
    };
    assert_eq!(ids(&one.stdout), ids(&documents));
    assert_eq!(obelisc(["judge"]).path(&recipe).path(&lines).words(["--threads", "3"]).ok().stdout, one.stdout);
    for words in [&["-"][..], &[]] {
        let call = words.iter().fold(obelisc(["judge"]).path(&recipe), |call, word| call.word(word));
        assert_eq!(call.reading(documents.as_bytes()).stdout, one.stdout);
    }
}

#[test]
fn the_verdict_is_that_of_a_run() {
    let place = Place::new();
    let recipe = place.write("r.toml", RECIPE);
    let output = place.path("out");
    crate::program::run_recipe(&recipe, &[quickstart()], &output).ok();
    let kept: Vec<String> = crate::dataset::rows(&output.join("dataset")).into_iter().map(|row| row.url).collect();
    let judged = obelisc(["judge"]).path(&recipe).reading(documents().as_bytes()).json_lines();
    let of_verdict = |verdict: &str| -> Vec<String> {
        let some = judged.iter().filter(|document| document["verdict"] == verdict);
        some.map(|document| document["url"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of_verdict("kept"), kept);
    assert!(!of_verdict("dropped").is_empty());
}

#[test]
fn the_verdict_is_that_of_a_run_with_languages_edits_and_a_last_cleaning() {
    let place = Place::new();
    let recipe = RECIPE.replace("\"finish\"]", "\"clean\", \"finish\"]")
        + "[edits.long_words]\nmax_characters = 12\n[language]\nidentifier = \"embedded\"\nlanguages = [\"en\"]\n\
           others = \"drop\"\n[clean.rules.paragraph.spam_word_ratio]\nmax_ratio = 0.02\n\
           [clean.rules.document.image_count]\nmin_images = 4\n[clean.rules.document.language_score]\nmin_score = 0.6\n";
    let recipe = place.write("r.toml", recipe);
    let output = place.path("out");
    crate::program::run_recipe(&recipe, &[quickstart()], &output).ok();
    let kept: Vec<Value> =
        crate::dataset::rows(&output.join("dataset")).into_iter().map(|row| row.texts.into()).collect();
    let judged = obelisc(["judge"]).path(&recipe).reading(documents().as_bytes()).json_lines();
    let of_verdict = |verdict: &'static str| judged.iter().filter(move |document| document["verdict"] == verdict);
    let texts: Vec<Value> = of_verdict("kept").map(|document| document["texts"].clone()).collect();
    assert!(!texts.is_empty());
    assert_eq!(texts, kept);
    let last = |document: &'_ Value| document["reasons"].as_array().unwrap().last().unwrap()["rule"].clone();
    // What both ask of one paragraph stands side by side.
    let signals = judged[0]["signals"]["paragraph"].as_object().unwrap().values().next_back().unwrap();
    assert!(signals["word_count"].is_number() && signals["spam_word_ratio"].is_number(), "{signals}");
    let why: Vec<Value> = of_verdict("dropped").map(last).collect();
    for rule in ["word_count", "image_count"] {
        assert!(why.iter().any(|why| why == rule), "{why:?}");
    }
}

#[test]
fn a_damaged_line_costs_itself_and_is_told_by_its_number() {
    let place = Place::new();
    let recipe = place.write("r.toml", RECIPE);
    let good = "{\"texts\": [\"These are words enough.\", null], \"images\": [null, \"https://a.example/1.png\"]}";
    let lines = format!("{good}\n\n{{\"texts\": [null]}}\n\u{1b}[31m\n{good}\n{{\"texts\"");
    let ended = obelisc(["judge"]).path(&recipe).reading(lines.as_bytes());
    assert_eq!((ended.code(), ended.json_lines().len()), (Some(0), 2), "{ended}");
    for words in [
        "stdin:3: no document: entry 0",
        "stdin:4: no document: ",
        "stdin:6: no document: EOF",
        "3 lines are no document",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {ended}");
    }
    let [first, second] = &ended.json_lines()[..] else { panic!("{ended}") };
    assert_ne!(first["id"], second["id"]);
    let ended = obelisc(["judge"]).path(&recipe).reading(b"no JSON\n");
    assert_eq!(ended.code(), Some(1), "{ended}");
    assert_eq!(obelisc(["judge"]).path(&recipe).reading(b"").code(), Some(0));
}

#[test]
fn a_recipe_that_is_wrong_is_refused_before_anything_is_read() {
    let links = repository("pipelines/links.toml");
    let ended = obelisc(["judge", &links, "/nowhere.jsonl", "--set", "rules.document.word_count.min_wordz=1"]).fails(2);
    ended.one_error(["min_wordz", "min_words"]);
    obelisc(["judge", &links, "/nowhere.jsonl"]).fails(3).one_error(["/nowhere.jsonl"]);
    let ended = obelisc(["judge", &links, "--set", "rules.document.word_count.min_words=1"]).reading(b"{}");
    assert_eq!(ended.json_lines()[0]["reasons"][0]["rule"], "image_count", "{ended}");
}
