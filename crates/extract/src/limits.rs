//! Caps on what one page may cost, and what of it became too much.

use obelisc_document::Reason;

/// Caps on one page.  All are counts, so that a page has one result everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the page as received, default 32 MiB; decoded it may be three times as long.  At most 1 GiB.
    pub max_html_bytes: usize,
    /// Nodes of the DOM (elements and texts), default 1,000,000.
    pub max_dom_nodes: usize,
    /// Depth of the DOM, default 1,024.  Browsers stop nesting at 512.
    pub max_dom_depth: usize,
    /// Attributes of one element, default 256; later ones are passed over.
    pub max_attributes: usize,
    /// Bytes of a URL, default 8,192; a longer one is passed over.
    pub max_url_bytes: usize,
    /// Candidates of one image, default 64; later ones are passed over.
    pub max_candidates: usize,
    /// Image nodes of a page, default 20,000; a page with more fails.
    pub max_images: usize,
    /// Bytes of all that is said of a page's images, default 64 MiB: one caption, link or base URL may be said of many
    /// images.  A page with more fails, and so does one beyond 1 MiB and [`max_expansion`](Self::max_expansion) times
    /// its own bytes.  Counted are the addresses that images offer, once more those that nodes keep, and their other texts.
    pub max_image_text_bytes: usize,
    /// How often a page may say its own length of its images, or of elements that the parser repeats; default 16.
    pub max_expansion: usize,
    /// Characters of a caption, an alternative text or a title in an image's metadata, default 2,000; a longer one is
    /// cut.  The text node keeps all of a caption.
    pub max_caption_chars: usize,
    /// Pixels; the widest candidate that is no wider wins, default 2,048.
    pub max_candidate_width: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_html_bytes: 32 << 20,
            max_dom_nodes: 1_000_000,
            max_dom_depth: 1_024,
            max_attributes: 256,
            max_url_bytes: 8_192,
            max_candidates: 64,
            max_images: 20_000,
            max_image_text_bytes: 64 << 20,
            max_expansion: 16,
            max_caption_chars: 2_000,
            max_candidate_width: 2_048,
        }
    }
}

/// A page that gave no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Failure {
    /// Reason, as the ledger has it.
    pub reason: Reason,
    /// What happened, in words.
    pub detail: String,
    /// What was measured, in the unit of `limit`.
    pub value: u64,
    /// The bound; 0 where the reason has none.
    pub limit: u64,
}

impl Failure {
    pub(crate) fn new(reason: Reason, detail: &str, value: usize, limit: usize) -> Self {
        Self { reason, detail: detail.to_owned(), value: value as u64, limit: limit as u64 }
    }
}
