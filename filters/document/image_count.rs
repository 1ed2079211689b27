#![doc = include_str!("image_count.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "image_count",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::ImageReference],
    falling: true,
    resources: &[],
    page: include_str!("image_count.md"),
    build: &|options| Box::new(ImageCount::new(options)),
};

#[derive(Debug)]
struct ImageCount {
    min_images: Option<u64>,
    max_images: Option<u64>,
}

impl ImageCount {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0..=1_000_000_000;
        Self {
            min_images: options.optional_integer("min_images", Some(1), range.clone(), "fewest images kept"),
            max_images: options.optional_integer("max_images", Some(30), range, "most images kept"),
        }
    }
}

impl Rule for ImageCount {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Document { document, .. } = subject else { return Measure::NotApplicable };
        Measure::count(document.images().count())
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_images, self.max_images)
    }
}
