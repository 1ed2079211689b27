#![doc = include_str!("perplexity.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::paragraph::perplexity::Perplexity;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "perplexity",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[],
    page: include_str!("perplexity.md"),
    build: &|options| Box::new(Perplexity::new(SPEC.subject, options)),
};
