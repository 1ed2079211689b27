//! Large runs of which nothing but the markers is there: what they cost, and what becomes of them when something is gone.

mod executed;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_document::Document;
use obelisc_document::account::Accounts;
use obelisc_document::table::{Capture, DocumentSize, DuplicateKey, ImageReference, Table as _};
use obelisc_fetch::ImageStore;
use obelisc_storage::Storage as _;
use obelisc_storage::inputs::{ArchiveFile, Input, Kind};
use serde_json::json;

use super::memory::Memory;
use super::pretend::{Left, Pretended};
use super::*;
use crate::marker::File;

/// Enough for four groups in each step, the last of which is not full.
const TASKS: u32 = 3_100;

/// Steps of one task for each input: extract, filter, three passes of two, harvest, apply, clean.
const LARGE: usize = 11;

const RECIPE: &str = r#"
format = 1
name = "large"
stages = ["extract", "filter", "dedup", "fetch", "attach", "clean", "finish"]
[dedup.page_url]
pass = 1
keep = "newest"
[dedup.image_url]
pass = 2
max_copies = 10
keep = "none"
[dedup.image_set]
pass = 3
keep = "newest"
[fetch]
sources = ["archive"]
[clean]
[finish]
images = "url"
"#;

struct Place {
    recipe: Recipe,
    config: Config,
    remotes: Remotes,
    inputs: Vec<Input>,
    memory: Memory,
    store: Memory,
    images: ImageStore,
    stop: AtomicBool,
}

impl Place {
    fn new() -> Self {
        let store = Memory::default();
        let input = |number: u32| Input {
            name: format!("{number:06}.warc.gz"),
            size: 1,
            identity: "i".to_owned(),
            kind: Kind::Archive(ArchiveFile::Local(PathBuf::from(format!("/none/{number:06}.warc.gz")))),
        };
        for task in 0..TASKS {
            for ending in ["bin", "parquet"] {
                store.publish(&format!("segments/{}.{ending}", segment(task)), b"x").unwrap();
            }
        }
        Self {
            recipe: Recipe::parse("large.toml", RECIPE, &[]).unwrap(),
            // Each input is a task, however many there are.
            config: Config { max_tasks: u32::MAX, ..Config::default() },
            remotes: Remotes::default(),
            inputs: (0..TASKS).map(input).collect(),
            memory: Memory::default(),
            images: ImageStore::open(Box::new(store.clone())).unwrap(),
            store,
            stop: AtomicBool::new(false),
        }
    }

    fn run(&self) -> Run<'_> {
        Run {
            recipe: &self.recipe,
            config: &self.config,
            inputs: &self.inputs,
            storage: &self.memory,
            images: &self.images,
            remotes: &self.remotes,
            stop: &self.stop,
            force: false,
        }
    }

    fn requests(&self) -> usize {
        self.memory.requests() + self.store.requests()
    }

    /// Folder of a step.
    fn folder(&self, step: &str) -> String {
        let record = Record::read(&self.memory).unwrap();
        record.steps.iter().find(|recorded| recorded.step == step).unwrap().folder.clone().unwrap()
    }

    /// How far a run comes until it would begin with tasks: the step, and how many of its tasks were done before.
    fn resumes_at(&self) -> (&'static str, u32) {
        let until = Until { stop: &self.stop, reached: Mutex::new(None) };
        let ended = self.run().execute(&until);
        assert!(matches!(ended, Err(Error::Interrupted)), "{ended:?}");
        self.stop.store(false, Ordering::Relaxed);
        until.reached.into_inner().unwrap().unwrap()
    }
}

/// Raises the flag where a step has tasks that are open.
struct Until<'s> {
    stop: &'s AtomicBool,
    reached: Mutex<Option<(&'static str, u32)>>,
}

impl Observer for Until<'_> {
    fn step_started(&self, step: &StepInfo) {
        if step.done < step.tasks {
            self.stop.store(true, Ordering::Relaxed);
            *self.reached.lock().unwrap() = Some((step.step, step.done));
        }
    }
    fn task_finished(&self, _: &'static str, _: &str, _: &Marker) {}
    fn step_finished(&self, _: &StepInfo, _: &Accounts) {}
}

fn segment(task: u32) -> String {
    format!("archive-{task:032x}")
}

