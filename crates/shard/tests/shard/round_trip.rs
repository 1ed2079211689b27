//! What is written is what is read.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use obelisc_shard::{
    Error, ImageCell, ImageColumn, Limits, Row, RowFault, ShardWriter, check_footer, estimate, schema,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{PNG, document, row, write};

fn read(file: Vec<u8>) -> (ParquetRecordBatchReaderBuilder<Bytes>, Vec<RecordBatch>) {
    let file = Bytes::from(file);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    (builder, batches.map(Result::unwrap).collect())
}

/// The rows of a shard of embedded images.
fn rows(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
        for row in 0..batch.num_rows() {
            let images = batch.column(0).as_list::<i32>().value(row);
            let images = images.as_struct();
            let (bytes, paths) = (images.column(0).as_binary::<i32>(), images.column(1).as_string::<i32>());
            let cell = |at| ImageCell::Embedded { bytes: bytes.value(at).to_vec(), path: paths.value(at).to_owned() };
            let texts = batch.column(3).as_list::<i32>().value(row);
            rows.push(Row {
                images: (0..images.len()).map(|at| images.is_valid(at).then(|| cell(at))).collect(),
                metadata: text(1, row),
                general_metadata: text(2, row),
                texts: texts.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect(),
            });
        }
    }
    rows
}

#[test]
fn rows_come_back_with_their_nulls_in_place() {
    let written: Vec<_> = (0..5).map(row).collect();
    let (summary, file) = write(written.clone(), ImageColumn::Bytes, Limits::default());
    assert_eq!((summary.rows, summary.images, summary.texts), (5, 10, 10));
    assert_eq!(summary.bytes, file.len() as u64);
    let (builder, batches) = read(file);
    assert_eq!(builder.schema().as_ref(), &schema(ImageColumn::Bytes));
    check_footer(builder.metadata().file_metadata()).unwrap();
    let nulls = |row: &Row| row.images.iter().map(Option::is_none).collect::<Vec<_>>();
    assert_eq!(nulls(&rows(&batches)[3]), [true, false, false, true]);
    assert_eq!(rows(&batches), written);
}

#[test]
fn links_come_back_as_strings() {
    let (summary, file) = write([Row::linked(&document(1)).unwrap()], ImageColumn::Url, Limits::default());
    assert_eq!(summary.images, 2);
    let (builder, batches) = read(file);
    assert_eq!(builder.schema().as_ref(), &schema(ImageColumn::Url));
    let urls = batches[0].column(0).as_list::<i32>().value(0);
    let urls: Vec<_> = urls.as_string::<i32>().iter().collect();
    assert_eq!(urls, [None, Some("https://example.org/1/a.png"), Some("https://example.org/1/b.png"), None]);
}

#[test]
fn a_shard_without_rows_is_a_file_that_readers_open() {
    let (summary, file) = write([], ImageColumn::Bytes, Limits::default());
    assert_eq!((summary.rows, summary.row_groups), (0, 0));
    let (builder, batches) = read(file);
    assert!(batches.is_empty());
    check_footer(builder.metadata().file_metadata()).unwrap();
}

#[test]
fn metadata_is_parallel_to_the_lists() {
    let row = row(1);
    let metadata: Vec<Option<serde_json::Value>> = serde_json::from_str(&row.metadata).unwrap();
    let images: Vec<_> = row.images.iter().map(Option::is_some).collect();
    assert_eq!(metadata.iter().map(Option::is_some).collect::<Vec<_>>(), images);
    assert_eq!(metadata[1].as_ref().unwrap()["original_width"], 24);
    let general: serde_json::Value = serde_json::from_str(&row.general_metadata).unwrap();
    assert_eq!(general["url"], "https://example.org/1/");
}

#[test]
fn the_estimate_is_the_size_of_the_row() {
    assert_eq!(estimate(&document(7), ImageColumn::Bytes).unwrap(), row(7).uncompressed_bytes());
    let linked = Row::linked(&document(7)).unwrap();
    assert_eq!(estimate(&document(7), ImageColumn::Url).unwrap(), linked.uncompressed_bytes());
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let rows = || (0..50).map(row);
    let (summary, file) = write(rows(), ImageColumn::Bytes, Limits::default());
    let (again, same) = write(rows(), ImageColumn::Bytes, Limits::default());
    assert_eq!(file, same);
    assert_eq!(summary, again);
    let (other, _) = write((1..51).map(row), ImageColumn::Bytes, Limits::default());
    assert_ne!(summary.sha256, other.sha256);
}

#[test]
fn the_digest_is_that_of_the_file() {
    use sha2::{Digest, Sha256};
    let (summary, file) = write([row(0)], ImageColumn::Bytes, Limits::default());
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(summary.sha256, digest);
}

#[test]
fn an_image_that_cannot_be_read_ends_the_row() {
    let mut asked = 0;
    let result = Row::embedded(&document(0), |image| {
        asked += 1;
        if asked == 2 { Err(Error::NotAManifest(image.unformatted_src.clone())) } else { Ok(PNG.to_vec()) }
    });
    assert!(matches!(result, Err(Error::NotAManifest(name)) if name == "b.png"));
}

#[test]
fn rows_that_break_the_contract_are_refused_and_leave_no_trace() {
    let mut writer = ShardWriter::new(Vec::new(), ImageColumn::Bytes, Limits::default()).unwrap();
    let mut refuse = |row: Row| match writer.push(row).unwrap_err() {
        Error::Row { row: 0, fault } => fault,
        error => panic!("{error}"),
    };
    let mut unequal = row(0);
    unequal.texts.pop();
    assert_eq!(refuse(unequal), RowFault::UnequalLists { texts: 3, images: 4 });
    assert_eq!(refuse(Row::default()), RowFault::Empty);
    let mut blank = row(0);
    blank.texts[3] = Some(" \n".into());
    assert_eq!(refuse(blank), RowFault::BlankText(3));
    let mut both = row(0);
    both.texts[1] = Some("both".into());
    assert_eq!(refuse(both), RowFault::NotExactlyOne(1));
    let mut neither = row(0);
    neither.texts[0] = None;
    assert_eq!(refuse(neither), RowFault::NotExactlyOne(0));
    assert_eq!(refuse(Row::linked(&document(0)).unwrap()), RowFault::OtherImageColumn(1));
    let mut huge = row(0);
    huge.images[1] = Some(ImageCell::Embedded { bytes: vec![0; 2_000_000_000], path: String::new() });
    assert!(matches!(refuse(huge), RowFault::TooLarge(2_000_000_000..)));
    writer.push(row(0)).unwrap();
    let (_, file) = writer.finish().unwrap();
    assert_eq!(file, write([row(0)], ImageColumn::Bytes, Limits::default()).1);
}
