//! Files that a recipe names and a machine has: models, long word lists.
//!
//! The recipe says which file, by its sha256, and where it is had; where it lies is said by the config or the command line, since
//! no recipe names a path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use obelisc_document::hex;
use obelisc_filter::options::{Declared, Options, Problem, Resource, Resources, Source, nearest};
use obelisc_storage::model;

/// Where the files of recipes lie, by the name that the recipe gives them.
pub type ResourcePaths = BTreeMap<String, PathBuf>;

/// Files that were opened, by their paths: each is mapped and read for its digest once.
#[derive(Clone, Debug, Default)]
pub struct OpenedFiles(Arc<Mutex<BTreeMap<PathBuf, Resource>>>);

/// Names that stand for something else where a file could be named.
const TAKEN: [&str; 3] = ["off", "embedded", "language"];

/// Opens the files of the table `[resources]`, and notes what is wrong with each.
pub(super) fn open(source: &Source, paths: &ResourcePaths, opened: &OpenedFiles) -> Resources {
    let mut root = source.root();
    let mut resources = Resources::default();
    for (name, mut options) in root.table("resources").tables() {
        let wanted = Wanted::read(&mut options);
        if TAKEN.contains(&name.as_str()) || obelisc_filters::lists::is_name(&name) {
            options.problem(
                "sha256",
                format!("{name:?} stands for something else where a file is named; call it otherwise"),
            );
        }
        let found = wanted.open(&name, paths.get(&name), opened);
        if let Err(problem) = &found {
            options.problem("sha256", problem.as_str());
        }
        options.finish();
        resources.add(&name, found.ok());
    }
    resources
}

/// What is wrong with files that are given by name: the recipe has none of the name.
pub(super) fn not_named(names: &[String], resources: &Resources) -> Vec<Problem> {
    let known: Vec<&str> = resources.names().collect();
    let strange = names.iter().filter(|name| !known.contains(&name.as_str()));
    let problems = strange.map(|name| {
        let of = if known.is_empty() { "none".to_owned() } else { format!("[resources] {}", known.join(", ")) };
        let hint = nearest(name, known.iter().copied());
        let message = format!("the recipe names no such file{hint}; it names {of}");
        Problem { file: format!("--resource {name}"), line: 0, key: String::new(), message }
    });
    problems.collect()
}

/// The keys of one of the tables.
pub(super) fn declared() -> Vec<Declared> {
    let source = Source::parse("defaults", "[resources.NAME]\n", &[]);
    let mut root = source.root();
    let tables = root.table("resources").tables();
    let declared = tables.into_iter().map(|(_, mut options)| {
        Wanted::read(&mut options);
        options.finish().declared
    });
    declared.flatten().collect()
}

impl OpenedFiles {
    fn resource(&self, path: &Path) -> Result<Resource, obelisc_storage::Error> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = opened.get(path) {
            return Ok(found.clone());
        }
        let file = model::open(path)?;
        let resource = Resource::new(Arc::new(file.bytes), hex(&file.sha256));
        opened.insert(path.to_owned(), resource.clone());
        Ok(resource)
    }
}

/// What a recipe says of a file.
struct Wanted {
    sha256: String,
    source: String,
}

impl Wanted {
    fn read(options: &mut Options<'_>) -> Self {
        Self {
            sha256: options.text("sha256", "", "sha256 of the file, 64 hexadecimal digits"),
            source: options.text("source", "", "where the file is had, or the command that makes it"),
        }
    }

    fn open(&self, name: &str, path: Option<&PathBuf>, opened: &OpenedFiles) -> Result<Resource, String> {
        let had = if self.source.is_empty() { String::new() } else { format!("; it is had by: {}", self.source) };
        let Some(path) = path else {
            return Err(format!(
                "the file is not there: say where with --resource {name}=PATH or `{name} = \"PATH\"` under [resources] of the config{had}"
            ));
        };
        let resource = opened.resource(path).map_err(|error| format!("{error}{had}"))?;
        let sha256 = resource.sha256().to_owned();
        if self.sha256.to_ascii_lowercase() == sha256 {
            return Ok(resource);
        }
        let path = path.display();
        Err(if self.sha256.is_empty() {
            format!("missing; that of {path} is {sha256}")
        } else {
            format!("{:?} is given, {path} has {sha256}{had}", self.sha256)
        })
    }
}
