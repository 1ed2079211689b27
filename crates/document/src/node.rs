//! The document and its nodes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;

use crate::{DocId, UrlKey};

/// One page as a reader meets it: images and runs of text, in reading order.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Identity.
    pub id: DocId,
    /// Where the page came from and what it says of itself.
    pub page: Page,
    /// The nodes in reading order.  A later stage may remove nodes, never move or renumber them.
    pub nodes: Vec<Node>,
}

/// Where a page came from and what it says of itself: the released `general_metadata`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Final URL of the page.
    pub url: String,
    /// File name of the archive (not its folder).
    pub warc_filename: String,
    /// Offset of the record in the archive as stored, in bytes: of its compressed member where it has one.
    pub warc_record_offset: u64,
    /// Length of the record in the archive as stored, in bytes, so that a range read gives the record back.  `None`
    /// where the record shares its compressed member with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warc_record_length: Option<u64>,
    /// Decompressed bytes of a shared member before the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warc_record_inner_offset: Option<u64>,
    /// `WARC-Date` as the archive has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub warc_date: String,
    /// `WARC-Record-ID` as the archive has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record_id: String,
    /// Name of the encoding the page was read in, as the Encoding Standard spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// What said so: `warc` (the record's header), `bom`, `http`, `meta`, `bytes` (valid UTF-8, whatever is declared), `detected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset_source: Option<String>,
    /// Identified language and its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Language tag by the `lang` attribute of the root element, else by `Content-Language`, JSON-LD or `og:locale` in the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_language: Option<String>,
    /// `<title>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `<link rel="canonical">`, resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// `<meta property="og:image">`, resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub og_image: Option<String>,
    /// Date of publication by JSON-LD (`datePublished`), else by `article:published_time` or microdata, as written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_published: Option<String>,
    /// Addresses of images that were left out because they are relative and neither the page's URL nor its `<base>` is one of
    /// http or https; each address once, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unresolved_images: Vec<String>,
}

/// An identified language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Language {
    /// BCP 47 tag.
    pub tag: String,
    /// Score of the model, 0 to 1.
    pub score: f64,
}

/// One node of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Position given at extraction; never changed after.
    pub ordinal: u32,
    /// What the node holds.
    pub content: Content,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A run of paragraphs; at least one.
    Text(Vec<Paragraph>),
    /// An image.
    Image(Box<ImageNode>),
}

/// The paragraph that says: here one document ends and another begins, though both stand on one page.  The released
/// OBELICS holds it, and so do documents of the profile `obelisc`; training puts its end-of-document token in its place.
pub const END_OF_DOCUMENT: &str = "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED";

/// One paragraph of a text node.
#[derive(Clone, Debug, PartialEq)]
pub struct Paragraph {
    /// Position in its node at extraction; never changed after.  (ordinal, k) names a paragraph.
    pub k: u32,
    /// The text, without `\n\n`.  Not blank, except in documents of the profile `obelisc`, whose texts keep all their blank lines.
    pub text: String,
    /// How sure it is that the paragraph is main content, 0 to 1; 0.5 is the page's best cut.  `None` where nothing
    /// scored it.
    pub content_score: Option<f32>,
}

/// One image of a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageNode {
    /// Resolved URL of the chosen candidate.
    pub src: String,
    /// The chosen candidate as the page writes it.
    pub unformatted_src: String,
    /// Which candidate won: `src`, `srcset`, `data-src`, `picture`, `noscript`, …
    pub source: String,
    /// Words of the file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted_filename: Option<String>,
    /// Alternative text, not blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
    /// Text of the enclosing figure's caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// `title` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Resolved target of the link around the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Width that the page asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_width: Option<RenderedSize>,
    /// Height that the page asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_height: Option<RenderedSize>,
    /// How sure it is that the image is main content, 0 to 1; 0.5 is the page's best cut.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "in_thousandths")]
    pub content_score: Option<f32>,
    /// The other candidates' resolved URLs, best first, for a fetch that fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// What the bytes say, once they were read.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub facts: Option<ImageFacts>,
    /// Where the bytes lie in the image store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<Blob>,
}

/// Writes a score with the digits it has: as 64 bits it would have more.
fn in_thousandths<S: Serializer>(score: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    score.map(|score| (f64::from(score) * 1000.0).round() / 1000.0).serialize(serializer)
}

/// A size that a page asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RenderedSize {
    /// Pixels.
    Pixels(u32),
    /// An integer that no image is wide, negative or beyond 32 bits (beyond 64 bits: the nearest float), kept as the OBELICS
    /// release keeps it.
    OutOfRange(Number),
    /// A share of the container, as written (`50%`).
    Percent(String),
}

impl RenderedSize {
    /// Pixels, as the page states them; `None` for a share.
    pub fn pixels(&self) -> Option<f64> {
        match self {
            Self::Pixels(pixels) => Some(f64::from(*pixels)),
            Self::OutOfRange(number) => number.as_f64(),
            Self::Percent(_) => None,
        }
    }
}

