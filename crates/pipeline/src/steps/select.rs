//! `select`, map: the columnar index → the records that are to be read.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use obelisc_document::Reason;
use obelisc_document::account::Flow;
use obelisc_document::table::{Failure, Selection};
use obelisc_engine::{Bound, Bounds, Condition, Error as EngineError, cast};
use obelisc_storage::Error as StorageError;
use obelisc_storage::inputs::Kind;
use obelisc_storage::parquet::Opened;
use serde_json::{Value, json};

use super::digesting::opened;
use crate::error::TaskError;
use crate::recipe::{IN_PATHS, INDEX, PLACE, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// Rows that are read at once.
const ROWS_PER_READ: usize = 8192;

/// The unit of the accounts.
pub(crate) const UNIT: &str = "index_rows";

pub(super) struct Select;

impl Step for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn stage(&self) -> Stage {
        Stage::Select
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        Vec::new()
    }

    fn options(&self, context: &Context<'_>) -> Value {
        // What a file does not hold, its path may tell.
        let paths: Vec<_> = context.given.iter().map(|input| in_path(&input.kind)).collect();
        json!({"version": VERSION, "select": context.recipe.section("select"), "paths": paths})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        u32::try_from(context.given.len()).unwrap_or(u32::MAX)
    }

    fn subject(&self, context: &Context<'_>, task: u32) -> String {
        context.given(task).map_or_else(String::new, |input| input.name.clone())
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let (mut selections, mut failures) = (task.sink::<Selection>()?, task.sink::<Failure>()?);
        let input = context.given(task.index);
        if let (Some(input), Some(condition)) = (input, &context.recipe.select.condition)
            && let Kind::Index(file) = &input.kind
        {
            let damaged = |detail: String| StorageError::Damaged { key: input.name.clone(), detail };
            let table = Opened::new(opened(input, file.open())?, &input.name)?;
            if let Some(missing) = PLACE.into_iter().find(|name| table.schema.column_with_name(name).is_none()) {
                return Err(damaged(format!("no column {missing}: not a file of the columnar index")).into());
            }
            let rows = table.rows.iter().sum::<u64>();
            let asked = Asked::new(condition, &table.schema, &in_path(&input.kind))?;
            let may_hold = asked.may_hold(&table)?;
            let looked_at: Vec<&str> = condition.columns().iter().map(String::as_str).collect();
            let holds = move |batch: RecordBatch| asked.holds(&batch);
            let flow = task.accounts.unit(UNIT);
            for batch in table.choose(ROWS_PER_READ, [&PLACE, &looked_at], &may_hold, holds)? {
                for found in found(&batch?)? {
                    flow.enter(1);
                    let (input, reason) = (input.name.clone(), Reason::InvalidIndexRow);
                    match found {
                        Ok(selection) => selections.push(selection)?,
                        Err(detail) => {
                            flow.fail_one(reason.name());
                            failures.push(Failure { input, offset: 0, length: None, url: None, reason, detail })?;
                        }
                    }
                }
            }
            let mut others = Flow::default();
            others.enter(rows.saturating_sub(flow.entered));
            others.drop_kept("not_selected");
            flow.add(&others);
        }
        task.close(selections)?;
        task.close(failures)
    }
}

/// What a file's path tells of all its rows: `crawl=…` and `subset=…`, as tables of Hive have it.
fn in_path(kind: &Kind) -> Vec<(&'static str, String)> {
    let Kind::Index(file) = kind else { return Vec::new() };
    let path = file.shown();
    let value = |name: &'static str| {
        let parts = path.split('/').filter_map(|part| part.split_once('='));
        parts.rev().find(|(key, _)| *key == name).map(|(_, value)| (name, value.to_owned()))
    };
    IN_PATHS.into_iter().filter_map(value).collect()
}

/// A condition that is asked of a file of the index.
struct Asked {
    bound: Bound,
    schema: SchemaRef,
    /// Values of columns that the path tells.
    told: Vec<(&'static str, String)>,
}

impl Asked {
    /// Columns that the condition looks at are taken from the file, else from its path; those of neither hold no value.
    fn new(condition: &Condition, file: &Schema, told: &[(&'static str, String)]) -> Result<Self, EngineError> {
        let field = |name: &String| {
            let own = file.field_with_name(name).ok().map(|field| field.clone().with_nullable(true));
            let known = || INDEX.field_with_name(name).ok().cloned();
            own.or_else(known).unwrap_or_else(|| Field::new(name, DataType::Utf8, true))
        };
        let schema = Arc::new(Schema::new(condition.columns().iter().map(field).collect::<Vec<_>>()));
        let own = |(name, _): &&(&str, String)| file.field_with_name(name).is_err();
        let told = told.iter().filter(own).cloned().collect();
        Ok(Self { bound: condition.on(Arc::clone(&schema))?, schema, told })
    }

    /// The column of a name where it is not in the file.
    fn told(&self, name: &str, kind: &DataType, rows: usize) -> ArrayRef {
        match self.told.iter().find(|(told, _)| *told == name) {
            Some((_, value)) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows))),
            None => new_null_array(kind, rows),
        }
    }

