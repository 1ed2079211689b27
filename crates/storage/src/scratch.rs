//! Files that are needed for a while.

use std::ops::Deref;
use std::path::Path;

use tempfile::TempDir;

use crate::{Error, LocalFolder, Result};

/// A folder of its own, beside what is being made with its help; it goes with all that is in it when the value is dropped.
/// Only what a killed process left stays.
#[derive(Debug)]
pub struct Scratch {
    place: LocalFolder,
    #[expect(dead_code, reason = "held for its Drop")]
    folder: TempDir,
}

impl Scratch {
    /// A folder beside the file `key` of a folder; nobody else has it.
    ///
    /// # Errors
    /// I/O errors.
    pub fn beside(folder: &Path, key: &str) -> Result<Self> {
        let name = folder.to_string_lossy();
        LocalFolder::create(folder)?;
        let made = tempfile::Builder::new().prefix(&format!(".{key}.")).suffix(".part").tempdir_in(folder);
        let folder = made.map_err(|source| Error::io("create a folder in", &name, source))?;
        Ok(Self { place: LocalFolder::open(folder.path())?, folder })
    }
}

impl Deref for Scratch {
    type Target = LocalFolder;

    fn deref(&self) -> &LocalFolder {
        &self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Storage;

    #[test]
    fn a_scratch_folder_goes_with_its_files() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("new");
        let (one, two) =
            (Scratch::beside(&folder, "words.txt").unwrap(), Scratch::beside(&folder, "words.txt").unwrap());
        one.publish("run", b"x").unwrap();
        assert!(!two.exists("run").unwrap());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        drop((one, two));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}
