//! Documents in Parquet files: the shards of a dataset, or anybody's rows with a text.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Error as StorageError, Object};

use super::{Error, Piece};

/// Rows that are read at once.
const ROWS: usize = 32;

/// The columns that may hold a document's texts; the first that is there does.
const COLUMNS: [&str; 2] = ["texts", "text"];

/// Gives the documents of a Parquet file.
pub(super) fn read(
    name: &str,
    object: Box<dyn Object>,
    give: &mut dyn FnMut(Piece) -> Result<(), Error>,
) -> Result<(), Error> {
    let damaged = |detail: String| StorageError::Damaged { key: name.to_owned(), detail };
    for batch in Reader::open_columns(object, name, ROWS, &COLUMNS)? {
        let batch = batch?;
        let documents = documents(&batch).map_err(damaged)?;
        give(Piece::documents_of(documents))?;
    }
    Ok(())
}

fn documents(batch: &RecordBatch) -> Result<Vec<Vec<String>>, String> {
    let Some(column) = COLUMNS.iter().find_map(|name| batch.column_by_name(name)) else {
        return Err("no column texts, and none text".to_owned());
    };
    let list = |row: ArrayRef| strings(&row).map(|texts| texts.into_iter().flatten().collect());
    let rows = 0..column.len();
    match column.data_type() {
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            rows.filter(|row| lists.is_valid(*row)).map(|row| list(lists.value(row))).collect()
        }
        DataType::LargeList(_) => {
            let lists = column.as_list::<i64>();
            rows.filter(|row| lists.is_valid(*row)).map(|row| list(lists.value(row))).collect()
        }
        _ => Ok(strings(column)?.into_iter().flatten().map(|text| vec![text]).collect()),
    }
}

fn strings(column: &ArrayRef) -> Result<Vec<Option<String>>, String> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match column.data_type() {
        DataType::Utf8 => Ok(column.as_string::<i32>().iter().map(owned).collect()),
        DataType::LargeUtf8 => Ok(column.as_string::<i64>().iter().map(owned).collect()),
        DataType::Utf8View => Ok(column.as_string_view().iter().map(owned).collect()),
        other => Err(format!("a column of texts that holds {other}")),
    }
}
