//! The documents table: nested, one row per page.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, FixedSizeBinaryBuilder, Float32Builder, StringBuilder, UInt32Builder};
use arrow_array::{
    Array, ArrayRef, RecordBatch, StringArray, StructArray, cast::AsArray, types::Float32Type, types::UInt32Type,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, SchemaRef};

use super::{Table, cell::column, schema};
use crate::{Content, DocId, Document, ImageNode, Node, Page, Paragraph};

/// One element of `nodes`: a paragraph (`paragraph` and `text`) or an image (`image`, JSON).  Paragraphs of one text
/// node share its ordinal.
fn element_fields() -> Fields {
    vec![
        Field::new("ordinal", DataType::UInt32, false),
        Field::new("paragraph", DataType::UInt32, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("image", DataType::Utf8, true),
        Field::new("content_score", DataType::Float32, true),
    ]
    .into()
}

/// The type of the `nodes` column.
fn nodes_type() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Struct(element_fields()), false)))
}

fn json(error: &serde_json::Error) -> ArrowError {
    ArrowError::JsonError(error.to_string())
}

/// The columns of one element while a batch is built.
struct Elements {
    ordinal: UInt32Builder,
    paragraph: UInt32Builder,
    text: StringBuilder,
    image: StringBuilder,
    score: Float32Builder,
    ends: Vec<i32>,
}

impl Table for Document {
    const NAME: &'static str = "documents";
    const VERSION: u32 = 1;
    const MEANING: &'static str = "An interleaved document.";

    fn weight(&self) -> usize {
        let texts = self.paragraphs().map(|paragraph| paragraph.text.len()).sum::<usize>();
        1024 * (1 + self.nodes.len()) + texts + self.images().map(ImageNode::text_bytes).sum::<usize>()
    }

    fn schema() -> SchemaRef {
        let fields = vec![
            Field::new("doc_id", DataType::FixedSizeBinary(16), false),
            Field::new("url", DataType::Utf8, false),
            Field::new("general_metadata", DataType::Utf8, false),
            Field::new("nodes", nodes_type(), false),
        ];
        schema(Self::NAME, Self::VERSION, fields)
    }

    fn to_batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let mut elements = Elements {
            ordinal: UInt32Builder::new(),
            paragraph: UInt32Builder::new(),
            text: StringBuilder::new(),
            image: StringBuilder::new(),
            score: Float32Builder::new(),
            ends: vec![0],
        };
        let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
        let mut pages = StringBuilder::new();
        for row in rows {
            ids.append_value(row.id.0)?;
            pages.append_value(serde_json::to_string(&row.page).map_err(|e| json(&e))?);
            for node in &row.nodes {
                elements.push(node)?;
            }
            let end = i32::try_from(elements.ordinal.len());
            elements.ends.push(end.map_err(|_| ArrowError::OffsetOverflowError(elements.ordinal.len()))?);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids.finish()),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.page.url))),
            Arc::new(pages.finish()),
            elements.finish()?,
        ];
        RecordBatch::try_new(Self::schema(), columns)
    }

    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, ArrowError> {
        let ids = column::<DocId>(batch, "doc_id")?;
        let pages = column::<String>(batch, "general_metadata")?;
        let wrong = |name: &str| ArrowError::SchemaError(format!("column {name} is missing or of another type"));
        let nodes = batch.column_by_name("nodes").and_then(|array| array.as_list_opt::<i32>());
        let nodes = nodes.ok_or_else(|| wrong("nodes"))?;
        let mut documents = Vec::with_capacity(ids.len());
        for (i, (id, page)) in ids.into_iter().zip(pages).enumerate() {
            let page: Page = serde_json::from_str(&page).map_err(|e| json(&e))?;
            let elements = nodes.value(i);
            let elements = elements.as_struct_opt().ok_or_else(|| wrong("nodes"))?;
            documents.push(Document { id, page, nodes: read_elements(elements)? });
        }
        Ok(documents)
    }
}

impl Elements {
    fn push(&mut self, node: &Node) -> Result<(), ArrowError> {
        match &node.content {
            Content::Text(paragraphs) => {
                for paragraph in paragraphs {
                    self.ordinal.append_value(node.ordinal);
                    self.paragraph.append_value(paragraph.k);
                    self.text.append_value(&paragraph.text);
                    self.image.append_null();
                    self.score.append_option(paragraph.content_score);
                }
            }
            Content::Image(image) => {
                self.ordinal.append_value(node.ordinal);
                self.paragraph.append_null();
                self.text.append_null();
                self.image.append_value(serde_json::to_string(image).map_err(|e| json(&e))?);
                self.score.append_option(image.content_score);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ordinal.finish()),
            Arc::new(self.paragraph.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.image.finish()),
            Arc::new(self.score.finish()),
        ];
        let elements = StructArray::try_new(element_fields(), columns, None)?;
        let field = Arc::new(Field::new("item", DataType::Struct(element_fields()), false));
        let offsets = arrow_buffer::OffsetBuffer::new(self.ends.into());
        Ok(Arc::new(arrow_array::ListArray::try_new(field, offsets, Arc::new(elements), None)?))
    }
}

