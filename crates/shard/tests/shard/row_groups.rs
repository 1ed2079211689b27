//! How a shard is laid out: row groups, pages, encodings.

use bytes::Bytes;
use obelisc_shard::{Error, GroupEncoder, ImageColumn, Limits, Row, ShardOfGroups};
use parquet::basic::{Compression, Encoding, PageType};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

use crate::{document, large_row, row, write};

fn footer(file: &[u8]) -> ParquetMetaData {
    ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .parse_and_finish(&Bytes::copy_from_slice(file))
        .unwrap()
}

fn rows_per_group(file: &[u8]) -> Vec<i64> {
    footer(file).row_groups().iter().map(|group| group.num_rows()).collect()
}

#[test]
fn a_row_group_is_closed_at_its_most_rows() {
    let limits = Limits { max_row_group_rows: 4, ..Limits::default() };
    let (summary, file) = write((0..10).map(row), ImageColumn::Bytes, limits);
    assert_eq!(rows_per_group(&file), [4, 4, 2]);
    assert_eq!(summary.row_groups, 3);
}

#[test]
fn a_row_group_is_closed_before_it_passes_its_most_bytes() {
    let each = row(0).uncompressed_bytes();
    let limits = Limits { max_row_group_bytes: 3 * each, ..Limits::default() };
    let (_, file) = write((0..9).map(row), ImageColumn::Bytes, limits);
    assert_eq!(rows_per_group(&file), [3, 3, 3]);
    let limits = Limits { max_row_group_bytes: 3 * each - 1, ..Limits::default() };
    let (_, file) = write((0..9).map(row), ImageColumn::Bytes, limits);
    assert_eq!(rows_per_group(&file), [2, 2, 2, 2, 1]);
}

#[test]
fn a_row_that_is_too_large_stands_alone() {
    let limits = Limits { max_row_group_bytes: 50_000, ..Limits::default() };
    let rows = [row(0), row(1), large_row(200_000), row(2), row(3)];
    let (_, file) = write(rows, ImageColumn::Bytes, limits);
    assert_eq!(rows_per_group(&file), [2, 1, 2]);
    assert!(footer(&file).row_group(1).total_byte_size() > 200_000);
}

#[test]
fn the_size_that_is_counted_is_never_less_than_what_parquet_counts() {
    let small = Row {
        texts: vec![Some("a".into())],
        images: vec![None],
        metadata: "[null]".into(),
        general_metadata: "{}".into(),
    };
    let many = {
        let mut many = small.clone();
        many.texts = vec![Some("a".into()); 5000];
        many.images = vec![None; 5000];
        many
    };
    for (rows, limit) in [
        (vec![small; 3000], 20_000),
        (vec![many; 8], 300_000),
        ((0..3000).map(row).collect(), 40_000),
        (vec![large_row(3_000_000); 6], 7_000_000),
    ] {
        let limits = Limits { max_row_group_bytes: limit, ..Limits::default() };
        let (_, file) = write(rows, ImageColumn::Bytes, limits);
        let groups = footer(&file);
        assert!(groups.num_row_groups() > 1);
        assert!(groups.row_group(0).num_rows() > 1, "{limit}: the limit was chosen to hold several rows");
        for group in groups.row_groups() {
            assert!(group.total_byte_size() as u64 <= limit, "{} > {limit}", group.total_byte_size());
        }
    }
}

#[test]
fn every_column_chunk_has_an_offset_index_whose_pages_begin_at_rows() {
    let limits = Limits { max_row_group_rows: 250, ..Limits::default() };
    let (_, file) = write((0..600).map(row), ImageColumn::Bytes, limits);
    let footer = footer(&file);
    for group in footer.row_groups() {
        assert!(group.columns().iter().all(|column| column.offset_index_offset().is_some()));
    }
    let index = footer.offset_index().unwrap();
    assert_eq!(index.len(), 3);
    for column in &index[0] {
        let firsts: Vec<_> = column.page_locations().iter().map(|page| page.first_row_index).collect();
        assert_eq!(firsts, [0, 100, 200], "a page ends at 100 rows");
    }
}

