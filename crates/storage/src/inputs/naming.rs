//! Names of inputs and of pages: text, unique, and the same wherever the files lie.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

/// Names archives, each by the shortest tail of its path that no other has.
pub fn of_archives(paths: &[&str]) -> Vec<String> {
    of_inputs(&paths.iter().map(|path| (Path::new(*path), false)).collect::<Vec<_>>())
}

/// Names each input (its path, whether it holds pages) by the shortest tail of its path that no other input has.
///
/// Of inputs that hold pages none is named like a folder of another: then `<input>/<page>` is unique too.
pub(super) fn of_inputs(inputs: &[(&Path, bool)]) -> Vec<String> {
    let parts: Vec<Vec<String>> = inputs.iter().map(|(path, _)| parts(path)).collect();
    let mut lengths = vec![1; parts.len()];
    loop {
        let tails: Vec<&[String]> =
            parts.iter().zip(&lengths).map(|(parts, &length)| &parts[parts.len().saturating_sub(length)..]).collect();
        let mut holders: BTreeMap<&[String], Vec<usize>> = BTreeMap::new();
        for (index, &tail) in tails.iter().enumerate() {
            holders.entry(tail).or_default().push(index);
        }
        let mut clashes: BTreeSet<usize> = holders.values().filter(|same| same.len() > 1).flatten().copied().collect();
        let pages = |index: &usize| inputs[*index].1;
        for (_, tail) in tails.iter().enumerate().filter(|(index, _)| pages(index)) {
            let folders = (1..tail.len()).filter_map(|end| holders.get(&tail[..end]));
            clashes.extend(folders.flatten().copied().filter(pages));
        }
        // An input whose whole path is used up cannot grow: another one does, or `unique` decides.
        clashes.retain(|&index| lengths[index] < parts[index].len());
        if clashes.is_empty() {
            return unique(tails.into_iter().map(|tail| tail.join("/")).collect());
        }
        for index in clashes {
            lengths[index] += 1;
        }
    }
}

/// Names the pages of a folder by their paths below it; one that is the folder, a single file, by its file name.
/// Sorted by name.
pub(super) fn of_pages(root: &Path, mut paths: Vec<PathBuf>) -> Vec<(String, PathBuf)> {
    paths.sort();
    let name = |path: &PathBuf| match path.strip_prefix(root) {
        Ok(below) if !below.as_os_str().is_empty() => parts(below).join("/"),
        _ => shown(path.file_name().unwrap_or_default()),
    };
    let names = unique(paths.iter().map(name).collect());
    let mut pages: Vec<_> = names.into_iter().zip(paths).collect();
    pages.sort();
    pages
}

/// The parts of a path as text; the root is an empty one, so that joining gives the path again.
fn parts(path: &Path) -> Vec<String> {
    let text = |part| match part {
        Component::RootDir => String::new(),
        other => shown(other.as_os_str()),
    };
    path.components().map(text).collect()
}

/// One part of a path as text.  What is not UTF-8 loses bytes on the way and gets a digest of them instead.
fn shown(part: &OsStr) -> String {
    match part.to_str() {
        Some(text) => text.to_owned(),
        None => format!("{}~{:016x}", part.to_string_lossy(), xxh3_64(part.as_encoded_bytes())),
    }
}

/// Numbers all but the first of equal names.
fn unique(mut names: Vec<String>) -> Vec<String> {
    let mut taken: BTreeSet<String> = names.iter().cloned().collect();
    let mut seen = BTreeSet::new();
    for name in &mut names {
        if !seen.insert(name.clone()) {
            let free = (2u64..).map(|number| format!("{name}~{number}")).find(|free| !taken.contains(free));
            *name = free.unwrap_or_default();
            taken.insert(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_grow_until_they_differ() {
        let names =
            of_inputs(&[("/a/x", false), ("/b/a/x", false), ("/y", false)].map(|(path, page)| (Path::new(path), page)));
        assert_eq!(names, ["/a/x", "b/a/x", "y"]);
    }

    #[test]
    fn a_folder_of_pages_is_not_named_like_a_folder_of_another() {
        let inputs = [("/1/a", true), ("/2/a/b", true), ("/3/b", true)].map(|(path, page)| (Path::new(path), page));
        assert_eq!(of_inputs(&inputs), ["1/a", "a/b", "3/b"]);
        // An archive's name is whole: it may look like one below a folder.
        let inputs = [("/1/a", true), ("/2/a/b", false), ("/3/b", false)].map(|(path, page)| (Path::new(path), page));
        assert_eq!(of_inputs(&inputs), ["a", "a/b", "3/b"]);
    }

    #[test]
    fn names_that_cannot_grow_are_numbered() {
        assert_eq!(of_inputs(&[(Path::new("x"), false); 3]), ["x", "x~2", "x~3"]);
        let names = ["x", "x", "x~2", "x"].map(str::to_owned).to_vec();
        assert_eq!(unique(names), ["x", "x~3", "x~2", "x~4"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_backslash_in_a_name_is_no_folder() {
        let paths = ["/p/a/b.html", "/p/a\\b.html"].map(PathBuf::from).to_vec();
        let names: Vec<String> = of_pages(Path::new("/p"), paths).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a/b.html", "a\\b.html"]);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf_8_carry_a_digest_of_their_bytes() {
        use std::os::unix::ffi::OsStrExt;

        let names = [&b"\xfe"[..], b"\xff"].map(|bytes| shown(OsStr::from_bytes(bytes)));
        assert!(names.iter().all(|name| name.starts_with("\u{fffd}~") && name.len() == 3 + 1 + 16));
        assert_ne!(names[0], names[1]);
        assert_eq!(shown(OsStr::new("\u{fffd}")), "\u{fffd}");
    }
}
