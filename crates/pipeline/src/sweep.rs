//! Sweep: other thresholds on what a run stored.
//!
//! A run keeps what its rules measured (its judgements), so other bounds are compared with the same values: no page is
//! read, and no text.  A bound on images or paragraphs changes the text that rules on documents see: a document of which
//! other parts are kept is measured again, from the documents that the run extracted, and so is every document where an
//! option changes what is measured.  What a variant keeps is, document for document, what a run with it would keep.
//!
//! Where images are fetched, a variant may want some for a document that the run did not fetch for it.  What becomes of
//! such a document is not known: it is counted apart, behind the fetch, and never guessed.
//!
//! Where duplicates are removed, which copies there are depends on what is swept: what is kept is what comes to that stage.  From there documents are
//! followed by what the run made of them: those in its dataset, copies of a document that is kept as well, copies of one that is not, and those that the
//! run never compared.
//!
//! ```text
//! --set words ──► grid     variants, by what they share
//! run/ tables ──► stored   judgements by document, documents by row
//!                 nodes    which parts are kept          ┐
//!                 fate     what becomes of the document  ├ weigh: all variants, one pass, a thread for each task
//!                 measure  where that must be measured   │
//!                 behind   what the run made of it later ┘
//!                 tally    numbers, removals, samples ──► report
//! ```

mod behind;
mod fate;
mod grid;
mod measure;
mod nodes;
mod removed;
mod report;
mod samples;
mod stored;
mod tally;
mod weigh;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use obelisc_storage::Storage;

pub use self::behind::BehindDedup;
use self::grid::Grid;
pub use self::grid::MAX_VARIANTS;
use self::measure::Measuring;
pub use self::removed::{Removal, RuleRemoval};
pub use self::report::{Sweep, VariantReport};
pub use self::samples::Sample;
use self::stored::Stored;
use self::weigh::{Weighed, Weighing};
use crate::error::{Error, TaskError};
use crate::recipe::Given;

/// What is tried, and what is told of it.
#[derive(Clone, Debug)]
pub struct Options {
    /// `RULE.OPTION=V[,V...]`, keys as in a recipe, with or without `rules.`; of several all combinations are tried.
    pub set: Vec<String>,
    /// Samples from each side of a cut.
    pub samples: usize,
    /// Threads.
    pub threads: NonZeroUsize,
    /// Where the files lie that the recipe names.
    pub given: Given,
    /// Whether the identities of kept documents are told.
    pub list_kept: bool,
}

/// Tries other options of rules on what the run in an output stored.
///
/// # Errors
/// [`Error::Refused`]: all mistakes of the options at once; a run that is not finished, or did not keep what is needed.
/// [`Error::Unreachable`]: no run, tables that cannot be read.
pub fn sweep(storage: &dyn Storage, options: &Options) -> Result<Sweep, Error> {
    let stored = Stored::open(storage)?;
    let grid = Grid::new(&stored.recipe, &options.set, &options.given).map_err(Error::Refused)?;
    let Some(base) = grid.variants.first() else { return Err(Error::Refused(Vec::new())) };
    stored.check_rules(&base.recipe)?;
    let measuring = Measuring::new();
    let (samples, list_kept) = (options.samples, options.list_kept);
    let weighing = Weighing { stored: &stored, grid: &grid, measuring, samples, list_kept };
    let weighed = all_tasks(&weighing, options.threads)
        .map_err(|error| Error::Unreachable(vec![format!("{}: {}", storage.location(), error.whole())]))?;
    report::report(&stored, &grid, weighed, list_kept)
        .map_err(|error| Error::Unreachable(vec![format!("{}: {}", storage.location(), error.whole())]))
}

/// Weighs the documents of all tasks, on threads.
fn all_tasks(weighing: &Weighing<'_>, threads: NonZeroUsize) -> Result<Weighed, TaskError> {
    let tasks: Vec<u32> = weighing.stored.tasks().collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let empty = Weighed { tallies: vec![tally::Tally::default(); weighing.grid.variants.len()], ..Weighed::default() };
    let total: Mutex<Result<Weighed, TaskError>> = Mutex::new(Ok(empty));
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let Some(&task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let result = weighing.task(task);
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            match (result, &mut *total) {
                (Ok(weighed), Ok(total)) => total.add(weighed, weighing.samples),
                (Err(error), total @ Ok(_)) => {
                    failed.store(true, Ordering::Relaxed);
                    *total = Err(error);
                }
                (_, Err(_)) => {}
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.get().min(tasks.len()) {
            scope.spawn(work);
        }
        work();
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Weighed {
    fn add(&mut self, other: Self, samples: usize) {
        self.documents += other.documents;
        self.measured_again += other.measured_again;
        for (tally, others) in self.tallies.iter_mut().zip(other.tallies) {
            tally.add(others, samples);
        }
    }
}
