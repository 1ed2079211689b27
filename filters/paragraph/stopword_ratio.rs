#![doc = include_str!("stopword_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::listed::Listed;
use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "stopword_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: lists::STOPWORDS.texts,
    page: include_str!("stopword_ratio.md"),
    build: &|options| Box::new(StopwordRatio::new(SPEC.subject, options, Some(0.3))),
};

/// The rule on paragraphs, and with bounds of its own on documents.
#[derive(Debug)]
pub(crate) struct StopwordRatio {
    subject: SubjectKind,
    words: Listed,
    min_ratio: Option<f64>,
}

impl StopwordRatio {
    /// What a recipe says, or else these bounds.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, min_ratio: Option<f64>) -> Self {
        Self {
            subject,
            words: Listed::from_options(options, &lists::STOPWORDS, "the stop words"),
            min_ratio: options.optional_number("min_ratio", min_ratio, 0.0..=1.0, "smallest share of stop words kept"),
        }
    }
}

impl Rule for StopwordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        self.words.share(self.subject, subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
