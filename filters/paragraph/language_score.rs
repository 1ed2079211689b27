#![doc = include_str!("language_score.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::{Identifier, counted};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "language_score",
    subject: SubjectKind::Paragraph,
    version: 2,
    needs: &[Needs::Text, Needs::Language],
    falling: false,
    resources: &[],
    page: include_str!("language_score.md"),
    build: &|options| Box::new(LanguageScore::new(SPEC.subject, options)),
};

/// The rule on paragraphs and on documents.
#[derive(Debug)]
pub(crate) struct LanguageScore {
    subject: SubjectKind,
    languages: Vec<String>,
    min_score: Option<f64>,
}

impl LanguageScore {
    /// What a recipe says.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>) -> Self {
        Self {
            subject,
            languages: options.texts("languages", &["en"], &[], "languages that are wanted; with none, any"),
            min_score: options.optional_number("min_score", Some(0.8), 0.0..=1.0, "lowest score kept"),
        }
    }
}

impl Rule for LanguageScore {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(text) = counted::text(self.subject, subject) else { return Measure::NotApplicable };
        let (Subject::Paragraph { shared, .. } | Subject::Document { shared, .. }) = subject else {
            return Measure::NotApplicable;
        };
        let Some(identifier) = shared.settings().get::<Identifier>() else { return Measure::NotAvailable };
        let guess = identifier.identify(&text);
        let wanted = |language: &str| self.languages.is_empty() || self.languages.iter().any(|one| one == language);
        Measure::number(guess.filter(|guess| wanted(&guess.language)).map_or(0.0, |guess| guess.score))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_score, None)
    }
}
