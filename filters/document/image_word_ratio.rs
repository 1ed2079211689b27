#![doc = include_str!("image_word_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "image_word_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text, Needs::ImageReference],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("image_word_ratio.md"),
    build: &|options| Box::new(ImageWordRatio::new(options)),
};

#[derive(Debug)]
struct ImageWordRatio {
    min_ratio: Option<f64>,
    max_ratio: Option<f64>,
}

impl ImageWordRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0.0..=1e9;
        Self {
            min_ratio: options.optional_number("min_ratio", None, range.clone(), "fewest images per word kept"),
            max_ratio: options.optional_number("max_ratio", Some(0.1), range, "most images per word kept"),
        }
    }
}

impl Rule for ImageWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let (Subject::Document { document, .. }, Some(words)) = (subject, counted::words(SPEC.subject, subject)) else {
            return Measure::NotApplicable;
        };
        counted::ratio(document.images().count(), words.len().max(1))
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, self.max_ratio)
    }
}
