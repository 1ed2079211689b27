//! Duplicates: what is compared, and which copy stays.
//!
//! A [`Comparison`] makes keys of a document: of its URL, its text, its images, its paragraphs.  What has the same key as others is a copy of them.
//! Which copy stays is a total order ([`Keep`]), so that it is the same one on every run; each copy carries its place in that order, and the copy with the
//! greatest place stays.  All that is left to whoever sees the keys of all documents is to group, count and take the greatest: [`QUERY`].  Near copies have bands in
//! common and not keys, and are found by [`Signer`], [`Buckets`] and [`clusters`].
//!
//! ```
//! use obelisc_dedup::{Comparison, Keep, Kind, keys};
//! use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
//!
//! let document = |archive: &str, date: &str| {
//!     let page = Page { url: "https://a.example/".into(), warc_date: date.into(), ..Page::default() };
//!     let content = Content::Text(paragraphs("A boat."));
//!     Document { id: DocId::new(archive, 0, 0), page, nodes: vec![Node { ordinal: 0, content }] }
//! };
//! let comparison = Comparison::new(Kind::PageUrl, Keep::Newest);
//! let key = |document: &Document| keys(&comparison, document).remove(0);
//! let (old, new) = (key(&document("a", "2024-05-01T00:00:00Z")), key(&document("b", "2024-06-01T00:00:00Z")));
//! assert_eq!(old.key, new.key);
//! assert!(old.place < new.place);
//! ```

mod clusters;
mod domain;
mod near;
mod place;

use obelisc_document::{Content, Document, END_OF_DOCUMENT, Reason, UrlKey};
use xxhash_rust::xxh3::Xxh3;

pub use clusters::{Rounds, clusters};
pub use domain::Domain;
pub use near::{Banded, Bands, Buckets, Hamming, Link, MinHash, Signer, SimHash, Tokenization};
pub use place::{Keep, Place};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The page's URL in its canonical form.
    PageUrl,
    /// All text of a document, byte for byte.
    DocumentText,
    /// The URLs of a document's images as a set.
    ImageSet,
    /// The URL of an image, as the page has it.
    ImageUrl,
    /// A paragraph, byte for byte, among all pages of a domain.
    Paragraph,
    /// The n-grams of a document's words as a set, by bands of minima.
    MinHash,
    /// Runs of a document's tokens, by 64 bits.
    SimHash,
    /// The bytes of an image, by their sha256.
    ImageContent,
    /// What an image looks like, by the 64 bits of its perceptual hash.
    ImagePerceptual,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::PageUrl,
        Self::DocumentText,
        Self::ImageSet,
        Self::ImageUrl,
        Self::Paragraph,
        Self::MinHash,
        Self::SimHash,
        Self::ImageContent,
        Self::ImagePerceptual,
    ];

    /// The name in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PageUrl => "page_url",
            Self::DocumentText => "document_text",
            Self::ImageSet => "image_set",
            Self::ImageUrl => "image_url",
            Self::Paragraph => "paragraph",
            Self::MinHash => "minhash",
            Self::SimHash => "simhash",
            Self::ImageContent => "image_content",
            Self::ImagePerceptual => "image_perceptual",
        }
    }

    /// Whether near copies are found, by bands and clusters; all others by equal keys.
    pub const fn is_near(self) -> bool {
        matches!(self, Self::MinHash | Self::SimHash | Self::ImagePerceptual)
    }

    /// Whether it is known only once images are attached.
    pub const fn needs_image_bytes(self) -> bool {
        matches!(self, Self::ImageContent | Self::ImagePerceptual)
    }

    /// Why a copy is dropped.
    pub const fn reason(self) -> Reason {
        match self {
            Self::PageUrl => Reason::DuplicatePageUrl,
            Self::DocumentText => Reason::DuplicateText,
            Self::ImageSet => Reason::DuplicateImageSet,
            Self::ImageUrl => Reason::DuplicateImageUrl,
            Self::Paragraph => Reason::DuplicateParagraph,
            Self::MinHash => Reason::DuplicateMinHash,
            Self::SimHash => Reason::DuplicateSimHash,
            Self::ImageContent => Reason::DuplicateImageContent,
            Self::ImagePerceptual => Reason::DuplicateImagePerceptual,
        }
    }
}

/// One comparison of all documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub kind: Kind,
    /// Which copy stays.
    pub keep: Keep,
    /// Copies that there may be before any of them goes.
    pub max_copies: u64,
    /// Among which pages paragraphs are compared.
    pub domain: Domain,
    /// How near copies are found by MinHash.
    pub minhash: MinHash,
    /// How near copies are found by SimHash.
    pub simhash: SimHash,
    /// How far the perceptual hashes of images that look alike are apart.
    pub perceptual: Hamming,
}

impl Comparison {
    /// A comparison in which two are one too many.
    pub const fn new(kind: Kind, keep: Keep) -> Self {
        Self {
            kind,
            keep,
            max_copies: 1,
            domain: Domain::Registered,
            minhash: MinHash::FINEWEB,
            simhash: SimHash::ROOTS,
            perceptual: Hamming { max_distance: 4, blocks: 6 },
        }
    }
}

