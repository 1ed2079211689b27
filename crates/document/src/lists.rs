//! Rows of datasets in the layout of OBELICS → documents, whoever wrote them.
//!
//! The lists must fit each other; what stands in the two JSON columns is taken as far as it is understood.

use serde_json::{Map, Value};

use crate::{Content, DocId, Document, ImageNode, Node, NotADocument, Page, Paragraph};

/// A row as it stands in a dataset.
#[derive(Clone, Debug, Default)]
pub struct Lists<'a> {
    /// Texts, `None` where an image stands.
    pub texts: Vec<Option<&'a str>>,
    /// Images, `None` where a text stands.
    pub images: Vec<Option<Shown<'a>>>,
    /// JSON list parallel to both; absent where the dataset has no such column.
    pub metadata: Option<&'a str>,
    /// JSON object; absent where the dataset has no such column.
    pub general_metadata: Option<&'a str>,
}

/// What stands at the place of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Its URL.
    Url(&'a str),
    /// The image; of its file's name, where there is one.
    File(&'a [u8], Option<&'a str>),
    /// No bytes, and a name that may be a URL.
    Named(&'a str),
}

impl Document {
    /// Reads row `row` of the file that is called `name`, by which the document is known.
    ///
    /// Nodes are numbered by their places; a text is cut at its blank lines, and what is blank is left out.  An image is known by the URL that
    /// its metadata, the list, or its file's name has, or else by its bytes: `xxh3:` and 32 hexadecimal digits.  A page without a URL gets one
    /// of this row, `file:///NAME/ROW`, and one that names no archive is said to come from this file.  Values that are not of the type which they
    /// have in the layout are passed over, as are unknown keys.
    ///
    /// ```
    /// use obelisc_document::{Document, Lists, Shown};
    ///
    /// let lists = Lists {
    ///     texts: vec![Some("One."), None],
    ///     images: vec![None, Some(Shown::Url("https://site.example/a.png"))],
    ///     ..Lists::default()
    /// };
    /// let document = Document::from_lists(lists, "train-0.parquet", 7)?;
    /// assert_eq!(document.images().next().map(|image| &*image.src), Some("https://site.example/a.png"));
    /// assert_eq!(document.page.url, "file:///train-0.parquet/7");
    /// # Ok::<(), obelisc_document::NotADocument>(())
    /// ```
    ///
    /// # Errors
    /// [`NotADocument`]: lists of different lengths, a place with both a text and an image or neither, columns that are no JSON.
    pub fn from_lists(lists: Lists<'_>, name: &str, row: u64) -> Result<Self, NotADocument> {
        let Lists { texts, images, metadata, general_metadata } = lists;
        if images.len() != texts.len() {
            return Err(NotADocument::Lengths { texts: texts.len(), other: "images", count: images.len() });
        }
        let metadata = entries(metadata, texts.len())?;
        let mut page = page(general_metadata)?;
        let mut nodes = Vec::with_capacity(texts.len());
        for (((text, image), metadata), ordinal) in texts.into_iter().zip(images).zip(metadata).zip(0..) {
            let content = match (text, image) {
                (Some(text), None) => Content::Text(paragraphs(text)),
                (None, Some(shown)) => {
                    let fields = metadata.unwrap_or_default();
                    if page.url.is_empty()
                        && let Some(url) = fields.get("document_url").and_then(Value::as_str)
                    {
                        url.clone_into(&mut page.url);
                    }
                    Content::Image(Box::new(image_node(shown, fields)))
                }
                (Some(_), Some(_)) | (None, None) => return Err(NotADocument::Entry(ordinal as usize)),
            };
            if !matches!(&content, Content::Text(paragraphs) if paragraphs.is_empty()) {
                nodes.push(Node { ordinal, content });
            }
        }
        if page.url.is_empty() {
            page.url = format!("file:///{name}/{row}");
        }
        if page.warc_filename.is_empty() {
            (page.warc_filename, page.warc_record_offset) = (name.to_owned(), row);
        }
        Ok(Self { id: DocId::new(name, row, 0), page, nodes })
    }
}

/// The entries of the metadata, one for each place.
fn entries(json: Option<&str>, count: usize) -> Result<Vec<Option<Map<String, Value>>>, NotADocument> {
    let Some(json) = json.filter(|json| !json.trim().is_empty()) else { return Ok(vec![None; count]) };
    let entries: Option<Vec<Option<Map<String, Value>>>> = serde_json::from_str(json)?;
    let entries = entries.unwrap_or_else(|| vec![None; count]);
    if entries.len() != count {
        return Err(NotADocument::Lengths { texts: count, other: "metadata", count: entries.len() });
    }
    Ok(entries)
}

fn page(json: Option<&str>) -> Result<Page, NotADocument> {
    let Some(json) = json.filter(|json| !json.trim().is_empty()) else { return Ok(Page::default()) };
    if let Ok(page) = serde_json::from_str::<Page>(json) {
        return Ok(page);
    }
    let fields: Option<Map<String, Value>> = serde_json::from_str(json)?;
    let base = [("url", "".into()), ("warc_filename", "".into()), ("warc_record_offset", Value::from(0))];
    Ok(understood(base.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(), fields.unwrap_or_default()))
}

fn image_node(shown: Shown<'_>, fields: Map<String, Value>) -> ImageNode {
    let is_url = |name: &&str| name.starts_with("http://") || name.starts_with("https://");
    let told = fields.get("src").and_then(Value::as_str).filter(|src| !src.is_empty());
    let src = match shown {
        // Where the two differ, the list is what a reader sees.
        Shown::Url(url) => url.to_owned(),
        Shown::Named(name) => told.unwrap_or(name).to_owned(),
        Shown::File(bytes, name) => match told.or(name.filter(is_url)) {
            Some(src) => src.to_owned(),
            None => format!("xxh3:{:032x}", xxhash_rust::xxh3::xxh3_128(bytes)),
        },
    };
    let base = [("src", &*src), ("unformatted_src", &*src), ("source", "src")];
    let mut node: ImageNode =
        understood(base.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect(), fields);
    node.src = src;
    node.blob = None;
    node
}

/// The value of these fields, over those of `base`, which are enough; a field that does not fit is left out.
fn understood<T: serde::de::DeserializeOwned + Default>(base: Map<String, Value>, fields: Map<String, Value>) -> T {
    let read = |fields: &Map<String, Value>| T::deserialize(Value::Object(fields.clone())).ok();
    let mut all = base.clone();
    all.extend(fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())));
    if let Some(value) = read(&all) {
        return value;
    }
    let mut all = base;
    for (key, value) in fields {
        let before = all.insert(key.clone(), value);
        if read(&all).is_none() {
            match before {
                Some(before) => all.insert(key, before),
                None => all.shift_remove(&key),
            };
        }
    }
    read(&all).unwrap_or_default()
}

