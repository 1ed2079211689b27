#![doc = include_str!("fasttext_score.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::paragraph::fasttext_score::FasttextScore;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "fasttext_score",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[],
    page: include_str!("fasttext_score.md"),
    build: &|options| Box::new(FasttextScore::new(SPEC.subject, options)),
};
