//! Which language a page is in, without reading it.

use obelisc_extract::Limits;
use obelisc_text::{guess_language, language_code};
use obelisc_warc::{Record, RecordType};
use serde::Deserialize;

use super::Page;

/// Version of the look at a page's text: raised whenever it tells another language of any page.
pub const LANGUAGE_LOOK: u32 = 1;

/// Characters of a page's text that are looked at.  On wcxb-dev 2,000 and 4,000 told the same of all pages that gave
/// so many, 500 took 17 of 1,497 English pages for something else.
const LOOK_CHARS: usize = 4_000;

/// Fewer characters tell nothing.
const MIN_LOOK_CHARS: usize = 200;

/// Confidence from which `whatlang` calls its answer reliable.
const MIN_CONFIDENCE: f64 = 0.9;

/// The field of Common Crawl's `metadata` records that holds what CLD2 told of the page.
const CLD2_FIELD: &str = "languages-cld2";

/// The main language of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLanguage {
    /// Code of the language, as [`obelisc_text::LANGUAGES`] has it; `None` where who told was not sure.
    pub code: Option<String>,
    /// Who told it.
    pub told_by: &'static str,
}

/// CLD2's answer as Common Crawl writes it.
#[derive(Deserialize)]
struct Cld2 {
    reliable: bool,
    languages: Vec<Cld2Language>,
}

/// One language of a page; the one with most of its text comes first.
#[derive(Deserialize)]
struct Cld2Language {
    code: String,
}

impl PageLanguage {
    /// What a crawler's `metadata` record says of the page in the record `record_id`; `None` where it is about something
    /// else, or names no language.
    pub(super) fn from_metadata(record: &Record<'_>, record_id: &str, limits: &obelisc_warc::Limits) -> Option<Self> {
        let is_about = record.record_type == RecordType::Metadata
            && !record_id.is_empty()
            && record.related_to().any(|id| id == record_id);
        if !is_about || record.truncated {
            return None;
        }
        let fields = record.block_fields(limits);
        let told: Cld2 = serde_json::from_str(fields.get(CLD2_FIELD)?).ok()?;
        let main = told.languages.first()?;
        let code = told.reliable.then(|| language_code(&main.code).into_owned());
        Some(Self { code, told_by: "the crawler" })
    }

    /// What the words at the page's beginning look like; `None` for a page that cannot be decoded, which fails later.
    pub(super) fn from_text(page: &Page<'_>, limits: &Limits) -> Option<Self> {
        let decoded = obelisc_extract::decode(&page.body, &page.url, page.content_type.as_deref(), limits).ok()?;
        let text = obelisc_extract::skim_text(&decoded.text, LOOK_CHARS);
        let enough = text.chars().nth(MIN_LOOK_CHARS - 1).is_some();
        let guess = guess_language(&text).filter(|guess| enough && guess.score > MIN_CONFIDENCE);
        Some(Self { code: guess.map(|guess| guess.language.into_owned()), told_by: "its text" })
    }
}
