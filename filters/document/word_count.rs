#![doc = include_str!("word_count.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::word_count::WordCount;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "word_count",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: true,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("word_count.md"),
    build: &|options| Box::new(WordCount::new(SPEC.subject, options, Some(10), Some(2_000))),
};
