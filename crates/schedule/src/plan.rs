//! What workers are to do, whoever runs them.

use thiserror::Error;

/// A run that is prepared in its output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Name of the recipe.
    pub recipe: String,
    /// The output as `obelisc work` takes it on every machine: an absolute path, or a URL.
    pub output: String,
    /// The program on this machine, absolute; a config may name another for the cluster's machines.
    pub program: String,
    /// Further words that every worker is called with.
    pub arguments: Vec<String>,
    /// The stages, in order.
    pub stages: Vec<Planned>,
}

/// A stage of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name in a recipe.
    pub name: String,
    /// The most tasks that one of its steps has, where that is known before the stages in front of it ran.
    pub tasks: Option<u64>,
}

/// Why a plan cannot be written as a job.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// Machines of a cluster do not share where a command was called.
    #[error("{0:?} is given as the output, an absolute path or a URL is allowed for a cluster")]
    Relative(String),
    /// Slurm reads a backslash in a log's name as "no signs follow", and a line ends where a script says so.
    #[error("{0:?} is given as the folder of logs, one without backslashes and line ends is allowed for Slurm")]
    Logs(String),
    /// Slurm writes logs into folders.
    #[error("{0:?} is an object store, to which Slurm writes no logs: slurm.logs names an absolute folder for them")]
    NoFolder(String),
    /// The table that says what runs has no image.
    #[error("kubernetes.image is not given: the container image that has the program")]
    NoImage,
    /// What YAML cannot hold.
    #[error("the job cannot be written as YAML: {0}")]
    Yaml(String),
}

impl Planned {
    /// A stage with its number of tasks.
    pub fn new(name: &str, tasks: Option<u64>) -> Self {
        Self { name: name.to_owned(), tasks }
    }

    /// As many workers as there is work for: at least one, at most `wanted`.
    pub(crate) fn workers(&self, wanted: u32) -> u32 {
        let tasks = self.tasks.map_or(u32::MAX, |tasks| u32::try_from(tasks).unwrap_or(u32::MAX));
        wanted.min(tasks).max(1)
    }
}

impl Plan {
    /// Whether the output is an object store.
    pub(crate) fn is_url(&self) -> bool {
        self.output.contains("://")
    }

    /// Refuses an output that other machines would look for elsewhere.
    pub(crate) fn check(&self) -> Result<(), Unwritable> {
        if self.is_url() || self.output.starts_with('/') {
            Ok(())
        } else {
            Err(Unwritable::Relative(self.output.clone()))
        }
    }
}
