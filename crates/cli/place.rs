//! What the command line names as a place: a folder, or a URL of an object store.

use std::path::Path;

use obelisc_pipeline::{Config, prepare};
use obelisc_storage::{Remotes, Storage};

use crate::{Failure, environment};

/// How object stores are reached, as the environment and a config have it.
pub fn remotes(config: &Config) -> Remotes {
    environment().remotes(config)
}

/// The place that a flag names, made when the first object is written.
pub fn at(flag: &str, path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Failure> {
    Ok(prepare::place(flag, path, remotes)?)
}

/// The place that is named, which must be there.
pub fn open(path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Failure> {
    Ok(prepare::open(path, remotes)?)
}

/// The same, as the defaults have it: for commands that take no config.
pub fn open_plainly(path: &Path) -> Result<Box<dyn Storage>, Failure> {
    open(path, &remotes(&Config::default()))
}
