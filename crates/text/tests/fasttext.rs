//! Models of fastText against what the program itself prints (`fasttext/README.md`), and damaged ones.

#![expect(clippy::disallowed_methods, reason = "a test reads its data, and asks the program where it is installed")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use obelisc_testkit::skip;
use obelisc_text::{FastText, LanguageIdentifier, ModelError};

const MODELS: [&str; 8] =
    ["hs.bin", "hs.ftz", "softmax.bin", "softmax.ftz", "ns.bin", "ova.bin", "ova.ftz", "many.ftz"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fasttext")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn open(bytes: Vec<u8>) -> Result<FastText, ModelError> {
    FastText::open(Arc::new(bytes))
}

/// Holds a model's predictions to what the program printed: a line a text, labels and probabilities in turn.
fn compare(model: &FastText, texts: &str, printed: &str, k: usize, name: &str) {
    assert_eq!(texts.matches('\n').count(), printed.matches('\n').count());
    for (text, line) in texts.split_terminator('\n').zip(printed.split_terminator('\n')) {
        let fields: Vec<&str> = line.split(' ').filter(|field| !field.is_empty()).collect();
        let predictions = model.predict(text, k);
        assert_eq!(predictions.len() * 2, fields.len(), "{name}: {text:?}");
        for (prediction, expected) in predictions.iter().zip(fields.chunks(2)) {
            let expected_probability: f32 = expected[1].parse().unwrap();
            let difference = (prediction.probability - expected_probability).abs();
            assert!(difference < 2e-6, "{name}: {text:?}: {prediction:?}, not {expected:?}");
            assert_eq!(prediction.label, expected[0], "{name}: {text:?}");
        }
    }
}

