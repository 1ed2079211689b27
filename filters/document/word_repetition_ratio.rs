#![doc = include_str!("word_repetition_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::word_repetition_ratio::WordRepetitionRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "word_repetition_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("word_repetition_ratio.md"),
    build: &|options| Box::new(WordRepetitionRatio::new(SPEC.subject, options, Some(0.2))),
};
