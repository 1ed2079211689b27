//! Classifiers of pictures: scores of classes, out of models in ONNX.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use obelisc_classify::{Classifier, OnnxClassifier, Preprocessing};
//! use obelisc_image::{Limits, decoded};
//!
//! # let (model, files) = (Vec::new(), Vec::<Vec<u8>>::new());
//! let classes = ["drawings", "hentai", "neutral", "porn", "sexy"].map(str::to_owned);
//! let classifier = OnnxClassifier::new(&model, Preprocessing::default(), classes.to_vec())?;
//! let limits = Limits { max_image_bytes: 20 << 20, max_image_pixels: 100_000_000 };
//! // Small at once, so that a batch of large pictures does not fill the memory.
//! let pictures: Result<Vec<_>, _> =
//!     files.iter().map(|bytes| Ok::<_, obelisc_image::ImageError>(classifier.fitted(decoded(bytes, limits)?))).collect();
//! for scores in classifier.scores(&pictures?) {
//!     println!("{:?}", scores?);
//! }
//! # Ok(())
//! # }
//! ```

mod onnx;

use thiserror::Error;

use obelisc_image::{Filter, Picture};

pub use onnx::OnnxClassifier;

/// Pictures to give a classifier at a time; also the most that a model may be fixed to.
pub const BATCH: usize = 32;

/// What gives a picture a score of each of its classes.
pub trait Classifier: Send + Sync {
    /// The names of the classes, in the order of the scores.
    fn classes(&self) -> &[String];

    /// The picture as the classifier looks at it, which is small; once more it stays as it is.
    fn fitted(&self, picture: Picture) -> Picture;

    /// For each picture, whether it is fitted or not, a score of each class, rounded to four decimals.  A picture's scores do
    /// not depend on the pictures beside it, and its failure is its own.
    ///
    /// # Errors
    /// [`ClassifierError::Failed`] and [`ClassifierError::NotANumber`] for a picture without scores.
    fn scores(&self, pictures: &[Picture]) -> Vec<Result<Vec<f64>, ClassifierError>>;
}

/// What is done to a picture before a model looks at it, and to what the model says.  Each sample of eight bits becomes
/// `(sample / 255 - mean) / std`: with the defaults 0 to 1, with 0.5 for both -1 to 1, with a `std` of 1/255 the sample itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Width and height in pixels that pictures are brought to, without keeping their proportions.  Taken out of the model
    /// where they are fixed there, and needed where not.
    pub size: Option<(u32, u32)>,
    /// How.
    pub filter: Filter,
    /// Of red, green and blue.
    pub mean: [f32; 3],
    /// Of red, green and blue; above 0.
    pub std: [f32; 3],
    /// Whether the model's outputs are to be put through a softmax.
    pub logits: bool,
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self { size: None, filter: Filter::default(), mean: [0.0; 3], std: [1.0; 3], logits: false }
    }
}

/// Why a model is refused, or a picture has no scores.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClassifierError {
    /// The bytes are no model.
    #[error("no model in ONNX: {0}")]
    Damaged(String),
    /// The model has operators that are not known here.
    #[error("the model has operators that are not supported: {}", .0.join(", "))]
    Operators(Vec<String>),
    /// The model does not take pictures.
    #[error("the model takes {found}; expected {expected}")]
    Input {
        /// What it takes.
        found: String,
        /// What it should take.
        expected: String,
    },
    /// The model does not give scores.
    #[error("the model gives {found}; expected {expected}")]
    Output {
        /// What it gives.
        found: String,
        /// What it should give.
        expected: String,
    },
    /// The model has another number of classes.
    #[error("the model has {found} classes, {expected} are named")]
    Classes {
        /// Classes that the caller names.
        expected: usize,
        /// Classes of the model.
        found: usize,
    },
    /// The preprocessing makes no sense.
    #[error("preprocessing: {0}")]
    Preprocessing(&'static str),
    /// The model cannot be run, or not on this picture.
    #[error("the model fails: {0}")]
    Failed(String),
    /// A score of the picture is infinite or no number.
    #[error("a score is no number")]
    NotANumber,
}
