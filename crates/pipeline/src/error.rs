//! What can end a run.

use obelisc_filter::options::Problem;
pub(crate) use obelisc_storage::whole;

/// Why a run ended without its dataset.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The recipe, config or a flag is wrong; nothing was read.
    #[error("{}", lines(.0))]
    Refused(Vec<Problem>),
    /// The input or the output cannot be reached, written or locked.
    #[error("{}", .0.join("\n"))]
    Unreachable(Vec<String>),
    /// A signal asked for the end; the run can be resumed.
    #[error("interrupted; run the same command again to go on from here")]
    Interrupted,
    /// Tasks failed for good.
    #[error("{} of {tasks} tasks of step {step} failed:\n{}", failures.len(), lines(failures))]
    Failed {
        /// The step.
        step: &'static str,
        /// How many tasks it has.
        tasks: u32,
        /// The failures.
        failures: Vec<TaskFailure>,
    },
    /// The accounts of a step do not balance: a mistake of ours, told instead of hidden.
    #[error("step {step} lost count: {detail}")]
    Accounts {
        /// The step.
        step: &'static str,
        /// What does not balance.
        detail: String,
    },
}

/// A task that failed.
#[derive(Debug)]
pub struct TaskFailure {
    /// Number of the task.
    pub task: u32,
    /// What it worked on.
    pub subject: String,
    /// What went wrong.
    pub error: TaskError,
}

impl std::fmt::Display for TaskFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task {} ({}): {}", self.task, self.subject, self.error.whole())
    }
}

/// What can go wrong in a task.  Bad input is none of it: that is counted and the task goes on.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A place cannot be read or written.
    #[error(transparent)]
    Storage(#[from] obelisc_storage::Error),
    /// The image store.
    #[error(transparent)]
    Store(#[from] obelisc_fetch::Error),
    /// An input cannot be read.
    #[error("could not read {input}: {source}")]
    Input {
        /// Name of the input.
        input: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Columns that do not fit: a table of this run is damaged.
    #[error(transparent)]
    Table(#[from] arrow_schema::ArrowError),
    /// A shard cannot be written.
    #[error(transparent)]
    Shard(#[from] obelisc_shard::Error),
    /// A metadata value cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A query of a global step.
    #[error("{0}; the config's [engine] says what it may take")]
    Engine(obelisc_engine::Error),
    /// The cluster that the config names for queries is away.
    #[error("{0}; the config's engine.scheduler names it")]
    Cluster(String),
    /// A signal asked for the end while the task was at work; it goes on from there.
    #[error("stopped")]
    Stopped,
    /// The accounts of the task do not balance.
    #[error("lost count: {0}")]
    Accounts(String),
    /// A mistake of ours.
    #[error("panicked: {0}")]
    Panicked(String),
}

impl From<obelisc_storage::Error> for Error {
    fn from(error: obelisc_storage::Error) -> Self {
        Self::Unreachable(vec![error.to_string()])
    }
}

impl From<obelisc_fetch::Error> for Error {
    fn from(error: obelisc_fetch::Error) -> Self {
        Self::Unreachable(vec![error.to_string()])
    }
}

impl Error {
    /// The exit code of the command line: 1 tasks failed for good, 2 what was asked for is wrong, 3 a place is out of reach,
    /// 4 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 2,
            error if error.is_unreachable() => 3,
            Self::Interrupted => 4,
            Self::Unreachable(_) | Self::Failed { .. } | Self::Accounts { .. } => 1,
        }
    }

    /// Whether the input or the output was out of reach, and nothing else was wrong.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Failed { failures, .. } => failures.iter().all(|failure| {
                use TaskError::{Cluster, Input, Io, Storage, Store};
                matches!(
                    failure.error,
                    Cluster(_) | Input { .. } | Storage(_) | Io(_) | Store(obelisc_fetch::Error::Network(_))
                )
            }),
            _ => false,
        }
    }
}

impl From<obelisc_engine::Error> for TaskError {
    fn from(error: obelisc_engine::Error) -> Self {
        let ours = match error {
            obelisc_engine::Error::Outside(ours) => ours,
            obelisc_engine::Error::Unreachable(message) => return Self::Cluster(message),
            other => return Self::Engine(other),
        };
        ours.downcast::<Self>()
            .map(|error| *error)
            .or_else(|other| other.downcast().map(|error| Self::Storage(*error)))
            .unwrap_or_else(|other| Self::Engine(obelisc_engine::Error::Outside(other)))
    }
}

impl TaskError {
    /// Names the input that could not be read.
    pub(crate) fn of_input(self, input: &str) -> Self {
        match self {
            Self::Io(source) => Self::Input { input: input.to_owned(), source },
            other => other,
        }
    }

    /// The error and what it came from, in one line.
    pub fn whole(&self) -> String {
        whole(self)
    }

    /// Whether no other task can do better: the disk is full, or the cluster is away.
    pub fn is_fatal(&self) -> bool {
        use obelisc_storage::Error::Full;
        match self {
            Self::Cluster(_) | Self::Storage(Full { .. }) | Self::Store(obelisc_fetch::Error::Storage(Full { .. })) => {
                true
            }
            Self::Shard(error) => error.is_full(),
            _ => false,
        }
    }
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
