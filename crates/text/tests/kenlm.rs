//! KenLM models of every form: the small ones of `tests/kenlm`, and larger ones that KenLM's own programs make (`OBELISC_KENLM`).

#![expect(clippy::disallowed_methods, reason = "a test reads its data and starts KenLM's programs")]
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use obelisc_testkit::{Prose, skip};
use obelisc_text::{KenLm, ModelError};

const BINARY: [&str; 7] = ["left-out-trie", "probing", "rest", "trie", "quantised", "compressed", "both"];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kenlm")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(here().join(name)).unwrap()
}

fn open(bytes: &[u8]) -> Result<KenLm, ModelError> {
    KenLm::open(Arc::new(bytes.to_vec()))
}

/// What a model says of some sentences, whatever is damaged in it.
fn ask(bytes: &[u8]) -> bool {
    let Ok(model) = open(bytes) else { return false };
    for sentence in ["the ferry leaves the harbour at noon", "a b c d submarine"] {
        model.score(sentence.split(' '), true, true);
    }
    true
}

#[test]
fn scores_of_every_form_are_those_of_the_kenlm_module() {
    let sentences = String::from_utf8(bytes("sentences.txt")).unwrap();
    let scores = String::from_utf8(bytes("scores.tsv")).unwrap();
    let mut compared = 0;
    for row in scores.lines() {
        let mut fields = row.split('\t');
        let (name, marks) = (fields.next().unwrap(), fields.next().unwrap());
        let model = open(&bytes(name)).unwrap();
        assert_eq!(model.order(), 4);
        for (sentence, expected) in sentences.lines().zip(fields.by_ref()) {
            let score = model.score(sentence.split_ascii_whitespace(), marks.contains('b'), marks.contains('e'));
            let expected = f64::from(expected.parse::<f32>().unwrap());
            assert_eq!(score.to_bits(), expected.to_bits(), "{name} {marks} `{sentence}`: {score}, not {expected}");
            compared += 1;
        }
        assert_eq!(fields.next(), None);
    }
    assert_eq!(compared, 9 * 4 * sentences.lines().count());
}

#[test]
fn a_truncated_model_is_an_error_or_lacks_words_only() {
    for name in BINARY {
        let whole = bytes(name);
        // The words behind the tables are not needed; all before them is.
        let words = whole.windows(6).rposition(|window| window == b"<unk>\0").unwrap();
        for length in 0..whole.len() {
            let opened = ask(&whole[..length]);
            assert!(length > words + 5 || !opened, "{name} of {length} bytes was opened");
        }
    }
    let text = bytes("left-out.arpa");
    let end = text.windows(5).rposition(|window| window == b"\\end\\").unwrap();
    for length in 0..end {
        assert!(open(&text[..length]).is_err(), "ARPA of {length} bytes");
    }
}

#[test]
fn flipped_bytes_give_a_score_or_an_error() {
    let mut opened = 0;
    for name in BINARY.into_iter().chain(["left-out.arpa"]) {
        let mut damaged = bytes(name);
        for at in (0..damaged.len()).filter(|at| *at < 600 || at % 5 == 0) {
            for mask in [0x01, 0x10, 0x80, 0xff] {
                damaged[at] ^= mask;
                opened += usize::from(ask(&damaged));
                damaged[at] ^= mask;
            }
        }
    }
    assert!(opened > 0);
}

#[test]
fn damage_is_named_with_its_place() {
    let mut damaged = bytes("trie");
    damaged[52] = b'x';
    let error = open(&damaged).unwrap_err();
    assert!(error.to_string().starts_with("byte 33: "), "{error}");

    let mut damaged = bytes("probing");
    damaged[96] = 9;
    assert_eq!((open(&damaged).unwrap_err().offset, open(&[]).unwrap_err().offset), (96, 0));

    let whole = bytes("probing");
    let error = open(&whole[..5000]).unwrap_err();
    assert!(error.found.starts_with("the end of the file after "), "{error}");

    // More n-grams than any file holds.
    let mut damaged = bytes("probing");
    damaged[116..124].copy_from_slice(&(1_u64 << 56).to_le_bytes());
    let error = open(&damaged).unwrap_err();
    assert!(error.expected.starts_with("the 2-grams, "), "{error}");
}

