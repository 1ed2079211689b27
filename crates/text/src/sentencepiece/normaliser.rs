//! What becomes of a text before it is split.

use super::SPACE;
use super::charsmap::CharacterMap;
use super::message::Model;
use super::vocabulary::Vocabulary;
use crate::model::ModelError;

#[derive(Debug)]
pub(super) struct Normaliser {
    characters: CharacterMap,
    adds_space: bool,
    space_ends_words: bool,
    collapses_spaces: bool,
    space: &'static str,
}

impl Normaliser {
    pub(super) fn new(model: &Model<'_>) -> Result<Self, ModelError> {
        Ok(Self {
            characters: CharacterMap::new(model.charsmap)?,
            adds_space: model.adds_space,
            space_ends_words: model.space_ends_words,
            collapses_spaces: model.collapses_spaces,
            space: if model.marks_spaces { SPACE } else { " " },
        })
    }

    pub(super) fn normalise(&self, text: &str, vocabulary: &Vocabulary) -> String {
        let mut rest = text;
        if self.collapses_spaces {
            while let (" ", after) = self.next(rest, vocabulary) {
                rest = after;
            }
        }
        let mut normalised = String::with_capacity(text.len() + text.len() / 2);
        if rest.is_empty() {
            return normalised;
        }
        if self.adds_space && !self.space_ends_words {
            normalised.push_str(self.space);
        }
        let mut is_behind_space = self.collapses_spaces;
        while !rest.is_empty() {
            let (mut part, after) = self.next(rest, vocabulary);
            if is_behind_space {
                part = part.trim_start_matches(' ');
            }
            if !part.is_empty() {
                self.push(part, &mut normalised);
                is_behind_space = self.collapses_spaces && part.ends_with(' ');
            }
            rest = after;
        }
        if self.collapses_spaces {
            normalised.truncate(normalised.trim_end_matches(self.space).len());
        }
        if self.adds_space && self.space_ends_words {
            normalised.push_str(self.space);
        }
        normalised
    }

    /// What the beginning of a text becomes, and the text behind it.
    fn next<'a>(&'a self, text: &'a str, vocabulary: &Vocabulary) -> (&'a str, &'a str) {
        if let Some(length) = vocabulary.user_defined(text) {
            return text.split_at(length);
        }
        if let Some((length, replacement)) = self.characters.replaced(text) {
            return (replacement, &text[length..]);
        }
        text.split_at(text.chars().next().map_or(0, char::len_utf8))
    }

    fn push(&self, part: &str, normalised: &mut String) {
        if !part.contains(' ') {
            normalised.push_str(part);
            return;
        }
        for character in part.chars() {
            match character {
                ' ' => normalised.push_str(self.space),
                other => normalised.push(other),
            }
        }
    }
}
