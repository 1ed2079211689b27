//! Counts in thirteen languages against what the reference of the ROOTS corpus gave (`OBELISC_DATA`).
//!
//! Words of Chinese are those that a small SentencePiece model gave; they and those of Vietnamese are looked for in pairs too.

#![expect(clippy::disallowed_methods, reason = "a test reads its data")]
#![expect(clippy::cast_precision_loss, reason = "no text of the data holds 2^53 words")]

use std::collections::BTreeMap;

use obelisc_testkit::{data_folder, read_gzip};
use obelisc_text::{SpecialCharacters, WordList, Words, character_repetition_ratio};
use serde_json::Value;

#[test]
fn thirteen_languages_are_counted_as_the_reference_counts_them() {
    let Some(data) = data_folder() else { return };
    let list = |name: &str| std::fs::read_to_string(data.join("wordlists/roots").join(name)).unwrap();
    let special = SpecialCharacters::from_lines(&list("special_characters.txt")).unwrap();
    let mut lists: BTreeMap<String, [WordList; 2]> = BTreeMap::new();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    let rows = |name: &str| String::from_utf8(read_gzip(&data.join("reference").join(name))).unwrap();
    let chinese: Vec<Value> =
        rows("roots_zh_tiny.jsonl.gz").lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let rows = rows("roots_filtering.jsonl.gz");
    for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
        let language = row["lang"].as_str().unwrap();
        let text = row["modified_text"].as_str().or(row["text"].as_str()).unwrap();
        let mut expect = |row: &Value, name: &str, value: f64| {
            let expected = row[name].as_f64().unwrap();
            assert!((value - expected).abs() <= 1e-9, "{language} {}: {name} is {value}, not {expected}", row["case"]);
            *compared.entry(language.to_owned()).or_default() += 1;
        };
        // The parameters of the reference: 10 characters, 3 in Chinese; 5 words, 7 in Urdu.
        let length = if language == "zh" { 3 } else { 10 };
        expect(&row, "character_repetition_ratio", character_repetition_ratio(text, length));
        expect(&row, "special_characters_ratio", special.count(text).ratio());
        let (words, row) = if language == "zh" {
            let row = chinese.iter().find(|tiny| tiny["case"] == row["case"]).unwrap();
            let pieces = row["words"].as_array().unwrap();
            (Words::from_pieces(pieces.iter().map(|piece| piece.as_str().unwrap()), &special), row)
        } else {
            (Words::split(text, &special), &row)
        };
        let mut check = |name: &str, value: f64| expect(row, name, value);
        check("number_words", words.len() as f64);
        check("word_repetition_ratio", words.repetition_ratio(if language == "ur" { 7 } else { 5 }));
        let [stop, flagged] = lists.entry(language.to_owned()).or_insert_with(|| {
            ["stopwords", "flagged"].map(|kind| WordList::from_lines(&list(&format!("{language}.{kind}.txt"))))
        });
        let share = |list: &WordList| match language {
            "vi" => list.share_of_groups(&words, &[2], " "),
            "zh" => list.share_of_groups(&words, &[2], ""),
            _ => list.share_of(&words),
        };
        check("stopwords_ratio", share(stop));
        check("flagged_words_ratio", share(flagged));
    }
    println!("values compared: {compared:?}");
    assert_eq!(compared.len(), 13);
}
