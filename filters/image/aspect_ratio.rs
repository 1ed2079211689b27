#![doc = include_str!("aspect_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "aspect_ratio",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageFacts],
    falling: false,
    resources: &[],
    page: include_str!("aspect_ratio.md"),
    build: &|options| Box::new(AspectRatio::new(options)),
};

#[derive(Debug)]
struct AspectRatio {
    min_ratio: Option<f64>,
    max_ratio: Option<f64>,
}

impl AspectRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0.001..=1000.0;
        Self {
            min_ratio: options.optional_number("min_ratio", Some(0.5), range.clone(), "smallest width by height kept"),
            max_ratio: options.optional_number("max_ratio", Some(2.0), range, "largest width by height kept"),
        }
    }
}

impl Rule for AspectRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        match &image.facts {
            None => Measure::NotAvailable,
            Some(facts) if facts.original_height == 0 => Measure::NotApplicable,
            Some(facts) => Measure::number(f64::from(facts.original_width) / f64::from(facts.original_height)),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, self.max_ratio)
    }
}
