//! What tells the language of a text: one setting for all rules of a set.

use std::sync::Arc;

use obelisc_filter::options::Resource;
use obelisc_text::{FastText, Guess, LanguageIdentifier, Trigrams};

/// Tells the language of a text, by what is built in or by a model.
#[derive(Clone, Debug)]
pub struct Identifier {
    told_by: Arc<dyn LanguageIdentifier>,
    version: u32,
}

/// What needs no file: [`Trigrams`].
impl Default for Identifier {
    fn default() -> Self {
        Self { told_by: Arc::new(Trigrams), version: Trigrams::VERSION }
    }
}

impl Identifier {
    /// A fastText model whose labels name languages, such as lid.176.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn open(model: &Resource) -> Result<Self, String> {
        let model = model.open(FastText::open).map_err(|error| error.to_string())?;
        Ok(Self { told_by: model, version: Self::READER })
    }

    /// Semantic version of how models are asked: raised whenever the same model and text can give another answer.
    const READER: u32 = 1;

    /// Semantic version of what tells the language, beside the model.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The language that a text is most likely in, its score in steps of 0.0001; `None` for a text that tells nothing.
    pub fn identify(&self, text: &str) -> Option<Guess> {
        let guess = self.told_by.identify(text)?;
        Some(Guess { score: rounded(guess.score), ..guess })
    }

    /// Whether it can tell this language.
    pub fn knows(&self, language: &str) -> bool {
        self.told_by.knows(language)
    }
}

/// A model's score, 0 to 1, in steps of 0.0001: what lies below is the arithmetic of a processor.
pub(crate) fn rounded(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0
}
