//! `archives`, global: selected records by archive, so that each archive is one task of the steps behind.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use obelisc_document::table::{RecordRange, SelectedArchive, Selection, Table as _};
use obelisc_engine::Engine;
use obelisc_storage::Remotes;
use obelisc_storage::inputs::{ArchiveFile, Input, Kind, of_archives};
use serde_json::{Value, json};

use super::duplicates::tables;
use super::select::UNIT;
use crate::error::TaskError;
use crate::marker::Output;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task, rows};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// Each record once, whatever rows name it.
const QUERY: &str = "\
    SELECT archive, \"offset\", max(length) AS length, count(*) AS rows FROM selections \
    GROUP BY archive, \"offset\" ORDER BY archive, \"offset\"";

pub(super) const NAME: &str = "archives";

pub(super) struct Archives;

impl Step for Archives {
    fn name(&self) -> &'static str {
        NAME
    }

    fn stage(&self) -> Stage {
        Stage::Select
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec!["select"]
    }

    fn follows(&self, _: &Recipe) -> Option<&'static str> {
        Some("select")
    }

    fn options(&self, _: &Context<'_>) -> Value {
        json!({"version": VERSION})
    }

    fn tasks(&self, _: &Context<'_>) -> u32 {
        1
    }

    fn subject(&self, _: &Context<'_>, _: u32) -> String {
        "all selected records".to_owned()
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let files = context.output("select").keys(Selection::NAME)?;
        let source = tables::source::<Selection>("selections", context.storage, files);
        let mut ranges = task.sink::<RecordRange>()?;
        let mut archives: Vec<SelectedArchive> = Vec::new();
        let flow = task.accounts.unit(UNIT);
        Engine::new(&context.engine_limits(true))?.query(vec![source], QUERY, |batch| {
            for (archive, offset, length, rows) in of_batch(&batch).ok_or("the engine's answer lacks a column")? {
                flow.enter(rows);
                (1..rows).for_each(|_| flow.drop_one("repeated_index_row"));
                if archives.last().is_none_or(|last| last.archive != archive) {
                    archives.push(SelectedArchive { archive, name: String::new(), records: 0, bytes: 0 });
                }
                let input = u32::try_from(archives.len() - 1).unwrap_or(u32::MAX);
                if let Some(archive) = archives.last_mut() {
                    archive.records += 1;
                    archive.bytes += length;
                }
                ranges.push(RecordRange { input, offset, length })?;
            }
            Ok(())
        })?;
        task.close(ranges)?;
        let paths: Vec<&str> = archives.iter().map(|archive| archive.archive.as_str()).collect();
        let names = of_archives(&paths);
        archives.iter_mut().zip(names).for_each(|(archive, name)| archive.name = name);
        task.write(archives)
    }
}

/// Archive, offset, length and rows; `None` where a column is missing.
fn of_batch(batch: &RecordBatch) -> Option<Vec<(String, u64, u64, u64)>> {
    let archives = batch.column_by_name("archive")?.as_string_opt::<i32>()?;
    let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
    let (offsets, lengths) = (number("offset")?, number("length")?);
    let rows = batch.column_by_name("rows")?.as_primitive_opt::<Int64Type>()?;
    let row =
        |row| (archives.value(row).to_owned(), offsets.value(row), lengths.value(row), rows.value(row).unsigned_abs());
    Some((0..batch.num_rows()).map(row).collect())
}

/// The selected archives as inputs of the steps behind, below the place where all of them lie.
pub(crate) fn inputs(context: &Context<'_>, output: &Output<'_>, remotes: &Remotes) -> Result<Vec<Input>, TaskError> {
    let files = output.keys(SelectedArchive::NAME)?;
    let place = context.config.archives.trim_end_matches('/');
    let input = |archive: Result<SelectedArchive, TaskError>| {
        let SelectedArchive { archive, name, bytes, .. } = archive?;
        let kind = Kind::Archive(ArchiveFile::at(&format!("{place}/{archive}"), 0, "", remotes)?);
        Ok(Input { name, size: bytes, identity: String::new(), kind })
    };
    rows::<SelectedArchive>(context.storage, files)?.map(input).collect()
}
