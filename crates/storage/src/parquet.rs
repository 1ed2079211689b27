//! Parquet files in a storage: how a stage writes and reads its tables.
//!
//! A file's bytes depend on its rows alone: no time, no host, no library version stands in it.

mod anyones;
mod range;

use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchReader as _};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
    RowSelection,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnPath;
use xxhash_rust::xxh3::Xxh3;

use crate::{Error, Object, Result, Storage, Upload};
use range::{Chosen, numbers};

pub use anyones::{AnyonesFile, RowGroup};

/// Rows after which a row group is closed.
const ROWS_PER_GROUP: usize = 65_536;
/// Bytes of a row group under construction after which it is closed, so that nested rows do not fill the memory.
const BYTES_PER_GROUP: usize = 32 << 20;

/// Bytes of a page, and of the dictionary before the pages: who wants one row reads no more than these of each column.
const BYTES_PER_PAGE: usize = 64 << 10;
/// Values after which a page's bytes are looked at: a text may have kilobytes.
const VALUES_PER_LOOK: usize = 64;

/// A table file as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// xxh3-128 of the file, hexadecimal.
    pub digest: String,
}

/// Writes one table file.
pub struct Writer {
    key: String,
    writer: ArrowWriter<Counted>,
    rows: u64,
}

/// An upload that digests what passes.
struct Counted {
    upload: Box<dyn Upload>,
    bytes: u64,
    digest: Xxh3,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.upload.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.upload.flush()
    }
}

/// Says what a Parquet error is: an I/O error of ours keeps its kind.
fn damaged(key: &str, error: ParquetError) -> Error {
    if let ParquetError::External(inner) = &error
        && let Some(source) = inner.downcast_ref::<io::Error>()
    {
        return Error::io("access", key, io::Error::new(source.kind(), source.to_string()));
    }
    Error::Damaged { key: key.to_owned(), detail: error.to_string() }
}

impl Writer {
    /// Begins the table file `key`.
    ///
    /// # Errors
    /// I/O errors.
    pub fn create(storage: &dyn Storage, key: &str, schema: SchemaRef) -> Result<Self> {
        Self::create_sorted(storage, key, schema, None)
    }

    /// Begins the table file `key`, whose rows will be sorted by a column: it says of each page which values of the column are there.
    ///
    /// # Errors
    /// I/O errors.
    pub fn create_sorted(storage: &dyn Storage, key: &str, schema: SchemaRef, sorted_by: Option<&str>) -> Result<Self> {
        let upload = Counted { upload: storage.create(key)?, bytes: 0, digest: Xxh3::new() };
        let mut properties = WriterProperties::builder()
            .set_created_by("obelisc".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_data_page_size_limit(BYTES_PER_PAGE)
            .set_dictionary_page_size_limit(BYTES_PER_PAGE)
            .set_write_batch_size(VALUES_PER_LOOK);
        for field in schema.fields() {
            // Hashes, identities and places: hardly two values are the same, and a dictionary of them is work for nothing.
            if matches!(field.data_type(), DataType::UInt64 | DataType::FixedSizeBinary(_)) {
                properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
            }
        }
        if let Some(column) = sorted_by {
            properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Page);
        }
        let properties = properties.build();
        let writer = ArrowWriter::try_new(upload, schema, Some(properties)).map_err(|error| damaged(key, error))?;
        Ok(Self { key: key.to_owned(), writer, rows: 0 })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// I/O errors, [`Error::Full`] among them.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| damaged(&self.key, error))?;
        if self.writer.in_progress_size() >= BYTES_PER_GROUP {
            self.writer.flush().map_err(|error| damaged(&self.key, error))?;
        }
        Ok(())
    }

    /// Ends the file; it appears now.
    ///
    /// # Errors
    /// I/O errors, [`Error::Full`] among them.
    pub fn finish(self) -> Result<Written> {
        let counted = self.writer.into_inner().map_err(|error| damaged(&self.key, error))?;
        counted.upload.finish()?;
        let digest = format!("{:032x}", counted.digest.digest128());
        Ok(Written { rows: self.rows, bytes: counted.bytes, digest })
    }
}

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its columns, with the schema's metadata.
    pub schema: SchemaRef,
    /// Rows of each row group, in order.
    pub group_rows: Vec<u64>,
}

