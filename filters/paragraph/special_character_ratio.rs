#![doc = include_str!("special_character_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "special_character_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("special_character_ratio.md"),
    build: &|options| Box::new(SpecialCharacterRatio::new(SPEC.subject, options, Some(0.3))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct SpecialCharacterRatio {
    subject: SubjectKind,
    max_ratio: Option<f64>,
}

impl SpecialCharacterRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, max_ratio: Option<f64>) -> Self {
        let meaning = "largest share of special characters kept";
        Self { subject, max_ratio: options.optional_number("max_ratio", max_ratio, 0.0..=1.0, meaning) }
    }
}

impl Rule for SpecialCharacterRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(count) = counted::special_characters(self.subject, subject) else { return Measure::NotApplicable };
        Measure::number(count.ratio())
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
