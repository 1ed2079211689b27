#![doc = include_str!("language_score.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::paragraph::language_score::LanguageScore;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "language_score",
    subject: SubjectKind::Document,
    version: 2,
    needs: &[Needs::Text, Needs::Language],
    falling: false,
    resources: &[],
    page: include_str!("language_score.md"),
    build: &|options| Box::new(LanguageScore::new(SPEC.subject, options)),
};