impl Layout {
    /// Reads a file's footer and nothing else.
    ///
    /// # Errors
    /// [`Error::NotFound`], I/O errors and [`Error::Damaged`].
    pub fn read(storage: &dyn Storage, key: &str) -> Result<Self> {
        let builder = Builder::try_new(Chunks(storage.open(key)?)).map_err(|error| damaged(key, error))?;
        let groups = builder.metadata().row_groups().iter();
        let group_rows = groups.map(|group| group.num_rows().try_into().unwrap_or_default()).collect();
        Ok(Self { schema: builder.schema().clone(), group_rows })
    }
}

/// Least and greatest values of a column in each row group, and the number of rows without one; null where the file does not say.
pub type ColumnRange = [ArrayRef; 3];

/// A Parquet file of anybody's of which the footer was read: what it says of the row groups helps to choose.
pub struct Opened {
    key: String,
    /// The columns.
    pub schema: SchemaRef,
    /// Rows of each row group.
    pub rows: Vec<u64>,
    builder: Builder,
}

impl Opened {
    /// Reads the footer of a file; `key` is what errors call it.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn new(object: Box<dyn Object>, key: &str) -> Result<Self> {
        let builder = Builder::try_new(Chunks(object)).map_err(|error| damaged(key, error))?;
        let groups = builder.metadata().row_groups().iter();
        let rows = groups.map(|group| group.num_rows().try_into().unwrap_or_default()).collect();
        Ok(Self { key: key.to_owned(), schema: Arc::clone(builder.schema()), rows, builder })
    }

    /// What is known of a column; `None` where nothing is.
    pub fn range(&self, column: &str) -> Option<ColumnRange> {
        let metadata = self.builder.metadata();
        let told = StatisticsConverter::try_new(column, &self.schema, metadata.file_metadata().schema_descr()).ok()?;
        let groups = metadata.row_groups();
        let nulls: ArrayRef = Arc::new(told.row_group_null_counts(groups).ok()?);
        Some([told.row_group_mins(groups).ok()?, told.row_group_maxes(groups).ok()?, nulls])
    }

    /// Reads `columns` of those rows of which `wanted` says so when it sees the columns `looked_at`.  Row groups that `may_hold` says no to are not read, nor are
    /// pages without a wanted row where the file has an index of them.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn choose(
        self,
        batch_rows: usize,
        [columns, looked_at]: [&[&str]; 2],
        may_hold: &[bool],
        wanted: impl FnMut(RecordBatch) -> std::result::Result<BooleanArray, ArrowError> + Send + 'static,
    ) -> Result<Reader> {
        let Self { key, schema, builder, .. } = self;
        let groups = may_hold.iter().enumerate().filter(|(_, may)| **may).map(|(group, _)| group).collect();
        let mask = |names: &[&str]| {
            let fields = schema.fields().iter().enumerate();
            let named = fields.filter(|(_, field)| names.contains(&field.name().as_str())).map(|(index, _)| index);
            ProjectionMask::roots(builder.parquet_schema(), named)
        };
        let (projected, looked_at) = (mask(columns), mask(looked_at));
        let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(looked_at, wanted))]);
        let builder = builder.with_batch_size(batch_rows).with_row_groups(groups);
        let reader = builder.with_projection(projected).with_row_filter(filter).build();
        let reader = reader.map_err(|error| damaged(&key, error))?;
        Ok(Reader { key, schema: reader.schema(), reader })
    }
}

/// The batches of one table file.
pub struct Reader {
    key: String,
    /// With the file's metadata, which the batches come without.
    schema: SchemaRef,
    reader: ParquetRecordBatchReader,
}

impl Reader {
    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Opens the table file `key` for reading in batches of at most `batch_rows` rows.
    ///
    /// # Errors
    /// [`Error::NotFound`], I/O errors and [`Error::Damaged`].
    pub fn open(storage: &dyn Storage, key: &str, batch_rows: usize) -> Result<Self> {
        Self::open_from(storage, key, batch_rows, 0)
    }

