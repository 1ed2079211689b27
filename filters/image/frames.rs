#![doc = include_str!("frames.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "frames",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageFacts],
    falling: false,
    resources: &[],
    page: include_str!("frames.md"),
    build: &|options| Box::new(Frames::new(options)),
};

#[derive(Debug)]
struct Frames {
    max_frames: Option<u64>,
}

impl Frames {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 1..=1_000_000;
        Self { max_frames: options.optional_integer("max_frames", Some(1), range, "most pictures kept") }
    }
}

impl Rule for Frames {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        image.facts.as_ref().map_or(Measure::NotAvailable, |facts| Measure::number(f64::from(facts.frames)))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(None, self.max_frames)
    }
}
