//! The recipe's table `[extract]`.

use obelisc_filter::options::{Options, Taken};
use obelisc_text::LANGUAGES;

use super::{Sections, size};

/// How archives become documents.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Name of the extraction profile.
    pub profile: &'static str,
    /// HTTP statuses of pages that count.
    pub accepted_statuses: Vec<u64>,
    /// Formats that are preferred where a page offers an image in several.
    pub preferred_formats: Vec<String>,
    /// Whether a video's poster is an image of the document.
    pub video_poster: bool,
    /// Pages that no tree is built for.
    pub skip: Skip,
    /// Caps on records.
    pub records: obelisc_warc::Limits,
    /// Caps on pages.
    pub pages: obelisc_extract::Limits,
}

/// Pages that the recipe cannot want: known before a tree is built, dropped, counted by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// Bytes of a page; a longer one is dropped as [`PageTooLong`](obelisc_document::Reason::PageTooLong).
    pub max_html_bytes: Option<u64>,
    /// Tags that could hold an image; a page with fewer is dropped as
    /// [`TooFewImageTags`](obelisc_document::Reason::TooFewImageTags).
    pub min_image_tags: Option<u64>,
    /// Codes of [`LANGUAGES`]; a page that is reliably in another one is dropped as
    /// [`LanguageNotKept`](obelisc_document::Reason::LanguageNotKept).
    pub languages: Option<Vec<String>>,
}

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections) -> Extract {
    let records = obelisc_warc::Limits::default();
    let pages = obelisc_extract::Limits::default();
    let (skip, skip_taken) = read_skip(options.table("skip"));
    let extract = Extract {
        profile: options.choice("profile", obelisc_extract::Profile::NAMES, "extraction profile"),
        accepted_statuses: options.integers(
            "accepted_statuses",
            &[200],
            100..=599,
            "HTTP statuses of pages that count",
        ),
        preferred_formats: options.texts(
            "preferred_formats",
            &["jpeg", "png", "webp"],
            &["jpeg", "png", "webp", "gif", "avif", "svg"],
            "formats that are preferred where a page offers an image in several",
        ),
        video_poster: options.flag("video_poster", false, "whether a video's poster is an image of the document"),
        skip,
        records: obelisc_warc::Limits {
            max_record_bytes: options.integer(
                "max_record_bytes",
                records.max_record_bytes,
                1024..=1 << 32,
                "bytes of a record, decompressed; larger ones fail",
            ),
            max_body_bytes: options.integer(
                "max_body_bytes",
                records.max_body_bytes,
                1024..=1 << 32,
                "bytes of an HTTP body, decoded; larger ones fail",
            ),
            ..records
        },
        pages: obelisc_extract::Limits {
            max_html_bytes: size(options.integer(
                "max_html_bytes",
                pages.max_html_bytes as u64,
                1024..=1 << 32,
                "bytes of a page; larger ones fail",
            )),
            max_dom_nodes: size(options.integer(
                "max_dom_nodes",
                pages.max_dom_nodes as u64,
                100..=1 << 31,
                "nodes of a page's DOM; pages with more fail",
            )),
            max_dom_depth: size(options.integer(
                "max_dom_depth",
                pages.max_dom_depth as u64,
                16..=1 << 20,
                "depth of a page's DOM; deeper pages fail",
            )),
            max_candidate_width: options
                .integer(
                    "max_candidate_width",
                    u64::from(pages.max_candidate_width),
                    1..=100_000,
                    "pixels; of an image offered in several widths the widest that is no wider is taken",
                )
                .try_into()
                .unwrap_or(u32::MAX),
            ..pages
        },
    };
    sections.add("extract", options.finish());
    sections.add("extract.skip", skip_taken);
    extract
}

fn read_skip(mut options: Options<'_>) -> (Skip, Taken) {
    let skip = Skip {
        max_html_bytes: options.optional_integer(
            "max_html_bytes",
            None,
            1..=1 << 32,
            "bytes of a page; longer ones are dropped before they are parsed",
        ),
        min_image_tags: options.optional_integer(
            "min_image_tags",
            None,
            1..=10_000,
            "tags that could hold an image; pages with fewer, which hold fewer images, are dropped before they are parsed",
        ),
        languages: options.optional_words(
            "languages",
            LANGUAGES,
            "language codes (ISO 639, the two-letter one where there is one)",
            "languages that are kept; pages that are reliably in others, by the crawler's metadata or else by a look at the text, are dropped before they are parsed",
        ),
    };
    (skip, options.finish())
}