#[test]
fn a_text_model_states_no_more_than_it_holds() {
    let text = String::from_utf8(bytes("left-out.arpa")).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        assert!(text.contains(from));
        let damaged = text.replacen(from, to, 1);
        let error = open(damaged.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let place = usize::try_from(error.offset).unwrap();
        assert_eq!(damaged.as_bytes()[place - 1], b'\n', "{error}");
    };
    check("ngram 1=6", "ngram 1=4000000000", "n-grams that the file has room for");
    check("ngram 2=9", "ngram 2=8", "\\3-grams: is expected");
    check("-0.52\t<s> a", "-0.52\t<s> q", "no `q`, a word that is not listed");
    check("-0.27\td a b", "-0.27\td d b", "an n-gram whose first words are an n-gram as well");
    check("-0.61\ta b", "0.61\ta b", "a logarithm of a probability, 0 at most");
    check("-0.61\ta b", "-0.52\t<s> a", "an n-gram that was not listed before");
    check("-0.19\ta b c d", "-0.19\ta b c d\t-0.5", "no back-off");
    check("\\data\\", "\\date\\", "an ARPA file, or a binary file of KenLM");
    check("-1.25\t</s>", "-1.25\tend", "the word </s> among those before");
}

/// The folder of KenLM's programs that `OBELISC_KENLM` names; without the variable the running test is skipped.
fn programs() -> Option<PathBuf> {
    let folder = std::env::var_os("OBELISC_KENLM").map(PathBuf::from);
    if folder.is_none() {
        skip("OBELISC_KENLM is not set");
    }
    folder
}

/// The scores that `query` prints, in its six digits.
fn query(programs: &Path, model: &Path, sentences: &[String]) -> Vec<f64> {
    let mut query = Command::new(programs.join("query"))
        .args(["-v", "sentence"])
        .arg(model)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = query.stdin.take().unwrap();
    let text = sentences.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = query.wait_with_output().unwrap();
    writer.join().unwrap();
    let total = |line: &str| line.strip_prefix("Total: ")?.split(' ').next()?.parse().ok();
    String::from_utf8(output.stdout).unwrap().lines().filter_map(total).collect()
}

#[test]
fn models_that_kenlm_makes_score_as_its_program_says() {
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut prose = Prose::new(7);
    let text = folder.path().join("text.txt");
    let sentences = (0..3000).map(|_| prose.sentence()).collect::<Vec<_>>();
    std::fs::write(&text, sentences.join("\n")).unwrap();
    let mut prose = Prose::new(8);
    let asked: Vec<_> = (0..200).map(|number| format!("{} unheard-of {number}", prose.sentence())).collect();
    for order in [2, 3, 5] {
        let models = folder.path().join(order.to_string());
        let status = Command::new(here().join("models.sh"))
            .arg(&programs)
            .arg(&text)
            .arg(order.to_string())
            .arg(&models)
            .status()
            .unwrap();
        assert!(status.success(), "{}", std::fs::read_to_string(models.join("log")).unwrap());
        for name in ["model.arpa", "probing", "rest", "trie", "quantised", "compressed", "both"] {
            let model = open(&std::fs::read(models.join(name)).unwrap()).unwrap();
            let expected = query(&programs, &models.join(name), &asked);
            assert_eq!((expected.len(), model.order()), (asked.len(), order));
            for (sentence, expected) in asked.iter().zip(expected) {
                let score = model.score(sentence.split(' '), true, true);
                assert!((score - expected).abs() <= 1e-5 * expected.abs(), "{name}, {order}: {score}, not {expected}");
            }
        }
    }
}
