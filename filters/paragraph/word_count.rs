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
    build: |options| Box::new(WordCount::new(options)),
};

#[derive(Debug)]
struct WordCount {
    min_words: Option<u64>,
    max_words: Option<u64>,
}

impl WordCount {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0..=1_000_000_000;
        Self {
            min_words: options.optional_integer("min_words", Some(4), range.clone(), "fewest words kept"),
            max_words: options.optional_integer("max_words", Some(1_000), range, "most words kept"),
        }
    }
}

impl Rule for WordCount {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        counted::words(SPEC.subject, subject).map_or(Measure::NotApplicable, |words| Measure::count(words.len()))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_words, self.max_words)
    }
}
