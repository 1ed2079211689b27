//! A linear quality classifier: how much a text reads like those of one corpus rather than those of another.
//!
//! Logistic regression over hashed words and pairs of words, as the quality filter of GPT-3 (Brown et al. 2020, appendix A) and
//! of the OBELICS paper, where texts like Wikipedia's and OpenWebText's stand against those of a crawl and p ≥ 0.5 is kept.
//!
//! # The model file
//!
//! Little-endian, in this order:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `obelisc\0` |
//! | 4 | kind of the model: `lin1` |
//! | u32 | version of the format: 1 |
//! | u32 | bits of a bucket's number, 10 to 24 |
//! | u32 | most words of an n-gram, 1 to 4 |
//! | f32 | bias |
//! | f32 × 2^bits | weights, all finite |

mod features;
mod held_out;
mod training;

use std::fmt;

use crate::model::{Fields, ModelBytes, ModelError};
use crate::words::Words;

pub use features::{Features, Hashing};
pub use held_out::HeldOut;
pub use training::{Trainer, Training};

const MAGIC: &[u8] = b"obelisc\0lin1";
const VERSION: u32 = 1;

/// Scores are multiples of its inverse, so that they do not rest on the last bits of a sum.
const STEPS: f64 = 65_536.0;

/// A trained model, read in place.
#[derive(Clone)]
pub struct LinearClassifier {
    bytes: ModelBytes,
    hashing: Hashing,
    bias: f64,
    /// Where the weights begin.
    weights: usize,
}

impl fmt::Debug for LinearClassifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinearClassifier")
            .field("hashing", &self.hashing)
            .field("bias", &self.bias)
            .finish_non_exhaustive()
    }
}

impl LinearClassifier {
    /// Opens a model file and looks at all of it once.
    ///
    /// # Errors
    /// The first place where it is not what the format says.
    pub fn open(bytes: ModelBytes) -> Result<Self, ModelError> {
        let file = (*bytes).as_ref();
        let mut fields = Fields::new(file);
        let magic = fields.bytes(MAGIC.len(), "the mark of a linear classifier")?;
        if magic != MAGIC {
            return Err(ModelError::new(
                0,
                "another kind of file",
                "the mark of a linear classifier, as obelisc train quality writes it",
            ));
        }
        let version = fields.u32("version")?;
        if version != VERSION {
            return Err(ModelError::new(MAGIC.len(), format!("version {version}"), format!("version {VERSION}")));
        }
        let place = fields.offset();
        let (bits, longest) = (fields.u32("bits")?, fields.u32("words of an n-gram")?);
        let hashing = Hashing::new(bits, longest).ok_or_else(|| {
            let expected = format!("bits of {:?}, words of {:?}", Hashing::BITS, Hashing::LONGEST);
            ModelError::new(place, format!("{bits} bits, n-grams of {longest} words"), expected)
        })?;
        let place = fields.offset();
        let bias = finite(fields.f32("bias")?, place)?;
        let weights = fields.offset();
        for number in 0..hashing.buckets() {
            let place = fields.offset();
            finite(fields.f32("weight")?, place)
                .map_err(|error| ModelError { expected: format!("weight {number}, a finite number"), ..error })?;
        }
        let end = fields.offset();
        if end != file.len() {
            return Err(ModelError::new(end, format!("{} bytes more", file.len() - end), "the end of the file"));
        }
        Ok(Self { hashing, bias: f64::from(bias), weights, bytes })
    }

    /// The probability, 0 to 1 in steps of 1/65536, that a text is of the positive kind.
    ///
    /// ```
    /// use obelisc_text::{Hashing, LinearClassifier, SpecialCharacters, Trainer, Training, Words};
    ///
    /// let words = |text| Words::split(text, &SpecialCharacters::default());
    /// let training = Training::default();
    /// let mut trainer = Trainer::new(training, 1, 1);
    /// for _ in 0..10 {
    ///     trainer.learn(&training.hashing.features(&words("the cathedral was built in 1230")), true);
    ///     trainer.learn(&training.hashing.features(&words("click here to log in")), false);
    /// }
    /// let classifier = LinearClassifier::open(std::sync::Arc::new(trainer.model()))?;
    /// assert!(classifier.score(&words("the bridge was built")) > 0.5);
    /// assert!(classifier.score(&words("log in")) < 0.5);
    /// # Ok::<(), obelisc_text::ModelError>(())
    /// ```
    pub fn score(&self, words: &Words) -> f64 {
        self.score_features(&self.hashing.features(words))
    }

