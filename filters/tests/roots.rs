//! Edits and rules against what the ROOTS reference code did to documents of thirteen languages (`OBELISC_DATA`).
//!
//! Judged is by what `pipelines/multilingual.toml` has of them, with the values of `languages/`.  Compared are the text that its cleaning leaves, all values, decisions and
//! first failing rules.  Not covered, because the reference's run left it out: language identification and perplexity.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its data, and ends where something fails"
)]

use std::path::Path;
use std::sync::Arc;

use obelisc_document::{Content, DocId, Document, Node, Page, Paragraph};
use obelisc_filter::options::{Resource, Resources, Source};
use obelisc_filter::{Judgement, RuleSet, Settings, Signal, StageView, SubjectKind, replay};
use obelisc_filters::languages::LANGUAGES;
use obelisc_filters::{EDITS, RULES, WordSplit};
use obelisc_testkit::{data_folder, read_gzip};
use serde_json::Value;
use toml_edit::DocumentMut;

/// The values' names there and our rules.
const NAMES: [(&str, &str, &str); 6] = [
    ("number_words", "number_words", "word_count"),
    ("character_repetition_ratio", "character_repetition_ratio", "character_repetition_ratio"),
    ("word_repetition_ratio", "word_repetition_ratio", "word_repetition_ratio"),
    ("special_characters_ratio", "special_characters_ratio", "special_character_ratio"),
    ("stopwords_ratio", "stopwords_ratio", "stopword_ratio"),
    ("flagged_words_ratio", "flagged_words_ratio", "flagged_word_ratio"),
];

/// What the recipe has of ROOTS: word splitting, cleaning, and rules on documents.
fn recipe() -> String {
    let mut recipe: DocumentMut = include_str!("../../pipelines/multilingual.toml").parse().unwrap();
    recipe.retain(|name, _| ["words", "edits", "rules"].contains(&name));
    let edits = recipe["edits"].as_table_mut().unwrap();
    edits.retain(|name, _| !name.starts_with("pii_"));
    let rules = recipe["rules"].as_table_mut().unwrap();
    rules.retain(|name, _| name == "document");
    let rules = rules["document"].as_table_mut().unwrap();
    rules.retain(|name, _| NAMES.iter().any(|(_, _, ours)| *ours == name));
    recipe.to_string()
}

fn rules(code: &str, overrides: &[String], resources: Resources) -> RuleSet {
    let source = Source::parse("roots", &recipe(), overrides).with_resources(resources);
    let source = source.with_languages(LANGUAGES.iter().copied()).unwrap();
    let mut root = source.root().in_language(code);
    let mut words = root.table("words");
    let settings = Settings::default().with(WordSplit::from_options(&mut words));
    words.finish();
    let set = RuleSet::from_options(RULES, root.table("rules")).with_edits(EDITS, root.table("edits"));
    root.finish();
    source.finish().unwrap_or_else(|problems| panic!("{code}: {problems:?}"));
    set.with_settings(settings)
}

