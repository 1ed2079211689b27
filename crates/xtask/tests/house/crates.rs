//! Which crate may use which: the table of `crates/README.md` against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::{read, root};

/// Crates for development: nothing that ships may use them, they may use anything.
const DEVELOPMENT: [&str; 2] = ["testkit", "xtask"];

/// The crates that have unsafe code: one maps model files, one is loaded by an interpreter.
const UNSAFE: [&str; 2] = ["mapped", "python"];

/// A crate of the workspace, by the name of its folder.
struct Member {
    name: String,
    manifest: String,
    /// Crates of the workspace that it uses.
    uses: BTreeSet<String>,
    /// The same, in its tests.
    tests_use: BTreeSet<String>,
}

/// `obelisc-warc` → `warc`; the root package is the folder `cli`.
fn folder(package: &str) -> String {
    package.strip_prefix("obelisc-").unwrap_or("cli").to_owned()
}

fn members() -> Vec<Member> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let member = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap();
        // A dependency on a crate of ours has a path.
        let ours = |tests: bool| {
            let ours = dependencies.iter().filter(|one| one["path"].is_string() && (one["kind"] == "dev") == tests);
            ours.map(|one| folder(one["name"].as_str().unwrap())).collect()
        };
        let name = folder(package["name"].as_str().unwrap());
        Member { name, manifest: text(&package["manifest_path"]), uses: ours(false), tests_use: ours(true) }
    };
    let members: Vec<Member> = metadata["packages"].as_array().unwrap().iter().map(member).collect();
    assert!(members.len() > 10, "cargo metadata names {} crates", members.len());
    members
}

/// Names in backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table: crate → what it may use, in its order.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let page = read("crates/README.md");
    let (_, section) = page.split_once("\n## Crates\n").expect("crates/README.md has a section Crates");
    let rows = section.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _, may_use] = cells[..] else { panic!("three cells: {line}") };
        let [name] = &names(name)[..] else { panic!("one crate in the first cell: {line}") };
        assert!(may_use == "–" || !names(may_use).is_empty(), "crates in backticks, or –: {line}");
        (name.clone(), names(may_use).into_iter().collect())
    });
    rows.collect()
}

#[test]
fn a_crate_uses_what_the_table_allows_and_nothing_else() {
    let allowed: BTreeMap<_, _> = table().into_iter().collect();
    for Member { name, uses, tests_use, .. } in members() {
        let Some(allowed) = allowed.get(&name) else { panic!("crates/README.md has no row for `{name}`") };
        if DEVELOPMENT.contains(&name.as_str()) {
            continue;
        }
        let wrong: Vec<_> = uses.difference(allowed).collect();
        assert!(wrong.is_empty(), "`{name}` uses {wrong:?}, which its row in crates/README.md does not allow");
        // The tests of the whole program look at it from all sides.
        let wrong: Vec<_> = tests_use.difference(allowed).filter(|used| *used != "testkit").collect();
        assert!(wrong.is_empty() || name == "cli", "the tests of `{name}` use {wrong:?}, which its row does not allow");
    }
}

#[test]
fn the_table_has_one_row_for_each_crate_and_arrows_point_up_in_it() {
    let members: BTreeSet<String> = members().into_iter().map(|member| member.name).collect();
    let mut above = BTreeSet::new();
    for (name, allowed) in table() {
        assert!(members.contains(&name), "there is no crate `{name}`");
        let unknown: Vec<_> = allowed.difference(&above).collect();
        assert!(unknown.is_empty(), "`{name}` may use {unknown:?}, which stands nowhere above it");
        for used in DEVELOPMENT {
            assert!(!allowed.contains(used), "`{name}` may use `{used}`, which is for development");
        }
        assert!(above.insert(name.clone()), "`{name}` has two rows");
    }
    assert_eq!(above, members);
}

#[test]
fn every_crate_takes_the_lints_and_versions_of_the_workspace() {
    for Member { name, manifest, .. } in members() {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let manifest: toml_edit::DocumentMut = text.parse().unwrap();
        let inherits = |item: Option<&toml_edit::Item>| item.and_then(|item| item.get("workspace")?.as_bool());
        // The workspace forbids unsafe code; these allow it in one place each.
        if UNSAFE.contains(&name.as_str()) {
            assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
        } else {
            assert_eq!(inherits(manifest.get("lints")), Some(true), "`{name}`: [lints] workspace = true");
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            assert_eq!(inherits(manifest["package"].get(key)), Some(true), "`{name}`: {key}.workspace = true");
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(section) = manifest.get(section).and_then(toml_edit::Item::as_table_like) else { continue };
            for (dependency, item) in section.iter() {
                assert_eq!(inherits(Some(item)), Some(true), "`{name}`: {dependency}.workspace = true");
            }
        }
    }
}

#[test]
fn what_lies_below_the_engine_is_built_once_for_the_tests_the_program_and_the_tasks() {
    let features = |arguments: &[&str]| -> BTreeSet<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut tree = Command::new(cargo);
        tree.args(["tree", "--offline", "--prefix=none", "--format={p} {f}"]).args(arguments);
        let output = tree.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        // Crates of ours are built in a moment.
        let lines = lines.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned());
        lines.filter(|line| !line.starts_with("obelisc")).collect()
    };
    let tests = features(&["--workspace", "--edges=normal,build,dev"]);
    assert!(tests.iter().any(|line| line.starts_with("datafusion v")));
    for package in ["obelisc", "obelisc-python", "obelisc-xtask"] {
        let program = features(&["--package", package, "--edges=normal,build"]);
        let again: Vec<_> = program.difference(&tests).collect();
        assert!(again.is_empty(), "other features for `{package}`, see crates/engine/Cargo.toml: {again:?}");
    }
}
