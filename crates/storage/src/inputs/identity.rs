//! What tells whether an input may have changed.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use xxhash_rust::xxh3::Xxh3;

use super::{ArchiveFile, Kind};
use crate::{Error, Result};

/// Bytes of all files of an input, and its [`identity`](super::Input::identity).
///
/// # Errors
/// Those of looking at the files.
pub(super) fn of(kind: &Kind) -> Result<(u64, String)> {
    let mut digest = Xxh3::new();
    let mut enter = |path: &Path| -> Result<u64> {
        let (size, time) = look(path).map_err(|source| Error::io("open", &path.to_string_lossy(), source))?;
        digest.update(&size.to_be_bytes());
        digest.update(&time.to_be_bytes());
        Ok(size)
    };
    let size = match kind {
        Kind::Archive(file) | Kind::Index(file) | Kind::Shard(file) => match file {
            ArchiveFile::Local(path) => enter(path)?,
            ArchiveFile::Remote(file) => {
                digest.update(&file.size.to_be_bytes());
                digest.update(file.tag.as_bytes());
                file.size
            }
        },
        Kind::Pages(pages) => {
            let size = pages.iter().try_fold(0, |size, (_, path)| Ok(size + enter(path)?))?;
            // With its length before it no name can be read as the end of another.
            for (name, _) in pages {
                digest.update(&(name.len() as u64).to_be_bytes());
                digest.update(name.as_bytes());
            }
            size
        }
    };
    Ok((size, format!("{:032x}", digest.digest128())))
}

/// Bytes, and nanoseconds since the epoch.
fn look(path: &Path) -> std::io::Result<(u64, i128)> {
    let metadata = fs::metadata(path)?;
    let time = match metadata.modified()?.duration_since(UNIX_EPOCH) {
        Ok(after) => nanoseconds(after),
        Err(before) => -nanoseconds(before.duration()),
    };
    Ok((metadata.len(), time))
}

fn nanoseconds(duration: std::time::Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8], seconds: u64) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        set_time(&path, UNIX_EPOCH + Duration::from_secs(seconds));
        path
    }

    fn set_time(path: &Path, time: std::time::SystemTime) {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn a_page_that_is_renamed_changes_the_identity() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (file(&folder, "a", b"1", 5), file(&folder, "b", b"2", 5));
        let pages = |first: &str| of(&Kind::Pages(vec![(first.into(), a.clone()), ("z".into(), b.clone())])).unwrap();
        assert_eq!(pages("x"), pages("x"));
        assert_eq!(pages("x").0, pages("y").0);
        assert_ne!(pages("x").1, pages("y").1);
    }

    #[test]
    fn an_older_page_that_changes_its_time_changes_the_identity() {
        let folder = tempfile::tempdir().unwrap();
        let kind =
            Kind::Pages(vec![("a".into(), file(&folder, "a", b"1", 5)), ("b".into(), file(&folder, "b", b"2", 9))]);
        let before = of(&kind).unwrap();
        file(&folder, "a", b"3", 6);
        assert_ne!(of(&kind).unwrap(), before);
    }

    #[test]
    fn an_archive_is_known_by_size_and_time_and_not_by_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let archive = |name: &str, bytes: &[u8], seconds| {
            of(&Kind::Archive(ArchiveFile::Local(file(&folder, name, bytes, seconds))))
        };
        let one = archive("one", b"1", 5).unwrap();
        assert_eq!(one, archive("two", b"2", 5).unwrap());
        assert_ne!(one, archive("two", b"12", 5).unwrap());
        assert_ne!(one, archive("two", b"1", 6).unwrap());
    }

    #[test]
    fn a_time_before_the_epoch_is_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder, "old", b"1", 5);
        let after = of(&Kind::Archive(ArchiveFile::Local(path.clone()))).unwrap();
        set_time(&path, UNIX_EPOCH - Duration::from_secs(5));
        assert_ne!(of(&Kind::Archive(ArchiveFile::Local(path))).unwrap(), after);
    }

    #[test]
    fn a_file_that_is_gone_is_an_error_and_no_size() {
        let folder = tempfile::tempdir().unwrap();
        let kind = Kind::Pages(vec![("a".into(), folder.path().join("gone"))]);
        assert!(matches!(of(&kind), Err(Error::NotFound { .. })));
    }
}
