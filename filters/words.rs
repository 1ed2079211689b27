//! How words are split: one setting for all rules of a set.

use std::sync::{Arc, LazyLock};

use obelisc_filter::options::Options;
use obelisc_text::{SentencePiece, SpecialCharacters, Words, lower_case_model_text};

use crate::lists;

/// How a text becomes words, and which characters are no part of one.
#[derive(Clone, Debug)]
pub struct WordSplit {
    special: &'static SpecialCharacters,
    split: Split,
}

#[derive(Clone, Debug)]
enum Split {
    WhiteSpace,
    Segmenter,
    Pieces(Arc<SentencePiece>),
}

/// As the OBELICS reference splits.
pub(crate) static OBELICS: LazyLock<WordSplit> =
    LazyLock::new(|| WordSplit { special: &lists::SPECIAL_CHARACTERS, split: Split::WhiteSpace });

impl WordSplit {
    /// The table `[words]` of a recipe.
    pub fn from_options(options: &mut Options<'_>) -> Self {
        let special = options.choice(
            "special_characters",
            &["obelics", "roots"],
            "characters that are stripped from words and counted as special: OBELICS's, or those of ROOTS, which have the no-break space besides",
        );
        let special = if special == "roots" { &*lists::ROOTS_SPECIAL_CHARACTERS } else { &*lists::SPECIAL_CHARACTERS };
        let pieces = options.resource("pieces", "SentencePiece model, for split = \"sentencepiece\"");
        let split = match options.choice(
            "split",
            &["white_space", "segmenter", "sentencepiece"],
            "what splits a text into words: spaces, tabs and line feeds; dictionaries, for scripts without spaces; or the pieces of a model",
        ) {
            "segmenter" => Split::Segmenter,
            "sentencepiece" => match pieces {
                Some(model) => match model.open(|bytes| SentencePiece::open((*bytes).as_ref())) {
                    Ok(model) => Split::Pieces(model),
                    Err(error) => {
                        options.problem("pieces", error.to_string());
                        Split::Segmenter
                    }
                },
                None => {
                    if !options.has("pieces") {
                        options.problem("split", "\"sentencepiece\" needs pieces, the name of a table [resources.NAME]");
                    }
                    Split::Segmenter
                }
            },
            _ => Split::WhiteSpace,
        };
        Self { special, split }
    }

    /// Semantic version: raised whenever a text can become other words.
    pub const VERSION: u32 = 1;

    /// The lists behind the special characters, which digests take in.
    pub const TEXTS: [&'static str; 2] = [lists::SPECIAL_CHARACTERS_TEXT, lists::ROOTS_SPECIAL_CHARACTERS_TEXT];

    /// Whether words are split as where no recipe says otherwise.
    pub(crate) fn is_standard(&self) -> bool {
        matches!(self.split, Split::WhiteSpace) && std::ptr::eq(self.special, &*lists::SPECIAL_CHARACTERS)
    }

    /// The special characters.
    pub fn special(&self) -> &'static SpecialCharacters {
        self.special
    }

    /// The words of a text.
    pub fn words(&self, text: &str) -> Words {
        match &self.split {
            Split::WhiteSpace => Words::split(text, self.special),
            Split::Segmenter => Words::segment(text, self.special),
            Split::Pieces(model) => Words::from_pieces(model.pieces(&lower_case_model_text(text)).iter(), self.special),
        }
    }
}
