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

pub mod lists;
mod manual;

#[cfg(test)]
mod conformance;

use obelisc_filter::RuleSpec;

pub use manual::{describe, find, index_markdown, options_markdown};

macro_rules! rules {
    ($($(#[$doc:meta])* $folder:ident { $($rule:ident,)+ })+) => {
        $($(#[$doc])* pub mod $folder { $(pub mod $rule;)+ })+

        /// All rules, by folder.
        pub const RULES: &[&RuleSpec] = &[$($(&$folder::$rule::SPEC,)+)+];
    };
}

rules! {
    /// Rules on images.
    image {
        format,
        side_pixels,
        aspect_ratio,
        url_words,
    }
    /// Rules on paragraphs.
    paragraph {
        word_count,
    }
    /// Rules on whole documents.
    document {
        image_count,
        word_count,
    }
}
