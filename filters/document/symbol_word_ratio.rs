#![doc = include_str!("symbol_word_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "symbol_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("symbol_word_ratio.md"),
    build: &|options| Box::new(SymbolWordRatio::new(options)),
};

#[derive(Debug)]
struct SymbolWordRatio {
    max_ratio: Option<f64>,
}

impl SymbolWordRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "most hash signs, or ellipses, per word kept";
        Self { max_ratio: options.optional_number("max_ratio", Some(0.1), 0.0..=1e9, meaning) }
    }
}

impl Rule for SymbolWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(shape) = counted::shape(SPEC.subject, subject) else { return Measure::NotApplicable };
        counted::ratio(shape.hashes.max(shape.ellipses), shape.words)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
