//! What a list takes out of rows.

use std::cell::RefCell;

use arrow_array::RecordBatch;
use bytes::Bytes;
use obelisc_document::account::Accounts;
use obelisc_document::hex;
use obelisc_shard::{ImageColumn, Limits, Losses, Row, RowCut, ShardWriter, Takedown, cut, four_columns};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::{PNG, document, row, write};

/// The columns of a shard that are asked for, as one batch.
fn batch(file: &[u8], columns: &[&str]) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(file)).unwrap();
    let fields = builder.schema().fields().iter().enumerate();
    let wanted = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(index, _)| index);
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    builder.with_projection(mask).build().unwrap().next().unwrap().unwrap()
}

fn whole(file: &[u8]) -> RecordBatch {
    batch(file, &["images", "metadata", "general_metadata", "texts"])
}

/// What a list cuts from a shard, and the entries that meant something.
fn found(file: &[u8], list: &str) -> (Takedown, Vec<RowCut>, Vec<u32>) {
    let takedown = Takedown::parse(list.as_bytes()).unwrap();
    let hits = RefCell::new(Vec::new());
    let cuts = takedown.cuts(&batch(file, takedown.columns()), 0, &|entry| hits.borrow_mut().push(entry)).unwrap();
    let mut hits = hits.into_inner();
    hits.sort_unstable();
    hits.dedup();
    (takedown, cuts, hits)
}

/// The rows that are left.
fn left(file: &[u8], list: &str) -> (Vec<Row>, Losses) {
    let (takedown, cuts, _) = found(file, list);
    let mut losses = Losses::default();
    let rows = Row::of_batch(&whole(file)).unwrap().zip(0..).filter_map(|(row, number)| {
        let what = cuts.iter().find(|cut| cut.row == number);
        cut(row, what, &takedown, &mut losses).unwrap()
    });
    let rows = rows.collect();
    (rows, losses)
}

fn shard(images: ImageColumn) -> Vec<u8> {
    let rows: Vec<Row> = match images {
        ImageColumn::Bytes => (0..3).map(row).collect(),
        ImageColumn::Url => (0..3).map(|number| Row::linked(&document(number)).unwrap()).collect(),
    };
    write(rows, images, Limits::default()).1
}

fn kept(accounts: &Accounts) -> Vec<(u64, u64, u64)> {
    let flows = ["documents", "images", "text_nodes"].map(|unit| accounts.0[unit].clone());
    flows.iter().map(|flow| (flow.entered, flow.kept, flow.dropped.values().sum())).collect()
}

#[test]
fn rows_are_read_as_they_were_written() {
    let file = shard(ImageColumn::Bytes);
    assert_eq!(Row::of_batch(&whole(&file)).unwrap().collect::<Vec<_>>(), (0..3).map(row).collect::<Vec<_>>());
    let file = shard(ImageColumn::Url);
    let linked = Row::linked(&document(1)).unwrap();
    assert_eq!(Row::of_batch(&whole(&file)).unwrap().nth(1), Some(linked));
    assert!(Row::of_batch(&batch(&file, &["metadata", "texts"])).is_err());
}

#[test]
fn a_page_goes_with_its_row() {
    let (rows, losses) = left(&shard(ImageColumn::Bytes), "https://EXAMPLE.org:443/1/#x\nhttps://example.org/9/");
    assert_eq!(rows, [row(0), row(2)]);
    assert_eq!((losses.pages, losses.images), (1, 0));
    assert_eq!(kept(&losses.accounts), [(3, 2, 1), (6, 4, 2), (6, 4, 2)]);
    assert_eq!(losses.accounts.imbalance(), None);
    assert_eq!(losses.accounts.0["images"].dropped["takedown_url"], 2);
}

#[test]
fn a_row_without_an_image_is_the_row_of_a_document_that_never_had_it() {
    for images in [ImageColumn::Bytes, ImageColumn::Url] {
        let (rows, losses) = left(&shard(images), "https://example.org/1/a.png\nhttps://example.org/1/b.png");
        let mut without = document(1);
        without.nodes.retain(|node| matches!(node.content, obelisc_document::Content::Text(_)));
        assert_eq!(rows[1], Row::linked(&without).unwrap());
        assert_eq!((losses.pages, losses.images), (0, 2));
        assert_eq!(kept(&losses.accounts), [(3, 3, 0), (6, 4, 2), (6, 5, 0)]);
        assert_eq!(losses.accounts.0["text_nodes"].merged, 1);
        assert_eq!(losses.accounts.imbalance(), None);
    }
    let (rows, _) = left(&shard(ImageColumn::Bytes), "https://example.org/1/b.png");
    let mut without = document(1);
    without.nodes.remove(2);
    let expected: Row = Row::embedded::<obelisc_shard::Error>(&without, |_| Ok(PNG.to_vec())).unwrap();
    assert_eq!(rows[1], expected);
}

