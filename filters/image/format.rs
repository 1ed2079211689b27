#![doc = include_str!("format.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};
use obelisc_image::Format as ImageFormat;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "format",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageFacts],
    falling: false,
    resources: &[],
    page: include_str!("format.md"),
    build: &|options| Box::new(Format::new(options)),
};

#[derive(Debug)]
struct Format {
    accepted: Vec<String>,
}

impl Format {
    fn new(options: &mut Options<'_>) -> Self {
        let known = ImageFormat::ALL.map(ImageFormat::name);
        Self { accepted: options.texts("accepted", &["jpeg", "png", "webp"], &known, "formats that are kept") }
    }
}

impl Rule for Format {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        image.facts.as_ref().map_or(Measure::NotAvailable, |facts| Measure::Value(Signal::Word(facts.format.clone())))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound::OneOf(self.accepted.clone())]
    }
}
