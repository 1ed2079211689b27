//! Row groups that are encoded apart from the file into which they go, so that several threads write one shard.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::file::writer::SerializedFileWriter;

use crate::sink::HashingSink;
use crate::writer::properties;
use crate::{Error, ImageColumn, Result, Row, ShardSummary, check_schema, columns, schema};

/// Encodes row groups.
pub struct GroupEncoder {
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    images: ImageColumn,
}

impl fmt::Debug for GroupEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupEncoder").field("images", &self.images).finish_non_exhaustive()
    }
}

/// A row group that is encoded.
pub struct EncodedGroup {
    columns: Vec<ArrowColumnChunk>,
    summary: ShardSummary,
}

impl EncodedGroup {
    /// What it holds; there are neither `bytes` nor a `sha256`.
    pub fn summary(&self) -> &ShardSummary {
        &self.summary
    }
}

impl fmt::Debug for EncodedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedGroup").field("summary", &self.summary).finish_non_exhaustive()
    }
}

fn writer<W: Write + Send>(sink: W, images: ImageColumn, schema: &SchemaRef) -> Result<ArrowWriter<W>> {
    check_schema(schema).map_err(Error::Schema)?;
    Ok(ArrowWriter::try_new(sink, Arc::clone(schema), Some(properties(images)?))?)
}

impl GroupEncoder {
    /// For shards that hold images so.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn new(images: ImageColumn) -> Result<Self> {
        let schema = Arc::new(schema(images));
        let (_, factory) = writer(io::sink(), images, &schema)?.into_serialized_writer()?;
        Ok(Self { factory, schema, images })
    }

    /// Encodes rows as one row group: the same bytes that [`ShardWriter`](crate::ShardWriter) makes of them.
    ///
    /// # Errors
    /// [`Error::Row`] for a row that breaks the contract, with its number among these.
    pub fn encode(&self, rows: Vec<Row>) -> Result<EncodedGroup> {
        let mut writers = self.factory.create_column_writers(0)?;
        let mut summary = ShardSummary { row_groups: 1, ..ShardSummary::default() };
        for row in rows {
            columns::check(&row, self.images).map_err(|fault| Error::Row { row: summary.rows, fault })?;
            summary.rows += 1;
            summary.images += row.images.iter().flatten().count() as u64;
            summary.texts += row.texts.iter().flatten().count() as u64;
            summary.uncompressed_bytes += row.uncompressed_bytes();
            let batch = columns::batch(&row, self.images, Arc::clone(&self.schema))?;
            drop(row);
            let mut next = writers.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                for leaf in compute_leaves(field, column)? {
                    if let Some(writer) = next.next() {
                        writer.write(&leaf)?;
                    }
                }
            }
        }
        let columns = writers.into_iter().map(|writer| writer.close()).collect::<std::result::Result<_, _>>()?;
        Ok(EncodedGroup { columns, summary })
    }
}

/// A shard that is put together out of row groups.
pub struct ShardOfGroups<W: Write + Send> {
    writer: SerializedFileWriter<HashingSink<W>>,
    summary: ShardSummary,
}

impl<W: Write + Send> fmt::Debug for ShardOfGroups<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardOfGroups").field("summary", &self.summary).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ShardOfGroups<W> {
    /// Begins a shard.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(sink: W, images: ImageColumn) -> Result<Self> {
        let (writer, _) =
            writer(HashingSink::new(sink), images, &Arc::new(schema(images)))?.into_serialized_writer()?;
        Ok(Self { writer, summary: ShardSummary::default() })
    }

    /// Adds a row group.
    ///
    /// # Errors
    /// What the sink says.
    pub fn append(&mut self, group: EncodedGroup) -> Result<()> {
        let EncodedGroup { columns, summary } = group;
        let mut writer = self.writer.next_row_group()?;
        for column in columns {
            column.append_to_row_group(&mut writer)?;
        }
        writer.close()?;
        self.summary.rows += summary.rows;
        self.summary.images += summary.images;
        self.summary.texts += summary.texts;
        self.summary.uncompressed_bytes += summary.uncompressed_bytes;
        self.summary.row_groups += summary.row_groups;
        Ok(())
    }

    /// What was written so far; `bytes` and `sha256` are known only at the end.
    pub fn summary(&self) -> &ShardSummary {
        &self.summary
    }

    /// Ends the file; gives back what it is and the sink.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(self) -> Result<(ShardSummary, W)> {
        let (sink, bytes, sha256) = self.writer.into_inner()?.into_parts();
        Ok((ShardSummary { bytes, sha256, ..self.summary }, sink))
    }
}