#[test]
fn a_host_takes_pages_and_images_and_digests_take_bytes() {
    let digest = hex(&Sha256::digest(PNG));
    let (rows, losses) = left(&shard(ImageColumn::Bytes), &format!("sha256:{digest}"));
    assert_eq!((rows.len(), losses.pages, losses.images), (3, 0, 6));
    assert_eq!(rows[0].images, [None]);
    let (rows, losses) = left(&shard(ImageColumn::Bytes), "org.example\nhost:example.org");
    assert_eq!((rows.len(), losses.pages, losses.images), (0, 3, 0));
    // Links have no bytes.
    let (_, cuts, hits) = found(&shard(ImageColumn::Url), &format!("sha256:{digest}"));
    assert_eq!((cuts.len(), hits.len()), (0, 0));
}

#[test]
fn an_image_in_another_size_and_as_the_page_writes_it_is_the_image() {
    let mut page = document(0);
    let obelisc_document::Content::Image(image) = &mut page.nodes[1].content else { panic!("no image") };
    image.candidates = vec!["https://cdn.example/a-small.png".to_owned()];
    image.unformatted_src = "https://old.example/a.png".to_owned();
    let (_, file) = write([Row::linked(&page).unwrap()], ImageColumn::Url, Limits::default());
    for entry in ["https://cdn.example/a-small.png", "host:cdn.example", "https://old.example/a.png"] {
        let (_, cuts, _) = found(&file, entry);
        assert_eq!((cuts[0].page, cuts[0].images.len(), cuts[0].images[0].position), (None, 1, 1), "{entry}");
        assert_eq!(cuts[0].images[0].src, "https://example.org/0/a.png");
    }
}

#[test]
fn entries_that_meant_what_went_with_another_meant_something() {
    let list = "https://example.org/1/\nhttps://example.org/1/a.png\nhost:example.org\nhttps://example.org/7/";
    let (_, cuts, hits) = found(&shard(ImageColumn::Url), list);
    assert_eq!(hits, [0, 1, 2]);
    assert_eq!(cuts.iter().map(|cut| cut.page).collect::<Vec<_>>(), [Some(2), Some(0), Some(2)]);
}

#[test]
fn a_document_of_which_nothing_is_left_goes() {
    let mut page = document(0);
    page.nodes.truncate(3);
    page.nodes.remove(0);
    let (_, file) = write([Row::linked(&page).unwrap()], ImageColumn::Url, Limits::default());
    let (rows, losses) = left(&file, "https://example.org/0/a.png\nhttps://example.org/0/b.png");
    assert_eq!((rows.len(), losses.pages, losses.images), (0, 1, 0));
    assert_eq!(losses.accounts.0["documents"].dropped["takedown_nothing_left"], 1);
    assert_eq!(losses.accounts.imbalance(), None);
}

#[test]
fn what_stays_of_the_metadata_stays_byte_for_byte() {
    let mut first = Row::linked(&document(0)).unwrap();
    // Digits and spaces that no writer of ours would give.
    first.metadata =
        r#"[null, {"src": "https://a.example/a.png"},{"x" : 1.10e+2, "src":"https://a.example/b.png"} ,null]"#
            .to_owned();
    let (_, file) = write([first], ImageColumn::Url, Limits::default());
    let (rows, _) = left(&file, "https://a.example/a.png");
    assert_eq!(rows[0].metadata, r#"[null,{"x" : 1.10e+2, "src":"https://a.example/b.png"},null]"#);
}

#[test]
fn rows_that_are_none_are_refused_by_their_number() {
    for (metadata, general) in [("[null]", "no json"), ("{}", "{}"), ("[1]", "{}")] {
        let mut damaged = row(1);
        (damaged.metadata, damaged.general_metadata) = (metadata.to_owned(), general.to_owned());
        let (_, file) = write([row(0), damaged], ImageColumn::Bytes, Limits::default());
        let takedown = Takedown::parse(b"host:example.org").unwrap();
        let error = takedown.cuts(&batch(&file, takedown.columns()), 7, &|_| ()).unwrap_err();
        assert!(error.to_string().starts_with("row 8 cannot be read: "), "{error}");
    }
    let mut short = row(0);
    short.metadata = r#"[null,{"src":"https://a.example/a.png"}]"#.to_owned();
    let (_, file) = write([short.clone()], ImageColumn::Bytes, Limits::default());
    let (takedown, cuts, _) = found(&file, "https://a.example/a.png");
    assert!(cut(short, cuts.first(), &takedown, &mut Losses::default()).is_err());
}

#[test]
fn a_shard_of_other_columns_is_not_written_anew() {
    let schema = whole(&shard(ImageColumn::Url)).schema();
    assert_eq!(four_columns(&obelisc_shard::schema(ImageColumn::Url)).unwrap(), ImageColumn::Url);
    assert_eq!(four_columns(&obelisc_shard::schema(ImageColumn::Bytes)).unwrap(), ImageColumn::Bytes);
    assert!(four_columns(&schema.project(&[0, 1]).unwrap()).is_err());
}

#[test]
fn row_groups_end_where_they_are_told_to() {
    let mut writer = ShardWriter::new(Vec::new(), ImageColumn::Bytes, Limits::NONE).unwrap();
    for number in 0..5 {
        if number == 2 {
            writer.end_group().unwrap();
            writer.end_group().unwrap();
        }
        writer.push(row(number)).unwrap();
    }
    let (summary, file) = writer.finish().unwrap();
    assert_eq!((summary.rows, summary.row_groups), (5, 2));
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let rows: Vec<_> = builder.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(rows, [2, 3]);
}
