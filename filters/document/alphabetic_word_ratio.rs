#![doc = include_str!("alphabetic_word_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "alphabetic_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("alphabetic_word_ratio.md"),
    build: &|options| Box::new(AlphabeticWordRatio::new(options)),
};

#[derive(Debug)]
struct AlphabeticWordRatio {
    min_ratio: Option<f64>,
}

impl AlphabeticWordRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "smallest share of words with a letter kept";
        Self { min_ratio: options.optional_number("min_ratio", Some(0.8), 0.0..=1.0, meaning) }
    }
}

impl Rule for AlphabeticWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(shape) = counted::shape(SPEC.subject, subject) else { return Measure::NotApplicable };
        counted::ratio(shape.alphabetic_words, shape.words)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