    /// Which row groups may have a row that holds it.
    fn may_hold(&self, table: &Opened) -> Result<Vec<bool>, EngineError> {
        let groups = table.rows.len();
        let bounds = |name: &str| {
            if table.schema.field_with_name(name).is_ok() {
                let [least, greatest, nulls] = table.range(name)?;
                return Some(Bounds { least, greatest, nulls });
            }
            let (_, value) = self.told.iter().find(|(told, _)| *told == name)?;
            let value: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, groups)));
            let nulls = Arc::new(UInt64Array::from(vec![0; groups]));
            Some(Bounds { least: Arc::clone(&value), greatest: value, nulls })
        };
        self.bound.may_hold(&table.rows, &bounds)
    }

    /// Which rows hold it, by those of its columns that the file has.
    fn holds(&self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let rows = batch.num_rows();
        let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => self.told(field.name(), field.data_type(), rows),
        };
        let columns: Vec<ArrayRef> = self.schema.fields().iter().map(column).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.bound.holds(&batch).map_err(|error| ArrowError::ComputeError(error.to_string()))
    }
}

/// Where the records of rows lie, or what is wrong with a row.
fn found(batch: &RecordBatch) -> Result<Vec<Result<Selection, String>>, TaskError> {
    let lacking = |name: &str| TaskError::Accounts(format!("a batch of the index lacks {name}"));
    let column =
        |name: &str, kind| Ok::<_, TaskError>(cast(batch.column_by_name(name).ok_or_else(|| lacking(name))?, &kind)?);
    let [archive, offset, length] = PLACE;
    let (archives, offsets, lengths) =
        (column(archive, DataType::Utf8)?, column(offset, DataType::Int64)?, column(length, DataType::Int64)?);
    let (archives, offsets, lengths) =
        (archives.as_string::<i32>(), offsets.as_primitive::<Int64Type>(), lengths.as_primitive::<Int64Type>());
    let row = |row: usize| {
        let number = |numbers: &arrow_array::Int64Array| {
            numbers.is_valid(row).then(|| u64::try_from(numbers.value(row)).ok()).flatten()
        };
        let archive = if archives.is_valid(row) { archives.value(row) } else { "" };
        let shown = |number: Option<u64>| number.map_or("none".to_owned(), |number| number.to_string());
        match (number(offsets), number(lengths).filter(|length| *length > 0)) {
            (Some(offset), Some(length)) if is_below(archive) && offset.checked_add(length).is_some() => {
                Ok(Selection { archive: archive.to_owned(), offset, length })
            }
            (offset, length) => Err(format!("{archive:?} at {}, {} bytes", shown(offset), shown(length))),
        }
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Whether a path leads to a file below the place that it is joined to.
fn is_below(path: &str) -> bool {
    let is_name = |part: &str| !matches!(part, "" | "." | "..");
    !path.contains(['\\', '?', '#', '\0']) && path.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_of_the_place_of_archives_is_none() {
        for path in ["crawl-data/CC-MAIN-2024-10/segments/1.2/warc/a.warc.gz", "a.warc"] {
            assert!(is_below(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../a.warc", "a/../../b.warc", "a//b.warc", "./a", "a\\b", "a?b", "https://x/a"]
        {
            assert!(!is_below(path), "{path}");
        }
    }

    #[test]
    fn a_row_that_names_no_record_is_told_with_what_it_says() {
        let archives: ArrayRef = Arc::new(StringArray::from(vec![Some("a.warc"), Some("../b"), None, Some("c.warc")]));
        let numbers = |numbers: Vec<Option<i32>>| -> ArrayRef { Arc::new(arrow_array::Int32Array::from(numbers)) };
        let offsets = numbers(vec![Some(5), Some(5), Some(5), Some(-1)]);
        let lengths = numbers(vec![Some(7), Some(7), Some(7), Some(7)]);
        let [archive, offset, length] = PLACE;
        let batch = RecordBatch::try_from_iter([(archive, archives), (offset, offsets), (length, lengths)]).unwrap();
        let found = found(&batch).unwrap();
        assert_eq!(found[0], Ok(Selection { archive: "a.warc".to_owned(), offset: 5, length: 7 }));
        assert_eq!(found[3], Err("\"c.warc\" at none, 7 bytes".to_owned()));
        assert!(found[1..].iter().all(Result::is_err));
    }
}
