#![doc = include_str!("common_word_ratio.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::WordList;

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "common_word_ratio",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("common_word_ratio.md"),
    build: |options| Box::new(CommonWordRatio::new(options)),
};

#[derive(Debug)]
struct CommonWordRatio {
    words: WordList,
    min_ratio: Option<f64>,
}

impl CommonWordRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let words = options.texts("words", &[], &[], "the common words; with none the rule does not apply");
        Self {
            words: WordList::from_words(words),
            min_ratio: options.optional_number(
                "min_ratio",
                Some(0.8),
                0.0..=1.0,
                "smallest share of common words kept",
            ),
        }
    }
}

impl Rule for CommonWordRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        counted::share_of(&self.words, SPEC.subject, subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(self.min_ratio, None)
    }
}
