#![doc = include_str!("stopword_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::stopword_ratio::StopwordRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "stopword_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::STOPWORDS.texts,
    page: include_str!("stopword_ratio.md"),
    build: &|options| Box::new(StopwordRatio::new(SPEC.subject, options, Some(0.35))),
};
