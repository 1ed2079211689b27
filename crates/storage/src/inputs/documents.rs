//! Files of documents: what a corpus is read from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{PARQUET_ENDINGS, ends_with, pattern, real};
use crate::{Error, Result};

/// Endings that a folder is searched for.
pub const DOCUMENT_ENDINGS: [&str; 10] = [
    ".jsonl",
    ".jsonl.gz",
    ".jsonl.zst",
    ".ndjson",
    ".ndjson.gz",
    ".ndjson.zst",
    ".txt",
    ".txt.gz",
    ".txt.zst",
    ".parquet",
];

/// The folder of a run's first dataset; later ones are `dataset-2` and so on.
const DATASET: &str = "dataset";

/// Finds files of documents behind paths, globs and folders: sorted, each file once whatever leads to it.
///
/// A file that is named, or that a glob matches, is taken at its word; a folder is searched for [`DOCUMENT_ENDINGS`], without
/// following links to folders.  Of the output folder of a run the shards of its last dataset are taken, and nothing else.
///
/// # Errors
/// All names that lead nowhere, and files that cannot be looked at, each with its reason; none is read.
pub fn find_documents(names: &[String]) -> std::result::Result<Vec<PathBuf>, Vec<Error>> {
    let mut found = BTreeMap::new();
    let errors: Vec<Error> = names.iter().filter_map(|name| expand(name, &mut found).err()).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut paths: Vec<PathBuf> = found.into_values().collect();
    paths.sort();
    Ok(paths)
}

/// The files, by what they really are.
type Found = BTreeMap<PathBuf, PathBuf>;

fn expand(name: &str, found: &mut Found) -> Result<()> {
    if let Some((scheme, _)) = name.split_once("://") {
        let reason = format!("{scheme} is not read by this version; use a local path, glob or folder");
        return Err(Error::Unsupported { name: name.to_owned(), reason });
    }
    let path = Path::new(name);
    match path.try_exists() {
        Ok(true) => return add(path, found),
        Ok(false) => {}
        Err(source) => return Err(Error::io("open", name, source)),
    }
    let matches = if pattern::is_pattern(name) { pattern::matches(name)? } else { Vec::new() };
    if matches.is_empty() {
        return Err(Error::NotFound { key: name.to_owned() });
    }
    matches.iter().try_for_each(|path| add(path, found))
}

fn add(path: &Path, found: &mut Found) -> Result<()> {
    let name = path.to_string_lossy();
    let kind = fs::metadata(path).map_err(|source| Error::io("open", &name, source))?;
    if !kind.is_dir() {
        // What two names lead to is one; a pipe has no place that can be asked for.
        let file = if kind.is_file() { real(path)? } else { path.to_owned() };
        found.entry(file).or_insert_with(|| path.to_owned());
        return Ok(());
    }
    let before = found.len();
    let unsupported = |reason| Err(Error::Unsupported { name: name.clone().into_owned(), reason });
    if path.join("run").is_dir() {
        let Some(dataset) = last_dataset(path)? else {
            return unsupported("the output of a run whose dataset is not finished".to_owned());
        };
        search(&dataset, &DOCUMENT_ENDINGS, found)?;
        return if found.len() == before { unsupported("a dataset without shards".to_owned()) } else { Ok(()) };
    }
    let mut below = BTreeMap::new();
    search(path, &DOCUMENT_ENDINGS, &mut below)?;
    if below.is_empty() {
        return unsupported(format!("a folder without {} files", DOCUMENT_ENDINGS.join(" ")));
    }
    for (file, path) in below {
        found.entry(file).or_insert(path);
    }
    Ok(())
}

/// The shards in a folder, each with the path that leads to it: of the output folder of a run those of its last dataset.
pub(super) fn shards_of(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let dataset = if folder.join("run").is_dir() { last_dataset(folder)? } else { Some(folder.to_owned()) };
    let mut found = Found::new();
    match dataset {
        Some(dataset) => search(&dataset, &PARQUET_ENDINGS, &mut found).map(|()| found),
        None => Ok(found),
    }
}

/// The folder of the last dataset that a run finished.
fn last_dataset(output: &Path) -> Result<Option<PathBuf>> {
    let unlisted = |source| Error::io("list", &output.to_string_lossy(), source);
    let mut last = None;
    for entry in fs::read_dir(output).map_err(unlisted)? {
        let entry = entry.map_err(unlisted)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let version = match name.strip_prefix(DATASET) {
            Some("") => Some(1),
            Some(rest) => rest.strip_prefix('-').and_then(|number| number.parse::<u32>().ok()),
            None => None,
        };
        if let Some(version) = version.filter(|_| entry.path().join("manifest.json").is_file()) {
            last = last.max(Some((version, entry.path())));
        }
    }
    Ok(last.map(|(_, folder)| folder))
}

fn search(folder: &Path, endings: &[&str], found: &mut Found) -> Result<()> {
    let unlisted = |source| Error::io("list", &folder.to_string_lossy(), source);
    for entry in fs::read_dir(folder).map_err(unlisted)? {
        let entry = entry.map_err(unlisted)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unlisted)?);
        if kind.is_dir() {
            search(&path, endings, found)?;
        } else if ends_with(&path, endings) {
            let file = real(&path)?;
            if file.is_file() {
                found.entry(file).or_insert(path);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;

    fn found(root: &tempfile::TempDir, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| format!("{}/{name}", root.path().display())).collect();
        let paths = find_documents(&names).unwrap();
        paths.iter().map(|path| path.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn folders_are_searched_and_files_taken_at_their_word() {
        let root = tree(&["c/b/two.TXT.gz", "c/a.jsonl", "c/page.html", "odd", "c/x.parquet"]);
        assert_eq!(found(&root, &["c"]), ["c/a.jsonl", "c/b/two.TXT.gz", "c/x.parquet"]);
        assert_eq!(found(&root, &["odd", "c/b", "c/b/two.TXT.gz", "c/../odd"]).len(), 2);
        assert_eq!(found(&root, &["c/*.jsonl"]), ["c/a.jsonl"]);
    }

    #[test]
    fn of_a_run_the_shards_of_the_last_dataset_are_taken() {
        let tables = ["run/filter/0.parquet", "images/0.parquet"];
        let mut files = vec!["dataset/manifest.json", "dataset/data/a.parquet"];
        files.extend(tables);
        let root = tree(&files);
        assert_eq!(found(&root, &[""]), ["dataset/data/a.parquet"]);
        files.extend(["dataset-10/manifest.json", "dataset-10/data/b.parquet", "dataset-11/data/c.parquet"]);
        let root = tree(&files);
        assert_eq!(found(&root, &[""]), ["dataset-10/data/b.parquet"]);
        let root = tree(&tables);
        let errors = find_documents(&[root.path().to_str().unwrap().to_owned()]).unwrap_err();
        assert!(errors[0].to_string().ends_with("a run whose dataset is not finished"), "{errors:?}");
    }

    #[test]
    fn all_names_that_lead_nowhere_are_told() {
        let root = tree(&["a/x.html"]);
        let names = ["a", "absent.txt", "*.txt", "https://a.example/x.txt"];
        let path = |name: &&str| {
            if name.contains(':') { (*name).to_owned() } else { format!("{}/{name}", root.path().display()) }
        };
        let errors = find_documents(&names.iter().map(path).collect::<Vec<_>>()).unwrap_err();
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(matches!(errors[0], Error::Unsupported { .. }) && matches!(errors[1], Error::NotFound { .. }));
    }
}
