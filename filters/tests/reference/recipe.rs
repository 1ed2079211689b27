//! `pipelines/obelisc.toml` against the reference's configuration and its decisions.
//!
//! Common words, which the recipe does not ask for, are either passed over in what the reference says, or asked for here as well.  Not covered beside what the
//! other tests leave out: images that a page shows at a share of their sides.  None of these pages shows one so small that it would be dropped.

#![expect(clippy::disallowed_methods, reason = "a test reads its data")]

use std::collections::BTreeSet;

use obelisc_document::Content;
use obelisc_filter::{RuleSet, StageView, SubjectKind};
use obelisc_testkit::data_folder;
use serde_json::Value;

use super::{
    alone, common_words, document, first_failing, image_decisions, judge_whole, key, pages, released,
    remove_repeated_images, rows, rule_set, text_node,
};

/// The edits and rules of the recipe, and nothing else of it.
fn recipe() -> String {
    let text = include_str!("../../../pipelines/obelisc.toml");
    let mut recipe: toml_edit::DocumentMut = text.parse().unwrap();
    recipe.retain(|name, _| name == "edits" || name == "rules");
    recipe.to_string()
}

/// The rules of the recipe's last cleaning.
fn cleaning() -> RuleSet {
    let text = include_str!("../../../pipelines/obelisc.toml");
    let recipe: toml_edit::DocumentMut = text.parse().unwrap();
    let mut rules = toml_edit::DocumentMut::new();
    rules.insert("rules", recipe["clean"]["rules"].clone());
    assert_eq!(recipe["clean"]["keep_repeated_images"].as_bool(), Some(false));
    rule_set(&rules.to_string())
}

/// What the reference's configuration says of each rule: its key without level and bound, our rule and the name of the bound, less `min` and `max`.
const CUTOFFS: [(&str, &str, &str); 8] = [
    ("number_words", "word_count", "words"),
    ("character_repetition", "character_repetition_ratio", "ratio"),
    ("word_repetition", "word_repetition_ratio", "ratio"),
    ("special_character_ratio", "special_character_ratio", "ratio"),
    ("stopword_ratio", "stopword_ratio", "ratio"),
    ("flagged_word_ratio", "flagged_word_ratio", "ratio"),
    ("punctuation_ratio", "punctuation_ratio", "ratio"),
    ("number_images", "image_count", "images"),
];

/// Beginnings of the keys that the recipe has nothing for, since they need bytes of images, a model, or a list that could not be had.
const ABSENT: [&str; 6] =
    ["aspect_ratio", "common_word_ratio", "lang_id", "original_height", "original_width", "perplexity_score"];

/// Where a number of the reference's configuration stands in the recipe: subject, rule, option.
fn place(key: &str) -> Option<[String; 3]> {
    let at = |subject: &str, rule: &str, option: &str| Some([subject, rule, option].map(str::to_owned));
    let (subject, key) = match (key.replacen("_node_level", "", 1), key.replacen("_doc_level", "", 1)) {
        (short, _) if short != key => ("paragraph", short),
        (_, short) => ("document", short),
    };
    match &*key {
        "min_number_words_to_check_punctuation_ratio" => return at(subject, "punctuation_ratio", "min_tokens"),
        "character_repetition_length" => return at(subject, "character_repetition_ratio", "ngram_characters"),
        "word_repetition_length" => return at(subject, "word_repetition_ratio", "ngram_words"),
        _ => {}
    }
    let bound = key.strip_suffix("_cutoff")?;
    let (name, bound) = bound.rsplit_once('_')?;
    if name == "rendered_width" || name == "rendered_height" {
        return at("image", "rendered_side_pixels", &format!("{bound}_side_pixels"));
    }
    let (_, rule, option) = CUTOFFS.into_iter().find(|(theirs, ..)| *theirs == name)?;
    at(subject, rule, &format!("{bound}_{option}"))
}

#[test]
fn the_recipe_has_every_number_of_the_reference_that_needs_no_bytes_and_no_model() {
    let Some(data) = data_folder() else { return };
    let config = std::fs::read(data.join("wordlists/obelics/config_filter.json")).unwrap();
    let config: serde_json::Map<String, Value> = serde_json::from_slice(&config).unwrap();
    let rules = rule_set(&recipe());
    let mut compared = BTreeSet::new();
    for (key, number) in config.iter().filter(|(_, value)| value.is_number()) {
        let Some([subject, rule, option]) = place(key) else {
            assert!(ABSENT.iter().any(|absent| key.starts_with(absent)), "{key} is nowhere");
            continue;
        };
        let subject = SubjectKind::from_name(&subject).unwrap();
        let found = rules.rules(subject).iter().find(|configured| configured.spec().name == rule);
        let ours = found.unwrap_or_else(|| panic!("no {subject}.{rule}")).options()[&option].as_f64();
        assert_eq!(ours, number.as_f64(), "{key}, {subject}.{rule}.{option}");
        compared.insert((subject, rule, option));
    }
    let banned = std::fs::read_to_string(data.join("wordlists/obelics/url_ban_words.txt")).unwrap();
    let url_words = rules.rules(SubjectKind::Image).iter().find(|rule| rule.spec().name == "url_words").unwrap();
    assert_eq!(url_words.options()["banned"], banned.lines().collect::<Value>());
    // What the reference says of a shorter paragraph it does not say of a document.
    let punctuation = rules.rules(SubjectKind::Document).iter().find(|rule| rule.spec().name == "punctuation_ratio");
    assert_eq!(punctuation.unwrap().options()["min_tokens"], Value::Null);
    assert_eq!(compared.len(), 25);
}

