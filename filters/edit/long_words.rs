#![doc = include_str!("long_words.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::spans;

use crate::lists;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "long_words",
    version: 1,
    resources: &[lists::ROOTS_SPECIAL_CHARACTERS_TEXT],
    page: include_str!("long_words.md"),
    build: |options| Box::new(LongWords::new(options)),
};

#[derive(Debug)]
struct LongWords {
    max_characters: Option<usize>,
}

impl LongWords {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "characters of the longest word that stays";
        let max = options.optional_integer("max_characters", Some(25), 1..=1_000_000, meaning);
        Self { max_characters: max.and_then(|max| usize::try_from(max).ok()) }
    }
}

impl Edit for LongWords {
    fn spans(&self, text: &str) -> Vec<Span> {
        self.max_characters
            .map(|max| spans::long_words(text, max, &lists::ROOTS_SPECIAL_CHARACTERS))
            .unwrap_or_default()
    }
}