fn left(task: &Pretended<'_>) -> Left {
    let tables = [Document::NAME, DocumentSize::NAME, ImageReference::NAME, DuplicateKey::NAME, Capture::NAME];
    let file = |table: &str| File {
        table: table.to_owned(),
        key: format!("{}/{table}/{:06}-0123456789abcdef.parquet", task.folder, task.task),
        rows: 3,
        bytes: 5,
        digest: format!("{:032x}", task.task),
    };
    let is_large = ["extract", "filter", "harvest", "apply", "clean"].contains(&task.step)
        || task.step.starts_with("keys")
        || task.step.starts_with("compact");
    // A small step's files are looked for.
    if !is_large {
        return Left::default();
    }
    let mut accounts = Accounts::default();
    accounts.unit("documents").enter(3);
    let facts = if task.step == "harvest" { json!({"segment": segment(task.task)}) } else { Value::Null };
    Left { files: tables.map(file).to_vec(), accounts, facts }
}

#[test]
fn a_large_run_is_planned_listed_and_resumed_in_requests_by_step_and_not_by_task() {
    let place = Place::new();
    place.run().pretend("clean", 1, left).unwrap();
    place.requests();

    let plan = place.run().plan().unwrap();
    let planned = place.requests();
    let large: Vec<&PlannedStep> = plan.iter().filter(|step| step.tasks == Some(TASKS)).collect();
    assert_eq!(large.len(), LARGE, "{plan:?}");
    assert!(large[..LARGE - 1].iter().all(|step| step.done == TASKS));
    assert_eq!((large[LARGE - 1].step, large[LARGE - 1].done), ("clean", TASKS - 1));

    let status = Record::read(&place.memory).unwrap().status(&place.memory).unwrap();
    let listed = place.requests();
    let clean = status.iter().find(|step| step.step == "clean").unwrap();
    assert_eq!((clean.done, clean.accounts.0["documents"].kept), (TASKS - 1, 3 * u64::from(TASKS - 1)));

    assert_eq!(place.resumes_at(), ("clean", TASKS - 1));
    let resumed = place.requests();
    // Each step: a listing and a summary, or a few listings and its few markers.  The segments of all tasks: a listing.
    let segments = (2 * TASKS as usize).div_ceil(1000);
    assert!(planned < 5 * plan.len() + segments, "{planned}");
    // Of the step that is under way the markers in no index tell what became of what.
    let alone = TASKS as usize % 1000 - 1;
    assert!(listed < 5 * plan.len() + alone + 8, "{listed}");
    // What a run does once, as the lock, and a record that is written at each step.
    assert!(resumed < 7 * plan.len() + segments + 40, "{resumed}");
}

#[test]
fn a_large_run_of_before_there_were_summaries_is_planned_and_gets_them() {
    let place = Place::new();
    place.run().pretend("clean", 1, left).unwrap();
    let with = place.run().plan().unwrap();
    let is_summary = |key: &String| key.ends_with("whole.json");
    place.memory.objects.lock().unwrap().retain(|key, _| !is_summary(key));
    assert_eq!(place.run().plan().unwrap(), with);
    assert!(!place.memory.objects.lock().unwrap().keys().any(is_summary));
    assert_eq!(place.resumes_at(), ("clean", TASKS - 1));
    assert_eq!(place.memory.objects.lock().unwrap().keys().filter(|key| is_summary(key)).count(), LARGE - 1);
    assert_eq!(place.run().plan().unwrap(), with);
}

#[test]
fn a_segment_that_is_gone_is_made_again_whatever_the_summary_says() {
    let place = Place::new();
    place.run().pretend("clean", 1, left).unwrap();
    let digests = place.run().plan().unwrap();
    place.store.remove(&format!("segments/{}.bin", segment(1234))).unwrap();
    let plan = place.run().plan().unwrap();
    let harvest = plan.iter().position(|step| step.step == "harvest").unwrap();
    assert_eq!((plan[harvest].done, plan[harvest].tasks), (TASKS - 1, Some(TASKS)));
    assert_eq!(plan[harvest + 1].tasks, None);
    assert_eq!(place.resumes_at(), ("harvest", TASKS - 1));
    // Its group stands alone, and the step is not whole; what others did is kept.
    let keys = |folder: &str| place.memory.list(&format!("{}/{folder}", place.folder("harvest"))).unwrap().len();
    assert_eq!((keys("markers"), keys("index")), (999, 3));
    // Done again, it is whole as before.
    let task = Pretended { step: "harvest", folder: &place.folder("harvest"), task: 1234 };
    let Left { files, accounts, facts } = left(&task);
    let marker = Marker { format: FORMAT, task: 1234, files, accounts, facts };
    let text = serde_json::to_vec(&marker).unwrap();
    place.memory.publish(&marker::key(&place.folder("harvest"), 1234), &text).unwrap();
    place.store.publish(&format!("segments/{}.bin", segment(1234)), b"x").unwrap();
    assert_eq!(place.resumes_at(), ("clean", TASKS - 1));
    assert_eq!((keys("markers"), keys("index")), (0, 5));
    assert_eq!(place.run().plan().unwrap(), digests);
}
