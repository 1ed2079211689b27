#![doc = include_str!("url_like_words.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::spans;

use crate::lists;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "url_like_words",
    version: 1,
    resources: &[lists::ROOTS_SPECIAL_CHARACTERS_TEXT],
    page: include_str!("url_like_words.md"),
    build: |options| Box::new(UrlLikeWords::new(options)),
};

#[derive(Debug)]
struct UrlLikeWords {
    enabled: bool,
}

impl UrlLikeWords {
    fn new(options: &mut Options<'_>) -> Self {
        Self {
            enabled: options.flag("enabled", true, "whether they go; a recipe for several languages says \"language\""),
        }
    }
}

impl Edit for UrlLikeWords {
    fn spans(&self, text: &str) -> Vec<Span> {
        if self.enabled { spans::url_like_words(text, &lists::ROOTS_SPECIAL_CHARACTERS) } else { Vec::new() }
    }
}
