//! Tables: streams of Arrow record batches that other libraries take as they are.

mod c_stream;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use obelisc_document as document;
use obelisc_document::table::Table as _;
use obelisc_pipeline::prepare::{self, Refusal};
use obelisc_pipeline::{Config, Record, TaskError};
use obelisc_storage::Storage;
use obelisc_storage::parquet::Reader;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::{Map, Value, json};

use self::c_stream::{ArrowSchema, ArrowStream, Batches};
use crate::environment::environment;
use crate::error::{not_found, raised};
use crate::extract::{Document, Pages};

/// Documents of a batch that are made of a stream.
const DOCUMENTS_PER_BATCH: usize = 256;
/// Rows of a batch that are read of a run's table.
const ROWS_PER_BATCH: usize = 4096;
/// The same of files whose rows hold images.
const WIDE_ROWS_PER_BATCH: usize = 64;

/// Record batches that can be read, any number of times.
#[pyclass(frozen, module = "obelisc._obelisc")]
pub(crate) struct Table {
    schema: SchemaRef,
    source: Source,
}

/// Where they come from.
enum Source {
    /// They are there.
    Memory(Vec<RecordBatch>),
    /// Parquet files, read while they are asked for.
    Files { storage: Arc<dyn Storage>, keys: Arc<[String]>, rows: u64, batch: usize },
}

impl Table {
    fn batches(&self) -> Batches {
        match &self.source {
            Source::Memory(batches) => Box::new(batches.clone().into_iter().map(Ok)),
            Source::Files { storage, keys, batch, .. } => {
                let (storage, keys, batch) = (Arc::clone(storage), Arc::clone(keys), *batch);
                let files = (0..keys.len()).flat_map(move |file| -> Batches {
                    let Some(key) = keys.get(file) else { return Box::new(std::iter::empty()) };
                    match Reader::open(&*storage, key, batch) {
                        Ok(reader) => Box::new(reader.map(|batch| batch.map_err(|error| error.to_string()))),
                        Err(error) => Box::new(std::iter::once(Err(error.to_string()))),
                    }
                });
                Box::new(files)
            }
        }
    }
}

#[pymethods]
impl Table {
    /// The stream, by the protocol that Arrow's libraries share.  What schema is wished for is not looked at: who asks gets
    /// the table's own, as the protocol allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        stream(py, Arc::clone(&self.schema), self.batches())
    }

    /// The schema, by the same protocol.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = ArrowSchema::of(&self.schema).map_err(|error| raised(py, &Refusal::unreachable(error)))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// How many rows there are.
    #[getter]
    fn num_rows(&self) -> u64 {
        match &self.source {
            Source::Memory(batches) => batches.iter().map(|batch| batch.num_rows() as u64).sum(),
            Source::Files { rows, .. } => *rows,
        }
    }

    /// Names and types of the columns.
    #[getter]
    fn columns(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }
}

fn stream(py: Python<'_>, schema: SchemaRef, batches: Batches) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, ArrowStream::new(schema, batches), c"arrow_array_stream")
}

/// The documents of pages as a stream, read and extracted while they are asked for.
pub(crate) fn stream_of_pages<'py>(py: Python<'py>, pages: &Pages) -> PyResult<Bound<'py, PyCapsule>> {
    let mut documents = py.detach(|| pages.documents()).map_err(|refusal| raised(py, &refusal))?;
    let batches = std::iter::from_fn(move || {
        let mut rows = Vec::with_capacity(DOCUMENTS_PER_BATCH);
        for document in documents.by_ref().take(DOCUMENTS_PER_BATCH) {
            match document {
                Ok(document) => rows.push(Arc::unwrap_or_clone(document)),
                Err(refusal) => return Some(Err(refusal.message)),
            }
        }
        let batch = document::Document::to_batch(&rows).map_err(|error| error.to_string());
        (!rows.is_empty()).then_some(batch)
    });
    stream(py, document::Document::schema(), Box::new(batches))
}

/// Documents as a table of the schema that `obelisc schema table documents` prints.
#[pyfunction]
pub(crate) fn documents_table(py: Python<'_>, documents: Vec<Py<Document>>) -> PyResult<Table> {
    let rows: Vec<Arc<document::Document>> = documents.iter().map(|document| Arc::clone(&document.get().0)).collect();
    let batches = py.detach(|| {
        let batch = |rows: &[Arc<document::Document>]| {
            let rows: Vec<document::Document> = rows.iter().map(|row| (**row).clone()).collect();
            document::Document::to_batch(&rows)
        };
        rows.chunks(DOCUMENTS_PER_BATCH).map(batch).collect::<Result<Vec<_>, _>>()
    });
    let batches = batches.map_err(|error| raised(py, &Refusal::unreachable(error)))?;
    Ok(Table { schema: document::Document::schema(), source: Source::Memory(batches) })
}

