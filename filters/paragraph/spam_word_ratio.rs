#![doc = include_str!("spam_word_ratio.md")]

use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::WordList;

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "spam_word_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::SPAM.texts,
    page: include_str!("spam_word_ratio.md"),
    build: &|options| Box::new(SpamWordRatio::new(SPEC.subject, options, Some(0.12))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct SpamWordRatio {
    subject: SubjectKind,
    words: Arc<WordList>,
    max_ratio: Option<f64>,
}

impl SpamWordRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, max_ratio: Option<f64>) -> Self {
        Self {
            subject,
            words: lists::words(options, &lists::SPAM, "the spam words"),
            max_ratio: options.optional_number("max_ratio", max_ratio, 0.0..=1.0, "largest share of spam words kept"),
        }
    }
}

impl Rule for SpamWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        counted::share_of(&self.words, self.subject, subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
