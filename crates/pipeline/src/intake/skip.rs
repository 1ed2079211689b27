//! Which pages the recipe cannot want, known before a tree is built.

use obelisc_document::Reason;
use obelisc_extract::{Limits, count_image_tags};
use obelisc_text::can_guess;

use super::{Page, PageLanguage};
use crate::recipe::Skip;

/// The recipe's wishes, ready to be asked.
#[derive(Debug)]
pub(super) struct Skips<'a> {
    options: &'a Skip,
    /// Whether a look at a text can tell that it is in none of the languages that are kept.
    can_look: bool,
}

impl<'a> Skips<'a> {
    pub(super) fn new(options: &'a Skip) -> Self {
        // A page in a language that the look does not know is taken for one in another.
        let can_look = options.languages.iter().flatten().all(|language| can_guess(language));
        Self { options, can_look }
    }

    /// Whether the language of this page decides, so that what the crawler says of it should be waited for.
    pub(super) fn wants_language(&self, page: &Page<'_>) -> bool {
        self.options.languages.is_some() && self.by_bytes(page).is_none()
    }

    /// Why a page is not wanted: the first reason, and what was measured against which bound.
    pub(super) fn reason(&self, page: &Page<'_>, limits: &Limits) -> Option<(Reason, String)> {
        self.by_bytes(page).or_else(|| self.by_language(page, limits))
    }

    fn by_bytes(&self, page: &Page<'_>) -> Option<(Reason, String)> {
        let length = page.body.len() as u64;
        if let Some(max) = self.options.max_html_bytes
            && length > max
        {
            return Some((Reason::PageTooLong, format!("bytes: {length}, max {max}")));
        }
        let min = self.options.min_image_tags?;
        let tags = count_image_tags(&page.body, min);
        (tags < min).then(|| (Reason::TooFewImageTags, format!("image tags: {tags}, min {min}")))
    }

    fn by_language(&self, page: &Page<'_>, limits: &Limits) -> Option<(Reason, String)> {
        let kept = self.options.languages.as_ref()?;
        let look = || if self.can_look { PageLanguage::from_text(page, limits) } else { None };
        let PageLanguage { code, told_by } = page.language.clone().or_else(look)?;
        let code = code.filter(|code| !kept.contains(code))?;
        Some((Reason::LanguageNotKept, format!("language: {code} by {told_by}, one of {}", kept.join(", "))))
    }
}
