//! Classifiers of fastText, read in place (`.bin`, `.ftz`; Joulin et al. 2016, arXiv 1607.01759 and 1612.03651).
//!
//! A model is a dictionary of words and labels, a matrix with a row for each word and for each bucket of hashed n-grams,
//! and a matrix with a row for each label.  A text is the mean of the rows of its words and n-grams; a label's
//! probability comes of that mean and the label's row.  Only words and small tables are indexed in memory: the matrices
//! stay in the file.
//!
//! Numbers are added in the program's order and in its precision, so that its probabilities are met to some 1e-6.

mod best;
mod dictionary;
mod loss;
mod matrix;
mod settings;
mod table;

use std::fmt;

use self::dictionary::Dictionary;
use self::loss::Loss;
use self::matrix::Matrix;
use self::settings::{Settings, at_least, flag};
use crate::model::Fields;
use crate::{ModelBytes, ModelError};

/// Rows that are added together: finding them and adding them take turns, and each goes faster so.
const ROWS_AT_A_TIME: usize = 256;

/// A supervised model of fastText: text in, labels and their probabilities out.
pub struct FastText {
    bytes: ModelBytes,
    dictionary: Dictionary,
    input: Matrix,
    output: Matrix,
    loss: Loss,
    dimensions: usize,
}

/// A label of the model and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    /// The label as the model has it, with its `__label__`.
    pub label: &'a str,
    /// Its probability; up to 1.00001, as the program has it.
    pub probability: f32,
}

impl FastText {
    /// Reads a model's dictionary, and checks all counts and sizes against the file.
    ///
    /// # Errors
    /// The file is cut or damaged, is no supervised model, or is of another version than 11 and 12.
    pub fn open(bytes: ModelBytes) -> Result<Self, ModelError> {
        let file = (*bytes).as_ref();
        let mut fields = Fields::new(file);
        let settings = Settings::read(&mut fields)?;
        let dictionary = Dictionary::read(&mut fields, &settings)?;

        let at = fields.offset();
        let quantised = flag(&mut fields, "whether the input is quantised")?;
        if dictionary.is_pruned() && !quantised {
            return Err(ModelError::new(at, "a full input matrix", "a quantised one, as the dictionary is pruned"));
        }
        let input = Matrix::read(&mut fields, quantised, settings.dimensions)?;
        let at = fields.offset();
        at_least(at, "rows of the input matrix", input.rows(), dictionary.rows())?;

        let quantised_output = flag(&mut fields, "whether the output is quantised")?;
        let at = fields.offset();
        let output = Matrix::read(&mut fields, quantised && quantised_output, settings.dimensions)?;
        let labels = dictionary.labels().len();
        if output.rows() != labels {
            return Err(ModelError::new(at, format!("{} rows", output.rows()), format!("one of {labels} labels each")));
        }
        if fields.left() > 0 {
            return Err(ModelError::new(
                fields.offset(),
                format!("{} more bytes", fields.left()),
                "the end of the file",
            ));
        }
        let loss = Loss::new(settings.loss, &dictionary)?;
        Ok(Self { dictionary, input, output, loss, dimensions: settings.dimensions, bytes })
    }

    /// The model's labels, the most frequent first.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.dictionary.labels().iter().map(|label| &*label.text)
    }

    /// The `k` most likely labels of a text, the likeliest first: what `fasttext predict-prob` says of it as one line.
    ///
    /// Words end at ASCII white space, line ends among them.  Labels in the text are passed over.  There are fewer than
    /// `k` where the model has fewer, where it takes them for less likely than 1e-5 (hierarchical softmax), or where
    /// it knows nothing of the text.
    pub fn predict(&self, text: &str, k: usize) -> Vec<Prediction<'_>> {
        let Some(hidden) = self.mean(text) else { return Vec::new() };
        let file = (*self.bytes).as_ref();
        let best = self.loss.best(&self.output, file, &hidden, k);
        let named = |(score, label): (f32, usize)| {
            let label = self.dictionary.labels().get(label)?;
            Some(Prediction { label: &label.text, probability: score.exp() })
        };
        best.into_iter().filter_map(named).collect()
    }

    /// How likely a label is for a text, from 0 to 1; `None` where the model has no such label.
    ///
    /// For models that say how good a text is (`__label__hq`).
    pub fn probability(&self, text: &str, label: &str) -> Option<f32> {
        let known = self.labels().any(|known| known == label);
        let predictions = self.predict(text, self.labels().len());
        let found = predictions.iter().find(|prediction| prediction.label == label);
        known.then(|| found.map_or(0.0, |prediction| prediction.probability.min(1.0)))
    }

    /// The mean of the text's rows; `None` where there are none.
    fn mean(&self, text: &str) -> Option<Vec<f32>> {
        let file = (*self.bytes).as_ref();
        let mut sum = vec![0.0; self.dimensions];
        let mut waiting = Vec::with_capacity(ROWS_AT_A_TIME);
        let rows = self.dictionary.rows_of(file, text, |row| {
            waiting.push(row);
            if waiting.len() == ROWS_AT_A_TIME {
                self.input.add_rows(file, &waiting, &mut sum);
                waiting.clear();
            }
        });
        self.input.add_rows(file, &waiting, &mut sum);
        if rows == 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as the program has it")]
        let share = (1.0 / rows as f64) as f32;
        sum.iter_mut().for_each(|value| *value *= share);
        Some(sum)
    }
}

impl fmt::Debug for FastText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.dictionary.labels().len();
        let (rows, dimensions) = (self.input.rows(), self.dimensions);
        write!(formatter, "FastText {{ {labels} labels, {rows} rows of {dimensions} dimensions }}")
    }
}
