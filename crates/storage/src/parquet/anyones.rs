//! Parquet files that others wrote: read row group by row group, by the types that Parquet itself has.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatchReader as _;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::Compression;
use parquet::file::metadata::PageIndexPolicy;

use super::{Builder, Chunks, Reader, damaged};
use crate::{Error, Object, Result};

/// A Parquet file of anybody's.
///
/// What its writer's Arrow schema says is passed over: strings, binaries and lists have 32-bit offsets here, whatever they had there.
pub struct AnyonesFile {
    key: String,
    object: Watched,
    metadata: ArrowReaderMetadata,
}

/// A row group of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowGroup {
    /// Its first row.
    pub first: u64,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its rows, uncompressed, as the file says.
    pub bytes: u64,
}

impl RowGroup {
    /// Rows of which about so many bytes are read at once; one at least.
    pub fn rows_in(&self, bytes: u64) -> usize {
        let row = (self.bytes / self.rows.max(1)).max(1);
        usize::try_from((bytes / row).clamp(1, 1024)).unwrap_or(1)
    }
}

impl AnyonesFile {
    /// Reads the footer of a file, and where its pages lie; `key` is what errors call it.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn open(object: Box<dyn Object>, key: &str) -> Result<Self> {
        let object = Watched { object, failed: Arc::default() };
        let options = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_offset_index_policy(PageIndexPolicy::Optional);
        let loaded = object
            .reopen()
            .and_then(|again| ArrowReaderMetadata::load(&Chunks(again), options).map_err(|error| damaged(key, error)));
        let metadata = loaded.map_err(|error| object.really(key, error))?;
        let mut chunks = metadata.metadata().row_groups().iter().flat_map(|group| group.columns());
        if let Some(other) = chunks.find_map(|chunk| (!is_read(chunk.compression())).then(|| chunk.compression())) {
            let detail = format!("its columns are compressed with {other}; read are Snappy, gzip, LZ4 and Zstandard");
            return Err(Error::Damaged { key: key.to_owned(), detail });
        }
        Ok(Self { key: key.to_owned(), object, metadata })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// The row groups, in order.
    pub fn groups(&self) -> Vec<RowGroup> {
        let mut first = 0;
        let groups = self.metadata.metadata().row_groups().iter().map(|group| {
            let rows = group.num_rows().try_into().unwrap_or_default();
            let own = RowGroup { first, rows, bytes: group.total_byte_size().try_into().unwrap_or_default() };
            first += rows;
            own
        });
        groups.collect()
    }

    /// Opens the rows of a row group, of these columns.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn group(&self, index: usize, columns: &[&str], batch_rows: usize) -> Result<Reader> {
        self.build(columns, batch_rows, |builder| builder.with_row_groups(vec![index]))
    }

    /// Opens these rows of a row group, counted from its first and in rising order.
    ///
    /// # Errors
    /// I/O errors and [`Error::Damaged`].
    pub fn rows(&self, index: usize, rows: &[u64], columns: &[&str], batch_rows: usize) -> Result<Reader> {
        let count = self.groups().get(index).map_or(0, |group| usize::try_from(group.rows).unwrap_or(usize::MAX));
        let at = rows.iter().map(|row| usize::try_from(*row).unwrap_or(usize::MAX)).filter(|row| *row < count);
        let selection = RowSelection::from_consecutive_ranges(at.map(|row| row..row + 1), count);
        self.build(columns, batch_rows, |builder| builder.with_row_groups(vec![index]).with_row_selection(selection))
    }

    /// What an error of a [`Reader`] of this file really is: where the file could not be read it is no damage.
    pub fn really(&self, error: Error) -> Error {
        self.object.really(&self.key, error)
    }

    fn build(&self, columns: &[&str], batch_rows: usize, changed: impl FnOnce(Builder) -> Builder) -> Result<Reader> {
        let chunks = Chunks(self.object.reopen()?);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, self.metadata.clone());
        let fields = builder.schema().fields().iter().enumerate();
        let wanted = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(index, _)| index);
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
        let reader = changed(builder.with_projection(mask).with_batch_size(batch_rows)).build();
        let reader = reader.map_err(|error| self.really(damaged(&self.key, error)))?;
        Ok(Reader { key: self.key.clone(), schema: reader.schema(), reader })
    }
}

