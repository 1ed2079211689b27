#![doc = include_str!("side_pixels.md")]

use obelisc_document::{ImageNode, RenderedSize};
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "side_pixels",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageFacts],
    falling: false,
    resources: &[],
    page: include_str!("side_pixels.md"),
    build: &|options| Box::new(SidePixels::new(options)),
};

#[derive(Debug)]
struct SidePixels {
    min_side_pixels: Option<u64>,
    max_side_pixels: Option<u64>,
}

impl SidePixels {
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

/// All sides that are known of an image, in pixels: original width and height, rendered width and height.
fn sides(image: &ImageNode) -> impl Iterator<Item = f64> {
    let facts = image.facts.as_ref();
    let original = [facts.map(|facts| facts.original_width), facts.map(|facts| facts.original_height)];
    let original = original.map(|side| side.map(f64::from));
    let rendered = [(&image.rendered_width, original[0]), (&image.rendered_height, original[1])];
    let rendered = rendered.map(|(size, original)| match (size.as_ref()?, original) {
        (RenderedSize::Percent(share), Some(original)) => share_of(share, original),
        (size, _) => size.pixels(),
    });
    original.into_iter().chain(rendered).flatten()
}

/// `50%` of a side, rounded half to even; `None` where the share is no number.
fn share_of(share: &str, side: f64) -> Option<f64> {
    let share: f64 = share.trim().strip_suffix('%')?.trim().parse().ok()?;
    share.is_finite().then(|| (side * share / 100.0).round_ties_even())
}

impl Rule for SidePixels {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, .. } = subject else { return Measure::NotApplicable };
        match (sides(image).min_by(f64::total_cmp), sides(image).max_by(f64::total_cmp)) {
            (Some(low), Some(high)) => Measure::Value(Signal::Span { low, high }),
            _ => Measure::NotAvailable,
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_side_pixels, self.max_side_pixels)
    }
}