    /// The same of features, which are those of the model's [`hashing`](Self::hashing).
    pub fn score_features(&self, features: &Features) -> f64 {
        let weights = (*self.bytes).as_ref().get(self.weights..).unwrap_or_default();
        let mut sum = self.bias;
        for (bucket, value) in features.iter() {
            let at = bucket as usize * size_of::<f32>();
            if let Some(weight) = weights.get(at..).and_then(|rest| rest.first_chunk()) {
                sum += f64::from(f32::from_le_bytes(*weight)) * f64::from(value);
            }
        }
        (probability(sum) * STEPS).round() / STEPS
    }

    /// How texts become features.
    pub fn hashing(&self) -> Hashing {
        self.hashing
    }
}

fn finite(number: f32, offset: usize) -> Result<f32, ModelError> {
    if number.is_finite() { Ok(number) } else { Err(ModelError::new(offset, number, "a finite number")) }
}

/// The logistic function.  Of `libm` and not of the system, whose last digits differ between systems.
fn probability(sum: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-sum))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::SpecialCharacters;

    fn words(text: &str) -> Words {
        Words::split(text, &SpecialCharacters::default())
    }

    /// A model that likes one word and dislikes another.
    fn model() -> Vec<u8> {
        let hashing = Hashing::new(10, 2).unwrap();
        let training = Training { hashing, ..Training::default() };
        let mut trainer = Trainer::new(training, 1, 1);
        let examples = [(hashing.features(&words("good")), true), (hashing.features(&words("bad")), false)];
        for _ in 0..20 {
            examples.iter().for_each(|(features, positive)| trainer.learn(features, *positive));
        }
        trainer.model()
    }

    #[test]
    fn what_was_learnt_is_scored() {
        let classifier = LinearClassifier::open(Arc::new(model())).unwrap();
        let score = |text| classifier.score(&words(text));
        assert!(score("good") > 0.8 && score("bad") < 0.2, "{} {}", score("good"), score("bad"));
        assert!(score("") > 0.3 && score("") < 0.7);
        assert!(score("good good bad") > score("good bad bad"));
        assert!((score("good") * STEPS).fract().abs() < 1e-12);
    }

    #[test]
    fn damage_is_an_error_that_names_its_place() {
        let whole = model();
        assert_eq!(whole.len(), MAGIC.len() + 16 + 4 * 1024);
        let error = |bytes: Vec<u8>| LinearClassifier::open(Arc::new(bytes)).unwrap_err().to_string();
        for length in 0..whole.len() {
            let text = error(whole[..length].to_vec());
            assert!(text.contains("the end of the file after"), "{length}: {text}");
        }
        let changed = |at: usize, bytes: &[u8]| {
            let mut file = whole.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            error(file)
        };
        assert!(changed(0, b"x").starts_with("byte 0: another kind of file"));
        assert_eq!(changed(12, &[2]), "byte 12: version 2, where version 1 is expected");
        assert!(changed(16, &[9]).starts_with("byte 16: 9 bits"), "{}", changed(16, &[9]));
        assert!(changed(20, &[0]).starts_with("byte 16: 10 bits, n-grams of 0 words"));
        assert_eq!(changed(24, &f32::NAN.to_le_bytes()), "byte 24: NaN, where a finite number is expected");
        let weight = changed(28 + 40, &f32::INFINITY.to_le_bytes());
        assert_eq!(weight, "byte 68: inf, where weight 10, a finite number is expected");
        // More buckets than the file has.
        assert!(changed(16, &[11]).starts_with("byte 4124: the end of the file"), "{}", changed(16, &[11]));
        assert_eq!(
            error([whole.clone(), vec![0]].concat()),
            "byte 4124: 1 bytes more, where the end of the file is expected"
        );
    }
}
