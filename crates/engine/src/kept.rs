//! Answers that are kept in the spill folder for the next query.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use tempfile::NamedTempFile;

use crate::{Batches, Error, Source};

/// An answer that is kept; its file goes when no source of it is left.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The answer as a table.
    pub source: Source,
    /// Rows.
    pub rows: u64,
}

/// An answer being kept, as an Arrow stream.
pub(crate) struct Writer {
    file: NamedTempFile,
    stream: StreamWriter<BufWriter<File>>,
    schema: SchemaRef,
    rows: u64,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Engine(format!("spill folder: {error}"))
}

impl Writer {
    pub(crate) fn new(folder: Option<&Path>, schema: SchemaRef) -> Result<Self, Error> {
        let file = match folder {
            Some(folder) => NamedTempFile::new_in(folder),
            None => NamedTempFile::new(),
        };
        let file = file.map_err(failed)?;
        let writer = BufWriter::new(file.reopen().map_err(failed)?);
        let stream = StreamWriter::try_new(writer, &schema).map_err(failed)?;
        Ok(Self { file, stream, schema, rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.rows += batch.num_rows() as u64;
        self.stream.write(batch).map_err(failed)
    }

    pub(crate) fn finish(mut self, name: &str) -> Result<Kept, Error> {
        self.stream.finish().and_then(|()| self.stream.flush()).map_err(failed)?;
        let file = Arc::new(self.file);
        let open = move || {
            // The file stays while it is read.
            let held = Arc::clone(&file);
            let reader = StreamReader::try_new(BufReader::new(file.reopen()?), None)?;
            Ok(Box::new(reader.map(move |batch| {
                let _ = &held;
                batch.map_err(Into::into)
            })) as Batches)
        };
        Ok(Kept { source: Source::new(name, self.schema, open), rows: self.rows })
    }
}
