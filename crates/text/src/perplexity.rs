//! How unlike a model's language a text is.

use std::sync::Arc;

use crate::{KenLm, SentencePiece, model_text};

/// Perplexity as the OBELICS and ROOTS references measure it: a KenLM model of the pieces of a SentencePiece model.
#[derive(Debug)]
pub struct Perplexity {
    pieces: Arc<SentencePiece>,
    model: Arc<KenLm>,
}

impl Perplexity {
    /// Both models: what splits text, and what scores the pieces.
    pub fn new(pieces: Arc<SentencePiece>, model: Arc<KenLm>) -> Self {
        Self { pieces, model }
    }

    /// The perplexity of a text, rounded to one digit behind the point.  The text is made a [`model_text`] before.
    ///
    /// 10 to the power of minus the log10 probability for each piece, the sentence's end counted as one.  Above 0, and infinite where it passes what a 64-bit
    /// float holds.
    pub fn of(&self, text: &str) -> f64 {
        rounded(self.unrounded(text))
    }

    /// [`of`](Self::of) before it is rounded.
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^53 pieces")]
    pub fn unrounded(&self, text: &str) -> f64 {
        let pieces = self.pieces.pieces(&model_text(text));
        let score = self.model.score(pieces.iter(), true, true);
        // The reference joins the pieces with spaces and counts what lies between white space.
        let length: usize = pieces.iter().map(|piece| piece.split_whitespace().count()).sum();
        10_f64.powf(-score / (length as f64 + 1.0))
    }
}

/// Rounds in decimals, of two equally near numbers to the even one, as Python does.
fn rounded(value: f64) -> f64 {
    format!("{value:.1}").parse().unwrap_or(value)
}
