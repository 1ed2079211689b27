#![doc = include_str!("common_word_ratio.md")]

use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::WordList;

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "common_word_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::NONE.texts,
    page: include_str!("common_word_ratio.md"),
    build: &|options| Box::new(CommonWordRatio::new(SPEC.subject, options, Some(0.8))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct CommonWordRatio {
    subject: SubjectKind,
    words: Arc<WordList>,
    min_ratio: Option<f64>,
}

impl CommonWordRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, min_ratio: Option<f64>) -> Self {
        let meaning = "the common words; with none the rule does not apply";
        Self {
            subject,
            words: lists::words(options, &lists::NONE, meaning),
            min_ratio: options.optional_number(
                "min_ratio",
                min_ratio,
                0.0..=1.0,
                "smallest share of common words kept",
            ),
        }
    }
}

impl Rule for CommonWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        counted::share_of(&self.words, self.subject, subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
