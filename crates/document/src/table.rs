//! Arrow schemas of the tables that stages exchange, and their versions.
//!
//! A table is a folder of Parquet files of one schema.  [`Table`] ties a row type to its schema; [`tables`] lists them
//! all, and `obelisc schema table NAME` prints them.  A version rises when a column's meaning changes; it enters the
//! digest of every stage that writes the table.

mod cell;
mod documents;
mod rows;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema, SchemaRef};

pub use rows::{
    Answer, Attachment, Band, Candidate, Capture, DocumentSize, DuplicateKey, Failure, ImageReference, ImageScore,
    Link, LostCluster, Position, RecordRange, Removal, Request, SelectedArchive, Selection, Wish,
};

use crate::Document;

/// A row type with its Arrow schema.
pub trait Table: Sized {
    /// Name of the table: of its folder in a run, of `obelisc schema table`.
    const NAME: &'static str;
    /// Version of the schema and of what its columns mean.
    const VERSION: u32;
    /// What a row is.
    const MEANING: &'static str;
    /// The column by which the rows of each file are sorted: who wants a range of its values need not read the rest.
    const SORTED_BY: Option<&'static str> = None;

    /// About how many bytes a row takes in memory: batches are cut by it.
    fn weight(&self) -> usize {
        256
    }

    /// The schema.
    fn schema() -> SchemaRef;

    /// Rows → one batch of this schema.
    ///
    /// # Errors
    /// Where Arrow refuses the columns, which would be a mistake of ours.
    fn to_batch(rows: &[Self]) -> Result<RecordBatch, ArrowError>;

    /// A batch of this schema → rows.
    ///
    /// # Errors
    /// A missing column, a column of another type, a value that no row can hold.
    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, ArrowError>;
}

/// A batch that was read from a file → rows, once its version is known to be ours.
///
/// # Errors
/// A table of another version, by name, and those of [`Table::from_batch`].
pub fn rows<T: Table>(batch: &RecordBatch) -> Result<Vec<T>, ArrowError> {
    let schema = batch.schema();
    let found = schema.metadata().get("obelisc.version").map_or("none", String::as_str);
    if found != T::VERSION.to_string() {
        let message = format!("table {} has version {found}; this version reads version {}", T::NAME, T::VERSION);
        return Err(ArrowError::SchemaError(message));
    }
    T::from_batch(batch)
}

/// A table as `obelisc schema table` describes it.
#[derive(Clone, Debug)]
pub struct Description {
    /// Name.
    pub name: &'static str,
    /// Version.
    pub version: u32,
    /// What a row is.
    pub meaning: &'static str,
    /// The column by which the rows of each file are sorted.
    pub sorted_by: Option<&'static str>,
    /// Columns.
    pub schema: SchemaRef,
}

/// Describes a table.
pub fn describe<T: Table>() -> Description {
    let (meaning, sorted_by) = (T::MEANING.trim(), T::SORTED_BY);
    Description { name: T::NAME, version: T::VERSION, meaning, sorted_by, schema: T::schema() }
}

/// The tables of this crate.
pub fn tables() -> Vec<Description> {
    vec![
        describe::<Selection>(),
        describe::<SelectedArchive>(),
        describe::<RecordRange>(),
        describe::<Document>(),
        describe::<Failure>(),
        describe::<DuplicateKey>(),
        describe::<Band>(),
        describe::<Candidate>(),
        describe::<Link>(),
        describe::<Removal>(),
        describe::<LostCluster>(),
        describe::<ImageReference>(),
        describe::<Capture>(),
        describe::<Request>(),
        describe::<Wish>(),
        describe::<Answer>(),
        describe::<ImageScore>(),
        describe::<Attachment>(),
        describe::<DocumentSize>(),
        describe::<Position>(),
    ]
}

/// The schema of a table: its columns, with name and version in the metadata.
pub fn schema(name: &str, version: u32, fields: Vec<arrow_schema::Field>) -> SchemaRef {
    let metadata = [("obelisc.table".to_owned(), name.to_owned()), ("obelisc.version".to_owned(), version.to_string())];
    Arc::new(Schema::new(fields).with_metadata(metadata.into()))
}
