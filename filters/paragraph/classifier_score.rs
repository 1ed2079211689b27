#![doc = include_str!("classifier_score.md")]

use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::LinearClassifier;

use super::perplexity::open;
use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "classifier_score",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("classifier_score.md"),
    build: &|options| Box::new(ClassifierScore::new(SPEC.subject, options)),
};

/// The rule on paragraphs and on documents.
#[derive(Debug)]
pub(crate) struct ClassifierScore {
    subject: SubjectKind,
    model: Option<Arc<LinearClassifier>>,
    min_score: Option<f64>,
}

impl ClassifierScore {
    /// What a recipe says.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>) -> Self {
        let model = options.resource("model", "classifier that `obelisc train quality` has made");
        Self {
            subject,
            model: open(options, "model", model, LinearClassifier::open),
            min_score: options.optional_number("min_score", Some(0.5), 0.0..=1.0, "lowest score kept"),
        }
    }
}

impl Rule for ClassifierScore {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(words) = counted::standard_words(self.subject, subject) else { return Measure::NotApplicable };
        self.model.as_ref().map_or(Measure::NotAvailable, |model| Measure::number(model.score(&words)))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_score, None)
    }
}
