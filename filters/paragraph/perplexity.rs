#![doc = include_str!("perplexity.md")]

use std::sync::Arc;

use obelisc_filter::options::{Options, Resource};
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::{KenLm, ModelBytes, ModelError, SentencePiece};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "perplexity",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text, Needs::Model],
    falling: false,
    resources: &[],
    page: include_str!("perplexity.md"),
    build: &|options| Box::new(Perplexity::new(SPEC.subject, options)),
};

/// The rule on paragraphs and on documents.
#[derive(Debug)]
pub(crate) struct Perplexity {
    subject: SubjectKind,
    model: Option<obelisc_text::Perplexity>,
    max_perplexity: Option<f64>,
}

impl Perplexity {
    /// What a recipe says.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>) -> Self {
        let pieces = options.resource("pieces", "SentencePiece model that the language model was trained with");
        let pieces = open(options, "pieces", pieces, |bytes| SentencePiece::open((*bytes).as_ref()));
        let model = options.resource("model", "KenLM model: ARPA, or KenLM's binary format");
        let model = open(options, "model", model, KenLm::open);
        let meaning = "highest perplexity kept";
        let max_perplexity = options.optional_number("max_perplexity", Some(1500.0), 0.0..=1e12, meaning);
        let model = pieces.zip(model).map(|(pieces, model)| obelisc_text::Perplexity::new(pieces, model));
        Self { subject, model, max_perplexity }
    }
}

/// A model out of a file; what is wrong with it is a mistake of the recipe.
pub(crate) fn open<T: Send + Sync + 'static>(
    options: &Options<'_>,
    key: &str,
    file: Option<Resource>,
    open: impl FnOnce(ModelBytes) -> Result<T, ModelError>,
) -> Option<Arc<T>> {
    file?.open(open).map_err(|error| options.problem(key, error.to_string())).ok()
}

impl Rule for Perplexity {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(text) = counted::text(self.subject, subject) else { return Measure::NotApplicable };
        self.model.as_ref().map_or(Measure::NotAvailable, |model| Measure::number(model.of(&text).min(f64::MAX)))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_perplexity)
    }
}
