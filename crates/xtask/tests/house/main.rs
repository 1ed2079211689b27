//! The house rules, held against the tree as git has it.
#![allow(clippy::disallowed_methods, reason = "a test reads the tree and asks cargo and git")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail anywhere")]

mod code;
mod crates;
mod data;
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A text file of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Paths of all files of the project, relative to its root: those that git tracks or would add; in a tree without git all
/// but what is built.
fn files() -> Vec<String> {
    let mut files = git(&["--cached", "--others", "--exclude-standard"]).unwrap_or_else(|| walk(&root(), ""));
    files.retain(|file| root().join(file).is_file());
    files.sort();
    assert!(files.iter().any(|file| file == "Cargo.toml"), "the tree has no files");
    files
}

/// What `git ls-files` lists, where this is a repository.
fn git(arguments: &[&str]) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    let output = git.args(["ls-files", "-z"]).args(arguments).current_dir(root()).output().ok()?;
    let listed = output.status.success() && root().join(".git").exists();
    listed.then(|| String::from_utf8(output.stdout).unwrap().split('\0').map(str::to_owned).collect())
}

fn walk(folder: &Path, prefix: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if ["target", "out", ".git", ".venv", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk(&entry.path(), &format!("{prefix}{name}/")));
        } else {
            files.push(format!("{prefix}{name}"));
        }
    }
    files
}
