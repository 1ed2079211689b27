#![doc = include_str!("paragraph_count.md")]

use obelisc_document::END_OF_DOCUMENT;
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "paragraph_count",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text],
    falling: true,
    resources: &[],
    page: include_str!("paragraph_count.md"),
    build: &|options| Box::new(ParagraphCount::new(options)),
};

#[derive(Debug)]
struct ParagraphCount {
    min_paragraphs: Option<u64>,
    max_paragraphs: Option<u64>,
}

impl ParagraphCount {
    fn new(options: &mut Options<'_>) -> Self {
        let range = 0..=1_000_000;
        Self {
            min_paragraphs: options.optional_integer(
                "min_paragraphs",
                Some(1),
                range.clone(),
                "fewest paragraphs kept",
            ),
            max_paragraphs: options.optional_integer("max_paragraphs", None, range, "most paragraphs kept"),
        }
    }
}

impl Rule for ParagraphCount {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Document { document, .. } = subject else { return Measure::NotApplicable };
        Measure::count(document.paragraphs().filter(|paragraph| paragraph.text != END_OF_DOCUMENT).count())
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_paragraphs, self.max_paragraphs)
    }
}
