//! A document as a shard holds it.

use obelisc_document::{Document, Entry, ImageNode};

use crate::{ImageColumn, Result};

/// One row of a shard: the parallel lists of OBELICS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Texts, `None` where an image stands.
    pub texts: Vec<Option<String>>,
    /// Images, `None` where a text stands.
    pub images: Vec<Option<ImageCell>>,
    /// JSON list parallel to both: an object for an image, null for a text.
    pub metadata: String,
    /// JSON object: provenance and what the page says of itself.
    pub general_metadata: String,
}

/// One image of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageCell {
    /// The encoded image.
    Embedded {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// A name for the file; see [`image_path`].
        path: String,
    },
    /// A link to the image.
    Url(String),
}

/// Bytes counted for a row beside its values: five columns' page headers, were the row alone on its pages.
const PER_ROW: u64 = 512;
/// Bytes counted for an entry of the lists beside its values: length prefixes and levels of three columns.
const PER_ENTRY: u64 = 24;

impl Row {
    /// The row of a document with its images embedded.  `bytes` gives one image's encoded bytes; it is called once per
    /// image, in the order of the entries.
    ///
    /// # Errors
    /// The first error of `bytes`; ours only where metadata does not serialise, which none of our values does.
    pub fn embedded<E: From<crate::Error>>(
        document: &Document,
        mut bytes: impl FnMut(&ImageNode) -> std::result::Result<Vec<u8>, E>,
    ) -> std::result::Result<Self, E> {
        Self::build(document, |image| Ok(ImageCell::Embedded { bytes: bytes(image)?, path: image_path(image) }))
    }

    /// The row of a document with links instead of images.
    ///
    /// # Errors
    /// Where metadata does not serialise, which none of our values does.
    pub fn linked(document: &Document) -> Result<Self> {
        Self::build(document, |image| Ok(ImageCell::Url(image.src.clone())))
    }

    fn build<E: From<crate::Error>>(
        document: &Document,
        mut cell: impl FnMut(&ImageNode) -> std::result::Result<ImageCell, E>,
    ) -> std::result::Result<Self, E> {
        let entries = document.entries();
        let (metadata, general_metadata) = metadata(document, &entries)?;
        let mut row = Self { metadata, general_metadata, ..Self::default() };
        for entry in entries {
            match entry {
                Entry::Text(text) => {
                    row.texts.push(Some(text));
                    row.images.push(None);
                }
                Entry::Image(image) => {
                    row.images.push(Some(cell(image)?));
                    row.texts.push(None);
                }
            }
        }
        Ok(row)
    }

    /// Size of the row, in bytes uncompressed: the lengths of its values and a fixed surcharge per row and entry that
    /// is never less than what Parquet adds.  Shards and row groups are cut by this number, so it depends on the row
    /// alone.
    pub fn uncompressed_bytes(&self) -> u64 {
        let texts = self.texts.iter().flatten().map(|text| text.len() as u64).sum::<u64>();
        let images = self.images.iter().flatten().map(ImageCell::len).sum::<u64>();
        size(self.texts.len(), texts, images, self.metadata.len(), self.general_metadata.len())
    }
}

impl ImageCell {
    fn len(&self) -> u64 {
        match self {
            Self::Embedded { bytes, path } => (bytes.len() + path.len()) as u64,
            Self::Url(url) => url.len() as u64,
        }
    }
}

/// What [`Row::uncompressed_bytes`] will say of this document's row, without reading an image: an embedded image
/// counts with the length of its [`Blob`](obelisc_document::Blob), nothing where it has none.
///
/// # Errors
/// Where metadata does not serialise, which none of our values does.
pub fn estimate(document: &Document, images: ImageColumn) -> Result<u64> {
    let entries = document.entries();
    let (metadata, general_metadata) = metadata(document, &entries)?;
    let (mut text_bytes, mut image_bytes) = (0, 0);
    for entry in &entries {
        match (entry, images) {
            (Entry::Text(text), _) => text_bytes += text.len() as u64,
            (Entry::Image(image), ImageColumn::Url) => image_bytes += image.src.len() as u64,
            (Entry::Image(image), ImageColumn::Bytes) => {
                image_bytes += image.blob.as_ref().map_or(0, |blob| blob.length) + image_path(image).len() as u64;
            }
        }
    }
    Ok(size(entries.len(), text_bytes, image_bytes, metadata.len(), general_metadata.len()))
}

/// Name of an image's file in the `path` field: the key of its URL and the extension of its format.  It says nothing
/// of where the bytes lay here, and the same image has the same name in every dataset.
pub fn image_path(image: &ImageNode) -> String {
    let extension = match image.facts.as_ref().map(|facts| facts.format.as_str()) {
        None => return image.url_key().to_string(),
        Some("jpeg") => "jpg",
        Some(format) => format,
    };
    format!("{}.{extension}", image.url_key())
}

fn size(entries: usize, texts: u64, images: u64, metadata: usize, general_metadata: usize) -> u64 {
    texts + images + (metadata + general_metadata) as u64 + entries as u64 * PER_ENTRY + PER_ROW
}

/// The two JSON columns.
fn metadata(document: &Document, entries: &[Entry<'_>]) -> Result<(String, String)> {
    let list = entries
        .iter()
        .map(|entry| match entry {
            Entry::Text(_) => Ok(serde_json::Value::Null),
            Entry::Image(image) => image.published_metadata(&document.page.url),
        })
        .collect::<serde_json::Result<Vec<_>>>()?;
    Ok((serde_json::to_string(&list)?, serde_json::to_string(&document.page)?))
}
