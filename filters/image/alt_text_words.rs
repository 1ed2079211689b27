#![doc = include_str!("alt_text_words.md")]

use obelisc_document::{ImageNode, Page};
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Subject, SubjectKind};
use obelisc_text::Words;

use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "alt_text_words",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageReference],
    falling: false,
    resources: &[lists::SPECIAL_CHARACTERS_TEXT],
    page: include_str!("alt_text_words.md"),
    build: &|options| Box::new(AltTextWords::new(options)),
};

/// What ends the name of an image file.
const EXTENSIONS: [&str; 14] =
    ["avif", "bmp", "gif", "heic", "ico", "jfif", "jpeg", "jpg", "jxl", "png", "svg", "tif", "tiff", "webp"];

#[derive(Debug)]
struct AltTextWords {
    min_words: Option<u64>,
    count_absent: bool,
    /// Lower-case.
    placeholders: Vec<String>,
}

impl AltTextWords {
    fn new(options: &mut Options<'_>) -> Self {
        let default: Vec<&str> = lists::ALT_PLACEHOLDERS.lines().collect();
        let min_words = options.optional_integer("min_words", Some(1), 0..=1_000_000_000, "fewest words kept");
        let meaning = "whether an image without alternative text has 0 words; else the rule does not apply to it";
        let count_absent = options.flag("count_absent", false, meaning);
        let placeholders =
            options.texts("placeholders", &default, &[], "words that say nothing where they are all there is");
        Self { min_words, count_absent, placeholders: placeholders.iter().map(|word| word.to_lowercase()).collect() }
    }

    /// How many words of an alternative text say something of the image: all or none.
    fn words_of(&self, alt: &str, image: &ImageNode, page: &Page) -> usize {
        let alt = alt.trim();
        if is_file_name(alt, &image.src) || is_address(alt) {
            return 0;
        }
        let split = |text: &str| Words::split(text, &lists::SPECIAL_CHARACTERS);
        let words = split(alt);
        let placeholder = |word: &str| self.placeholders.iter().any(|placeholder| placeholder == word);
        let is_title = || page.title.as_deref().is_some_and(|title| split(title) == words);
        if words.iter().all(placeholder) || is_title() { 0 } else { words.len() }
    }
}

/// Whether the text is the name of an image file, one word with an underscore, or the name that the image's file has, unless that is a plain word.
fn is_file_name(alt: &str, src: &str) -> bool {
    let extension = |name: &str| name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let underscored = alt.contains('_') && !alt.contains(char::is_whitespace);
    if underscored || extension(alt).is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
        return true;
    }
    if alt.chars().all(char::is_alphabetic) {
        return false;
    }
    let path = src.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.eq_ignore_ascii_case(alt)
}

/// Whether the text is an address and nothing else.
fn is_address(alt: &str) -> bool {
    let begins = |begin: &str| alt.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin));
    !alt.contains(char::is_whitespace) && (alt.contains("://") || ["//", "www.", "data:"].into_iter().any(begins))
}

impl Rule for AltTextWords {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Image { image, page } = subject else { return Measure::NotApplicable };
        match image.alt_text.as_deref().filter(|alt| !alt.trim().is_empty()) {
            Some(alt) => Measure::count(self.words_of(alt, image, page)),
            None if self.count_absent => Measure::count(0),
            None => Measure::NotApplicable,
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Bound::count_range(self.min_words, None)
    }
}
