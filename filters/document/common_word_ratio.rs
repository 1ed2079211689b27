#![doc = include_str!("common_word_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::common_word_ratio::CommonWordRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "common_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::NONE.texts,
    page: include_str!("common_word_ratio.md"),
    build: &|options| Box::new(CommonWordRatio::new(SPEC.subject, options, Some(0.9))),
};
