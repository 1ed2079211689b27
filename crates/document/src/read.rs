//! JSON → document: the way back from what `extract` prints.
//!
//! The published form has no ordinals, no paragraph numbers and no scores of paragraphs, so a document that comes back
//! has its nodes numbered in order, its paragraphs too, and no paragraph has a score.  Written again it is the same JSON.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Content, DocId, Document, ImageNode, Node, Page, Paragraph};

/// Why a JSON text is no document.
#[derive(Debug, thiserror::Error)]
pub enum NotADocument {
    /// It is no JSON, or a value is of another type than the published form has.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is another JSON value, such as a list.
    #[error("expected a JSON object")]
    NotAnObject,
    /// The parallel lists do not fit each other.
    #[error("texts has {texts} entries, {other} {count}; they stand side by side")]
    Lengths {
        /// Entries of `texts`.
        texts: usize,
        /// The other list.
        other: &'static str,
        /// Its entries.
        count: usize,
    },
    /// A place that holds both a text and an image, or neither.
    #[error("entry {0}: one of texts and images is not null, and one only")]
    Entry(usize),
}

/// What is read: the published form, of which a hand-written document may leave out all but `texts` or `images`.
#[derive(Deserialize)]
struct Lines {
    #[serde(default)]
    id: Option<DocId>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    texts: Option<Vec<Option<String>>>,
    #[serde(default)]
    images: Option<Vec<Option<String>>>,
    #[serde(default)]
    metadata: Option<Vec<Option<Map<String, Value>>>>,
    #[serde(default)]
    general_metadata: Option<Map<String, Value>>,
}

impl Document {
    /// Reads a document as [`to_json`](Self::to_json) shows it.  What a hand-written one leaves out is filled in:
    /// `unnamed` stands for its identity, a list that is not there is one of nulls, an image without metadata is its URL.
    /// Each blank line of a text ends a paragraph.  Keys that are not known are passed over.
    ///
    /// ```
    /// use obelisc_document::{DocId, Document};
    ///
    /// let line = br#"{"texts": ["One.\n\nTwo.", null], "images": [null, "https://site.example/a.png"]}"#;
    /// let document = Document::from_json(line, DocId::new("by hand", 0, 0))?;
    /// assert_eq!(document.paragraphs().map(|paragraph| paragraph.k).collect::<Vec<_>>(), [0, 1]);
    /// assert_eq!(document.nodes[1].ordinal, 1);
    /// # Ok::<(), obelisc_document::NotADocument>(())
    /// ```
    ///
    /// # Errors
    /// [`NotADocument`].
    pub fn from_json(json: &[u8], unnamed: DocId) -> Result<Self, NotADocument> {
        // serde would take a list for the fields in their order.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(NotADocument::NotAnObject);
        }
        let Lines { id, url, texts, images, metadata, general_metadata } = serde_json::from_slice(json)?;
        let count = [texts.as_ref().map(Vec::len), images.as_ref().map(Vec::len)].into_iter().flatten().next();
        let count = count.unwrap_or_default();
        let texts = texts.unwrap_or_else(|| vec![None; count]);
        let images = images.unwrap_or_else(|| vec![None; count]);
        let metadata = metadata.unwrap_or_else(|| vec![None; count]);
        for (other, found) in [("images", images.len()), ("metadata", metadata.len())] {
            if found != texts.len() {
                return Err(NotADocument::Lengths { texts: texts.len(), other, count: found });
            }
        }
        let page = page(url, general_metadata.unwrap_or_default())?;
        let entries = texts.into_iter().zip(images).zip(metadata).zip(0..);
        let nodes = entries.map(|(((text, image), metadata), ordinal)| {
            let content = match (text, image) {
                (Some(text), None) => Content::Text(paragraphs(&text)),
                (None, Some(src)) => Content::Image(Box::new(image_node(src, metadata.unwrap_or_default())?)),
                (Some(_), Some(_)) | (None, None) => return Err(NotADocument::Entry(ordinal as usize)),
            };
            Ok(Node { ordinal, content })
        });
        Ok(Self { id: id.unwrap_or(unnamed), page, nodes: nodes.collect::<Result<_, _>>()? })
    }
}

