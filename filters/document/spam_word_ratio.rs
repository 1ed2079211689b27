#![doc = include_str!("spam_word_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::spam_word_ratio::SpamWordRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "spam_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::SPAM.texts,
    page: include_str!("spam_word_ratio.md"),
    build: &|options| Box::new(SpamWordRatio::new(SPEC.subject, options, Some(0.12))),
};
