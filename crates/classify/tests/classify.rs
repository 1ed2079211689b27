//! Classifiers against models made with the `onnx` package and scores of its reference evaluator (`models/README.md`).

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use obelisc_classify::{BATCH, Classifier, ClassifierError, OnnxClassifier, Preprocessing};
use obelisc_image::{Filter, Limits, Picture, decoded};

const LIMITS: Limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };

const NHWC: &[u8] = include_bytes!("models/nhwc.onnx");
const NCHW: &[u8] = include_bytes!("models/nchw.onnx");
const FIXED_BATCH: &[u8] = include_bytes!("models/fixed_batch.onnx");

/// Those of `make.py`.
const SIZES: [(u32, u32); 5] = [(300, 200), (64, 480), (224, 224), (1, 1), (640, 5)];

/// The picture of number k that `make.py` draws, as a PNG file.
fn picture(k: u32, (width, height): (u32, u32)) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let rgb: Vec<u8> = places
        .flat_map(|(x, y)| {
            [255 * x / width, (255 * y / height + 60 * k) % 256, (x * (k + 1) + y * (k + 2)) / 4 % 256]
                .map(|sample| u8::try_from(sample).unwrap())
        })
        .collect();
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(&rgb, width, height, ExtendedColorType::Rgb8).unwrap();
    file
}

