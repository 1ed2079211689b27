//! What the text of the files may not say.

use crate::{files, root};

/// Files in which a whole module or crate may use what `.clippy.toml` bans.  All others say so line by line, with
/// `#[expect]`, or not at all.
const ALLOWED: [(&str, &str); 7] = [
    ("crates/cli/", "the command line"),
    ("crates/image/src/decode.rs", "image decoders behind limits"),
    ("crates/mapped/src/lib.rs", "maps model files"),
    ("crates/storage/src/lib.rs", "file access"),
    ("crates/testkit/", "development only"),
    ("crates/warc/src/capped.rs", "decompressors behind caps"),
    ("crates/xtask/", "development only"),
];

/// The text files of the project.
fn texts() -> Vec<(String, String)> {
    let read = |file: String| Some((std::fs::read_to_string(root().join(&file)).ok()?, file));
    files().into_iter().filter_map(read).map(|(text, file)| (file, text)).collect()
}

/// Whether a source is a test: a file of a `tests` folder, an example, or one that stands behind `#[cfg(test)]`.
fn is_test(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    let folders = ["tests", "examples"];
    parts.iter().any(|part| folders.contains(part) || ["tests.rs", "conformance.rs"].contains(part))
}

#[test]
fn banned_calls_are_allowed_in_one_place_each() {
    let mut seen = 0;
    for (file, text) in texts().into_iter().filter(|(file, _)| file.ends_with(".rs")) {
        if is_test(&file) {
            continue;
        }
        // What follows stands in the test module at the end of the file.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let attributes = code.split("#![allow(").skip(1).chain(code.split("#[allow(").skip(1));
        let banned = attributes.filter_map(|rest| rest.split(")]").next()).any(|lints| lints.contains("disallowed_"));
        if banned {
            let known = ALLOWED.iter().any(|(place, _)| file.starts_with(place));
            assert!(known, "{file} allows itself what .clippy.toml bans");
            seen += 1;
        }
    }
    assert!(seen >= ALLOWED.len(), "only {seen} files allow themselves anything: {ALLOWED:?}");
}

#[test]
fn nothing_is_left_open() {
    let marks = ["TO", "FIX", "XX"].map(|begin| match begin {
        "TO" => format!("{begin}DO"),
        "FIX" => format!("{begin}ME"),
        _ => format!("{begin}X:"),
    });
    for (file, text) in texts().into_iter().filter(|(file, _)| !file.starts_with("crates/xtask/tests/house/")) {
        for (number, line) in text.lines().enumerate() {
            let open = marks.iter().find(|mark| line.contains(*mark));
            assert!(open.is_none() || file.contains("/fixtures/"), "{file}:{}: {line}", number + 1);
        }
    }
}

/// Whether `path` stands in `line` as a path of its own and not inside a longer path or a URL.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "/.-_~}>*$".contains(c)))
    })
}

#[test]
fn no_path_of_a_machine_stands_in_the_tree() {
    let paths = ["/work/", "/root/", "/home/", "/Users/", "C:\\Users"];
    for (file, text) in texts() {
        // Pages are made to look like those of the web, where /home/ is a page.
        if file.starts_with("crates/xtask/tests/house/") || file.ends_with(".html") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let path = paths.iter().find(|path| has_path(line, path));
            assert!(path.is_none(), "{file}:{}: {line}", number + 1);
        }
    }
}

#[test]
fn a_path_is_told_from_a_part_of_a_url() {
    assert!(has_path("cd /home/me", "/home/"));
    assert!(has_path("\"/work/x\"", "/work/"));
    assert!(!has_path("https://a.example/home/", "/home/"));
    assert!(!has_path("../home/x", "/home/"));
}

#[test]
fn texts_speak_of_the_program_and_not_of_who_wrote_it() {
    let words = ["agent", "session"];
    for (file, text) in texts() {
        // What a model learned are the words of other people's pages.
        let is_data = file == "Cargo.lock" || file.contains("/fixtures/") || file.ends_with("/model/content.txt");
        if file.starts_with("crates/xtask/tests/house/") || is_data {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            // The header by which a program names itself, and a trait of DataFusion.
            let names = ["user-agent", "user agent", "user_agent", "catalog::session"];
            let line = names.iter().fold(line.to_lowercase(), |line, name| line.replace(name, ""));
            let mut spoken = line.split(|c: char| !c.is_alphabetic());
            let word = spoken.find(|word| words.contains(&word.trim_end_matches('s')));
            assert!(word.is_none(), "{file}:{}: {word:?}", number + 1);
        }
    }
}