/// What the recipe says first, where the reference says `theirs` first: it passes over common words.
fn ours(theirs: &Value) -> Option<&str> {
    theirs.as_str().filter(|rule| *rule != "common_word_ratio")
}

/// The recipe's rules on one kind of subject, without its edits: texts are given both raw and edited.
fn rules_on(subject: SubjectKind) -> RuleSet {
    rule_set(&recipe()).select(|spec| spec.subject == subject).without_edits()
}

#[test]
fn the_recipe_judges_texts_as_the_reference_does_that_is_not_asked_for_common_words() {
    let Some(data) = data_folder() else { return };
    let on_paragraphs = rules_on(SubjectKind::Paragraph);
    // Of strings taken for whole documents the reference does not ask for images.
    let on_documents = rules_on(SubjectKind::Document).select(|spec| spec.name != "image_count");
    let (mut paragraphs, mut documents) = (0, 0);
    for row in rows(&data.join("reference/filtering.jsonl.gz")) {
        if row["kind"] == "document" || row["end_of_document_token"] == true {
            continue;
        }
        let (key, text) = (&row["key"], row["text"].as_str().unwrap());
        let judgement = on_paragraphs.judge(&mut alone(text), StageView::FINAL).judgements.swap_remove(0);
        let expected = ours(&row["first_failing_rule"]);
        assert_eq!(first_failing(&judgement), expected, "{key}");
        paragraphs += 1;
        if row["kind"] == "constructed" {
            let judgement = judge_whole(&on_documents, &document("", vec![(0, text_node(text))]));
            assert_eq!(first_failing(&judgement), ours(&row["document_first_failing_rule"]), "{key}");
            documents += 1;
        }
    }
    assert_eq!((paragraphs, documents), (21_059, 133));
}

#[test]
fn the_recipe_judges_pages_and_images_nobody_has_read_as_the_reference_does_that_has_read_them() {
    let Some(data) = data_folder() else { return };
    let (on_images, on_documents) = (rules_on(SubjectKind::Image), rules_on(SubjectKind::Document));
    let pages = pages(&data.join("reference"));
    let (mut documents, mut images) = (0, 0);
    for row in rows(&data.join("reference/filtering.jsonl.gz")).into_iter().filter(|row| row["kind"] == "document") {
        let mut page = pages[&key(&row)].clone();
        let shown = row["key"].as_str().unwrap();
        let judgement = judge_whole(&on_documents, &page);
        assert_eq!(first_failing(&judgement), ours(&row["unfiltered"]["first_failing_rule"]), "{shown}");
        documents += 1;

        for node in &mut page.nodes {
            if let Content::Image(image) = &mut node.content {
                image.facts = None;
            }
        }
        let verdict = on_images.judge(&mut page, StageView::FINAL);
        assert_eq!(image_decisions(&verdict), row["image_decisions"], "{shown}");
        images += row["image_decisions"].as_array().unwrap().len();
    }
    assert_eq!((documents, images), (362, 4_189));
}

#[test]
fn with_common_words_the_recipe_leaves_the_documents_that_the_reference_leaves() {
    let Some(data) = data_folder() else { return };
    let folder = data.join("reference");
    let common = common_words(&folder, "paragraph") + &common_words(&folder, "document");
    let (rules, cleaning) = (rule_set(&(recipe() + &common)), cleaning());
    let pages = pages(&folder);
    let mut left = 0;
    for row in rows(&folder.join("filtering.jsonl.gz")).into_iter().filter(|row| row["kind"] == "document") {
        let mut page = pages[&key(&row)].clone();
        let kept = rules.judge(&mut page, StageView::FINAL).kept && {
            remove_repeated_images(&mut page);
            cleaning.judge(&mut page, StageView::FINAL).kept
        };
        assert_eq!(kept, row["final"]["keep_step13"] == true, "{}", row["key"]);
        if kept {
            for (list, name) in released(&page).into_iter().zip(["texts", "images", "metadata"]) {
                assert_eq!(row["final"][name], list, "{}: {name}", row["key"]);
            }
            left += 1;
        }
    }
    assert_eq!(left, 138);
}