/// A place that is there.
fn opened(folder: &Path) -> Result<Arc<dyn Storage>, Refusal> {
    Ok(prepare::open(folder, &environment().remotes(&Config::default()))?.into())
}

fn unreadable(folder: &Path) -> impl Fn(TaskError) -> Refusal {
    move |error| Refusal::unreachable(format!("{}: no run that can be read: {}", folder.display(), error.whole()))
}

/// The tables of a run: of each step, in order, the names with their rows, as JSON.
#[pyfunction]
pub(crate) fn run_tables(py: Python<'_>, folder: PathBuf) -> PyResult<String> {
    let found = py.detach(|| {
        let storage = opened(&folder)?;
        let unreadable = unreadable(&folder);
        let record = Record::read(&*storage).map_err(&unreadable)?;
        record.tables().map_err(Refusal::unreachable)?;
        let mut steps = Map::new();
        for recorded in &record.steps {
            let mut tables = Map::new();
            for marker in record.markers(&*storage, &recorded.step).map_err(&unreadable)? {
                for file in &marker.files {
                    let rows = tables.get(&file.table).and_then(Value::as_u64).unwrap_or_default() + file.rows;
                    tables.insert(file.table.clone(), rows.into());
                }
            }
            steps.insert(recorded.step.clone(), tables.into());
        }
        Ok(json!(steps).to_string())
    });
    found.map_err(|refusal: Refusal| raised(py, &refusal))
}

/// A table that a step of a run wrote.
#[pyfunction]
pub(crate) fn run_table(py: Python<'_>, folder: PathBuf, table: &str, step: &str) -> PyResult<Table> {
    let found = py.detach(|| {
        let storage = opened(&folder)?;
        let unreadable = unreadable(&folder);
        let record = Record::read(&*storage).map_err(&unreadable)?;
        record.tables().map_err(Refusal::unreachable)?;
        let markers = record.markers(&*storage, step).map_err(&unreadable)?;
        let mut markers: Vec<_> = markers.iter().collect();
        markers.sort_by_key(|marker| marker.task);
        let files = markers.iter().flat_map(|marker| marker.files_of(table));
        let (mut keys, mut rows) = (Vec::new(), 0);
        for file in files {
            keys.push(file.key.clone());
            rows += file.rows;
        }
        of_files(storage, keys, rows, ROWS_PER_BATCH)
    });
    let found = found.map_err(|refusal| raised(py, &refusal))?;
    found.ok_or_else(|| not_found(py, &format!("{}: step {step} has no table {table}", folder.display())))
}

/// The shards of a dataset: of the folder of one, or of the newest that the run of an output wrote.
#[pyfunction]
pub(crate) fn dataset_table(py: Python<'_>, folder: PathBuf, split: Option<&str>) -> PyResult<Table> {
    let found = py.detach(|| {
        let storage = opened(&folder)?;
        let unreadable = unreadable(&folder);
        let (prefix, manifest) = match storage.read("manifest.json") {
            Ok(manifest) => (String::new(), manifest),
            Err(_) => {
                let record = Record::read(&*storage).map_err(&unreadable)?;
                let dataset = record.dataset.unwrap_or_else(|| "dataset".to_owned());
                let manifest = storage.read(&format!("{dataset}/manifest.json")).map_err(Refusal::unreachable)?;
                (format!("{dataset}/"), manifest)
            }
        };
        let damaged = |error| Refusal::unreachable(format!("{}: {error}", folder.display()));
        let manifest: Value = serde_json::from_slice(&manifest).map_err(damaged)?;
        let shards = manifest.get("shards").and_then(Value::as_array).into_iter().flatten();
        let (mut keys, mut rows) = (Vec::new(), 0);
        for shard in shards.filter(|shard| split.is_none_or(|split| shard["split"] == split)) {
            keys.push(format!("{prefix}{}", shard["path"].as_str().unwrap_or_default()));
            rows += shard["rows"].as_u64().unwrap_or_default();
        }
        of_files(storage, keys, rows, WIDE_ROWS_PER_BATCH)
    });
    let found = found.map_err(|refusal| raised(py, &refusal))?;
    let what = split.map(|split| format!(" of split {split}")).unwrap_or_default();
    found.ok_or_else(|| not_found(py, &format!("{}: the dataset has no shard{what}", folder.display())))
}

/// A table of files, whose first one tells the schema; `None` where there are none.
fn of_files(storage: Arc<dyn Storage>, keys: Vec<String>, rows: u64, batch: usize) -> Result<Option<Table>, Refusal> {
    let Some(first) = keys.first() else { return Ok(None) };
    let schema = Reader::open(&*storage, first, batch).map_err(Refusal::unreachable)?.schema();
    Ok(Some(Table { schema, source: Source::Files { storage, keys: keys.into(), rows, batch } }))
}
