#![doc = include_str!("mean_word_length.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "mean_word_length",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("mean_word_length.md"),
    build: &|options| Box::new(MeanWordLength::new(options)),
};

#[derive(Debug)]
struct MeanWordLength {
    min_characters: Option<f64>,
    max_characters: Option<f64>,
}

impl MeanWordLength {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0.0..=1e9;
        let (shortest, longest) = ("shortest mean word kept", "longest mean word kept");
        Self {
            min_characters: options.optional_number("min_characters", Some(3.0), range.clone(), shortest),
            max_characters: options.optional_number("max_characters", Some(10.0), range, longest),
        }
    }
}

impl Rule for MeanWordLength {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(shape) = counted::shape(SPEC.subject, subject) else { return Measure::NotApplicable };
        counted::ratio(shape.word_characters, shape.words)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_characters, self.max_characters)
    }
}
