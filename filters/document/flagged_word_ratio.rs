#![doc = include_str!("flagged_word_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::flagged_word_ratio::FlaggedWordRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "flagged_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::FLAGGED.texts,
    page: include_str!("flagged_word_ratio.md"),
    build: &|options| Box::new(FlaggedWordRatio::new(SPEC.subject, options, Some(0.01))),
};
