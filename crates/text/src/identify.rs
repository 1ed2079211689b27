//! Who tells the language of a text: what is built in, or a model that is given.

use std::fmt::Debug;

use crate::{FastText, Guess, can_guess, guess_language};

/// Tells the language of a text.
///
/// ```
/// use obelisc_text::{LanguageIdentifier, Trigrams};
///
/// let languages: &dyn LanguageIdentifier = &Trigrams;
/// let guess = languages.identify("Les marées montent et descendent deux fois par jour.");
/// assert_eq!(guess.map(|guess| guess.language).as_deref(), Some("fr"));
/// // A text in a language that it does not know is taken for another.
/// assert!(languages.knows("fr") && !languages.knows("eu"));
/// ```
pub trait LanguageIdentifier: Debug + Send + Sync {
    /// The language that the text is most likely in; `None` for a text that tells nothing.
    fn identify(&self, text: &str) -> Option<Guess>;

    /// Whether a text in this language can be told from others.
    fn knows(&self, language: &str) -> bool;
}

/// What is built in: scripts, alphabets and trigrams of 70 languages ([`guess_language`]).
///
/// Of the thirteen languages of ROOTS it does not know Basque, half of which it takes for Indonesian (53 of 97
/// documents); of the languages of the web it also lacks Galician, Icelandic, Irish, Malay, Albanian, Swahili, Kazakh and
/// Mongolian, among others.  The crate `lingua` knows Basque; in the twelve other languages it was right about as often,
/// at a fiftieth of the speed and with some 290 MB of tables in the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trigrams;

impl LanguageIdentifier for Trigrams {
    fn identify(&self, text: &str) -> Option<Guess> {
        guess_language(text)
    }

    fn knows(&self, language: &str) -> bool {
        can_guess(language)
    }
}

/// What fastText calls a label begins with this.
pub(crate) const LABEL: &str = "__label__";

/// Languages by a model whose labels name them (`__label__en`), as lid.176 does.
///
/// As the reference asks it: of the text in lower case with spaces for line ends, the top label and its probability.
/// Languages are named as the model names them.
impl LanguageIdentifier for FastText {
    fn identify(&self, text: &str) -> Option<Guess> {
        if text.trim().is_empty() {
            return None;
        }
        let best = self.predict(&text.to_lowercase(), 1).pop()?;
        let language = best.label.strip_prefix(LABEL).unwrap_or(best.label).to_owned();
        // fastText adds 1e-5 before it takes a logarithm, so that it can say more than 1.
        Some(Guess { language: language.into(), score: f64::from(best.probability).clamp(0.0, 1.0) })
    }

    fn knows(&self, language: &str) -> bool {
        self.labels().any(|label| label.strip_prefix(LABEL).unwrap_or(label) == language)
    }
}
