#![doc = include_str!("fasttext_score.md")]

use std::sync::Arc;

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::FastText;

use super::perplexity::open;
use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "fasttext_score",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[],
    page: include_str!("fasttext_score.md"),
    build: &|options| Box::new(FasttextScore::new(SPEC.subject, options)),
};

/// The rule on paragraphs and on documents.
#[derive(Debug)]
pub(crate) struct FasttextScore {
    subject: SubjectKind,
    model: Option<Arc<FastText>>,
    label: String,
    min_score: Option<f64>,
}

impl FasttextScore {
    /// What a recipe says.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>) -> Self {
        let model = options.resource("model", "fastText classifier, .bin or .ftz");
        let model = open(options, "model", model, FastText::open);
        let label = options.text("label", "__label__hq", "label whose probability is the score");
        if model.as_ref().is_some_and(|model| model.labels().all(|known| known != label)) {
            let known: Vec<&str> = model.iter().flat_map(|model| model.labels()).take(10).collect();
            options.problem("label", format!("{label:?} is given, the model has {}", known.join(", ")));
        }
        let min_score = options.optional_number("min_score", Some(0.5), 0.0..=1.0, "lowest score kept");
        Self { subject, model, label, min_score }
    }
}

impl Rule for FasttextScore {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(text) = counted::text(self.subject, subject) else { return Measure::NotApplicable };
        let Some(model) = &self.model else { return Measure::NotAvailable };
        // fastText reads one line.
        let score = model.probability(&text.replace('\n', " "), &self.label).unwrap_or_default();
        Measure::number(crate::identifier::rounded(f64::from(score)))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_score, None)
    }
}
