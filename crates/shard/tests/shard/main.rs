//! Shards as readers see them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod card;
mod guard;
mod incoming;
mod manifest;
mod round_trip;
mod row_groups;
mod takedown;

use obelisc_document::{Blob, Content, DocId, Document, ImageFacts, ImageNode, Node, Page, paragraphs};
use obelisc_shard::{Error, ImageColumn, Limits, Row, ShardSummary, ShardWriter};

const PNG: &[u8] = include_bytes!("../fixtures/gradient.png");

/// A page: text, image, image, text.
fn document(number: u64) -> Document {
    let image = |name: &str| {
        Content::Image(Box::new(ImageNode {
            src: format!("https://example.org/{number}/{name}.png"),
            unformatted_src: format!("{name}.png"),
            source: "src".into(),
            alt_text: Some("a gradient".into()),
            facts: Some(ImageFacts::new("png", 24, 16)),
            blob: Some(Blob { segment: "0".into(), offset: number, length: PNG.len() as u64, sha256: String::new() }),
            ..ImageNode::default()
        }))
    };
    let text = |text: &str| Content::Text(paragraphs(text));
    let contents = [text("One.\n\nTwo."), image("a"), image("b"), text("Three — drei, три.")];
    Document {
        id: DocId::new("crawl.warc.gz", number, 0),
        page: Page { url: format!("https://example.org/{number}/"), ..Page::default() },
        nodes: contents.into_iter().zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect(),
    }
}

fn row(number: u64) -> Row {
    Row::embedded::<Error>(&document(number), |_| Ok(PNG.to_vec())).unwrap()
}

/// A row of one image with this many bytes.
fn large_row(bytes: usize) -> Row {
    let mut row = row(0);
    for cell in row.images.iter_mut().flatten() {
        *cell = obelisc_shard::ImageCell::Embedded { bytes: vec![7; bytes / 2], path: "a.png".into() };
    }
    row
}

fn write(rows: impl IntoIterator<Item = Row>, images: ImageColumn, limits: Limits) -> (ShardSummary, Vec<u8>) {
    let mut writer = ShardWriter::new(Vec::new(), images, limits).unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap()
}
