#![doc = include_str!("rendered_side_pixels.md")]

use obelisc_document::RenderedSize;
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "rendered_side_pixels",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageReference],
    falling: false,
    resources: &[],
    page: include_str!("rendered_side_pixels.md"),
    build: &|options| Box::new(RenderedSidePixels::new(options)),
};

#[derive(Debug)]
struct RenderedSidePixels {
    min_side_pixels: Option<u64>,
    max_side_pixels: Option<u64>,
}

impl RenderedSidePixels {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 1..=1_000_000;
        Self {
            min_side_pixels: options.optional_integer(
                "min_side_pixels",
                Some(150),
                range.clone(),
                "shortest side kept",
            ),
            max_side_pixels: options.optional_integer("max_side_pixels", Some(20_000), range, "longest side kept"),
        }
    }
}

impl Rule for RenderedSidePixels {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        let sides =
            || [&image.rendered_width, &image.rendered_height].into_iter().flatten().filter_map(RenderedSize::pixels);
        match (sides().min_by(f64::total_cmp), sides().max_by(f64::total_cmp)) {
            (Some(low), Some(high)) => Measure::Value(Signal::Span { low, high }),
            _ => Measure::NotApplicable,
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_side_pixels, self.max_side_pixels)
    }
}
