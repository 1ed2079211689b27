//! `train quality`: classifiers that tell two kinds of texts apart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use obelisc_filters::lists::SPECIAL_CHARACTERS;
use obelisc_text::{LinearClassifier, Words};

use crate::program::{Call, Place, obelisc};

const GOOD: [&str; 6] = ["cathedral", "built", "century", "river", "kingdom", "species"];
const BAD: [&str; 6] = ["click", "offer", "login", "discount", "subscribe", "cookies"];
const BOTH: [&str; 8] = ["the", "of", "and", "is", "with", "house", "water", "people"];

/// A text of words that both kinds have, and of some that its kind alone has.
fn text(kind: &[&str], number: usize) -> String {
    let word = |place: usize| {
        let drawn = (number * 31 + place * 17 + number * place * 7) % 101;
        if drawn.is_multiple_of(4) { kind[drawn % kind.len()] } else { BOTH[drawn % BOTH.len()] }
    };
    (0..40).map(word).collect::<Vec<_>>().join(" ")
}

/// Sixty texts in files of their own.
fn folder(place: &Place, name: &str, kind: &[&str]) -> PathBuf {
    for number in 0..60 {
        place.write(&format!("{name}/{number}.txt"), text(kind, number));
    }
    place.path(name)
}

fn train(positive: &[&Path], negative: &[&Path], output: &Path) -> Call {
    let call = positive.iter().fold(obelisc(["train", "quality", "--positive"]), |call, path| call.path(path));
    let call = negative.iter().fold(call.word("--negative"), |call, path| call.path(path));
    call.word("--output").path(output).words(["--bucket-bits", "14"])
}

#[test]
fn a_model_depends_on_the_documents_alone_and_tells_the_kinds_apart() {
    let place = Place::new();
    let (good, bad) = (folder(&place, "good", &GOOD), folder(&place, "bad", &BAD));
    let model = |name: &str, good: &[&Path], bad: &[&Path], threads: &str| {
        let events = train(good, bad, &place.path(name)).words(["--threads", threads]).events();
        (std::fs::read(place.path(name)).unwrap(), events.last().unwrap().clone())
    };
    let (first, facts) = model("1.bin", &[&good], &[&bad], "1");
    let (second, again) = model("2.bin", &[&good], &[&bad], "1");
    assert!(first == second && facts["held_out"] == again["held_out"]);
    assert!(first == model("3.bin", &[&good], &[&bad], "4").0);
    // The same documents as lines of one file, backwards, some of them twice.
    let line = |number| serde_json::json!({"texts": [text(&BAD, number), null]}).to_string() + "\n";
    let lines = place.write("bad.jsonl", (0..60).rev().chain(20..30).map(line).collect::<String>());
    let (third, facts_of_lines) = model("4.bin", &[&good], &[&lines], "2");
    assert!(first == third);
    assert_eq!((&facts["documents"]["negative"], &facts_of_lines["documents"]["negative"]), (&60.into(), &70.into()));

    let held_out = &facts["held_out"];
    assert_eq!((&held_out["positive"], &held_out["negative"]), (&6.into(), &6.into()));
    assert_eq!((&facts["learnt"]["positive"], &facts["learnt"]["negative"]), (&54.into(), &54.into()));
    for measure in ["accuracy", "auc", "f1"] {
        let value = held_out[measure].as_f64().unwrap();
        assert!(value > 0.9 && value <= 1.0, "{measure}: {facts}");
    }
    let classifier = LinearClassifier::open(Arc::new(first)).unwrap();
    let score = |text: &str| classifier.score(&Words::split(text, &SPECIAL_CHARACTERS));
    for number in 60..80 {
        assert!(score(&text(&GOOD, number)) > 0.5 && score(&text(&BAD, number)) < 0.5, "{number}");
    }
    // The other way round.
    let swapped = LinearClassifier::open(Arc::new(model("5.bin", &[&bad], &[&good], "2").0)).unwrap();
    assert!(swapped.score(&Words::split(&text(&GOOD, 99), &SPECIAL_CHARACTERS)) < 0.5);
}

#[test]
fn the_summary_says_what_the_model_is_worth() {
    let place = Place::new();
    let (good, bad) = (folder(&place, "good", &GOOD), folder(&place, "bad", &BAD));
    let ended = train(&[&good], &[&bad], &place.path("new/model.bin")).ok();
    assert!(ended.stdout.contains("new/model.bin: 64.0 KiB\n"), "{ended}");
    for words in
        ["documents         60         60\n", "held out           6          6\n", "accuracy 1.0000, AUC 1.0000, F1 "]
    {
        assert!(ended.stdout.contains(words), "{words:?}\n{ended}");
    }
    // So little memory that some documents are left out: always the same.
    let little = |name: &str, threads: &str| {
        let call = train(&[&good], &[&bad], &place.path(name)).words(["--memory", "16K", "--threads", threads]);
        let ended = call.ok();
        assert!(ended.stderr.contains("did not fit into --memory"), "{ended}");
        std::fs::read(place.path(name)).unwrap()
    };
    let one = little("one.bin", "1");
    assert!(one == little("three.bin", "3") && one != std::fs::read(place.path("new/model.bin")).unwrap());
}

#[test]
fn what_nothing_can_be_learnt_from_is_refused() {
    let place = Place::new();
    let (good, bad) = (folder(&place, "good", &GOOD), folder(&place, "bad", &BAD));
    let output = place.path("model.bin");
    let few = place.write("few.jsonl", "{\"text\": \"one text\"}\n".repeat(30));
    train(&[&good], &[&few], &output).fails(1).one_error(["negative: 1 different documents", "10 are needed"]);
    let marks = place.write("marks.txt", "-- 12");
    train(&[&marks], &[&bad], &output).fails(1).one_error(["positive: 1 documents, and no word in them"]);
    let little = train(&[&good], &[&bad], &output).words(["--memory", "1"]);
    little.fails(1).one_error(["positive: 0 documents fit into half of 1 bytes", "allow more memory"]);
    train(&[&good], &[&place.path("absent")], &output).fails(3).one_error(["absent: not found"]);
    for words in [["--bucket-bits", "30"], ["--passes", "0"], ["--rate", "0"], ["--l2", "-1"], ["--words", "9"]] {
        let call = words.iter().fold(
            obelisc(["train", "quality", "--positive", "a", "--negative", "b", "--output", "c"]),
            |call, word| call.word(word),
        );
        call.fails(2);
    }
    assert!(!output.exists());
    place.write("model.bin", "mine");
    train(&[&good], &[&bad], &output).fails(3).one_error(["model.bin: already exists"]);
    assert_eq!(std::fs::read(&output).unwrap(), b"mine");
    train(&[&good], &[&bad], &output).word("--force").ok();
    let damaged = std::fs::read(&output).unwrap();
    let error = LinearClassifier::open(Arc::new(damaged[..1000].to_vec())).unwrap_err();
    assert_eq!(error.offset, 1000, "{error}");
}
