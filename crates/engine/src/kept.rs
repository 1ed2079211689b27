//! Answers that are kept for the next query: in the spill folder, or as table files in the storage of a cluster.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use obelisc_storage::{Storage, parquet, random_word};
use tempfile::NamedTempFile;

use crate::files::{Files, Held};
use crate::{Batches, Cluster, Error, Source};

/// An answer that is kept; its files go when no source of it is left.
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

/// Rows after which another file begins, so that executors read several at a time.
const ROWS_PER_FILE: u64 = 1 << 20;

/// An answer being kept, as table files.
pub(crate) struct TableWriter {
    storage: Arc<dyn Storage>,
    folder: String,
    schema: SchemaRef,
    keys: Vec<String>,
    file: Option<(parquet::Writer, u64)>,
    rows: u64,
    held: Held,
}

impl TableWriter {
    pub(crate) fn new(cluster: &Cluster, schema: SchemaRef) -> Result<Self, Error> {
        let storage = Arc::clone(&cluster.storage);
        let folder = format!("{}/kept-{:016x}", cluster.folder, random_word());
        let held = Held::new(&storage, folder.clone());
        Ok(Self { storage, folder, schema, keys: Vec::new(), file: None, rows: 0, held })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let outside = |error: obelisc_storage::Error| Error::Outside(error.into());
        let (mut writer, mut rows) = match self.file.take() {
            Some(file) => file,
            None => {
                let key = format!("{}/{:06}.parquet", self.folder, self.keys.len());
                let writer = parquet::Writer::create(&*self.storage, &key, Arc::clone(&self.schema));
                self.keys.push(key);
                (writer.map_err(outside)?, 0)
            }
        };
        writer.write(batch).map_err(outside)?;
        rows += batch.num_rows() as u64;
        self.rows += batch.num_rows() as u64;
        if rows >= ROWS_PER_FILE {
            writer.finish().map_err(outside)?;
        } else {
            self.file = Some((writer, rows));
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, name: &str) -> Result<Kept, Error> {
        if let Some((writer, _)) = self.file.take() {
            writer.finish().map_err(|error| Error::Outside(error.into()))?;
        }
        let files = Files::new(&*self.storage, self.keys.iter().map(String::as_str)).held(self.held);
        Ok(Kept { source: Source::of_files(name, &self.schema, files), rows: self.rows })
    }
}