/// What an image's bytes say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Format by the bytes: `jpeg`, `png`, `webp`, `gif`.
    pub format: String,
    /// Pixels, as stored.
    pub original_width: u32,
    /// Pixels, as stored.
    pub original_height: u32,
    /// How the picture is to be turned, as EXIF has it: 1 upright, 2 to 8.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub orientation: u32,
    /// Pictures of an animation; 1 of a still one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub frames: u32,
    /// Whether a colour profile comes with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_icc_profile: bool,
    /// 64 bits in which pictures that look alike differ little, written as 16 hexadecimal digits; `None` where there is nothing to see.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hexadecimal")]
    pub perceptual_hash: Option<u64>,
    /// What classifiers say of it: for each of them, by its name in the recipe, the score of each class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: Scores,
}

/// Scores of classes, by the names of classifiers.
pub type Scores = BTreeMap<String, BTreeMap<String, f64>>;

impl ImageFacts {
    /// Of an upright, still picture of which no more is known.
    pub fn new(format: &str, original_width: u32, original_height: u32) -> Self {
        Self {
            format: format.to_owned(),
            original_width,
            original_height,
            orientation: 1,
            frames: 1,
            has_icc_profile: false,
            perceptual_hash: None,
            scores: Scores::new(),
        }
    }
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

/// 64 bits as hexadecimal digits.
mod hexadecimal {
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::{Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(bits: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        bits.map(|bits| format!("{bits:016x}")).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let digits = Option::<String>::deserialize(deserializer)?;
        let bits = digits.map(|digits| u64::from_str_radix(&digits, 16)).transpose();
        bits.map_err(|error| D::Error::custom(format!("perceptual_hash: {error}")))
    }
}

/// A range of bytes in the image store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blob {
    /// Name of the segment.
    pub segment: String,
    /// Bytes into the segment.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// sha256 of the bytes, hexadecimal.
    pub sha256: String,
}

impl ImageNode {
    /// The keys of all candidates, best first: `src`, then `candidates`.
    pub fn candidate_urls(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.src.as_str()).chain(self.candidates.iter().map(String::as_str))
    }

    /// Bytes of all its texts: addresses, candidates, caption, link, alternative text, title and the rest.
    pub fn text_bytes(&self) -> usize {
        let size = |size: &Option<RenderedSize>| match size {
            Some(RenderedSize::Percent(share)) => share.len(),
            Some(RenderedSize::Pixels(_) | RenderedSize::OutOfRange(_)) | None => 0,
        };
        let options = [&self.formatted_filename, &self.alt_text, &self.caption, &self.title, &self.link];
        self.candidate_urls().map(str::len).sum::<usize>()
            + self.unformatted_src.len()
            + self.source.len()
            + options.into_iter().flatten().map(String::len).sum::<usize>()
            + size(&self.rendered_width)
            + size(&self.rendered_height)
            + self.facts.as_ref().map_or(0, |facts| facts.format.len())
            + self.blob.as_ref().map_or(0, |blob| blob.segment.len() + blob.sha256.len())
    }

    /// Key of `src`.
    pub fn url_key(&self) -> UrlKey {
        UrlKey::new(&self.src)
    }
}

/// Splits a text into the paragraphs of a text node: at blank lines, blank paragraphs left out.
pub fn paragraphs(text: &str) -> Vec<Paragraph> {
    text.split("\n\n")
        .map(|piece| piece.trim_matches('\n'))
        .filter(|piece| !piece.trim().is_empty())
        .zip(0..)
        .map(|(piece, k)| Paragraph { k, text: piece.to_owned(), content_score: None })
        .collect()
}

impl Document {
    /// Images of the document, in order.
    pub fn images(&self) -> impl Iterator<Item = &ImageNode> {
        self.nodes.iter().filter_map(|node| match &node.content {
            Content::Image(image) => Some(&**image),
            Content::Text(_) => None,
        })
    }

    /// Paragraphs of the document, in order.
    pub fn paragraphs(&self) -> impl Iterator<Item = &Paragraph> {
        self.nodes.iter().flat_map(|node| match &node.content {
            Content::Text(paragraphs) => paragraphs.as_slice(),
            Content::Image(_) => &[],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_as_they_were_written() {
        let upright = ImageFacts::new("jpeg", 4, 3);
        let text = r#"{"format":"jpeg","original_width":4,"original_height":3}"#;
        assert_eq!(serde_json::to_string(&upright).unwrap(), text);
        assert_eq!(serde_json::from_str::<ImageFacts>(text).unwrap(), upright);
        let facts = ImageFacts { orientation: 6, frames: 7, perceptual_hash: Some(0xab << 56 | 1), ..upright };
        let image = ImageNode { facts: Some(facts), ..ImageNode::default() };
        let text = serde_json::to_string(&image).unwrap();
        assert!(text.contains(r#""perceptual_hash":"ab00000000000001""#), "{text}");
        assert_eq!(serde_json::from_str::<ImageNode>(&text).unwrap(), image);
    }

    #[test]
    fn sizes_come_back_as_they_were_written() {
        let number = |text: &str| RenderedSize::OutOfRange(text.parse().unwrap());
        for (text, size) in [
            ("640", RenderedSize::Pixels(640)),
            ("\"50%\"", RenderedSize::Percent("50%".into())),
            ("-20", number("-20")),
            ("18446744073709551615", number("18446744073709551615")),
            ("1e+20", number("1e20")),
        ] {
            assert_eq!(serde_json::to_string(&size).unwrap(), text);
            assert_eq!(serde_json::from_str::<RenderedSize>(text).unwrap(), size);
        }
    }
}
