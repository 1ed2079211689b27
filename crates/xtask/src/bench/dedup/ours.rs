//! What the tasks of a step `duplicates-N` do, as many at once as there are threads.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Result, anyhow};
use obelisc_document::table::{Removal, Table as _};
use obelisc_engine::Limits;
use obelisc_pipeline::EngineLimits;
use obelisc_pipeline::TaskError;
use obelisc_pipeline::duplicates::{find, key_range, ranges};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use serde_json::{Value, json};

use super::{Part, input};

/// Rows that gather before they are written, as in a run.
const ROWS_PER_BATCH: usize = 1024;

/// Finds the copies in the key tables of a folder, writes removals beside them, says what came of it.
pub(super) fn work(part: Part, rows: u64, folder: &Path, threads: usize, memory: u64) -> Result<Value> {
    let started = Instant::now();
    let storage = LocalFolder::create(folder)?;
    let files = input::files(rows);
    let limits = Limits {
        memory: usize::try_from(memory)? / threads.max(1),
        spill: Some(folder.join("spill")),
        threads: 1,
        cluster: None,
    };
    let tasks = ranges(rows, EngineLimits::default().rows_per_task);
    let found = in_turns(threads, tasks, |task| {
        let writer = Writer::create(&storage, &format!("removals/{task:06}.parquet"), Removal::schema())?;
        let mut removals = Removals { writer, rows: Vec::new(), found: [0; 4] };
        let files = files.iter().map(String::as_str);
        find(&storage, files, key_range(task, tasks), &[part.comparison()], &limits, |removal| removals.push(removal))?;
        removals.flush()?;
        removals.writer.finish()?;
        Ok(removals.found)
    })?;
    let [rows, removed, copies, documents] = [0, 1, 2, 3].map(|k| found.iter().map(|found| found[k]).sum::<u64>());
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(json!({"seconds": started.elapsed().as_secs_f64(), "cpu_seconds": cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
        "found": {"rows": rows, "removed": removed, "copies": copies, "documents": documents}}))
}

/// Removals being written.
struct Removals {
    writer: Writer,
    rows: Vec<Removal>,
    /// Rows, those that go, sum of copies, sum of the documents' rows.
    found: [u64; 4],
}

impl Removals {
    fn push(&mut self, removal: Removal) -> Result<(), TaskError> {
        let more = [1, removal.removed.into(), removal.copies, removal.row.into()];
        self.found.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        self.rows.push(removal);
        if self.rows.len() >= ROWS_PER_BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), TaskError> {
        self.writer.write(&Removal::to_batch(&self.rows)?)?;
        self.rows.clear();
        Ok(())
    }
}

/// Does so many tasks, as many at once as there are threads; gives what they gave, in the order in which they ended.
pub(super) fn in_turns<T: Send>(threads: usize, tasks: u32, task: impl Fn(u32) -> Result<T> + Sync) -> Result<Vec<T>> {
    let (next, done) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= tasks {
                        return;
                    }
                    let result = task(number);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                }
            });
        }
    });
    let done = done.into_inner().map_err(|_| anyhow!("a thread panicked"))?;
    done.into_iter().collect()
}
