#![doc = include_str!("special_character_ratio.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::lists;
use crate::paragraph::special_character_ratio::SpecialCharacterRatio;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "special_character_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("special_character_ratio.md"),
    build: &|options| Box::new(SpecialCharacterRatio::new(SPEC.subject, options, Some(0.275))),
};
