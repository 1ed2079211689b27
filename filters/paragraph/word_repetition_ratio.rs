#![doc = include_str!("word_repetition_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "word_repetition_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("word_repetition_ratio.md"),
    build: &|options| Box::new(WordRepetitionRatio::new(SPEC.subject, options, Some(0.1))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct WordRepetitionRatio {
    subject: SubjectKind,
    ngram_words: usize,
    max_ratio: Option<f64>,
}

impl WordRepetitionRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, max_ratio: Option<f64>) -> Self {
        Self {
            subject,
            ngram_words: options.integer("ngram_words", 5, 1..=1_000, "words of a run") as usize,
            max_ratio: options.optional_number(
                "max_ratio",
                max_ratio,
                0.0..=1.0,
                "largest share of repeated runs kept",
            ),
        }
    }
}

impl Rule for WordRepetitionRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(words) = counted::words(self.subject, subject) else { return Measure::NotApplicable };
        Measure::number(words.repetition_ratio(self.ngram_words))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
