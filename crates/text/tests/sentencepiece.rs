//! SentencePiece models of both kinds and all options: the small ones of `tests/sentencepiece`.

#![expect(clippy::disallowed_methods, reason = "a test reads its data")]
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::path::Path;

use obelisc_text::SentencePiece;
use serde_json::Value;

const MODELS: [&str; 5] = ["unigram", "unigram-bytes", "unigram-plain", "bpe", "bpe-bytes"];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sentencepiece").join(name)).unwrap()
}

fn model(name: &str) -> Vec<u8> {
    bytes(&format!("{name}.model"))
}

/// What a model says of a text, whatever is damaged in it.
fn ask(bytes: &[u8]) -> bool {
    let Ok(model) = SentencePiece::open(bytes) else { return false };
    model.pieces("A \u{fb01}sherman <sep> boats\u{3000}日本 the cafe\u{301} ");
    true
}

#[test]
fn pieces_of_each_kind_are_those_of_the_library() {
    let rows = String::from_utf8(bytes("pieces.jsonl")).unwrap();
    let mut compared = [0; MODELS.len()];
    for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
        let name = row["model"].as_str().unwrap();
        let sentence = row["sentence"].as_str().unwrap();
        let pieces = SentencePiece::open(&model(name)).unwrap().pieces(sentence);
        let expected: Vec<_> = row["pieces"].as_array().unwrap().iter().map(|piece| piece.as_str().unwrap()).collect();
        assert_eq!(pieces.iter().collect::<Vec<_>>(), expected, "{name}: `{sentence}`");
        assert_eq!((pieces.len(), pieces.is_empty()), (expected.len(), expected.is_empty()));
        compared[MODELS.iter().position(|model| *model == name).unwrap()] += 1;
    }
    assert_eq!(compared, [23; MODELS.len()]);
}

#[test]
fn a_truncated_model_gives_pieces_or_an_error() {
    for name in MODELS {
        let whole = model(name);
        let opened = (0..whole.len()).filter(|&length| ask(&whole[..length])).count();
        assert!(opened < whole.len() && ask(&whole), "{name}");
    }
}

#[test]
fn flipped_bytes_give_pieces_or_an_error() {
    let mut opened = 0;
    for name in MODELS {
        let mut damaged = model(name);
        for at in (0..damaged.len()).step_by(3) {
            for mask in [0x01, 0x10, 0xff] {
                damaged[at] ^= mask;
                opened += usize::from(ask(&damaged));
                damaged[at] ^= mask;
            }
        }
    }
    assert!(opened > 0);
}

#[test]
fn a_model_of_another_kind_is_refused() {
    let error = SentencePiece::open(b"\x0a\x09\x0a\x05<unk>\x18\x02\x12\x02\x18\x04").unwrap_err();
    assert_eq!(error.to_string(), "byte 14: model type 4, where 1 (unigram) or 2 (bpe) is expected");
    let error = SentencePiece::open(&[]).unwrap_err();
    assert_eq!(error.to_string(), "byte 0: the end of the file, where an unknown piece before it is expected");
}
