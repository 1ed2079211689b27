//! Tables as files in a storage, which another process can read as well.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use obelisc_storage::Storage;
use obelisc_storage::parquet::Reader;

use crate::{Batches, ROWS_PER_BATCH, Source};

/// Table files in a storage, and which of their rows are meant.  Which columns is said by the schema of the [`Source`].
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) keys: Arc<[String]>,
    pub(crate) range: Option<(String, RangeInclusive<u64>)>,
    /// What takes the files away when nobody reads them any more.
    _held: Option<Arc<Held>>,
}

impl Files {
    /// All rows of the files under these keys.
    pub fn new<'a>(storage: &dyn Storage, keys: impl Iterator<Item = &'a str>) -> Self {
        Self { storage: storage.shared(), keys: keys.map(str::to_owned).collect(), range: None, _held: None }
    }

    /// Only the rows whose unsigned 64-bit column `column` holds a value in a range; the files are sorted by it.
    #[must_use]
    pub fn between(mut self, column: &str, range: RangeInclusive<u64>) -> Self {
        self.range = Some((column.to_owned(), range));
        self
    }

    pub(crate) fn held(mut self, held: Held) -> Self {
        self._held = Some(Arc::new(held));
        self
    }
}

/// Objects that go when this goes.
#[derive(Debug)]
pub(crate) struct Held {
    storage: Arc<dyn Storage>,
    prefix: String,
}

impl Held {
    /// All below a prefix, or the one object of that name.
    pub(crate) fn new(storage: &Arc<dyn Storage>, prefix: String) -> Self {
        Self { storage: Arc::clone(storage), prefix }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // What stays because its place is away goes when the run is taken up again.
        let _ = self.storage.remove_all(&self.prefix);
    }
}

/// These columns of one file, with those of its rows that are meant.
pub(crate) fn read(
    storage: &dyn Storage,
    key: &str,
    schema: &SchemaRef,
    range: Option<&(String, RangeInclusive<u64>)>,
) -> obelisc_storage::Result<Batches> {
    let object = storage.open(key)?;
    let reader = match range {
        Some((column, range)) => Reader::open_wanted(object, key, ROWS_PER_BATCH, column, range, |_| true)?,
        None => {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            Reader::open_columns(object, key, ROWS_PER_BATCH, &names)?
        }
    };
    let (schema, key) = (Arc::clone(schema), key.to_owned());
    Ok(Box::new(reader.map(move |batch| {
        let damaged = |detail: String| obelisc_storage::Error::Damaged { key: key.clone(), detail };
        Ok(narrowed(&batch?, &schema).map_err(damaged)?)
    })))
}

/// The columns of a schema, in its order.
fn narrowed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, String> {
    let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| format!("no column {name}"));
    let columns = schema.fields().iter().map(|field| column(field.name())).collect::<Result<_, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows).map_err(|error| error.to_string())
}

impl Source {
    /// The columns of `schema` of a table that lies in files, as another process can read them too.
    pub fn of_files(name: &str, schema: &Schema, files: Files) -> Self {
        // What a schema says of itself beside its columns is no part of a query.
        let schema: SchemaRef = Arc::new(Schema::new(schema.fields().clone()));
        let (read_of, columns) = (files.clone(), Arc::clone(&schema));
        let open = move || {
            let (files, columns) = (read_of.clone(), Arc::clone(&columns));
            let batches = (0..files.keys.len()).flat_map(move |index| -> Batches {
                let Some(key) = files.keys.get(index) else { return Box::new(std::iter::empty()) };
                read(&*files.storage, key, &columns, files.range.as_ref())
                    .unwrap_or_else(|error| Box::new(std::iter::once(Err(error.into()))))
            });
            Ok(Box::new(batches) as Batches)
        };
        Self { files: Some(files), ..Self::new(name, schema, open) }
    }

    /// The same rows in this process, read in another way: `open` may leave out some of which the query makes nothing.
    #[must_use]
    pub fn read_here_by(
        mut self,
        open: impl Fn() -> Result<Batches, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.open = Arc::new(open);
        self
    }
}