    /// Opens a table file at row `first`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_from(storage: &dyn Storage, key: &str, batch_rows: usize, first: u64) -> Result<Self> {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let builder = Builder::try_new(Chunks(storage.open(key)?)).map_err(|error| damaged(key, error))?;
        Self::of(builder.with_offset(first), key, batch_rows)
    }

    /// Opens an object that is a Parquet file of anybody's, for those of these columns that it has: others, as those of
    /// images, are not read.  `key` is what errors call it.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn open_columns(object: Box<dyn Object>, key: &str, batch_rows: usize, columns: &[&str]) -> Result<Self> {
        let failed = |error| damaged(key, error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(Chunks(object)).map_err(failed)?;
        let fields = builder.schema().fields().iter().enumerate();
        let wanted = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(index, _)| index);
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
        let reader = builder.with_projection(mask).with_batch_size(batch_rows).build().map_err(failed)?;
        Ok(Self { key: key.to_owned(), schema: reader.schema(), reader })
    }

    /// Opens the column `column`, alone, of those pages of a table file that may hold values of it in `range`.  The rows still need to be looked at.
    ///
    /// A value counts as a number: unsigned ones as they are, of keys the first eight bytes, the highest first.  `key` is what errors call the file.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn open_range_of(
        object: Box<dyn Object>,
        key: &str,
        batch_rows: usize,
        column: &str,
        range: &RangeInclusive<u64>,
    ) -> Result<Self> {
        let builder = Self::in_part(object, key, column, range)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
        Self::of(builder.with_projection(mask), key, batch_rows)
    }

    /// Opens those rows of a table file whose column `column` holds a value in `range`, as [`open_range_of`](Self::open_range_of) counts it, that is `wanted`.
    /// Of a file sorted by the column pages without any are not read.
    ///
    /// # Errors
    /// As [`open_range_of`](Self::open_range_of).
    pub fn open_wanted(
        object: Box<dyn Object>,
        key: &str,
        batch_rows: usize,
        column: &str,
        range: &RangeInclusive<u64>,
        wanted: impl Fn(u64) -> bool + Send + 'static,
    ) -> Result<Self> {
        let builder = Self::in_part(object, key, column, range)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
        let inside = range.clone();
        let predicate = ArrowPredicateFn::new(mask, move |batch| {
            let unsuitable = || ArrowError::SchemaError("unsigned numbers or keys are wanted".to_owned());
            let values = numbers(batch.column(0)).ok_or_else(unsuitable)?.into_iter();
            let is_wanted = |value: Option<u64>| value.is_some_and(|value| inside.contains(&value) && wanted(value));
            Ok(values.map(|value| Some(is_wanted(value))).collect())
        });
        Self::of(builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)])), key, batch_rows)
    }

    /// Opens a table file for these of its rows, in rising order; numbers behind its end are passed over.  Pages
    /// without any of them are not read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_rows(storage: &dyn Storage, key: &str, batch_rows: usize, rows: &[u32]) -> Result<Self> {
        let failed = |error| damaged(key, error);
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let object = Chunks(storage.open(key)?);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(object, options).map_err(failed)?;
        let (mut first, mut kept, mut rest) = (0_usize, 0_usize, rows);
        let (mut groups, mut ranges): (Vec<usize>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        for (index, group) in builder.metadata().row_groups().iter().enumerate() {
            let count = usize::try_from(group.num_rows()).unwrap_or_default();
            let at = |row: &u32| usize::try_from(*row).unwrap_or(usize::MAX);
            let (own, behind) = rest.split_at(rest.partition_point(|row| at(row) < first + count));
            if !own.is_empty() {
                groups.push(index);
                ranges.extend(own.iter().map(|row| at(row) - first + kept).map(|row| row..row + 1));
                kept += count;
            }
            (first, rest) = (first + count, behind);
        }
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), kept);
        let builder = builder.with_batch_size(batch_rows).with_row_groups(groups).with_row_selection(selection);
        let schema = builder.schema().clone();
        Ok(Self { key: key.to_owned(), schema, reader: builder.build().map_err(failed)? })
    }

    /// The pages of a file that may hold values of a column in a range.
    fn in_part(object: Box<dyn Object>, key: &str, column: &str, range: &RangeInclusive<u64>) -> Result<Builder> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let builder = Builder::try_new_with_options(Chunks(object), options).map_err(|error| damaged(key, error))?;
        let Chosen { groups, rows } = Chosen::new(&builder, column, range);
        let builder = builder.with_row_groups(groups);
        Ok(match rows {
            Some(rows) => builder.with_row_selection(rows),
            None => builder,
        })
    }

    fn of(builder: Builder, key: &str, batch_rows: usize) -> Result<Self> {
        let metadata = builder.schema().metadata().clone();
        let reader = builder.with_batch_size(batch_rows).build().map_err(|error| damaged(key, error))?;
        let schema = reader.schema().as_ref().clone().with_metadata(metadata);
        Ok(Self { key: key.to_owned(), schema: Arc::new(schema), reader })
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?.and_then(|batch| batch.with_schema(self.schema.clone()));
        Some(batch.map_err(|error| match error {
            ArrowError::IoError(_, source) => Error::io("read", &self.key, source),
            other => Error::Damaged { key: self.key.clone(), detail: other.to_string() },
        }))
    }
}

