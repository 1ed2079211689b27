//! Paths that a glob matches.
//!
//! The `glob` crate matches one name; the walk is here, because that crate's own follows links below `**` (a folder with
//! links to itself never ends) and passes over names that are not UTF-8.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use glob::Pattern;

use crate::{Error, Result};

/// Whether a name holds characters that mean something in a glob.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// One part of a glob, between two separators.
enum Part {
    Literal(OsString),
    Name(Pattern),
    /// `**`: this folder and all folders below it.
    Folders,
}

/// All paths that the glob `text` matches, in no order; some may come more than once.  A name that is not UTF-8 is
/// compared with its bad bytes replaced.
///
/// # Errors
/// [`Error::Unsupported`] for what is not a glob, and I/O errors of listing folders.
pub(super) fn matches(text: &str) -> Result<Vec<PathBuf>> {
    let mut parts: Vec<Part> = Vec::new();
    for part in Path::new(text).components() {
        let part = part.as_os_str().to_string_lossy();
        parts.push(if part == "**" {
            // Two in a row say nothing more than one and would list every folder once for each folder above it.
            if matches!(parts.last(), Some(Part::Folders)) {
                continue;
            }
            Part::Folders
        } else if is_pattern(&part) {
            let unsupported =
                |error| Error::Unsupported { name: text.to_owned(), reason: format!("not a glob: {error}") };
            Part::Name(Pattern::new(&part).map_err(unsupported)?)
        } else {
            Part::Literal(part.as_ref().into())
        });
    }
    let mut found = Vec::new();
    walk(PathBuf::new(), &parts, &mut found)?;
    if text.ends_with(std::path::is_separator) {
        found.retain(|path| path.is_dir());
    }
    Ok(found)
}

fn walk(base: PathBuf, parts: &[Part], found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((part, rest)) = parts.split_first() else {
        found.push(base);
        return Ok(());
    };
    let mut step = |path: PathBuf| if rest.is_empty() || path.is_dir() { walk(path, rest, found) } else { Ok(()) };
    match part {
        Part::Literal(name) => {
            let path = base.join(name);
            // A link without a target is there; whoever opens it learns what is wrong.
            if fs::symlink_metadata(&path).is_ok() { step(path) } else { Ok(()) }
        }
        Part::Name(pattern) => {
            for (path, name, _) in list(&base)? {
                if pattern.matches(&name) {
                    step(path)?;
                }
            }
            Ok(())
        }
        Part::Folders => {
            walk(base.clone(), rest, found)?;
            // What is below the last `**` is searched as a named folder is.
            if rest.is_empty() {
                return Ok(());
            }
            let folders = list(&base)?.into_iter().filter(|(_, _, folder)| *folder);
            folders.map(|(path, _, _)| path).try_for_each(|path| walk(path, parts, found))
        }
    }
}

/// What is in a folder: path, name, and whether it is a folder itself rather than a link to one.
fn list(folder: &Path) -> Result<Vec<(PathBuf, String, bool)>> {
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let listed = fs::read_dir(shown).and_then(|entries| {
        entries
            .map(|entry| {
                let entry = entry?;
                let name = entry.file_name();
                Ok((folder.join(&name), name.to_string_lossy().into_owned(), entry.file_type()?.is_dir()))
            })
            .collect()
    });
    listed.map_err(|source| Error::io("list", &shown.to_string_lossy(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for file in ["x.warc", "a/x.warc", "a/y.warc", "a/b/c/x.warc", "a/b/z.html"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let paths = matches(&format!("{}/{pattern}", root.path().display())).unwrap();
        let below = |path: &PathBuf| path.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned();
        let mut below: Vec<String> = paths.iter().map(below).collect();
        below.sort();
        below
    }

    #[test]
    fn a_star_stays_within_one_folder() {
        assert_eq!(found("*.warc"), ["x.warc"]);
        assert_eq!(found("*/[xy].warc"), ["a/x.warc", "a/y.warc"]);
        assert_eq!(found("?/b/*"), ["a/b/c", "a/b/z.html"]);
        assert_eq!(found("a/*/"), ["a/b"]);
        assert!(found("*/absent/*").is_empty());
    }

    #[test]
    fn two_stars_are_all_folders() {
        assert_eq!(found("**/x.warc"), ["a/b/c/x.warc", "a/x.warc", "x.warc"]);
        assert_eq!(found("a/**/**/*.html"), ["a/b/z.html"]);
        assert_eq!(found("a/**"), ["a"]);
    }

    #[test]
    fn what_is_not_a_glob_is_refused() {
        assert!(matches!(matches("a/[x"), Err(Error::Unsupported { .. })));
        assert!(matches!(matches("a/x**"), Err(Error::Unsupported { .. })));
    }
}
