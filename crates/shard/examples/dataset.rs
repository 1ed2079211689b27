//! Writes a dataset of two shards with manifest and card, to be loaded by other programs.
//!
//! ```text
//! cargo run -p obelisc-shard --example dataset -- FOLDER [url]
//! ```
#![allow(clippy::disallowed_methods, reason = "an example that writes files")]

use std::error::Error;
use std::fs;
use std::path::Path;

use obelisc_document::account::Accounts;
use obelisc_document::{Blob, Content, DocId, Document, ImageFacts, ImageNode, Node, Page, paragraphs};
use obelisc_shard::{Card, ImageColumn, Input, Limits, Manifest, Recipe, Row, Shard, ShardWriter, Stage, shard_name};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const DOCUMENTS: u64 = 40;

const PICTURES: [(&str, &[u8], u32, u32); 3] = [
    ("png", include_bytes!("../tests/fixtures/gradient.png"), 24, 16),
    ("jpeg", include_bytes!("../tests/fixtures/gradient.jpg"), 16, 16),
    ("webp", include_bytes!("../tests/fixtures/gradient.webp"), 16, 24),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: dataset FOLDER [url]")?;
    let folder = Path::new(&folder);
    let images = if arguments.next().as_deref() == Some("url") { ImageColumn::Url } else { ImageColumn::Bytes };
    fs::create_dir_all(folder.join("data"))?;
    let shards = [write_shard(folder, images, 0)?, write_shard(folder, images, 1)?];
    let archive = Input {
        name: "example.warc.gz".into(),
        size: 1,
        read_sha256: "0".repeat(64),
        records: DOCUMENTS,
        ..Input::default()
    };
    let mut accounts = Accounts::default();
    accounts.unit("documents").enter(DOCUMENTS);
    let manifest = Manifest {
        dataset_version: 1,
        program_version: env!("CARGO_PKG_VERSION").into(),
        recipe: Recipe::new("example".into(), "# no stages\n".into(), Default::default()),
        inputs: vec![archive],
        stages: vec![Stage { name: "extract".into(), accounts, ..Stage::default() }],
        shards: shards.into(),
        ..Manifest::default()
    }
    .seal()?;
    fs::write(folder.join("manifest.json"), manifest.to_json()?)?;
    fs::write(folder.join("README.md"), Card::default().render(&manifest, images))?;
    Ok(())
}

/// Writes every second document, in several row groups.
fn write_shard(folder: &Path, images: ImageColumn, index: u32) -> Result<Shard> {
    let path = shard_name("train", index, 2);
    let limits = Limits { max_row_group_rows: 8, ..Limits::default() };
    let mut writer = ShardWriter::new(fs::File::create(folder.join(&path))?, images, limits)?;
    for number in (u64::from(index)..DOCUMENTS).step_by(2) {
        let document = document(number);
        writer.push(match images {
            ImageColumn::Url => Row::linked(&document)?,
            ImageColumn::Bytes => Row::embedded(&document, picture)?,
        })?;
    }
    let (summary, _) = writer.finish()?;
    Ok(Shard::new(path, "train".into(), &summary))
}

fn picture(image: &ImageNode) -> Result<Vec<u8>> {
    let format = image.facts.as_ref().map(|facts| facts.format.as_str());
    let picture = PICTURES.iter().find(|picture| Some(picture.0) == format).ok_or("no such picture")?;
    Ok(picture.1.to_vec())
}

/// A page of one to six pictures of all formats between texts.
fn document(number: u64) -> Document {
    let mut contents = vec![Content::Text(paragraphs(&format!("Page {number}.\n\nWith pictures — und Text.")))];
    for picture in 0..=number % 6 {
        let (format, bytes, original_width, original_height) = PICTURES[(number + picture) as usize % 3];
        let name = format!("{picture}.{format}");
        contents.push(Content::Image(Box::new(ImageNode {
            src: format!("https://example.org/{number}/{name}"),
            unformatted_src: name,
            source: "src".into(),
            facts: Some(ImageFacts::new(format, original_width, original_height)),
            blob: Some(Blob { segment: "0".into(), offset: 0, length: bytes.len() as u64, sha256: String::new() }),
            ..ImageNode::default()
        })));
        if picture % 2 == 0 {
            contents.push(Content::Text(paragraphs(&format!("Below picture {picture}."))));
        }
    }
    let url = format!("https://example.org/{number}/");
    let nodes = contents.into_iter().zip(0..);
    Document {
        id: DocId::new("example.warc.gz", number, 0),
        page: Page { url, warc_filename: "example.warc.gz".into(), warc_record_offset: number, ..Page::default() },
        nodes: nodes.map(|(content, ordinal)| Node { ordinal, content }).collect(),
    }
}
