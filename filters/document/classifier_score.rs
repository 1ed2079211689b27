#![doc = include_str!("classifier_score.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::classifier_score::ClassifierScore;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "classifier_score",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("classifier_score.md"),
    build: &|options| Box::new(ClassifierScore::new(SPEC.subject, options)),
};
