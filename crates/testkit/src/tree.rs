//! Folders compared by content.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::record::hex;

/// The sha256 (hexadecimal) of every file below `root`, by path relative to it with `/` between the parts. Folders
/// without files do not appear; symbolic links are followed.
///
/// # Errors
/// Those of reading the folder.
pub fn digest_tree(root: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    let mut open = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if fs::metadata(entry.path())?.is_dir() {
                open.push((entry.path(), name + "/"));
            } else {
                let mut hasher = Hasher(Sha256::new());
                io::copy(&mut File::open(entry.path())?, &mut hasher)?;
                digests.insert(name, hex(&hasher.0.finalize()));
            }
        }
    }
    Ok(digests)
}

/// `Ok` when both hold the same files with the same content; otherwise one line per difference: `- path` is missing,
/// `+ path` is not expected, `! path` has other content.
///
/// # Errors
/// The differences, as text.
pub fn compare(expected: &BTreeMap<String, String>, actual: &BTreeMap<String, String>) -> Result<(), String> {
    let mut lines = Vec::new();
    for (path, digest) in expected {
        match actual.get(path) {
            None => lines.push(format!("- {path}")),
            Some(other) if other != digest => lines.push(format!("! {path} {} -> {}", short(digest), short(other))),
            Some(_) => {}
        }
    }
    lines.extend(actual.keys().filter(|path| !expected.contains_key(*path)).map(|path| format!("+ {path}")));
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_digest_is_that_of_the_files_bytes() {
        let tree = digest_tree(folder(&[("a/b.txt", "abc")]).path()).unwrap();
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(tree.get("a/b.txt").map(String::as_str), Some(sha));
        assert_eq!(tree.len(), 1);
    }

    #[test]
    fn equal_folders_have_no_difference() {
        let files = [("a", "1"), ("b/c", "2")];
        let (left, right) = (folder(&files), folder(&files));
        assert_eq!(compare(&digest_tree(left.path()).unwrap(), &digest_tree(right.path()).unwrap()), Ok(()));
    }

    #[test]
    fn each_difference_is_one_line() {
        let left = digest_tree(folder(&[("gone", "1"), ("same", "2"), ("other", "3")]).path()).unwrap();
        let right = digest_tree(folder(&[("same", "2"), ("other", "4"), ("new", "5")]).path()).unwrap();
        let text = compare(&left, &right).unwrap_err();
        let marks: Vec<_> = text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(marks, ["- gone", "! other", "+ new"]);
    }
}