/// As the texts were joined: nothing is trimmed, and blank paragraphs are left out.
fn paragraphs(text: &str) -> Vec<Paragraph> {
    let pieces = text.split("\n\n").filter(|piece| !piece.trim().is_empty()).zip(0..);
    pieces.map(|(piece, k)| Paragraph { k, text: piece.to_owned(), content_score: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RenderedSize;

    const URL: &str = "https://a.example/p.jpg";

    fn read(
        texts: &[Option<&str>],
        images: &[Option<Shown<'_>>],
        metadata: Option<&str>,
        general_metadata: Option<&str>,
    ) -> Result<Document, NotADocument> {
        let lists = Lists { texts: texts.to_vec(), images: images.to_vec(), metadata, general_metadata };
        Document::from_lists(lists, "d.parquet", 3)
    }

    #[test]
    fn a_row_of_the_release_keeps_its_provenance_and_what_its_page_says_of_images() {
        let metadata = r#"[null, {"document_url": "https://a.example/", "unformatted_src": "/p.jpg", "src": "https://a.example/p.jpg",
            "formatted_filename": "p", "alt_text": null, "rendered_width": 640, "original_width": 4, "original_height": 3, "format": "jpeg"}]"#;
        let general = r#"{"url": "https://a.example/", "warc_filename": "w.warc.gz", "warc_record_offset": 7, "warc_record_length": 9}"#;
        let document = read(&[Some("a\n\n\nb"), None], &[None, Some(Shown::Url(URL))], Some(metadata), Some(general));
        let document = document.unwrap();
        assert_eq!((&*document.page.warc_filename, document.page.warc_record_offset), ("w.warc.gz", 7));
        assert_eq!(document.page.warc_record_length, Some(9));
        let image = document.images().next().unwrap();
        assert_eq!((&*image.src, &*image.unformatted_src, &*image.source), (URL, "/p.jpg", "src"));
        assert_eq!(image.rendered_width, Some(RenderedSize::Pixels(640)));
        assert_eq!(image.facts.as_ref().map(|facts| (&*facts.format, facts.original_width)), Some(("jpeg", 4)));
        assert_eq!(document.to_json().unwrap().texts[0].as_deref(), Some("a\n\n\nb"));
        assert_eq!(document.id, DocId::new("d.parquet", 3, 0));
    }

    #[test]
    fn what_others_leave_out_is_filled_in_and_what_does_not_fit_is_passed_over() {
        let metadata = r#"[{"alt_text": 3, "title": "T", "rendered_width": [1], "perceptual_hash": 5}, null, null]"#;
        let general = r#"{"url": null, "warc_record_offset": "x", "title": "Page", "mine": {}}"#;
        let file = Some(Shown::File(b"png", Some("folder/p.png")));
        let document = read(&[None, Some(" \n\n"), Some("b")], &[file, None, None], Some(metadata), Some(general));
        let document = document.unwrap();
        let image = document.images().next().unwrap();
        assert!(image.src.starts_with("xxh3:") && image.src.len() == 37, "{}", image.src);
        assert_eq!((image.alt_text.as_deref(), image.title.as_deref()), (None, Some("T")));
        assert_eq!(document.nodes.iter().map(|node| node.ordinal).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(document.page.title.as_deref(), Some("Page"));
        assert_eq!((&*document.page.url, &*document.page.warc_filename), ("file:///d.parquet/3", "d.parquet"));
        let named = read(&[None], &[Some(Shown::File(b"png", Some(URL)))], None, Some("null")).unwrap();
        assert_eq!(named.images().next().unwrap().src, URL);
    }

    #[test]
    fn rows_whose_lists_do_not_fit_are_no_documents() {
        for (texts, images, metadata, words) in [
            (&[Some("a"), None][..], &[None][..], None, "texts has 2 entries, images 1"),
            (&[Some("a")], &[None], Some("[null, null]"), "texts has 1 entries, metadata 2"),
            (&[Some("a")], &[Some(Shown::Url(URL))], None, "entry 0"),
            (&[None], &[None], None, "entry 0"),
            (&[Some("a")], &[None], Some("[3]"), "invalid type"),
            (&[Some("a")], &[None], Some("{"), "invalid type"),
        ] {
            let error = read(texts, images, metadata, None).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(read(&[Some("a")], &[None], None, Some("[]")).is_err());
    }
}
