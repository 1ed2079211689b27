#![doc = include_str!("duplicate_paragraph_ratio.md")]

use foldhash::{HashSet, HashSetExt as _};
use obelisc_document::END_OF_DOCUMENT;
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

use crate::counted;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "duplicate_paragraph_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: include_str!("duplicate_paragraph_ratio.md"),
    build: &|options| Box::new(DuplicateParagraphRatio::new(options)),
};

#[derive(Debug)]
struct DuplicateParagraphRatio {
    max_ratio: Option<f64>,
}

impl DuplicateParagraphRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "largest share of repeated paragraphs kept";
        Self { max_ratio: options.optional_number("max_ratio", Some(0.3), 0.0..=1.0, meaning) }
    }
}

impl Rule for DuplicateParagraphRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Document { document, .. } = subject else { return Measure::NotApplicable };
        let texts = document.paragraphs().map(|paragraph| paragraph.text.trim());
        let (mut all, mut different) = (0, HashSet::new());
        // A page with several documents holds the mark between them again and again.
        for text in texts.filter(|text| !text.is_empty() && *text != END_OF_DOCUMENT) {
            all += 1;
            different.insert(text);
        }
        counted::ratio(all - different.len(), all)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
