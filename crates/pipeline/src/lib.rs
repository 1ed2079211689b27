//! Recipe and config → stages, steps and tasks → a dataset.
//!
//! A [`Recipe`] says which dataset, a [`Config`] on which machine.  A [`Run`] of both over some inputs is a fixed row of
//! *steps*, each a number of *tasks*; a step's digest is that of all that decides about its output, so what is done is
//! found again after a kill, and a changed threshold runs only what lies behind it.
//!
//! ```text
//! stage     step      kind    reads                  writes
//! select    select    map     columnar index         selections
//!           archives  global  selections             archives, ranges of records
//! extract   extract   map     archives               documents, failures, captures
//! filter    filter    map     documents              documents, judgements, image references, sizes
//! fetch     locate    global  references, captures   requests, answers (not in any archive)
//!           harvest   effect  requests, archives     answers; bytes into the image store
//!           seal      global  answers                answers: one for each URL
//! attach    attach    global  references, answers    attachments
//!           apply     map     documents, attachments documents, judgements, sizes
//! clean     clean     map     documents              documents, judgements, sizes
//! finish    order     global  sizes                  positions
//!           write     map     positions, documents   shards
//! ```
//!
//! ```
//! use obelisc_pipeline::Recipe;
//!
//! let recipe = Recipe::parse("tiny.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n", &[]);
//! assert!(recipe.is_ok());
//! let problems = Recipe::parse("tiny.toml", "stages = [\"extrakt\"]\n", &[]).unwrap_err();
//! assert!(problems[0].to_string().starts_with("tiny.toml:1: stages: "));
//! ```

mod config;
pub mod corpus;
mod error;
pub mod estimate;
pub mod explain;
pub mod in_order;
mod incoming;
pub mod intake;
mod job;
mod judged;
mod judging;
pub mod lexicon;
mod marker;
mod new_file;
mod observer;
pub mod pages;
pub mod prepare;
mod publish;
pub mod quality;
mod recipe;
mod record;
mod remove;
mod retry;
mod rewrite;
mod run;
mod shares;
mod stage_order;
mod step;
mod steps;
pub mod sweep;
mod version;
mod work;

pub use config::{Config, EngineLimits, Retention};
pub use error::{Error, TaskError, TaskFailure};
pub use job::{Job, Text};
pub use judged::{Judged, Reason};
pub use judging::Judging;
pub use marker::{File, Marker, Output};
pub use observer::{Observer, StepInfo};
pub use publish::Finished;
pub use recipe::{
    Classifiers, Clean, Dedup, Extract, Fetch, Finish, Given, OpenedFiles, Order, Recipe, ResourcePaths, Select, Skip,
    Stage,
};
pub use record::{Record, RecordedStep, StepStatus};
pub use remove::{Remove, Removed};
pub use retry::{Retried, Retry};
pub use rewrite::{Fate, Rewrite, Rewritten};
#[doc(hidden)]
pub use run::pretend;
pub use run::{PlannedStep, Run};
pub use work::Worker;

/// A cluster of Apache Ballista, and what it runs.
pub mod cluster {
    pub use obelisc_engine::{Error, ExecutorOptions, HAS_BALLISTA, SchedulerOptions, run_executor, run_scheduler};
}

/// Copies among key tables without a run: the work of the steps `keys-N`, `duplicates-N` and `clusters-N`.
pub mod duplicates {
    pub use crate::steps::{find, find_clusters, find_links, key_range, key_rows, near_rows, ranges};
}

/// The examples of `filters/README.md`.
#[cfg(doctest)]
#[doc = include_str!("../../../filters/README.md")]
struct FiltersReadme;
