#![doc = include_str!("punctuation_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::paragraph::punctuation_ratio::PunctuationRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "punctuation_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("punctuation_ratio.md"),
    build: &|options| Box::new(PunctuationRatio::new(SPEC.subject, options, Some(0.03), None)),
};
