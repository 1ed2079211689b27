//! The rules.
//!
//! One rule is one `.rs`, one `.md` beside it and one line in the table below.  The folder says what it judges.  The
//! `.md` is this documentation's page, the manual's page (`obelisc rules NAME`) and the test: its cases are run, its
//! option table is compared with the code.  `README.md` of this folder says how to add one.
//!
//! ```
//! let page = obelisc_filters::find("side_pixels")[0];
//! assert_eq!(page.path(), "image.side_pixels");
//! assert_eq!(page.options()[0].key, "min_side_pixels");
//! assert!(obelisc_filters::index_markdown().contains("image/side_pixels.md"));
//! ```

mod counted;
pub mod hosts;
mod identifier;
pub mod languages;
mod listed;
pub mod lists;
mod manual;
mod scores;
mod words;

#[cfg(test)]
mod conformance;

use obelisc_filter::options::Source;
use obelisc_filter::{EditSpec, RuleSet, RuleSpec};

pub use identifier::Identifier;
pub use manual::{describe, describe_edit, edits_markdown, find, find_edit, index_markdown, options_markdown};
pub use words::WordSplit;

macro_rules! rules {
    ($($(#[$doc:meta])* $folder:ident { $($rule:ident,)+ })+) => {
        $($(#[$doc])* pub mod $folder { $(pub mod $rule;)+ })+

        /// All rules, by folder.
        pub const RULES: &[&RuleSpec] = &[$($(&$folder::$rule::SPEC,)+)+];
    };
}

rules! {
    /// Rules on the URLs of pages.
    url {
        host,
        url_words,
    }
    /// Rules on images.
    image {
        format,
        frames,
        class_scores,
        side_pixels,
        rendered_side_pixels,
        aspect_ratio,
        url_words,
        alt_text_words,
        content_score,
    }
    /// Rules on paragraphs.
    paragraph {
        content_score,
        word_count,
        character_repetition_ratio,
        word_repetition_ratio,
        special_character_ratio,
        stopword_ratio,
        flagged_word_ratio,
        punctuation_ratio,
        common_word_ratio,
        spam_word_ratio,
        language_score,
        perplexity,
        classifier_score,
        fasttext_score,
    }
    /// Rules on whole documents.
    document {
        image_count,
        paragraph_count,
        image_word_ratio,
        caption_ratio,
        word_count,
        character_repetition_ratio,
        word_repetition_ratio,
        special_character_ratio,
        stopword_ratio,
        flagged_word_ratio,
        punctuation_ratio,
        common_word_ratio,
        spam_word_ratio,
        language_score,
        perplexity,
        classifier_score,
        fasttext_score,
        mean_word_length,
        symbol_word_ratio,
        alphabetic_word_ratio,
        bullet_line_ratio,
        ellipsis_line_ratio,
        terminal_punctuation_ratio,
        short_line_ratio,
        duplicate_paragraph_ratio,
        class_scores,
    }
}

macro_rules! edits {
    ($($edit:ident,)+) => {
        /// Edits of the text of a paragraph, made before anything is judged.
        pub mod edit { $(pub mod $edit;)+ }

        /// All edits.
        pub const EDITS: &[&EditSpec] = &[$(&edit::$edit::SPEC,)+];
    };
}

edits! {
    odd_spaces,
    outer_white_space,
    url_like_words,
    long_words,
    white_space_runs,
    pii_keys,
    pii_emails,
    pii_users,
    pii_ip_addresses,
}

/// The cut to a page's main content where no recipe says another: the rules `content_score` with their defaults.
///
/// ```
/// let cut = obelisc_filters::main_content();
/// assert_eq!(cut.iter().count(), 2);
/// ```
pub fn main_content() -> RuleSet {
    let source =
        Source::parse("main content", "[rules]\nparagraph.content_score = {}\nimage.content_score = {}\n", &[]);
    let mut root = source.root();
    RuleSet::from_options(RULES, root.table("rules"))
}
