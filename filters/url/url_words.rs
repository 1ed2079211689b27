#![doc = include_str!("url_words.md")]

use obelisc_filter::{Needs, RuleSpec, SubjectKind};

use crate::image::url_words::UrlWords;
use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "url_words",
    subject: SubjectKind::Url,
    version: 1,
    needs: &[Needs::Url],
    falling: false,
    resources: &[],
    page: include_str!("url_words.md"),
    build: &|options| {
        let meaning = "words that drop a page";
        Box::new(UrlWords::new(SPEC.subject, options, lists::PAGE_URL_WORDS, meaning))
    },
};