#[test]
fn texts_of_a_document_have_a_column_index_whose_bounds_are_short() {
    let first = |footer: &ParquetMetaData, column: usize| match &footer.column_index().unwrap()[0][column] {
        ColumnIndexMetaData::BYTE_ARRAY(index) => index.clone(),
        other => panic!("{other:?}"),
    };
    for (images, leaves) in [(ImageColumn::Bytes, 2), (ImageColumn::Url, 1)] {
        let row =
            |number| if images == ImageColumn::Url { Row::linked(&document(number)).unwrap() } else { row(number) };
        let rows: Vec<Row> = (0..250).map(row).collect();
        let (_, file) = write(rows.clone(), images, Limits::default());
        let footer = footer(&file);
        for column in footer.row_group(0).columns() {
            let path = column.column_path().string();
            let is_indexed = ["metadata", "general_metadata"].contains(&path.as_str());
            assert_eq!(column.column_index_offset().is_some(), is_indexed, "{path}");
            assert_eq!(column.statistics().is_some(), is_indexed, "{path}");
        }
        let value = |row: &Row, column| if column == 0 { row.metadata.clone() } else { row.general_metadata.clone() };
        for column in 0..2 {
            let index = first(&footer, leaves + column);
            assert_eq!(index.num_pages(), 3);
            for (page, rows) in rows.chunks(100).enumerate() {
                assert!(!index.is_null_page(page));
                let (low, high) = (index.min_value(page).unwrap(), index.max_value(page).unwrap());
                assert!(low.len() <= 64 && high.len() <= 64, "{low:?} {high:?}");
                assert!(rows.iter().all(|row| value(row, column).len() > 64), "the values are longer");
                assert!(rows.iter().all(|row| low <= value(row, column).as_bytes()), "page {page}: {low:?}");
                assert!(rows.iter().all(|row| value(row, column).as_bytes() <= high), "page {page}: {high:?}");
            }
        }
    }
}

#[test]
fn no_page_that_holds_texts_is_marked_as_all_null() {
    // One null among the texts of each row: as many nulls as rows.
    let row = |number| {
        let mut row = row(number);
        row.texts.truncate(2);
        row.images.truncate(2);
        row.metadata = "[null,{}]".into();
        row
    };
    let (_, file) = write((0..250).map(row), ImageColumn::Bytes, Limits::default());
    let footer = footer(&file);
    for (column, index) in footer.row_group(0).columns().iter().zip(&footer.column_index().unwrap()[0]) {
        // A list may go without.
        let marked = !matches!(index, ColumnIndexMetaData::NONE) && (0..3).any(|page| index.is_null_page(page));
        assert!(!marked, "{}", column.column_path());
    }
}

#[test]
fn image_bytes_are_plain_and_neither_compressed_nor_in_a_dictionary() {
    let (_, file) = write((0..300).map(row), ImageColumn::Bytes, Limits::default());
    let footer = footer(&file);
    for column in footer.row_group(0).columns() {
        let path = column.column_path().string();
        assert_eq!(column.dictionary_page_offset(), None, "{path}");
        let compressed = column.compression() != Compression::UNCOMPRESSED;
        assert_eq!(compressed, path != "images.list.element.bytes", "{path}");
        if compressed {
            assert!(matches!(column.compression(), Compression::ZSTD(_)), "{path}");
        } else {
            assert_eq!(column.compressed_size(), column.uncompressed_size());
            assert!(column.encodings().all(|encoding| matches!(encoding, Encoding::PLAIN | Encoding::RLE)));
        }
    }
    let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
    let mut pages = reader.get_row_group(0).unwrap().get_column_page_reader(0).unwrap();
    while let Some(page) = pages.get_next_page().unwrap() {
        assert_eq!((page.page_type(), page.encoding()), (PageType::DATA_PAGE, Encoding::PLAIN));
    }
}

#[test]
fn the_file_names_no_library_version() {
    let (_, file) = write([Row::linked(&document(0)).unwrap()], ImageColumn::Url, Limits::default());
    assert_eq!(footer(&file).file_metadata().created_by(), Some("obelisc shard 1"));
}

#[test]
fn row_groups_that_were_encoded_apart_are_the_same_file() {
    for images in [ImageColumn::Bytes, ImageColumn::Url] {
        let rows = |range: std::ops::Range<u64>| -> Vec<Row> {
            let of = |number| {
                if images == ImageColumn::Bytes { row(number) } else { Row::linked(&document(number)).unwrap() }
            };
            range.map(of).collect()
        };
        let limits = Limits { max_row_group_rows: 250, ..Limits::default() };
        let (summary, file) = write(rows(0..400), images, limits);
        let encoder = GroupEncoder::new(images).unwrap();
        let mut shard = ShardOfGroups::new(Vec::new(), images).unwrap();
        let groups: Vec<_> = [250..400, 0..250].map(|range| encoder.encode(rows(range)).unwrap()).into();
        groups.into_iter().rev().for_each(|group| shard.append(group).unwrap());
        let (of_groups, same) = shard.finish().unwrap();
        assert_eq!(of_groups, summary);
        assert!(same == file);
    }
    let broken = Row { texts: vec![None], images: vec![None], ..row(0) };
    let error = GroupEncoder::new(ImageColumn::Bytes).unwrap().encode(vec![row(0), broken]).unwrap_err();
    assert!(matches!(error, Error::Row { row: 1, .. }));
}