fn read_elements(elements: &StructArray) -> Result<Vec<Node>, ArrowError> {
    let wrong = |name: &str| ArrowError::SchemaError(format!("nodes.{name} is missing or of another type"));
    let array = |name: &str| elements.column_by_name(name).ok_or_else(|| wrong(name));
    let ordinals = array("ordinal")?.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong("ordinal"))?;
    let ks = array("paragraph")?.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong("paragraph"))?;
    let texts = array("text")?.as_string_opt::<i32>().ok_or_else(|| wrong("text"))?;
    let images = array("image")?.as_string_opt::<i32>().ok_or_else(|| wrong("image"))?;
    let scores = array("content_score")?.as_primitive_opt::<Float32Type>().ok_or_else(|| wrong("content_score"))?;
    let mut nodes: Vec<Node> = Vec::new();
    for i in 0..elements.len() {
        let ordinal = ordinals.value(i);
        if images.is_valid(i) {
            let image: ImageNode = serde_json::from_str(images.value(i)).map_err(|e| json(&e))?;
            nodes.push(Node { ordinal, content: Content::Image(Box::new(image)) });
            continue;
        }
        let content_score = scores.is_valid(i).then(|| scores.value(i));
        let paragraph = Paragraph { k: ks.value(i), text: texts.value(i).to_owned(), content_score };
        match nodes.last_mut() {
            Some(Node { ordinal: last, content: Content::Text(paragraphs), .. }) if *last == ordinal => {
                paragraphs.push(paragraph);
            }
            _ => nodes.push(Node { ordinal, content: Content::Text(vec![paragraph]) }),
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Blob, ImageFacts, RenderedSize, paragraphs};

    #[test]
    fn a_document_weighs_what_its_images_say() {
        let text = || "x".repeat(100_000);
        let weight = |image: ImageNode| {
            let nodes = vec![Node { ordinal: 0, content: Content::Image(Box::new(image)) }];
            Document { id: DocId::new("w", 1, 0), page: Page::default(), nodes }.weight()
        };
        let bare = weight(ImageNode::default());
        for image in [
            ImageNode { src: text(), ..ImageNode::default() },
            ImageNode { unformatted_src: text(), ..ImageNode::default() },
            ImageNode { candidates: vec![String::new(), text()], ..ImageNode::default() },
            ImageNode { caption: Some(text()), ..ImageNode::default() },
            ImageNode { link: Some(text()), ..ImageNode::default() },
            ImageNode { alt_text: Some(text()), ..ImageNode::default() },
            ImageNode { title: Some(text()), ..ImageNode::default() },
        ] {
            assert_eq!(weight(image), bare + 100_000);
        }
    }

    #[test]
    fn documents_survive_a_batch() {
        let image = ImageNode {
            src: "https://a.example/p.jpg".into(),
            rendered_width: Some(RenderedSize::Pixels(640)),
            rendered_height: Some(RenderedSize::Percent("50%".into())),
            facts: Some(ImageFacts::new("jpeg", 4, 3)),
            blob: Some(Blob { segment: "s".into(), offset: 1, length: 2, sha256: String::new() }),
            candidates: vec!["https://a.example/q.jpg".into()],
            content_score: Some(0.733),
            ..ImageNode::default()
        };
        let mut scored = paragraphs("a\n\nb");
        scored[1].content_score = Some(0.25);
        let nodes = vec![
            Node { ordinal: 0, content: Content::Text(scored) },
            Node { ordinal: 2, content: Content::Text(paragraphs("c")) },
            Node { ordinal: 3, content: Content::Image(Box::new(image)) },
        ];
        let page = Page { url: "https://a.example/".into(), title: Some("T".into()), ..Page::default() };
        let rows = [
            Document { id: DocId::new("w", 1, 0), page: page.clone(), nodes },
            Document { id: DocId::new("w", 2, 0), page, nodes: Vec::new() },
        ];
        assert_eq!(Document::from_batch(&Document::to_batch(&rows).unwrap()).unwrap(), rows);
    }
}