/// Whether a compression is one that is built in.
const fn is_read(compression: Compression) -> bool {
    use Compression::{GZIP, LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(compression, UNCOMPRESSED | SNAPPY | GZIP(_) | LZ4 | LZ4_RAW | ZSTD(_))
}

/// An object that remembers what it could not read: Parquet's reader says of that what it says of damage.
struct Watched {
    object: Box<dyn Object>,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Watched {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            // Whoever asks behind the end was told so by a damaged file.
            && !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput)
        {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(copy);
        }
        result
    }

    fn really(&self, key: &str, error: Error) -> Error {
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(source) => Error::io("read", key, source),
            None => error,
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.object.read(buffer);
        self.note(read)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = self.object.seek(to);
        self.note(place)
    }
}

impl Object for Watched {
    fn size(&self) -> u64 {
        self.object.size()
    }

    fn reopen(&self) -> Result<Box<dyn Object>> {
        Ok(Box::new(Self { object: self.object.reopen()?, failed: Arc::clone(&self.failed) }))
    }

    fn read_range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        self.note(self.object.read_range(start, length))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::{ArrayRef, LargeStringArray, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{BrotliLevel, GzipLevel};
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::parquet::Writer;
    use crate::{LocalFolder, Storage as _};

    fn file(folder: &LocalFolder) -> AnyonesFile {
        let column: ArrayRef = Arc::new(LargeStringArray::from_iter_values((0..100).map(|n| format!("row {n}"))));
        let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let mut writer = Writer::create(folder, "a.parquet", batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        AnyonesFile::open(folder.open("a.parquet").unwrap(), "a.parquet").unwrap()
    }

    #[test]
    fn wide_columns_are_read_as_narrow_ones() {
        let temporary = tempfile::tempdir().unwrap();
        let file = file(&LocalFolder::create(temporary.path()).unwrap());
        let group = file.groups()[0];
        assert_eq!((group.first, group.rows), (0, 100));
        let batches: Vec<RecordBatch> = file.group(0, &["text"], 64).unwrap().map(Result::unwrap).collect();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [64, 36]);
        assert_eq!(batches[1].column(0).as_string::<i32>().value(0), "row 64");
        let some = file.rows(0, &[3, 99, 100], &["text"], 8).unwrap().next().unwrap().unwrap();
        let some: Vec<_> = some.column(0).as_string::<i32>().iter().map(Option::unwrap).collect();
        assert_eq!(some, ["row 3", "row 99"]);
    }

    #[test]
    fn what_others_compress_is_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let column: ArrayRef = Arc::new(LargeStringArray::from_iter_values((0..100).map(|n| format!("row {n}"))));
        let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let ours =
            [Compression::SNAPPY, Compression::GZIP(GzipLevel::default()), Compression::LZ4_RAW, Compression::LZ4];
        for compression in ours.into_iter().chain([Compression::UNCOMPRESSED]) {
            let properties = WriterProperties::builder().set_compression(compression).build();
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            folder.write("c.parquet", &writer.into_inner().unwrap()).unwrap();
            let file = AnyonesFile::open(folder.open("c.parquet").unwrap(), "c.parquet").unwrap();
            let rows: usize = file.group(0, &["text"], 64).unwrap().map(|batch| batch.unwrap().num_rows()).sum();
            assert_eq!(rows, 100, "{compression}");
        }
        assert!(!is_read(Compression::BROTLI(BrotliLevel::default())) && !is_read(Compression::LZO));
    }

    #[test]
    fn what_is_no_parquet_is_damage_and_no_failure_to_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        for bytes in [&b"PAR1 and nothing else"[..], b"", b"PAR1\xff\xff\xff\x7fPAR1"] {
            folder.write("b.parquet", bytes).unwrap();
            let error = AnyonesFile::open(folder.open("b.parquet").unwrap(), "b.parquet").err().unwrap();
            assert!(matches!(error, Error::Damaged { .. }), "{error}");
        }
    }

    #[test]
    fn rows_that_are_read_at_once_follow_their_size() {
        let group = |rows, bytes| RowGroup { first: 0, rows, bytes };
        assert_eq!(group(10, 1000).rows_in(1000), 10);
        assert_eq!(group(10, 1 << 40).rows_in(1 << 20), 1);
        assert_eq!(group(0, 0).rows_in(1 << 20), 1024);
    }
}