type Builder = ParquetRecordBatchReaderBuilder<Chunks>;

/// An object that Parquet's reader asks for ranges, each through a reader of its own.
struct Chunks(Box<dyn Object>);

impl Chunks {
    fn at(&self, start: u64) -> io::Result<Box<dyn Object>> {
        let mut object = self.0.reopen()?;
        object.seek(SeekFrom::Start(start))?;
        Ok(object)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Box<dyn Object>>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(self.at(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.0.read_range(start, length)?)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::UInt32Type;
    use arrow_array::{ArrayRef, UInt32Array};

    use super::*;
    use crate::LocalFolder;

    fn numbers(range: std::ops::Range<u32>) -> RecordBatch {
        let column: ArrayRef = Arc::new(UInt32Array::from_iter_values(range));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    #[test]
    fn equal_rows_are_equal_bytes_and_read_back() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let write = |key: &str| {
            let mut writer = Writer::create(&folder, key, numbers(0..1).schema()).unwrap();
            writer.write(&numbers(0..200_000)).unwrap();
            writer.finish().unwrap()
        };
        let written = write("a");
        assert_eq!(written, write("b"));
        assert_eq!(written.rows, 200_000);
        let rows: usize = Reader::open(&folder, "a", 1000).unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 200_000);
    }

    #[test]
    fn a_layout_tells_columns_and_row_groups() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let mut writer = Writer::create(&folder, "a", numbers(0..1).schema()).unwrap();
        writer.write(&numbers(0..100_000)).unwrap();
        writer.finish().unwrap();
        let layout = Layout::read(&folder, "a").unwrap();
        assert_eq!(layout.schema.fields(), numbers(0..1).schema().fields());
        assert_eq!(layout.group_rows, [ROWS_PER_GROUP as u64, 100_000 - ROWS_PER_GROUP as u64]);
        assert!(matches!(Layout::read(&folder, "b"), Err(Error::NotFound { .. })));
    }

    #[test]
    fn single_rows_are_read_and_pages_without_them_are_not() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let mut writer = Writer::create(&folder, "a", numbers(0..1).schema()).unwrap();
        writer.write(&numbers(0..200_000)).unwrap();
        writer.finish().unwrap();
        let read = |rows: &[u32]| -> Vec<u32> {
            let batches = Reader::open_rows(&folder, "a", 7, rows).unwrap().map(|batch| batch.unwrap());
            let column = |batch: RecordBatch| batch["n"].as_primitive::<UInt32Type>().values().to_vec();
            batches.flat_map(column).collect()
        };
        let rows = [0, 1, 65_535, 65_536, 131_071, 140_000, 199_999];
        assert_eq!(read(&rows), rows);
        let every = (0..200_000).step_by(999).collect::<Vec<_>>();
        assert_eq!(read(&every), every);
        assert_eq!(read(&[199_998, 200_000, u32::MAX]), [199_998]);
        assert!(read(&[]).is_empty());
        // Where the pages in between are no pages, nobody notices.
        let path = temporary.path().join("a");
        let mut bytes = std::fs::read(&path).unwrap();
        let third = bytes.len() / 3;
        bytes[third..2 * third].fill(0);
        std::fs::write(&path, bytes).unwrap();
        assert!(Reader::open(&folder, "a", 1000).unwrap().any(|batch| batch.is_err()));
        assert_eq!(read(&[3, 199_999]), [3, 199_999]);
    }

    #[test]
    fn columns_that_are_not_asked_for_are_not_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let column = |range| -> ArrayRef { Arc::new(UInt32Array::from_iter_values(range)) };
        let batch = RecordBatch::try_from_iter([("n", column(0..9)), ("m", column(9..18))]).unwrap();
        let mut writer = Writer::create(&folder, "a", batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let open = |columns: &[&str]| Reader::open_columns(folder.open("a").unwrap(), "a", 9, columns).unwrap();
        let read = open(&["absent", "m"]).next().unwrap().unwrap();
        assert_eq!((read.num_columns(), read.num_rows()), (1, 9));
        assert_eq!(&read["m"], &batch["m"]);
        assert_eq!(open(&[]).next().unwrap().unwrap().num_columns(), 0);
    }

    #[test]
    fn a_file_that_is_no_parquet_is_damaged() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        folder.publish("a", b"not a table at all").unwrap();
        assert!(matches!(Reader::open(&folder, "a", 10), Err(Error::Damaged { .. })));
    }
}
