//! A file that a command makes: it appears whole or not at all.

use std::path::{Path, PathBuf};

use obelisc_storage::{Error, LocalFolder, Result, Scratch, Storage as _, Upload};

/// Where a file is to appear.
pub(crate) struct NewFile {
    folder: LocalFolder,
    folder_path: PathBuf,
    key: String,
    force: bool,
}

impl NewFile {
    /// Refuses a place where no file can be, and one where a file is unless `force` is on.
    pub(crate) fn at(path: &Path, force: bool) -> Result<Self> {
        let name = path.to_string_lossy();
        let unsupported =
            |reason: &str| Error::Unsupported { name: name.clone().into_owned(), reason: reason.to_owned() };
        if name.contains("://") {
            return Err(unsupported("not written by this version; use a local file"));
        }
        let key = path.file_name().and_then(|key| key.to_str()).filter(|_| !name.ends_with('/'));
        let key = key.ok_or_else(|| unsupported("no name of a file"))?.to_owned();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if LocalFolder::open(path).is_ok() {
            return Err(unsupported("a folder; name a file"));
        }
        let file = Self { folder: LocalFolder::at(parent)?, folder_path: parent.to_owned(), key, force };
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<()> {
        if !self.force && self.folder.exists(&self.key)? {
            let key = self.folder_path.join(&self.key).to_string_lossy().into_owned();
            return Err(Error::AlreadyExists { key });
        }
        Ok(())
    }

    /// A folder beside it for what is needed meanwhile.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        Scratch::beside(&self.folder_path, &self.key)
    }

    /// Begins the file.
    pub(crate) fn create(&self) -> Result<Box<dyn Upload>> {
        self.folder.create(&self.key)
    }

    /// What a failed write to it is.
    pub(crate) fn unwritten(&self, source: std::io::Error) -> Error {
        Error::io("write", &self.key, source)
    }

    /// Makes it appear, unless another one appeared meanwhile.
    pub(crate) fn finish(&self, file: Box<dyn Upload>) -> Result<()> {
        self.check()?;
        file.finish()
    }
}
