#![doc = include_str!("bullet_line_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "bullet_line_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("bullet_line_ratio.md"),
    build: &|options| Box::new(BulletLineRatio::new(options)),
};

#[derive(Debug)]
struct BulletLineRatio {
    max_ratio: Option<f64>,
}

impl BulletLineRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "largest share of lines with a bullet kept";
        Self { max_ratio: options.optional_number("max_ratio", Some(0.9), 0.0..=1.0, meaning) }
    }
}

impl Rule for BulletLineRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Some(shape) = counted::shape(SPEC.subject, subject) else { return Measure::NotApplicable };
        counted::ratio(shape.bullet_lines, shape.lines)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
