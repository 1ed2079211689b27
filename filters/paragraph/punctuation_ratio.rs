#![doc = include_str!("punctuation_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "punctuation_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("punctuation_ratio.md"),
    build: &|options| Box::new(PunctuationRatio::new(SPEC.subject, options, Some(0.001), Some(12))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct PunctuationRatio {
    subject: SubjectKind,
    min_ratio: Option<f64>,
    min_tokens: Option<u64>,
}

impl PunctuationRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(
        subject: SubjectKind,
        options: &mut Options<'_>,
        min_ratio: Option<f64>,
        min_tokens: Option<u64>,
    ) -> Self {
        let meaning = "fewest tokens for which the rule says anything";
        Self {
            subject,
            min_ratio: options.optional_number("min_ratio", min_ratio, 0.0..=1.0, "smallest share of marks kept"),
            min_tokens: options.optional_integer("min_tokens", min_tokens, 1..=1_000_000_000, meaning),
        }
    }
}

impl Rule for PunctuationRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(tokens) = counted::tokens(self.subject, subject) else { return Measure::NotApplicable };
        // No token at all is a ratio of 0, as the reference has it: symbols alone are no sentence.
        let few = self.min_tokens.is_some_and(|min| tokens.all > 0 && (tokens.all as u64) < min);
        if few { Measure::NotApplicable } else { Measure::number(tokens.punctuation_ratio()) }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
