#![doc = include_str!("word_count.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "word_count",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("word_count.md"),
    build: &|options| Box::new(WordCount::new(SPEC.subject, options, Some(4), Some(1_000))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct WordCount {
    subject: SubjectKind,
    min_words: Option<u64>,
    max_words: Option<u64>,
}

impl WordCount {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(
        subject: SubjectKind,
        options: &mut Options<'_>,
        min_words: Option<u64>,
        max_words: Option<u64>,
    ) -> Self {
        let range = 0..=1_000_000_000;
        Self {
            subject,
            min_words: options.optional_integer("min_words", min_words, range.clone(), "fewest words kept"),
            max_words: options.optional_integer("max_words", max_words, range, "most words kept"),
        }
    }
}

impl Rule for WordCount {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        counted::words(self.subject, subject).map_or(Measure::NotApplicable, |words| Measure::count(words.len()))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_words, self.max_words)
    }
}