fn rows(file: &Path) -> Vec<Value> {
    let text = String::from_utf8(read_gzip(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A document of one paragraph, which is what the reference takes a text for.
fn document(text: &str) -> Document {
    let paragraphs = vec![Paragraph { k: 0, text: text.to_owned(), content_score: None }];
    let nodes = vec![Node { ordinal: 0, content: Content::Text(paragraphs) }];
    Document { id: DocId([0; 16]), page: Page::default(), nodes }
}

/// Judges a text; gives the text that the cleaning left, and the document's judgement.
fn judge(rules: &RuleSet, text: &str) -> (String, Judgement) {
    let verdict = rules.judge(&mut document(text), StageView::FINAL);
    let edits = verdict.judgements.iter().find(|judgement| judgement.subject == SubjectKind::Paragraph);
    let edited = edits.map_or_else(|| text.to_owned(), |judgement| replay(text, &judgement.edits).unwrap());
    (edited, verdict.judgements.into_iter().next_back().unwrap())
}

/// Compares all values that the row has; gives how many.
fn compare(row: &Value, judgement: &Judgement) -> usize {
    let mut compared = 0;
    for (name, _, ours) in NAMES {
        let Some(expected) = row[name].as_f64() else { continue };
        let measured = judgement.signals.iter().find(|measured| measured.rule == ours);
        let Some(Signal::Number(value)) = measured.map(|measured| &measured.signal) else {
            panic!("{} {}: no {ours}", row["lang"], row["case"])
        };
        assert!((value - expected).abs() <= 1e-9, "{} {}: {ours} {value}, {expected}", row["lang"], row["case"]);
        compared += 1;
    }
    compared
}

/// Our name of the rule that failed first, as the reference calls it.
fn first_failing(judgement: &Judgement) -> Option<&'static str> {
    let failure = judgement.failure.as_ref()?;
    let (_, theirs, _) = NAMES.iter().find(|(_, _, ours)| *ours == failure.rule)?;
    Some(theirs)
}

#[test]
fn every_document_is_cleaned_measured_and_decided_as_in_its_language() {
    let Some(data) = data_folder() else { return };
    let (mut documents, mut values, mut dropped) = (0, 0, 0);
    let rows = rows(&data.join("reference/roots_filtering.jsonl.gz"));
    for (code, _) in LANGUAGES {
        let rules = rules(code, &[], Resources::default());
        for row in rows.iter().filter(|row| row["lang"] == *code && *code != "zh") {
            let text = row["text"].as_str().unwrap();
            let (edited, judgement) = judge(&rules, text);
            let shown = format!("{code} {}", row["case"]);
            assert_eq!(edited, row["modified_text"].as_str().unwrap_or(text), "{shown}");
            values += compare(row, &judgement);
            assert_eq!(row["keep"], judgement.kept(), "{shown}");
            assert_eq!(row["first_failing_rule"].as_str(), first_failing(&judgement), "{shown}");
            documents += 1;
            dropped += usize::from(!judgement.kept());
        }
    }
    println!("{documents} documents, {values} values, {dropped} dropped");
    assert!(documents >= 12 * 60 && values == documents * 6 && dropped > 0 && dropped < documents);
}

#[test]
fn chinese_by_the_pieces_of_a_model_is_decided_as_the_reference_does() {
    let Some(data) = data_folder() else { return };
    let model = std::fs::read(data.join("reference/models/tiny-zh.sp.model")).unwrap();
    let mut resources = Resources::default();
    resources.add("pieces", Some(Resource::new(Arc::new(model), "tiny".to_owned())));
    let overrides = ["words.split=sentencepiece", "words.pieces=pieces"].map(str::to_owned);
    let rules = rules("zh", &overrides, resources);
    let texts = rows(&data.join("reference/roots_filtering.jsonl.gz"));
    let (mut documents, mut values) = (0, 0);
    for row in rows(&data.join("reference/roots_zh_tiny.jsonl.gz")) {
        let full = texts.iter().find(|full| full["lang"] == "zh" && full["case"] == row["case"]).unwrap();
        let text = full["text"].as_str().unwrap();
        let (edited, judgement) = judge(&rules, text);
        assert_eq!(edited, full["modified_text"].as_str().unwrap_or(text), "{}", row["case"]);
        values += compare(&row, &judgement);
        assert_eq!(row["keep"], judgement.kept(), "{}", row["case"]);
        assert_eq!(row["first_failing_rule"].as_str(), first_failing(&judgement), "{}", row["case"]);
        documents += 1;
    }
    println!("{documents} documents, {values} values");
    assert!(documents > 60 && values == documents * 6);
}

#[test]
fn text_that_is_poor_in_stop_words_is_kept_by_its_own_language_and_dropped_by_english() {
    let Some(data) = data_folder() else { return };
    let rows = rows(&data.join("reference/roots_filtering.jsonl.gz"));
    let english = rules("en", &[], Resources::default());
    for code in ["ar", "bn"] {
        let own = rules(code, &[], Resources::default());
        let texts = rows.iter().filter(|row| row["lang"] == code).filter_map(|row| row["text"].as_str());
        let kept: Vec<&str> = texts.filter(|text| judge(&own, text).1.kept()).collect();
        assert!(!kept.is_empty(), "{code}");
        for text in kept {
            let (_, judgement) = judge(&english, text);
            let rule = judgement.failure.map(|failure| failure.rule.into_owned());
            assert!(rule.is_some(), "{code}: English keeps {text}");
        }
    }
}
