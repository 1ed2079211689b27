//! The published forms of a document: the JSON line of `extract` and `judge`, the row of a shard.
//!
//! Both hold the OBELICS lists: `texts` and `images` of equal length, exactly one of `texts[i]` and `images[i]`
//! not null, `metadata[i]` null for text.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Content, DocId, Document, ImageNode, Page};

/// One entry of the parallel lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    /// Text: adjacent text nodes joined by a blank line.
    Text(String),
    /// An image.
    Image(&'a ImageNode),
}

/// A document as `extract` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JsonDocument {
    /// Identity.
    pub id: DocId,
    /// Final URL of the page.
    pub url: String,
    /// Texts, null where an image stands.
    pub texts: Vec<Option<String>>,
    /// Image URLs, null where a text stands.
    pub images: Vec<Option<String>>,
    /// Image metadata, null where a text stands.
    pub metadata: Vec<Option<Value>>,
    /// Provenance and what the page says of itself.
    pub general_metadata: Page,
}

impl Document {
    /// The document's entries.  Where a removal left two text nodes side by side they become one entry.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries: Vec<Entry<'_>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            match &node.content {
                Content::Image(image) => entries.push(Entry::Image(image)),
                Content::Text(paragraphs) => {
                    if !matches!(entries.last(), Some(Entry::Text(_))) {
                        entries.push(Entry::Text(String::new()));
                    }
                    let Some(Entry::Text(text)) = entries.last_mut() else { continue };
                    for paragraph in paragraphs {
                        if !text.is_empty() {
                            text.push_str("\n\n");
                        }
                        text.push_str(&paragraph.text);
                    }
                }
            }
        }
        entries
    }

    /// How many text nodes [`entries`](Self::entries) joins to their neighbour.
    pub fn merged_nodes(&self) -> usize {
        self.nodes.windows(2).filter(|pair| pair.iter().all(|node| matches!(node.content, Content::Text(_)))).count()
    }

    /// The document as a JSON line shows it.
    ///
    /// # Errors
    /// Only where serialisation of a number fails, which no value of ours does.
    pub fn to_json(&self) -> serde_json::Result<JsonDocument> {
        let mut json = JsonDocument {
            id: self.id,
            url: self.page.url.clone(),
            texts: Vec::new(),
            images: Vec::new(),
            metadata: Vec::new(),
            general_metadata: self.page.clone(),
        };
        for entry in self.entries() {
            match entry {
                Entry::Text(text) => {
                    json.texts.push(Some(text));
                    json.images.push(None);
                    json.metadata.push(None);
                }
                Entry::Image(image) => {
                    json.texts.push(None);
                    json.images.push(Some(image.src.clone()));
                    json.metadata.push(Some(image.published_metadata(&self.page.url)?));
                }
            }
        }
        Ok(json)
    }
}

impl ImageNode {
    /// The image's metadata as published: the OBELICS keys and ours, without where the bytes lie here.
    ///
    /// # Errors
    /// As [`Document::to_json`].
    pub fn published_metadata(&self, document_url: &str) -> serde_json::Result<Value> {
        let mut metadata = serde_json::Map::new();
        metadata.insert("document_url".to_owned(), document_url.into());
        if let Value::Object(fields) = serde_json::to_value(self)? {
            metadata.extend(fields.into_iter().filter(|(key, _)| key != "blob"));
        }
        Ok(Value::Object(metadata))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Node, paragraphs};

    fn document(contents: Vec<Content>) -> Document {
        let nodes = contents.into_iter().zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect();
        Document { id: DocId::new("a.warc", 0, 0), page: Page::default(), nodes }
    }

    #[test]
    fn text_nodes_that_a_removal_brought_together_are_one_text() {
        let image = Content::Image(Box::new(ImageNode { src: "https://a/b.png".into(), ..ImageNode::default() }));
        let document =
            document(vec![Content::Text(paragraphs("a\n\nb")), Content::Text(paragraphs("c")), image.clone(), image]);
        let json = document.to_json().unwrap();
        assert_eq!(json.texts, [Some("a\n\nb\n\nc".to_owned()), None, None]);
        assert_eq!(json.images[0], None);
        assert_eq!(json.images[2].as_deref(), Some("https://a/b.png"));
        assert_eq!(document.merged_nodes(), 1);
    }

    #[test]
    fn published_metadata_does_not_say_where_the_bytes_lie() {
        let image = ImageNode {
            blob: Some(crate::Blob { segment: "s".into(), offset: 0, length: 1, sha256: String::new() }),
            ..Default::default()
        };
        let metadata = image.published_metadata("https://a/").unwrap();
        assert!(metadata.get("blob").is_none());
        assert_eq!(metadata["document_url"], "https://a/");
    }
}
