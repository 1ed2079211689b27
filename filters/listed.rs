//! Shares of words that stand in a list, where groups of words can stand in it too.

use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Measure, Subject, SubjectKind};
use obelisc_text::WordList;

use crate::counted;
use crate::lists::{self, Lists};

/// A list, and how words go together to stand in it.
#[derive(Debug)]
pub(crate) struct Listed {
    words: Arc<WordList>,
    group_words: Option<usize>,
    group_separator: String,
}

impl Listed {
    /// The options `words`, `group_words` and `group_separator`.
    pub(crate) fn from_options(options: &mut Options<'_>, lists: &Lists, meaning: &'static str) -> Self {
        let words = lists::words(options, lists, meaning);
        let meaning = "so many words that follow each other are looked for together as well";
        let group_words = options.optional_integer("group_words", None, 2..=10, meaning);
        Self {
            words,
            group_words: group_words.and_then(|words| usize::try_from(words).ok()),
            group_separator: options.text("group_separator", " ", "what stands between the words of a group"),
        }
    }

    /// The share of the words that stand in the list, and groups of them, of all words; no more than 1.  With an empty list the
    /// question does not apply.
    pub(crate) fn share(&self, kind: SubjectKind, subject: Subject<'_>) -> Measure {
        let Some(size) = self.group_words else { return counted::share_of(&self.words, kind, subject) };
        let words = if self.words.is_empty() { None } else { counted::words(kind, subject) };
        let share = |words: &obelisc_text::Words| self.words.share_of_groups(words, &[size], &self.group_separator);
        words.map_or(Measure::NotApplicable, |words| Measure::number(share(&words)))
    }
}
