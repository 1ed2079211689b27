#![doc = include_str!("character_repetition_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::character_repetition_ratio;

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "character_repetition_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("character_repetition_ratio.md"),
    build: &|options| Box::new(CharacterRepetitionRatio::new(SPEC.subject, options, Some(0.1))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct CharacterRepetitionRatio {
    subject: SubjectKind,
    ngram_characters: usize,
    max_ratio: Option<f64>,
}

impl CharacterRepetitionRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, max_ratio: Option<f64>) -> Self {
        Self {
            subject,
            ngram_characters: options.integer("ngram_characters", 10, 1..=1_000, "characters of a run") as usize,
            max_ratio: options.optional_number(
                "max_ratio",
                max_ratio,
                0.0..=1.0,
                "largest share of repeated runs kept",
            ),
        }
    }
}

impl Rule for CharacterRepetitionRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(text) = counted::text(self.subject, subject) else { return Measure::NotApplicable };
        Measure::number(character_repetition_ratio(&text, self.ngram_characters))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
