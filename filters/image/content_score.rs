#![doc = include_str!("content_score.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "content_score",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageReference],
    falling: false,
    resources: &[],
    page: include_str!("content_score.md"),
    build: &|options| Box::new(ContentScore::new(options)),
};

#[derive(Debug)]
struct ContentScore {
    min_score: Option<f64>,
}

impl ContentScore {
    fn new(options: &mut Options<'_>) -> Self {
        Self { min_score: options.optional_number("min_score", Some(0.5), 0.0..=1.0, "lowest score kept") }
    }
}

impl Rule for ContentScore {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        match image.content_score {
            None => Measure::NotApplicable,
            // Scores are thousandths; as 64 bits they would have more digits.
            Some(score) => Measure::number((f64::from(score) * 1000.0).round() / 1000.0),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_score, None)
    }
}