/// As the texts were joined: nothing is trimmed, nothing left out.
fn paragraphs(text: &str) -> Vec<Paragraph> {
    let pieces = text.split("\n\n").zip(0..);
    pieces.map(|(piece, k)| Paragraph { k, text: piece.to_owned(), content_score: None }).collect()
}

fn image_node(src: String, mut fields: Map<String, Value>) -> serde_json::Result<ImageNode> {
    for (key, value) in [("unformatted_src", src.as_str()), ("source", "src")] {
        fields.entry(key).or_insert_with(|| value.into());
    }
    // Where the two differ, the list is what a reader sees.
    fields.insert("src".to_owned(), src.into());
    serde_json::from_value(Value::Object(fields))
}

fn page(url: Option<String>, mut fields: Map<String, Value>) -> serde_json::Result<Page> {
    if let Some(url) = url {
        fields.insert("url".to_owned(), url.into());
    }
    for (key, value) in [("url", "".into()), ("warc_filename", "".into()), ("warc_record_offset", Value::from(0))] {
        fields.entry(key).or_insert(value);
    }
    serde_json::from_value(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ImageFacts, Language, RenderedSize};

    fn read(json: &Value) -> Result<Document, NotADocument> {
        Document::from_json(json.to_string().as_bytes(), DocId::new("by hand", 7, 0))
    }

    #[test]
    fn what_was_written_is_read_and_written_again_as_it_was() {
        let image = ImageNode {
            src: "https://a.example/p.jpg".into(),
            unformatted_src: "p.jpg".into(),
            source: "srcset".into(),
            rendered_width: Some(RenderedSize::Pixels(640)),
            rendered_height: Some(RenderedSize::Percent("50%".into())),
            content_score: Some(0.733),
            candidates: vec!["https://a.example/q.jpg".into()],
            facts: Some(ImageFacts::new("jpeg", 4, 3)),
            ..ImageNode::default()
        };
        let page = Page {
            url: "https://a.example/".into(),
            warc_filename: "w".into(),
            warc_record_offset: 9,
            language: Some(Language { tag: "en".into(), score: 0.99 }),
            ..Page::default()
        };
        let text = |text: &str, ordinal| Node { ordinal, content: Content::Text(paragraphs(text)) };
        let nodes = vec![
            text("a\n\n\nb\n\n \n\n", 0),
            Node { ordinal: 1, content: Content::Image(Box::new(image)) },
            text("END", 2),
        ];
        let document = Document { id: DocId::new("w", 9, 0), page, nodes };
        let json = serde_json::to_vec(&document.to_json().unwrap()).unwrap();
        assert_eq!(Document::from_json(&json, DocId::new("other", 0, 0)).unwrap(), document);
    }

    #[test]
    fn what_a_hand_written_document_leaves_out_is_given_in_order() {
        let document = read(&json!({"images": ["https://a.example/1.png", "https://a.example/2.png"]})).unwrap();
        assert_eq!(document.id, DocId::new("by hand", 7, 0));
        assert_eq!(document.nodes.iter().map(|node| node.ordinal).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(document.images().next().unwrap().unformatted_src, "https://a.example/1.png");
        let document = read(&json!({"url": "https://a.example/", "texts": ["a"], "general_metadata": {"title": "T"}}));
        let page = document.unwrap().page;
        assert_eq!((page.url.as_str(), page.title.as_deref()), ("https://a.example/", Some("T")));
        assert!(read(&json!({})).unwrap().nodes.is_empty());
    }

    #[test]
    fn what_is_no_document_says_why() {
        for (json, words) in [
            (json!({"texts": ["a"], "images": []}), "texts has 1 entries, images 0"),
            (json!({"texts": ["a", null], "metadata": [null]}), "texts has 2 entries, metadata 1"),
            (json!({"texts": ["a", null], "images": [null, null]}), "entry 1:"),
            (json!({"texts": ["a"], "images": ["https://a.example/1.png"]}), "entry 0:"),
            (json!({"id": "12", "texts": []}), "32 hexadecimal digits"),
            (json!({"texts": "a"}), "expected a sequence"),
            (json!([]), "expected a JSON object"),
        ] {
            let error = read(&json).unwrap_err().to_string();
            assert!(error.contains(words), "{json}: {error}");
        }
        assert!(Document::from_json(b"{\"texts\": [\"\xff\"]}", DocId::new("w", 0, 0)).is_err());
    }
}
