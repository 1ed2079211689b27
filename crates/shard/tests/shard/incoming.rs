//! Rows of others' datasets.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use obelisc_document::NotADocument;
use obelisc_shard::{Error, ImageColumn, IncomingRows, Row, incoming, incoming_file, schema};

use crate::{PNG, document, row};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn texts(rows: &[&[Option<&str>]]) -> ArrayRef {
    let mut texts = ListBuilder::new(StringBuilder::new());
    rows.iter().for_each(|row| texts.append_value(row.iter().copied()));
    Arc::new(texts.finish())
}

#[test]
fn what_we_write_is_in_the_layout() {
    for images in [ImageColumn::Bytes, ImageColumn::Url] {
        assert_eq!(incoming(&schema(images)).unwrap(), images);
    }
}

#[test]
fn a_row_of_ours_is_the_document_that_it_was() {
    let (_, file) = crate::write([row(0), row(7)], ImageColumn::Bytes, obelisc_shard::Limits::default());
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let rows = IncomingRows::of(&batch).unwrap();
    assert_eq!(rows.len(), 2);
    let found = rows.row(1, "train-0.parquet", 1).unwrap();
    assert_eq!(found.images, ImageColumn::Bytes);
    assert_eq!(found.files, [(1, PNG), (2, PNG)]);
    // What names no archive is said to come from here.
    let (mut expected, here) = (row(7), "\"warc_filename\":\"train-0.parquet\",\"warc_record_offset\":1");
    expected.general_metadata =
        expected.general_metadata.replace("\"warc_filename\":\"\",\"warc_record_offset\":0", here);
    assert_eq!(Row::embedded::<Error>(&found.document, |_| Ok(PNG.to_vec())).unwrap(), expected);
    let again = found.document.to_json().unwrap();
    assert_eq!(again.texts, document(7).to_json().unwrap().texts);
    assert_eq!(
        (incoming_file(&batch, 1, 2), incoming_file(&batch, 1, 3), incoming_file(&batch, 2, 0)),
        (Some(PNG), None, None)
    );
}

#[test]
fn bare_bytes_are_images_and_other_columns_are_passed_over() {
    let mut images = ListBuilder::new(BinaryBuilder::new());
    images.append_value([None, Some(PNG)]);
    images.append_null();
    let rows = batch(vec![
        ("images", Arc::new(images.finish())),
        ("texts", texts(&[&[Some("a"), None], &[Some("b")]])),
        ("score", Arc::new(Int32Array::from(vec![1, 2]))),
    ]);
    let rows = IncomingRows::of(&rows).unwrap();
    assert_eq!(rows.text_bytes(0), 1);
    let first = rows.row(0, "x.parquet", 0).unwrap();
    assert_eq!(first.files, [(1, PNG)]);
    assert!(first.document.images().all(|image| image.src.starts_with("xxh3:")));
    assert!(matches!(rows.row(1, "x.parquet", 1), Err(NotADocument::Lengths { .. })));
}

#[test]
fn a_file_in_another_layout_says_all_that_is_other() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let strings: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let other = batch(vec![("texts", strings), ("metadata", numbers)]);
    let Err(Error::NotInLayout(faults)) = incoming(&other.schema()) else { panic!("it is taken") };
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].contains("the column texts is Utf8, not a list of strings"), "{faults:?}");
    assert!(faults[1].contains("the column images is missing"), "{faults:?}");
    assert!(faults[2].contains("the column metadata is Int32, not a string"), "{faults:?}");
}
