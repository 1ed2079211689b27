//! What lies where, and how much of it.

use std::collections::BTreeSet;

use crate::{files, git, read, root};

/// All that stands at the top.
const TOP: [&str; 18] = [
    "crates",
    "filters",
    "pipelines",
    "configs",
    "tests",
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    ".cargo",
    ".ci",
    ".config",
    ".github",
    ".gitignore",
    ".clippy.toml",
    ".deny.toml",
    ".rustfmt.toml",
];

#[test]
fn the_top_level_holds_what_the_design_lists() {
    let allowed = BTreeSet::from(TOP);
    // What lies there untracked is nobody's but the developer's.
    let files = git(&["--cached"]).unwrap_or_else(files);
    let found: BTreeSet<&str> =
        files.iter().filter_map(|file| file.split('/').next().filter(|top| !top.is_empty())).collect();
    let strange: Vec<_> = found.difference(&allowed).collect();
    assert!(strange.is_empty(), "{strange:?} does not belong at the top");
}

#[test]
fn every_folder_of_the_top_has_its_manual() {
    for folder in ["crates", "filters", "pipelines", "configs", "tests"] {
        assert!(root().join(folder).join("README.md").is_file(), "{folder}/README.md");
    }
}

#[test]
fn source_files_are_short() {
    let sources = files().into_iter().filter(|file| file.ends_with(".rs"));
    let mut lengths: Vec<(usize, String)> = sources.map(|file| (read(&file).lines().count(), file)).collect();
    lengths.sort();
    let (longest, file) = lengths.last().expect("there are sources");
    assert!(*longest <= 800, "{file} has {longest} lines");
    let (median, _) = lengths[lengths.len() / 2];
    assert!(median < 200, "half of the sources have {median} lines or more");
}

#[test]
fn fixtures_are_small() {
    let fixture = |file: &String| file.split('/').rev().skip(1).any(|folder| folder == "fixtures" || folder == "pages");
    let fixtures = files().into_iter().filter(fixture);
    let sizes = fixtures.map(|file| (root().join(&file).metadata().unwrap().len(), file));
    let (bytes, count) = sizes.fold((0, 0), |(bytes, count), (size, _)| (bytes + size, count + 1));
    assert!(count > 0, "there are fixtures");
    assert!(bytes < 5_000_000, "{count} fixtures hold {bytes} bytes");
}
