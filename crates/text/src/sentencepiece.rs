//! SentencePiece models: text to pieces, as the library of that name splits it.
//!
//! A model file is one protobuf message: the pieces with their scores, how they are used (`unigram` or `bpe`), and how text is
//! normalised before.  The crate `sentencepiece-rs` 0.2 reads it too, but compares each place of a text with every piece that begins with
//! the same byte, in many models half of them (the mark of a space), and names no place in a damaged file; here a trie is walked once.

mod bpe;
mod charsmap;
mod double_array;
mod message;
mod normaliser;
mod unigram;
mod vocabulary;

use crate::model::ModelError;
use normaliser::Normaliser;
use vocabulary::{Kind, Vocabulary};

/// Stands for a space within pieces.
const SPACE: &str = "\u{2581}";

/// A SentencePiece model of one of the two kinds that are in use, `unigram` and `bpe`.
#[derive(Debug)]
pub struct SentencePiece {
    vocabulary: Vocabulary,
    algorithm: Algorithm,
    normaliser: Normaliser,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Unigram,
    Bpe,
}

/// Of a part that is no piece of the model: what is unknown, or a byte of it.
const NO_NUMBER: u32 = u32::MAX;

/// A part of the normalised text: where it ends, and which piece it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    end: usize,
    id: u32,
}

impl SentencePiece {
    /// Reads a `.model` file; nothing of `bytes` is kept.
    ///
    /// # Errors
    /// What is damaged, or of a kind that is not known, and where.
    pub fn open(bytes: &[u8]) -> Result<Self, ModelError> {
        let model = message::Model::read(bytes)?;
        let algorithm = match model.algorithm.value {
            1 => Algorithm::Unigram,
            2 => Algorithm::Bpe,
            other => {
                let found = format!("model type {other}");
                return Err(ModelError::new(model.algorithm.offset, found, "1 (unigram) or 2 (bpe)"));
            }
        };
        let vocabulary = Vocabulary::new(&model, bytes.len())?;
        let normaliser = Normaliser::new(&model)?;
        Ok(Self { vocabulary, algorithm, normaliser })
    }

    /// The pieces of a text.  What no piece of the model covers is a piece of its own, or its bytes are (`<0xC3>`), as the model says.
    ///
    /// ```no_run
    /// # fn split(model: &obelisc_text::SentencePiece) {
    /// assert_eq!(model.pieces("reader comments").iter().collect::<Vec<_>>(), ["▁read", "er", "▁", "com", "ment", "s"]);
    /// # }
    /// ```
    pub fn pieces(&self, text: &str) -> Pieces {
        let normalised = self.normaliser.normalise(text, &self.vocabulary);
        let parts = match self.algorithm {
            Algorithm::Unigram => unigram::split(&normalised, &self.vocabulary),
            Algorithm::Bpe => bpe::split(&normalised, &self.vocabulary),
        };
        self.named(normalised, &parts)
    }

    /// The texts of all pieces of the model, by their number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.vocabulary.texts()
    }

    /// Joins neighbours that are unknown, or spells them as bytes.
    fn named(&self, normalised: String, parts: &[Part]) -> Pieces {
        let mut ends = Vec::with_capacity(parts.len());
        let is_unknown = |part: &Part| self.vocabulary.kind(part.id) == Kind::Unknown;
        if self.vocabulary.spells_bytes() && parts.iter().any(is_unknown) {
            let mut text = String::with_capacity(normalised.len() * 2);
            let mut begin = 0;
            for part in parts {
                let surface = &normalised[begin..part.end];
                if is_unknown(part) {
                    for byte in surface.bytes() {
                        text.push_str(&format!("<0x{byte:02X}>"));
                        ends.push(Part { end: text.len(), id: NO_NUMBER });
                    }
                } else {
                    text.push_str(surface);
                    ends.push(Part { end: text.len(), id: part.id });
                }
                begin = part.end;
            }
            return Pieces { text, ends };
        }
        let mut was_unknown = false;
        for part in parts {
            let is_unknown = is_unknown(part);
            if is_unknown && was_unknown {
                ends.pop();
            }
            ends.push(Part { end: part.end, id: if is_unknown { NO_NUMBER } else { part.id } });
            was_unknown = is_unknown;
        }
        Pieces { text: normalised, ends }
    }
}

/// The pieces of a text, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    text: String,
    ends: Vec<Part>,
}

impl Pieces {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each piece; a space within is `▁` (U+2581).
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.numbered().map(|(piece, _)| piece)
    }

    /// Each piece, and its number if it is one of the model's.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (&str, Option<u32>)> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|part| part.end));
        let number = |part: &Part| (part.id != NO_NUMBER).then_some(part.id);
        begins.zip(&self.ends).map(move |(begin, part)| (&self.text[begin..part.end], number(part)))
    }
}
