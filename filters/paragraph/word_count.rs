#![doc = include_str!("word_count.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::count_words;

use crate::lists::{self, SPECIAL_CHARACTERS};

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
        let Subject::Paragraph { text, .. } = subject else { return Measure::NotApplicable };
        Measure::count(count_words(text, &SPECIAL_CHARACTERS))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_words, self.max_words)
    }
}
