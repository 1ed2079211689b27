//! Rows → one Parquet file.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use serde::{Deserialize, Serialize};

use crate::sink::HashingSink;
use crate::{Error, ImageColumn, Result, Row, check_schema, columns, schema};

/// Written into every file instead of the Parquet library's name and version, which would make the same rows differ
/// after an update that changes nothing else.  The number is that of our file layout.
const CREATED_BY: &str = "obelisc shard 1";

/// Most rows on one page: bounds what a reader of one row must decode.
const PAGE_ROWS: usize = 100;

/// Most bytes of a minimum or maximum.
const MAX_BOUND_BYTES: usize = 64;

/// When a row group is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a row group, uncompressed; a larger single row stands alone.
    pub max_row_group_bytes: u64,
    /// Most rows of a row group.
    pub max_row_group_rows: u64,
}

impl Limits {
    /// Row groups are closed by [`ShardWriter::end_group`] alone.
    pub const NONE: Self = Self { max_row_group_bytes: u64::MAX, max_row_group_rows: u64::MAX };
}

impl Default for Limits {
    /// 100 MB and 1,000 rows: what `datasets` writes and its viewer can scan.
    fn default() -> Self {
        Self { max_row_group_bytes: 100_000_000, max_row_group_rows: 1000 }
    }
}

/// What a shard turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// Rows.
    pub rows: u64,
    /// Images in them.
    pub images: u64,
    /// Texts in them.
    pub texts: u64,
    /// Size of the file, in bytes.
    pub bytes: u64,
    /// Sum of [`Row::uncompressed_bytes`].
    pub uncompressed_bytes: u64,
    /// Row groups.
    pub row_groups: u64,
    /// sha256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Writes one shard.
///
/// Holds at most one row group, encoded, and the row being added: Parquet stores a row group column by column, and
/// the sink cannot go back.  The bytes of the file depend on the rows, the [`ImageColumn`] and the [`Limits`] alone.
pub struct ShardWriter<W: Write + Send> {
    writer: ArrowWriter<HashingSink<W>>,
    schema: SchemaRef,
    images: ImageColumn,
    limits: Limits,
    group_bytes: u64,
    group_rows: u64,
    summary: ShardSummary,
}

impl<W: Write + Send> fmt::Debug for ShardWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardWriter").field("images", &self.images).field("summary", &self.summary).finish()
    }
}

impl<W: Write + Send> ShardWriter<W> {
    /// Begins a shard.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(sink: W, images: ImageColumn, limits: Limits) -> Result<Self> {
        let schema = Arc::new(schema(images));
        check_schema(&schema).map_err(Error::Schema)?;
        let writer = ArrowWriter::try_new(HashingSink::new(sink), Arc::clone(&schema), Some(properties(images)?))?;
        Ok(Self { writer, schema, images, limits, group_bytes: 0, group_rows: 0, summary: ShardSummary::default() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::Row`] for a row that breaks the contract (nothing is written of it), and what the sink says.
    pub fn push(&mut self, row: Row) -> Result<()> {
        columns::check(&row, self.images).map_err(|fault| Error::Row { row: self.summary.rows, fault })?;
        let bytes = row.uncompressed_bytes();
        let full = self.group_rows >= self.limits.max_row_group_rows
            || self.group_bytes.saturating_add(bytes) > self.limits.max_row_group_bytes;
        if full && self.group_rows > 0 {
            self.close_group()?;
        }
        let batch = columns::batch(&row, self.images, Arc::clone(&self.schema))?;
        self.summary.images += row.images.iter().flatten().count() as u64;
        self.summary.texts += row.texts.iter().flatten().count() as u64;
        // The batch holds copies: the row's own buffers go before the encoder copies once more.
        drop(row);
        self.writer.write(&batch)?;
        self.group_bytes += bytes;
        self.group_rows += 1;
        self.summary.rows += 1;
        self.summary.uncompressed_bytes += bytes;
        Ok(())
    }

    /// Ends the row group before it is full, so that the next row begins another one.
    ///
    /// # Errors
    /// What the sink says.
    pub fn end_group(&mut self) -> Result<()> {
        if self.group_rows > 0 { self.close_group() } else { Ok(()) }
    }

    /// What was written so far; `bytes` and `sha256` are known only at the end.
    pub fn summary(&self) -> &ShardSummary {
        &self.summary
    }

    /// Ends the file; gives back what it is and the sink.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(mut self) -> Result<(ShardSummary, W)> {
        self.end_group()?;
        let (sink, bytes, sha256) = self.writer.into_inner()?.into_parts();
        Ok((ShardSummary { bytes, sha256, ..self.summary }, sink))
    }

    fn close_group(&mut self) -> Result<()> {
        self.writer.flush()?;
        self.summary.row_groups += 1;
        self.group_bytes = 0;
        self.group_rows = 0;
        Ok(())
    }
}

/// Name of shard `index` of `count` in the dataset folder: `data/train-00000-of-00012.parquet`.
pub fn shard_name(split: &str, index: u32, count: u32) -> String {
    format!("data/{split}-{index:05}-of-{count:05}.parquet")
}

pub(crate) fn properties(images: ImageColumn) -> Result<WriterProperties> {
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        // Texts hardly ever repeat: a dictionary would be given up anyway, after a megabyte.
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_data_page_row_count_limit(PAGE_ROWS)
        // Row groups are closed by ShardWriter, before they grow too large instead of after.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        // The offset index is written for every column; a column index, minima and maxima of pages, where said below.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_statistics_truncate_length(Some(MAX_BOUND_BYTES))
        .set_column_index_truncate_length(Some(MAX_BOUND_BYTES))
        .set_offset_index_disabled(false);
    // Not for lists: the encoder compares the nulls of a page with its rows, so that a page of lists with as many nulls
    // among their entries as there are rows would be marked as all null, and readers would pass it over.
    for name in ["metadata", "general_metadata"] {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Page);
    }
    if images == ImageColumn::Bytes {
        let bytes = ColumnPath::from(["images", "list", "element", "bytes"].map(str::to_owned).to_vec());
        // JPEG, PNG and WebP are compressed already.
        properties = properties.set_column_compression(bytes, Compression::UNCOMPRESSED);
    }
    Ok(properties.build())
}
