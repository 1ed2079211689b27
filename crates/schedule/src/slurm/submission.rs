//! What `sbatch` answers, and what is kept of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Number of a job; of an array it is the array's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(u32);

/// What `sbatch` said is no number of a job.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("sbatch answers {0:?}, where the number of a job is expected")]
pub struct NoJobId(String);

/// Jobs that were submitted for an output: what stands in `run/jobs/slurm.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Version of this format.
    format: u32,
    /// Folder of their logs.
    pub logs: String,
    /// The jobs, in the order of their stages.
    pub jobs: Vec<Job>,
}

/// A job that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its stage.
    pub stage: String,
    /// Its number.
    pub id: JobId,
    /// How many workers it has.
    pub workers: u32,
}

/// What the name of a log says: `extract-4711_3.log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    /// The stage.
    pub stage: String,
    /// The job.
    pub job: JobId,
    /// The element of its array.
    pub element: u32,
}

impl JobId {
    /// Reads what `sbatch --parsable` prints: the number, and the cluster's name behind `;` where there are several
    /// (`sbatch(1)`).  What a site's plugins say stands on lines before it.
    ///
    /// # Errors
    /// Any other answer.
    pub fn parse(answer: &str) -> Result<Self, NoJobId> {
        let line = answer.trim_end().lines().next_back().unwrap_or_default().trim();
        let number = line.split(';').next().unwrap_or_default();
        match number.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(NoJobId(answer.trim().to_owned())),
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Submission {
    /// Version that this program writes.
    pub const FORMAT: u32 = 1;

    /// Jobs whose logs lie in a folder.
    pub fn new(logs: String, jobs: Vec<Job>) -> Self {
        Self { format: Self::FORMAT, logs, jobs }
    }

    /// Version of what was read; one above [`FORMAT`](Self::FORMAT) was written by a newer program.
    pub fn format(&self) -> u32 {
        self.format
    }
}

impl LogName {
    /// Reads the name of a file in the folder of logs; `None` for all that is no worker's log.
    pub fn parse(name: &str) -> Option<Self> {
        let (stage, rest) = name.strip_suffix(".log")?.rsplit_once('-')?;
        let (job, element) = rest.split_once('_')?;
        Some(Self { stage: stage.to_owned(), job: JobId::parse(job).ok()?, element: element.parse().ok()? })
    }
}
