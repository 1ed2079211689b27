#![doc = include_str!("character_repetition_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::paragraph::character_repetition_ratio::CharacterRepetitionRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "character_repetition_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("character_repetition_ratio.md"),
    build: &|options| Box::new(CharacterRepetitionRatio::new(SPEC.subject, options, Some(0.1))),
};
