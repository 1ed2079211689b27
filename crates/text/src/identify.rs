//! Who tells the language of a text: what is built in, or a model that is given.

use std::borrow::Cow;
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
///
/// Of a text of more than 3000 characters it looks at four pieces of 750, one from the beginning of each quarter.  That names the same
/// language as all of the text for 286 of 286 pages and leaves 282 of their scores on the same side of 0.8; of 134 texts of some 8000
/// characters in the thirteen languages it names 118 rightly, all of the text 116.  The first 3000 characters agree for 284 and 272
/// pages, and name 115 texts rightly.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trigrams;

impl LanguageIdentifier for Trigrams {
    fn identify(&self, text: &str) -> Option<Guess> {
        guess_language(&sample(text))
    }

    fn knows(&self, language: &str) -> bool {
        can_guess(language)
    }
}

impl Trigrams {
    /// Semantic version: raised whenever the same text can be told another language or score.
    pub const VERSION: u32 = 2;
}

/// Pieces of a long text that are looked at, and characters of each.
const PIECES: usize = 4;
const PIECE_CHARACTERS: usize = 750;

/// What is looked at of a text: all of a short one, of a long one pieces that lie evenly in it, with line feeds between them.
fn sample(text: &str) -> Cow<'_, str> {
    if text.char_indices().nth(PIECES * PIECE_CHARACTERS).is_none() {
        return Cow::Borrowed(text);
    }
    let pieces = (0..PIECES).map(|quarter| {
        let piece = &text[text.floor_char_boundary(text.len() / PIECES * quarter)..];
        piece.char_indices().nth(PIECE_CHARACTERS).map_or(piece, |(end, _)| &piece[..end])
    });
    Cow::Owned(pieces.collect::<Vec<_>>().join("\n"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_looked_at_whole_and_long_ones_in_each_quarter() {
        let short = "é".repeat(3000);
        assert_eq!(sample(&short), short);
        let long = ["a", "é", "湖", "b"].map(|letter| letter.repeat(5000)).concat();
        let sampled = sample(&long);
        // Quarters are of bytes: the first ends among the é, the second among the lakes.
        assert_eq!(sampled.chars().filter(|&character| character != '\n').count(), 3000);
        let expected = ["a", "é", "湖", "湖"].map(|letter| letter.repeat(750)).join("\n");
        assert_eq!(sampled, expected);
    }

    #[test]
    fn a_long_text_is_in_the_language_of_most_of_it_and_not_of_its_beginning() {
        let english = "The tide is the rise and fall of the sea, caused by the pull of the moon.\n";
        let french = "Les marées montent et descendent deux fois par jour, sous l'effet de la lune.\n";
        let text = english.repeat(41) + &french.repeat(200);
        assert_eq!(Trigrams.identify(&text).map(|guess| guess.language).as_deref(), Some("fr"));
    }
}
