#![doc = include_str!("terminal_punctuation_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "terminal_punctuation_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("terminal_punctuation_ratio.md"),
    build: &|options| Box::new(TerminalPunctuationRatio::new(options)),
};

#[derive(Debug)]
struct TerminalPunctuationRatio {
    min_ratio: Option<f64>,
}

impl TerminalPunctuationRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "smallest share of lines that end as sentences do kept";
        Self { min_ratio: options.optional_number("min_ratio", Some(0.12), 0.0..=1.0, meaning) }
    }
}

impl Rule for TerminalPunctuationRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(shape) = counted::shape(SPEC.subject, subject) else { return Measure::NotApplicable };
        counted::ratio(shape.ended_lines, shape.lines)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