/// A copy, perhaps: what it is compared by, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// xxh3-128 of kind and content; equal keys are copies of each other.
    pub key: u128,
    /// Place in the order by which one stays.
    pub place: Place,
    /// The node; `None` of a document.
    pub ordinal: Option<u32>,
    /// The paragraph of the node.
    pub paragraph: Option<u32>,
}

/// Semantic version of what is compared and of the order of copies.
pub const VERSION: u32 = 1;

/// What finds copies among the rows `keys` (columns `key_high`, `key_low`, `kind`, `place`, …): of each row that has copies, their number and the
/// greatest place.  Sorted by all that tells rows apart.
pub const QUERY: &str = "\
    WITH copies AS (\
        SELECT key_high, key_low, count(*) AS copies, max(place) AS best FROM keys GROUP BY key_high, key_low HAVING count(*) > 1\
    ) \
    SELECT keys.kind, keys.task, keys.row, keys.ordinal, keys.paragraph, keys.place, copies.copies, copies.best \
    FROM keys JOIN copies ON keys.key_high = copies.key_high AND keys.key_low = copies.key_low \
    ORDER BY keys.task, keys.row, keys.kind, keys.ordinal, keys.paragraph";

/// What brings the rows `bands` (columns `key_high`, `key_low`, `kind`, `member`, `signature`) into the order in which [`Buckets`] want them.
pub const BANDS_QUERY: &str = "\
    SELECT key_high, key_low, kind, member, signature FROM bands ORDER BY key_high, key_low, kind, member";

/// The keys of a document; none where near copies are compared.
pub fn keys(comparison: &Comparison, document: &Document) -> Vec<Key> {
    let hasher = || {
        let mut hasher = Xxh3::new();
        hasher.update(comparison.kind.name().as_bytes());
        hasher.update(&[0]);
        hasher
    };
    let key = |hasher: Xxh3, ordinal, paragraph| {
        let place = Place::of(comparison.keep, document, ordinal, paragraph);
        Key { key: hasher.digest128(), place, ordinal, paragraph }
    };
    match comparison.kind {
        Kind::MinHash | Kind::SimHash | Kind::ImagePerceptual => Vec::new(),
        Kind::PageUrl => {
            let mut hasher = hasher();
            hasher.update(&UrlKey::new(&document.page.url).0);
            vec![key(hasher, None, None)]
        }
        Kind::DocumentText => {
            let (mut hasher, mut any) = (hasher(), false);
            for paragraph in document.paragraphs().filter(|paragraph| paragraph.text != END_OF_DOCUMENT) {
                any = true;
                hasher.update(&(paragraph.text.len() as u64).to_be_bytes());
                hasher.update(paragraph.text.as_bytes());
            }
            if any { vec![key(hasher, None, None)] } else { Vec::new() }
        }
        Kind::ImageSet => {
            let mut urls: Vec<&str> = document.images().map(|image| &*image.src).collect();
            urls.sort_unstable();
            urls.dedup();
            let mut hasher = hasher();
            for url in &urls {
                hasher.update(&(url.len() as u64).to_be_bytes());
                hasher.update(url.as_bytes());
            }
            if urls.is_empty() { Vec::new() } else { vec![key(hasher, None, None)] }
        }
        Kind::ImageUrl | Kind::ImageContent => {
            let images = document.nodes.iter().filter_map(|node| match &node.content {
                Content::Image(image) => Some((node.ordinal, image)),
                Content::Text(_) => None,
            });
            let compared = images.filter_map(|(ordinal, image)| match comparison.kind {
                Kind::ImageUrl => Some((ordinal, &image.src)),
                _ => image.blob.as_ref().map(|blob| (ordinal, &blob.sha256)),
            });
            let keyed = compared.map(|(ordinal, compared)| {
                let mut hasher = hasher();
                hasher.update(compared.as_bytes());
                key(hasher, Some(ordinal), None)
            });
            keyed.collect()
        }
        Kind::Paragraph => {
            let domain = comparison.domain.of(&document.page.url);
            let texts = document.nodes.iter().filter_map(|node| match &node.content {
                Content::Text(paragraphs) => Some(paragraphs.iter().map(|paragraph| (node.ordinal, paragraph))),
                Content::Image(_) => None,
            });
            // The mark of the end of a document is the same on all pages.
            let texts = texts.flatten().filter(|(_, paragraph)| !paragraph.text.contains(END_OF_DOCUMENT));
            let keyed = texts.map(|(ordinal, paragraph)| {
                let mut hasher = hasher();
                hasher.update(domain.as_bytes());
                hasher.update(&[0]);
                hasher.update(paragraph.text.as_bytes());
                key(hasher, Some(ordinal), Some(paragraph.k))
            });
            keyed.collect()
        }
    }
}

#[cfg(test)]
mod tests;
