//! Perplexity and the steps to it against what the reference gave (`OBELISC_DATA`), with its small models.

#![expect(clippy::disallowed_methods, reason = "a test reads its data")]
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::sync::Arc;

use obelisc_testkit::{data_folder, read_gzip};
use obelisc_text::{
    KenLm, Perplexity, SentencePiece, SpecialCharacters, Words, ascii_punctuation, lower_case_model_text, model_text,
    standard_spaces, without_control_characters, zero_digits,
};
use serde_json::Value;

fn rows(name: &str) -> Option<Vec<Value>> {
    let bytes = read_gzip(&data_folder()?.join("reference").join(name));
    let rows = String::from_utf8(bytes).unwrap();
    Some(rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect())
}

fn sentence_piece(name: &str) -> Option<SentencePiece> {
    let bytes = std::fs::read(data_folder()?.join("reference/models").join(name)).unwrap();
    Some(SentencePiece::open(&bytes).unwrap())
}

#[test]
fn text_is_normalised_step_by_step_as_in_the_reference() {
    let Some(rows) = rows("perplexity_normalise.jsonl.gz") else { return };
    for row in &rows {
        let expect = |name: &str, value: &str| assert_eq!(value, row[name], "{}: {name}", row["case"]);
        let text = row["text"].as_str().unwrap();
        let printing = without_control_characters(text);
        expect("1_non_printing_removed", &printing);
        let trimmed = printing.trim();
        expect("2_stripped", trimmed);
        expect("normalised", &model_text(text));
        expect("normalised_lower_case", &lower_case_model_text(text));
        if !trimmed.is_empty() {
            let spaced = standard_spaces(trimmed);
            expect("3_whitespace", &spaced);
            let zeroed = zero_digits(&spaced);
            expect("4_digits", &zeroed);
            expect("5_punctuation", &ascii_punctuation(&zeroed));
        }
    }
    assert_eq!(rows.len(), 208);
}

#[test]
fn pieces_of_english_are_those_of_the_reference() {
    let (Some(rows), Some(model)) = (rows("perplexity_tiny.jsonl.gz"), sentence_piece("tiny-en.sp.model")) else {
        return;
    };
    for row in &rows {
        assert_eq!(model_text(row["text"].as_str().unwrap()), row["normalised"], "{}", row["case"]);
        let pieces = model.pieces(row["normalised"].as_str().unwrap());
        assert_eq!(pieces.iter().collect::<Vec<_>>().join(" "), row["pieces"], "{}", row["case"]);
        assert_eq!(pieces.len() as u64 + 1, row["length"].as_u64().unwrap(), "{}", row["case"]);
    }
    assert_eq!(rows.len(), 495);
}

#[test]
fn chinese_words_are_those_of_the_reference() {
    let (Some(rows), Some(model)) = (rows("roots_zh_tiny.jsonl.gz"), sentence_piece("tiny-zh.sp.model")) else {
        return;
    };
    let Some(data) = data_folder() else { return };
    let list = std::fs::read_to_string(data.join("wordlists/roots/special_characters.txt")).unwrap();
    let special = SpecialCharacters::from_lines(&list).unwrap();
    for row in &rows {
        let pieces = model.pieces(row["normalised"].as_str().unwrap());
        let words = Words::from_pieces(pieces.iter(), &special);
        let expected: Vec<_> = row["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(words.iter().collect::<Vec<_>>(), expected, "{}", row["case"]);
    }
    assert_eq!(rows.len(), 102);
}

#[test]
fn perplexity_is_that_of_the_reference() {
    let (Some(rows), Some(pieces)) = (rows("perplexity_tiny.jsonl.gz"), sentence_piece("tiny-en.sp.model")) else {
        return;
    };
    let Some(data) = data_folder() else { return };
    let model = KenLm::open(Arc::new(read_gzip(&data.join("reference/models/tiny-en.arpa.gz")))).unwrap();
    let perplexity = Perplexity::new(Arc::new(pieces), Arc::new(model.clone()));
    for row in &rows {
        let text = row["text"].as_str().unwrap();
        let score = model.score(row["pieces"].as_str().unwrap().split_ascii_whitespace(), true, true);
        let close = |value: f64, name: &str| {
            let expected = row[name].as_f64().unwrap();
            assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{}: {name} is {value}", row["case"]);
        };
        close(score, "log10_score");
        close(perplexity.unrounded(text), "perplexity_unrounded");
        close(perplexity.of(text), "perplexity");
    }
    assert_eq!(rows.len(), 495);
}
