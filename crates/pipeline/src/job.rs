//! What a run is made of, written down in its output: so that workers on other machines need no more than the output's name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use obelisc_storage::inputs::{ArchiveFile, Input, Kind};
use obelisc_storage::{Error as StorageError, Remotes, Storage};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::marker::{self, FORMAT};
use crate::run::RUN;

/// What stands in `run/job.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Version of this format.
    format: u32,
    /// The recipe as it was given.
    pub recipe: Text,
    /// Keys of the recipe that were set beside it, `KEY=VALUE`.
    pub set: Vec<String>,
    /// The config, where one was given.
    pub config: Option<Text>,
    /// Where files lie that the recipe names, where that was said beside the config.
    pub resources: BTreeMap<String, PathBuf>,
    /// The image store, where it is not the folder `images` of the output.
    pub image_store: Option<String>,
    /// Whether a finished dataset is replaced.
    #[serde(default)]
    pub force: bool,
    inputs: Vec<JobInput>,
}

/// A file's name and text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// What errors call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An input as it was found when the job was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct JobInput {
    name: String,
    size: u64,
    identity: String,
    #[serde(flatten)]
    place: JobPlace,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum JobPlace {
    /// Path or URL of an archive.
    Archive(String),
    /// HTML files: name and path of each.
    Pages(Vec<(String, PathBuf)>),
    /// Path or URL of a file of the columnar index.
    Index(String),
    /// Path or URL of a shard of a dataset.
    Shard(String),
}

impl Job {
    /// A job on these inputs.
    ///
    /// # Errors
    /// [`Error::Unreachable`] for a path that is no text.
    pub fn new(recipe: Text, inputs: &[Input]) -> Result<Self, Error> {
        let stored = |input: &Input| {
            let Input { name, size, identity, kind } = input.clone();
            let place = match kind {
                Kind::Archive(file) => JobPlace::Archive(written(&name, file)?),
                Kind::Index(file) => JobPlace::Index(written(&name, file)?),
                Kind::Shard(file) => JobPlace::Shard(written(&name, file)?),
                Kind::Pages(pages) => JobPlace::Pages(pages),
            };
            Ok(JobInput { name, size, identity, place })
        };
        let inputs: Result<Vec<_>, String> = inputs.iter().map(stored).collect();
        let inputs = inputs.map_err(|problem| Error::Unreachable(vec![problem]))?;
        let (set, resources) = (Vec::new(), BTreeMap::new());
        Ok(Self { format: FORMAT, recipe, set, config: None, resources, image_store: None, force: false, inputs })
    }

    /// Writes it into an output.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub fn write(&self, output: &dyn Storage) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| StorageError::io("write", &key(), error.into()))?;
        Ok(output.write(&key(), &text)?)
    }

    /// Reads that of an output.
    ///
    /// # Errors
    /// [`Error::Unreachable`] where there is none, or one of a newer format.
    pub fn read(output: &dyn Storage) -> Result<Self, Error> {
        let nowhere = |error: StorageError| match error {
            StorageError::NotFound { .. } => {
                format!("{}: nothing to work on here; `obelisc submit` writes what workers need", output.location())
            }
            other => format!("{}: {other}", output.location()),
        };
        marker::read(output, &key()).map_err(|error| Error::Unreachable(vec![nowhere(error)]))
    }

    /// The inputs, none of which is looked at.
    ///
    /// # Errors
    /// [`Error::Unreachable`] for URLs that are not known here.
    pub fn inputs(&self, remotes: &Remotes) -> Result<Vec<Input>, Error> {
        let input = |input: &JobInput| {
            let JobInput { name, size, identity, place } = input.clone();
            let kind = match place {
                JobPlace::Archive(place) => Kind::Archive(ArchiveFile::at(&place, size, &identity, remotes)?),
                JobPlace::Index(place) => Kind::Index(ArchiveFile::at(&place, size, &identity, remotes)?),
                JobPlace::Shard(place) => Kind::Shard(ArchiveFile::at(&place, size, &identity, remotes)?),
                JobPlace::Pages(pages) => Kind::Pages(pages),
            };
            Ok(Input { name, size, identity, kind })
        };
        self.inputs.iter().map(input).collect()
    }
}

/// A file's path or URL, as it is written down for workers.
fn written(name: &str, file: ArchiveFile) -> Result<String, String> {
    match file {
        ArchiveFile::Local(path) => {
            let path = path.into_os_string().into_string();
            path.map_err(|_| format!("{name}: its path is no text (UTF-8)"))
        }
        ArchiveFile::Remote(_) => {
            let shown = file.shown();
            let secret = format!("{shown}: what is behind ? may be a secret, and is not written down for workers");
            if shown.contains('?') { Err(secret) } else { Ok(shown) }
        }
    }
}

fn key() -> String {
    format!("{RUN}/job.json")
}

#[cfg(test)]
mod tests {
    use obelisc_storage::LocalFolder;

    use super::*;

    #[test]
    fn a_job_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let output = LocalFolder::create(folder.path()).unwrap();
        let input = |name: &str, kind| Input { name: name.to_owned(), size: 3, identity: "i".to_owned(), kind };
        let remotes = Remotes::default();
        let inputs = [
            input("a.warc", Kind::Archive(ArchiveFile::Local("/x/a.warc".into()))),
            input("b.warc", Kind::Archive(ArchiveFile::at("https://h.example/b.warc", 3, "i", &remotes).unwrap())),
            input("c.parquet", Kind::Shard(ArchiveFile::Local("/x/c.parquet".into()))),
            input("pages", Kind::Pages(vec![("1.html".to_owned(), "/x/pages/1.html".into())])),
        ];
        assert!(Job::read(&output).unwrap_err().to_string().contains("nothing to work on here"));
        let job = Job::new(Text { name: "r.toml".to_owned(), text: "stages = []".to_owned() }, &inputs).unwrap();
        job.write(&output).unwrap();
        assert_eq!(Job::read(&output).unwrap().inputs(&remotes).unwrap(), inputs);
    }
}