#[test]
fn labels_and_probabilities_are_those_of_the_program() {
    let texts = String::from_utf8(bytes("texts.txt")).unwrap();
    for name in MODELS {
        let model = open(bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let printed = String::from_utf8(bytes(&format!("{name}.expected"))).unwrap();
        compare(&model, &texts, &printed, 4, name);
    }
}

fn program(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("fasttext").args(arguments).current_dir(folder).stderr(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "fasttext {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// As many kinds as there are of models; the program need not be of the version that made the small ones.
#[test]
fn models_trained_here_say_what_the_program_says() {
    if Command::new("fasttext").stderr(Stdio::null()).stdout(Stdio::null()).status().is_err() {
        skip("no program fasttext");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    std::fs::copy(folder().join("train.txt"), place.path().join("train.txt")).unwrap();
    std::fs::copy(folder().join("texts.txt"), place.path().join("texts.txt")).unwrap();
    let texts = std::fs::read_to_string(place.path().join("texts.txt")).unwrap();
    let training = ["-input", "train.txt", "-output", "m", "-verbose", "0", "-thread", "2"];
    let quantising = ["-input", "train.txt", "-output", "m", "-verbose", "0"];
    let kinds = [
        "-dim 16 -minn 2 -maxn 4 -bucket 1000",
        "-dim 33 -minn 3 -maxn 3 -wordNgrams 2 -bucket 777",
        "-dim 7 -wordNgrams 5 -bucket 100",
        "-dim 1",
    ];
    let mut compared = 0;
    for loss in ["hs", "ns", "softmax", "ova"] {
        for (index, kind) in kinds.into_iter().enumerate() {
            let learning = ["-loss", loss, "-epoch", "30", "-lr", "1"].into_iter().chain(kind.split(' '));
            program(place.path(), &["supervised"].into_iter().chain(training).chain(learning).collect::<Vec<_>>());
            let mut check = |file: &str, name: &str| {
                let printed = program(place.path(), &["predict-prob", file, "texts.txt", "3"]);
                let model = open(std::fs::read(place.path().join(file)).unwrap()).unwrap();
                compare(&model, &texts, &printed, 3, &format!("{name}, {loss}, {kind}"));
                compared += 1;
            };
            check("m.bin", "full");
            let options = [["-dsub 2", "-qnorm -cutoff 400"], ["-qnorm -dsub 5", "-cutoff 300 -dsub 3"]];
            for options in options[index % 2] {
                let quantising = quantising.into_iter().chain(options.split(' '));
                program(place.path(), &["quantize"].into_iter().chain(quantising).collect::<Vec<_>>());
                check("m.ftz", options);
            }
        }
    }
    println!("models compared: {compared}");
}

#[test]
fn a_model_of_version_11_has_no_ngrams_of_characters() {
    let older = |name: &str| {
        let mut model = bytes(name);
        model[4] = 11;
        open(model).unwrap()
    };
    let text = "everyone has the right to life";
    // Words and their n-grams alone: both versions read it alike.
    assert_eq!(older("softmax.bin").predict(text, 6), open(bytes("softmax.bin")).unwrap().predict(text, 6));
    assert_ne!(older("hs.bin").predict(text, 6), open(bytes("hs.bin")).unwrap().predict(text, 6));
    // A word that it never saw says nothing but that the line ends.
    assert_eq!(older("hs.bin").predict("lawless", 6), older("hs.bin").predict("", 6));
}

#[test]
fn a_language_is_told_by_its_label() {
    let model = open(bytes("hs.ftz")).unwrap();
    let identify = |text: &str| model.identify(text).map(|guess| guess.language.into_owned());
    assert_eq!(identify("Everyone has the right to LIFE,\nliberty\nand security."), Some("en".to_owned()));
    assert_eq!(identify("Norbanako guztiek dute askatasunerako eskubidea."), Some("eu".to_owned()));
    assert_eq!(identify(" \n\t"), None);
    let score = model.identify("لكل فرد الحق في الحياة").unwrap().score;
    assert!((0.5..=1.0).contains(&score), "{score}");
    assert!(model.knows("eu") && !model.knows("de") && !model.knows("__label__eu"));
    assert_eq!(model.labels().len(), 6);
}

#[test]
fn a_label_can_be_asked_for() {
    let model = open(bytes("softmax.ftz")).unwrap();
    let text = "tout individu a droit à la vie";
    let predictions = model.predict(text, 6);
    assert_eq!(predictions[0].label, "__label__fr");
    for prediction in &predictions {
        assert_eq!(model.probability(text, prediction.label), Some(prediction.probability));
    }
    assert_eq!(model.probability(text, "fr"), None);
    // Too unlikely for the tree to be walked to its leaf.
    let model = open(bytes("hs.bin")).unwrap();
    let walked = model.predict(text, 6);
    let missing = model.labels().find(|label| walked.iter().all(|prediction| prediction.label != *label)).unwrap();
    assert_eq!(model.probability(text, missing), Some(0.0));
}

#[test]
fn a_line_end_is_a_space() {
    let model = open(bytes("ova.bin")).unwrap();
    assert_eq!(model.predict("no one\r\nshall be\nheld", 3), model.predict("no one shall be held", 3));
    // What marks a line's end in the program ends the text.
    assert_eq!(model.predict("no one </s> shall be held", 3), model.predict("no one", 3));
    assert!(model.predict("no one", 0).is_empty());
}

#[test]
fn every_cut_is_an_error() {
    for name in ["ova.ftz", "ns.bin"] {
        let whole = bytes(name);
        for length in 0..whole.len() {
            let error = open(whole[..length].to_vec()).unwrap_err();
            assert!(error.offset <= length as u64, "{name} of {length} bytes: {error}");
        }
    }
}

#[test]
fn no_changed_byte_is_a_panic() {
    let (mut opened, mut refused) = (0, 0);
    for name in ["hs.bin", "ova.ftz", "many.ftz"] {
        let whole = bytes(name);
        // All bits of the head and of the counts behind it, and here and there a byte of the rest.
        let head = (0..160).flat_map(|at| (0..8).map(move |bit| (at, 1_u8 << bit)));
        let rest = (160..whole.len()).step_by(5).map(|at| (at, [0xFF, 0x80, 0x01][at % 3]));
        for (at, change) in head.chain(rest) {
            let mut damaged = whole.clone();
            damaged[at] ^= change;
            match open(damaged) {
                Ok(model) => {
                    opened += 1;
                    for text in ["the right to life </s> la vie", "__label__en x", ""] {
                        let predictions = model.predict(text, 3);
                        assert!(predictions.iter().all(|prediction| !prediction.probability.is_nan()));
                    }
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(opened > 0 && refused > 0);
    println!("opened {opened}, refused {refused}");
}

#[test]
fn damage_is_told_with_its_place() {
    let error = |at: usize, number: [u8; 4]| {
        let mut model = bytes("hs.bin");
        model[at..at + 4].copy_from_slice(&number);
        open(model).unwrap_err().to_string()
    };
    assert_eq!(
        error(0, *b"GGUF"),
        "byte 0: 1179993927, where 793712314, with which a fastText model begins is expected"
    );
    assert_eq!(error(4, [13, 0, 0, 0]), "byte 4: version 13, where version 11 or 12 is expected");
    assert_eq!(error(8, [0; 4]), "byte 8: 0, where dimensions, from 1 to 2147483647 is expected");
    assert_eq!(error(36, [1, 0, 0, 0]), "byte 36: 1, where kind of model, from 3 to 3 is expected");
    let size = error(64, i32::MAX.to_le_bytes());
    assert!(size.starts_with("byte 64: 2147483647 entries, where"), "{size}");
    let mut long = bytes("hs.bin");
    long.push(0);
    assert!(open(long).unwrap_err().to_string().ends_with("1 more bytes, where the end of the file is expected"));
}

/// Counts that fit each other, but not the file, are refused before anything is set aside for them.
#[test]
fn counts_beyond_the_file_are_refused() {
    let mut model = bytes("hs.bin");
    let labels = i32::from_le_bytes(model[72..76].try_into().unwrap());
    model[64..68].copy_from_slice(&i32::MAX.to_le_bytes());
    model[68..72].copy_from_slice(&(i32::MAX - labels).to_le_bytes());
    let error = open(model).unwrap_err();
    assert!(error.expected == "21474836470 or more" && error.found.ends_with(" bytes"), "{error}");
}
