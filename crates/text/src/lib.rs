//! What needs to know words, characters and languages: words and how much of them repeats, clean text, which language a text is in.
//!
//! Pure functions on strings; no I/O.  What counts as a *special character* is data, given as lines
//! ([`SpecialCharacters::from_lines`]), so that a recipe's numbers rest on a file with a source and a digest.
//!
//! ```
//! use obelisc_text::{SpecialCharacters, Words, clean};
//!
//! let special = SpecialCharacters::from_lines("U+0021\nU+0022\nU+002C\nU+002D\n")?;
//! let words = Words::split("\"Stop!\" he cried -- Stop,  please", &special);
//! assert_eq!(words.iter().collect::<Vec<_>>(), ["stop", "he", "cried", "stop", "please"]);
//!
//! assert_eq!(clean("co\u{ad}operate\u{200b} cafe\u{301}"), "cooperate café");
//! # Ok::<(), obelisc_text::UnknownCharacter>(())
//! ```

mod ascii;
mod classifier;
mod clean;
mod counter;
mod fasttext;
mod identify;
mod kenlm;
mod language;
mod list;
mod model;
mod model_text;
mod perplexity;
mod repetition;
mod segment;
mod sentencepiece;
mod shape;
mod special;
mod tokens;
mod words;

pub mod pii;
pub mod spans;

pub use classifier::{Features, Hashing, HeldOut, LinearClassifier, Trainer, Training};
pub use clean::{clean, collapse_white_space, standard_spaces};
pub use counter::WordCounter;
pub use fasttext::{FastText, Prediction};
pub use identify::{LanguageIdentifier, Trigrams};
pub use kenlm::KenLm;
pub use language::{Guess, LANGUAGES, can_guess, guess_language, language_code};
pub use list::WordList;
pub use model::{ModelBytes, ModelError};
pub use model_text::{ascii_punctuation, lower_case_model_text, model_text, without_control_characters, zero_digits};
pub use perplexity::Perplexity;
pub use repetition::character_repetition_ratio;
pub use sentencepiece::{Pieces, SentencePiece};
pub use shape::Shape;
pub use special::{SpecialCharacters, SpecialCount, UnknownCharacter};
pub use tokens::Tokens;
pub use words::Words;
