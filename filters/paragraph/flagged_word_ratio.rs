#![doc = include_str!("flagged_word_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::listed::Listed;
use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "flagged_word_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::FLAGGED.texts,
    page: include_str!("flagged_word_ratio.md"),
    build: &|options| Box::new(FlaggedWordRatio::new(SPEC.subject, options, Some(0.01))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct FlaggedWordRatio {
    subject: SubjectKind,
    words: Listed,
    max_ratio: Option<f64>,
}

impl FlaggedWordRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, max_ratio: Option<f64>) -> Self {
        Self {
            subject,
            words: Listed::from_options(options, &lists::FLAGGED, "the flagged words"),
            max_ratio: options.optional_number(
                "max_ratio",
                max_ratio,
                0.0..=1.0,
                "largest share of flagged words kept",
            ),
        }
    }
}

impl Rule for FlaggedWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        self.words.share(self.subject, subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
