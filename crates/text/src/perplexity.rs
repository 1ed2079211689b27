//! How unlike a model's language a text is.

use std::sync::Arc;

use crate::kenlm::Word;
use crate::{KenLm, SentencePiece, model_text};

/// Perplexity as the OBELICS and ROOTS references measure it: a KenLM model of the pieces of a SentencePiece model.
#[derive(Debug)]
pub struct Perplexity {
    pieces: Arc<SentencePiece>,
    model: Arc<KenLm>,
    /// What the models know of each piece: the number that it has as a word, and how many words white space makes of it (one, as a rule).
    words: Vec<(u32, usize)>,
}

impl Perplexity {
    /// Both models: what splits text, and what scores the pieces.
    pub fn new(pieces: Arc<SentencePiece>, model: Arc<KenLm>) -> Self {
        let words = pieces.texts().map(|text| (model.number(text), words_of(text))).collect();
        Self { pieces, model, words }
    }

    /// The perplexity of a text, rounded to one digit behind the point.  The text is made a [`model_text`] before.
    ///
    /// 10 to the power of minus the log10 probability for each piece, the sentence's end counted as one.  Above 0, and infinite where it
    /// passes what a 64-bit float holds.
    pub fn of(&self, text: &str) -> f64 {
        rounded(self.unrounded(text))
    }

    /// [`of`](Self::of) before it is rounded.
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^53 pieces")]
    pub fn unrounded(&self, text: &str) -> f64 {
        let pieces = self.pieces.pieces(&model_text(text));
        // The reference joins the pieces with spaces and counts what lies between white space, and the end of the sentence.
        let mut length = 1;
        let words = pieces.numbered().map(|(piece, number)| {
            let known = number.and_then(|number| self.words.get(number as usize));
            let (word, words) = known
                .map_or_else(|| (Word::Text(piece), words_of(piece)), |&(word, words)| (Word::Number(word), words));
            length += words;
            word
        });
        let score = self.model.score_words(words, true, true);
        10_f64.powf(-score / length as f64)
    }
}

/// How many words white space makes of a piece.
fn words_of(piece: &str) -> usize {
    piece.split_whitespace().count()
}

/// Rounds in decimals, of two equally near numbers to the even one, as Python does.
fn rounded(value: f64) -> f64 {
    format!("{value:.1}").parse().unwrap_or(value)
}
