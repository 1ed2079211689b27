//! What the command line names as a place: a folder, or a URL of an object store.

use std::path::Path;

use obelisc_pipeline::Config;
use obelisc_storage::{Error, LocalFolder, Remotes, Storage};

use crate::Failure;

/// How object stores are reached, as the environment and a config have it.
pub fn remotes(config: &Config) -> Remotes {
    let mut remotes = Remotes::new(std::env::vars_os().filter_map(|(name, value)| {
        // What is no text names no key.
        Some((name.into_string().ok()?, value.into_string().ok()?))
    }));
    remotes.max_requests = config.storage.max_requests;
    remotes.lease = config.storage.lease;
    remotes
}

/// The place that a flag names, made when the first object is written.
pub fn at(flag: &str, path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Failure> {
    place(flag, path, remotes, LocalFolder::at)
}

/// The place that is named, which must be there.
pub fn open(path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Failure> {
    place("", path, remotes, LocalFolder::open)
}

/// The same, as the defaults have it: for commands that take no config.
pub fn open_plainly(path: &Path) -> Result<Box<dyn Storage>, Failure> {
    open(path, &remotes(&Config::default()))
}

fn place<'p>(
    flag: &str,
    path: &'p Path,
    remotes: &Remotes,
    folder: impl FnOnce(&'p Path) -> Result<LocalFolder, Error>,
) -> Result<Box<dyn Storage>, Failure> {
    let name = path.to_string_lossy();
    if !Remotes::is_url(&name) {
        return Ok(Box::new(folder(path).map_err(Failure::unreachable)?));
    }
    match remotes.folder(&name) {
        Ok(folder) => Ok(Box::new(folder)),
        Err(error @ Error::Unsupported { .. }) => Err(Failure::usage(format!("{flag} {error}").trim_start())),
        Err(error) => Err(Failure::unreachable(error)),
    }
}
