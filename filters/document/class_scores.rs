#![doc = include_str!("class_scores.md")]

use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::scores::MaxScores;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "class_scores",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::ImageFacts, Needs::Classifier],
    falling: true,
    resources: &[],
    page: include_str!("class_scores.md"),
    build: &|options| Box::new(ClassScores(MaxScores::from_options(options))),
};

#[derive(Debug)]
struct ClassScores(MaxScores);

impl Rule for ClassScores {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Document { document, .. } = subject else { return Measure::NotApplicable };
        let shares = document.images().filter_map(|image| self.0.share_of_bound(image));
        shares.max_by(f64::total_cmp).map_or(Measure::NotApplicable, Measure::number)
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound::Max(1.0)]
    }
}