fn pictures() -> Vec<Picture> {
    (0..).zip(SIZES).map(|(k, size)| decoded(&picture(k, size), LIMITS).unwrap()).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

fn nhwc() -> OnnxClassifier {
    OnnxClassifier::new(NHWC, Preprocessing::default(), names(5)).unwrap()
}

fn nchw() -> OnnxClassifier {
    let preprocessing = Preprocessing {
        size: Some((96, 64)),
        filter: Filter::Bilinear,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        logits: true,
    };
    OnnxClassifier::new(NCHW, preprocessing, names(3)).unwrap()
}

fn scores(classifier: &OnnxClassifier, pictures: &[Picture]) -> Vec<Vec<f64>> {
    classifier.scores(pictures).into_iter().collect::<Result<_, _>>().unwrap()
}

/// Why a model of three classes is refused.
fn refusal(model: &[u8]) -> ClassifierError {
    OnnxClassifier::new(model, Preprocessing::default(), names(3)).unwrap_err()
}

#[test]
fn scores_are_those_of_the_reference_evaluator() {
    let expected: serde_json::Value = serde_json::from_str(include_str!("models/expected.json")).unwrap();
    for (name, classifier) in [("nhwc", nhwc()), ("nchw", nchw())] {
        let scores = scores(&classifier, &pictures());
        for (row, expected) in scores.iter().zip(expected[name].as_array().unwrap()) {
            assert_eq!(row.len(), classifier.classes().len());
            for (score, expected) in row.iter().zip(expected.as_array().unwrap()) {
                assert!((score - expected.as_f64().unwrap()).abs() < 2e-3, "{name}: {scores:?}");
            }
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        }
        assert_eq!(scores.len(), SIZES.len());
    }
}

#[test]
fn scores_do_not_depend_on_the_pictures_beside() {
    for classifier in [nhwc(), nchw()] {
        let five = pictures();
        let alone: Vec<_> =
            five.iter().map(|picture| scores(&classifier, std::slice::from_ref(picture)).remove(0)).collect();
        // More than two batches, each picture in every place.
        let many: Vec<Picture> = five.iter().cycle().take(2 * BATCH + 3).cloned().collect();
        for (place, scores) in scores(&classifier, &many).iter().enumerate() {
            assert_eq!(scores, &alone[place % five.len()], "{place}");
        }
        assert_eq!(scores(&classifier, &[]), Vec::<Vec<f64>>::new());
    }
}

#[test]
fn scores_have_four_decimals() {
    for score in scores(&nhwc(), &pictures()).concat() {
        let steps = score * 10_000.0;
        assert!((steps - steps.round()).abs() < 1e-3, "{score}");
    }
}

#[test]
fn a_fitted_picture_is_small_and_has_the_same_scores() {
    let classifier = nchw();
    let fitted: Vec<Picture> = pictures().into_iter().map(|picture| classifier.fitted(picture)).collect();
    assert!(fitted.iter().all(|picture| (picture.width(), picture.height()) == (96, 64)));
    assert_eq!(scores(&classifier, &fitted), scores(&classifier, &pictures()));
}

#[test]
fn a_model_of_a_fixed_batch_is_run_as_often_as_needed() {
    let classifier = OnnxClassifier::new(FIXED_BATCH, Preprocessing::default(), names(3)).unwrap();
    let fitted = classifier.fitted(pictures().remove(0));
    assert_eq!((fitted.width(), fitted.height()), (24, 32));
    let scores = scores(&classifier, &pictures());
    assert_eq!(scores.len(), SIZES.len());
    assert_ne!(scores[0], scores[1]);
}

#[test]
fn damaged_models_are_refused() {
    assert!(matches!(refusal(b""), ClassifierError::Damaged(_)));
    assert!(matches!(refusal(b"<!doctype html>"), ClassifierError::Damaged(_)));
    for end in (0..NHWC.len()).step_by(7) {
        assert!(OnnxClassifier::new(&NHWC[..end], Preprocessing::default(), names(5)).is_err(), "{end}");
    }
}

#[test]
fn models_of_other_things_are_refused_by_what_they_are() {
    let refusals: [(&[u8], &str); 8] = [
        (NHWC, "the model has 5 classes, 3 are named"),
        (
            NCHW,
            "the model takes batch,3,h,w,F32, pictures of any size; expected the size that pictures are brought to, to be given",
        ),
        (
            include_bytes!("models/ambiguous.onnx"),
            "the model takes batch,3,32,3,F32; expected 3 channels either behind the batch or last, not in both places",
        ),
        (
            include_bytes!("models/grey.onnx"),
            "the model takes batch,1,32,32,F32; expected 3 channels, behind the batch or last",
        ),
        (
            include_bytes!("models/flat.onnx"),
            "the model takes batch,3,F32; expected four dimensions: pictures, and rows, columns and channels of each",
        ),
        (include_bytes!("models/bytes.onnx"), "the model takes batch,3,32,32,U8; expected 32-bit floats"),
        (include_bytes!("models/two_inputs.onnx"), "the model takes 2 inputs; expected one"),
        (include_bytes!("models/operator.onnx"), "the model has operators that are not supported: Mystery"),
    ];
    for (model, message) in refusals {
        assert_eq!(refusal(model).to_string(), message);
    }
    let refusal = refusal(include_bytes!("models/no_scores.onnx"));
    assert!(matches!(refusal, ClassifierError::Output { .. }), "{refusal}");
    assert!(refusal.to_string().ends_with("expected 32-bit floats, 1 by 3: pictures and classes"), "{refusal}");
}

#[test]
fn preprocessing_without_sense_is_refused() {
    let with = |preprocessing| OnnxClassifier::new(NHWC, preprocessing, names(5)).unwrap_err().to_string();
    let default = Preprocessing::default();
    let message = "preprocessing: mean and std are to be numbers, std above 0";
    assert_eq!(with(Preprocessing { std: [1.0, 0.0, 1.0], ..default }), message);
    assert_eq!(with(Preprocessing { mean: [f32::NAN, 0.0, 0.0], ..default }), message);
    assert_eq!(
        with(Preprocessing { size: Some((299, 299)), ..default }),
        "the model takes pictures of 224 by 224 pixels; expected 299 by 299 pixels, as given"
    );
    let huge = Preprocessing { size: Some((1 << 20, 1 << 20)), ..default };
    let refusal = OnnxClassifier::new(NCHW, huge, names(3)).unwrap_err();
    assert!(matches!(refusal, ClassifierError::Input { .. }), "{refusal}");
}

#[test]
fn a_picture_without_scores_costs_itself_only() {
    // So small a deviation makes numbers so large that their sums are infinite, of pictures that are not black.
    let preprocessing = Preprocessing { std: [1e-38; 3], size: Some((32, 32)), ..Preprocessing::default() };
    let classifier = OnnxClassifier::new(NCHW, preprocessing, names(3)).unwrap();
    let black = Picture::new(2, 2, vec![0; 12]).unwrap();
    let white = Picture::new(2, 2, vec![255; 12]).unwrap();
    let scores = classifier.scores(&[black.clone(), white, black]);
    assert_eq!(scores[1], Err(ClassifierError::NotANumber));
    assert_eq!(scores[0], scores[2]);
    assert!(scores[0].is_ok());
}
