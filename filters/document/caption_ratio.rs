#![doc = include_str!("caption_ratio.md")]

use foldhash::HashSet;
use obelisc_document::ImageNode;
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Shared, Subject, SubjectKind};
use obelisc_text::Words;

use crate::{counted, lists};

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "caption_ratio",
    subject: SubjectKind::Document,
    version: 1,
    needs: &[Needs::Text, Needs::ImageReference],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("caption_ratio.md"),
    build: &|options| Box::new(CaptionRatio::new(options)),
};

#[derive(Debug)]
struct CaptionRatio {
    max_ratio: Option<f64>,
}

impl CaptionRatio {
    fn new(options: &mut Options<'_>) -> Self {
        let meaning = "largest share of words in captions kept";
        Self { max_ratio: options.optional_number("max_ratio", Some(0.9), 0.0..=1.0, meaning) }
    }
}

/// The words of what is said of an image: of each of its texts, and of each line of one with several.
fn texts_of<'a>(image: &'a ImageNode, shared: &'a Shared) -> impl Iterator<Item = Words> + 'a {
    let texts = [&image.caption, &image.alt_text, &image.title].into_iter().flatten();
    let pieces = texts.flat_map(|text| {
        let lines = text.lines().filter(|line| line.len() < text.len());
        std::iter::once(text.as_str()).chain(lines)
    });
    pieces.map(|text| counted::words_beside(shared, text))
}

/// All the words as one text; `None` where there is none.
fn whole(words: &Words) -> Option<&str> {
    words.runs(words.len()).next()
}

impl Rule for CaptionRatio {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let (Subject::Document { document, shared }, Some(paragraphs)) = (subject, counted::paragraph_words(subject))
        else {
            return Measure::NotApplicable;
        };
        let all = paragraphs.iter().map(|words| words.len()).sum();
        let texts: Vec<Words> = document.images().flat_map(|image| texts_of(image, shared)).collect();
        let captions: HashSet<&str> = texts.iter().filter_map(whole).collect();
        let is_caption = |words: &Words| whole(words).is_some_and(|text| captions.contains(text));
        let repeating = paragraphs.iter().filter(|words| is_caption(words)).map(|words| words.len()).sum();
        counted::ratio(repeating, all)
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::range(None, self.max_ratio)
    }
}
