//! The cleaning of the ROOTS corpus as named changes, against the texts its reference made in thirteen languages (`OBELISC_DATA`).

#![expect(clippy::disallowed_methods, reason = "a test reads its data")]

use std::collections::BTreeMap;

use obelisc_testkit::{data_folder, read_gzip};
use obelisc_text::SpecialCharacters;
use obelisc_text::spans::{self, Span, long_words, odd_spaces, outer_white_space, url_like_words, white_space_runs};
use serde_json::Value;

/// Applies some spans, after a look at their order.
fn apply(text: &mut String, name: &'static str, found: &[Span], counts: &mut BTreeMap<&str, usize>) {
    let ordered = found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
    assert!(ordered && found.iter().all(|span| text[span.range.clone()] != *span.replacement), "{name}: {found:?}");
    *counts.entry(name).or_default() += found.len();
    *text = spans::apply(text, found);
}

#[test]
fn five_named_changes_give_the_texts_of_the_reference() {
    let Some(data) = data_folder() else { return };
    let read = |name: &str| std::fs::read_to_string(data.join("wordlists/roots").join(name)).unwrap();
    let special = SpecialCharacters::from_lines(&read("special_characters.txt")).unwrap();
    let parameters: Value = serde_json::from_str(&read("parameters.json")).unwrap();
    let mut counts = BTreeMap::new();
    let mut documents: BTreeMap<(String, bool), usize> = BTreeMap::new();
    let rows = String::from_utf8(read_gzip(&data.join("reference/roots_filtering.jsonl.gz"))).unwrap();
    for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
        let language = row["lang"].as_str().unwrap();
        let original = row["text"].as_str().unwrap();
        let parameters = &parameters[language];
        let is_on = |name: &str| parameters[name].as_bool().unwrap();
        let mut text = original.to_owned();
        apply(&mut text, "odd spaces", &odd_spaces(original), &mut counts);
        let found = outer_white_space(&text);
        apply(&mut text, "outer white space", &found, &mut counts);
        if is_on("cond_remove_words_with_incorrect_substrings") {
            assert_eq!(parameters["incorrect_word_substrings"], serde_json::json!(spans::URL_PARTS));
            let found = url_like_words(&text, &special);
            apply(&mut text, "URL-like words", &found, &mut counts);
        }
        if is_on("cond_remove_long_words") {
            let max = usize::try_from(parameters["length_word_max_cutoff"].as_u64().unwrap()).unwrap();
            let found = long_words(&text, max, &special);
            apply(&mut text, "long words", &found, &mut counts);
            // The reference splits into words and joins them again, whether or not one goes.
            let found = white_space_runs(&text);
            apply(&mut text, "white space runs", &found, &mut counts);
        }
        assert_eq!(text, row["modified_text"].as_str().unwrap_or(original), "{language} {}", row["case"]);
        *documents.entry((language.to_owned(), text != original)).or_default() += 1;
    }
    println!("documents by language and whether changed: {documents:?}; spans: {counts:?}");
    assert_eq!(documents.len(), 26);
    assert!(counts.len() == 5 && counts.values().all(|&count| count > 0));
}
