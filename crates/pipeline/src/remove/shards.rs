//! The shards of a dataset, each gone through by itself: those of which something goes are written anew.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use obelisc_shard::{
    Entry, Limits, Losses, Manifest, Row, RowCut, Shard, ShardSummary, ShardWriter, Takedown, cut, four_columns,
};
use obelisc_storage::Error as StorageError;
use obelisc_storage::parquet::{Layout, Reader};
use serde_json::{Value, json};

use super::{Remove, staged_dataset, staged_record};
use crate::error::{Error, TaskError};

/// Rows that are read at once where their images are not.
const ROWS_PER_LOOK: usize = 256;

/// Rows that are read at once with their images: each may be as large as a row group.
const ROWS_PER_READ: usize = 4;

/// A shard that was written anew.
pub(super) struct Outcome {
    /// What it is now.
    pub(super) shard: Shard,
    /// What it lost.
    pub(super) losses: Losses,
}

/// Which entries meant something.
pub(super) struct Hits(Vec<AtomicBool>);

impl Hits {
    pub(super) fn new(entries: usize) -> Self {
        Self(std::iter::repeat_with(AtomicBool::default).take(entries).collect())
    }

    fn note(&self, entry: u32) {
        if let Some(hit) = usize::try_from(entry).ok().and_then(|entry| self.0.get(entry)) {
            hit.store(true, Ordering::Relaxed);
        }
    }

    /// The entries that meant nothing.
    pub(super) fn unmatched(&self, entries: &[Entry]) -> Vec<Entry> {
        let without = entries.iter().zip(&self.0).filter(|(_, hit)| !hit.load(Ordering::Relaxed));
        without.map(|(entry, _)| entry.clone()).collect()
    }
}

/// Goes through all shards of a dataset on threads of this process; `None` stands for one of which nothing goes.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::Unreachable`] with what went wrong in the first shard in which something did.
pub(super) fn all(
    remove: &Remove<'_>,
    takedown: &Takedown,
    hits: &Hits,
    folder: &str,
    manifest: &Manifest,
) -> Result<Vec<Option<Outcome>>, Error> {
    let shards = &manifest.shards;
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::with_capacity(shards.len()));
    let pass = Pass { remove, takedown, hits, folder };
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(shard) = shards.get(index) else { break };
            // A panic is a mistake of ours, and of this shard alone.
            let result = catch_unwind(AssertUnwindSafe(|| pass.shard(shard)));
            let result = result.unwrap_or_else(|_| Err(TaskError::Panicked(shard.path.clone())));
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..remove.threads.get().min(shards.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let ended = results.into_iter().map(|(index, result)| {
        result.map_err(|error| match error {
            TaskError::Stopped => Error::Interrupted,
            error => {
                let path = shards.get(index).map(|shard| shard.path.as_str()).unwrap_or_default();
                Error::Unreachable(vec![format!("{folder}/{path}: {}", error.whole())])
            }
        })
    });
    ended.collect()
}

/// One way through a dataset.
struct Pass<'a> {
    remove: &'a Remove<'a>,
    takedown: &'a Takedown,
    hits: &'a Hits,
    folder: &'a str,
}

impl Pass<'_> {
    fn shard(&self, shard: &Shard) -> Result<Option<Outcome>, TaskError> {
        let key = format!("{}/{}", self.folder, shard.path);
        let cuts = self.look(&key)?;
        if cuts.is_empty() {
            return Ok(None);
        }
        let mut losses = Losses::default();
        let summary = self.write(&key, &format!("{}/{}", staged_dataset(), shard.path), &cuts, &mut losses)?;
        self.tell(shard, &cuts)?;
        Ok(Some(Outcome { shard: Shard::new(shard.path.clone(), shard.split.clone(), &summary), losses }))
    }

    /// Finds what goes, without the columns that nothing is looked for in.
    fn look(&self, key: &str) -> Result<Vec<RowCut>, TaskError> {
        let columns = self.takedown.columns();
        let rows = if columns.contains(&"images") { ROWS_PER_READ } else { ROWS_PER_LOOK };
        let object = self.remove.storage.open(key)?;
        let (mut cuts, mut first) = (Vec::new(), 0);
        for batch in Reader::open_columns(object, key, rows, columns)? {
            self.go_on()?;
            let batch = batch?;
            cuts.extend(self.takedown.cuts(&batch, first, &|entry| self.hits.note(entry))?);
            first += batch.num_rows() as u64;
        }
        Ok(cuts)
    }

    /// Writes what is left.  A row group holds what is left of a row group, so that none grows past the recipe's limits.
    fn write(&self, from: &str, to: &str, cuts: &[RowCut], losses: &mut Losses) -> Result<ShardSummary, TaskError> {
        let storage = self.remove.storage;
        let layout = Layout::read(storage, from)?;
        let mut writer = ShardWriter::new(storage.create(to)?, four_columns(&layout.schema)?, Limits::NONE)?;
        let mut ends = layout.group_rows.iter().scan(0, |end, rows| {
            *end += rows;
            Some(*end)
        });
        let (mut end, mut cuts, mut number) = (ends.next(), cuts.iter().peekable(), 0);
        for batch in Reader::open(storage, from, ROWS_PER_READ)? {
            self.go_on()?;
            for row in Row::of_batch(&batch?)? {
                while end.is_some_and(|end| end <= number) {
                    writer.end_group()?;
                    end = ends.next();
                }
                let what = cuts.next_if(|cut| cut.row == number);
                if let Some(row) = cut(row, what, self.takedown, losses)? {
                    writer.push(row)?;
                }
                number += 1;
            }
        }
        let (summary, upload) = writer.finish()?;
        upload.finish()?;
        Ok(summary)
    }

    /// Writes down what went, a line for each page and image.
    fn tell(&self, shard: &Shard, cuts: &[RowCut]) -> Result<(), TaskError> {
        let file = shard.path.rsplit('/').next().unwrap_or_default();
        let key = format!("{}/removed/{}.jsonl", staged_record(), file.strip_suffix(".parquet").unwrap_or(file));
        let mut upload = self.remove.storage.create(&key)?;
        for line in cuts.iter().flat_map(|cut| self.lines(cut)) {
            writeln!(upload, "{line}").map_err(|source| StorageError::io("write", &key, source))?;
        }
        Ok(upload.finish()?)
    }

    fn lines(&self, cut: &RowCut) -> Vec<Value> {
        let entry = |entry: u32| usize::try_from(entry).ok().and_then(|entry| self.takedown.entries().get(entry));
        let line = |by: u32| entry(by).map(|entry| entry.line);
        let text = |by: u32| entry(by).map(|entry| entry.text.as_str());
        if let Some(by) = cut.page {
            return vec![json!({"row": cut.row, "url": cut.url, "entry": text(by), "line": line(by)})];
        }
        let image = |image: &obelisc_shard::ImageCut| {
            json!({
                "row": cut.row,
                "url": cut.url,
                "position": image.position,
                "src": image.src,
                "entry": text(image.entry),
                "line": line(image.entry),
            })
        };
        cut.images.iter().map(image).collect()
    }

    fn go_on(&self) -> Result<(), TaskError> {
        if self.remove.stop.load(Ordering::Relaxed) { Err(TaskError::Stopped) } else { Ok(()) }
    }
}
