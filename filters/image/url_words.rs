#![doc = include_str!("url_words.md")]

use std::borrow::Cow;

use memchr::memmem::Finder;
use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};

use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "url_words",
    subject: SubjectKind::Image,
    version: 1,
    needs: &[Needs::ImageReference],
    falling: false,
    resources: &[],
    page: include_str!("url_words.md"),
    build: &|options| {
        let meaning = "words that drop an image";
        Box::new(UrlWords::new(SPEC.subject, options, lists::URL_WORDS, meaning))
    },
};

/// The rule on images, and with words of its own on pages.
#[derive(Debug)]
pub(crate) struct UrlWords {
    subject: SubjectKind,
    /// Lower-case, unless case counts.
    banned: Vec<String>,
    /// Each of them, where any part of a URL is compared; else none.
    finders: Vec<Finder<'static>>,
    case_sensitive: bool,
}

impl UrlWords {
    /// What a recipe says, or else the words of this list.
    pub(crate) fn new(subject: SubjectKind, options: &mut Options<'_>, list: &str, meaning: &'static str) -> Self {
        let default: Vec<&str> = list.lines().collect();
        let banned = options.texts("banned", &default, &[], meaning);
        let matching = options.choice("match", &["word", "substring"], "compare whole words, or any part of the URL");
        let case_sensitive = options.flag("case_sensitive", false, "whether upper and lower case differ");
        if banned.iter().any(String::is_empty) {
            options.problem("banned", "an empty word is given, which every URL holds");
        }
        let fold = |word: String| if case_sensitive { word } else { word.to_lowercase() };
        let banned: Vec<String> = banned.into_iter().map(fold).collect();
        let searched = banned.iter().filter(|_| matching == "substring");
        let finders = searched.map(|word| Finder::new(word).into_owned()).collect();
        Self { subject, banned, finders, case_sensitive }
    }

    fn fold<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_folded = self.case_sensitive || text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        if is_folded { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
    }

    /// The first banned word of the URL.
    fn first_banned(&self, url: &str) -> Option<&str> {
        if !self.finders.is_empty() {
            let url = self.fold(url);
            let found = self.finders.iter().zip(&self.banned);
            let found = found.filter_map(|(finder, word)| Some((finder.find(url.as_bytes())?, word)));
            return found.min_by_key(|(at, _)| *at).map(|(_, word)| word.as_str());
        }
        let url = unescape(url);
        url_words(&url).find_map(|word| self.listed(word))
    }

    /// The banned word that this word is.
    fn listed(&self, word: &str) -> Option<&str> {
        let word = self.fold(word);
        self.banned.iter().find(|banned| **banned == word).map(String::as_str)
    }
}

/// Resolves `%20` and the like; bytes that are no UTF-8 become replacement characters.
fn unescape(url: &str) -> Cow<'_, str> {
    if !url.contains('%') {
        return Cow::Borrowed(url);
    }
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|digits| byte == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(byte));
        rest = if value.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs of letters, split further where case tells that a word begins: `siteLogo` → `site`, `Logo`; `PNGIcon` → `PNG`,
/// `Icon`.
fn url_words(url: &str) -> impl Iterator<Item = &str> {
    url.split(|c: char| !c.is_alphabetic()).flat_map(|run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let (word, tail) = rest.split_at_checked(word_end(rest)).filter(|(word, _)| !word.is_empty())?;
            rest = tail;
            Some(word)
        })
    })
}

/// Where the first word of a run of letters ends, in bytes.
fn word_end(run: &str) -> usize {
    if run.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return run.len();
    }
    let mut letters = run.char_indices().zip(run.chars().skip(1)).map(|((_, this), next)| (this, next)).peekable();
    let mut end = 0;
    while let Some((this, next)) = letters.next() {
        end += this.len_utf8();
        let after = letters.peek().map(|&(_, after)| after);
        let hump = !this.is_uppercase() && next.is_uppercase();
        let last_capital = this.is_uppercase() && next.is_uppercase() && after.is_some_and(char::is_lowercase);
        if hump || last_capital {
            return end;
        }
    }
    run.len()
}

impl Rule for UrlWords {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let url = match subject {
            Subject::Url(url) => url,
            Subject::Image { image, .. } => &image.src,
            Subject::Paragraph { .. } | Subject::Document { .. } => return Measure::NotApplicable,
        };
        // The letters of encoded bytes are no words.
        let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        if subject.kind() != self.subject || is_data {
            return Measure::NotApplicable;
        }
        Measure::Value(Signal::Word(self.first_banned(url).unwrap_or_default().to_owned()))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound::NoneOf(self.banned.clone())]
    }
}
