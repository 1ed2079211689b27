//! Runs of more tasks than an index holds that really are run: to their end, with a stop between, and by workers.

use std::collections::BTreeMap;
use std::time::Duration;

use obelisc_storage::inputs::Wanted;
use obelisc_storage::{Remotes, inputs};

use super::*;
use crate::work::Worker;

const PAGES: u32 = 1_050;

const PAGE_RECIPE: &str = r#"
format = 1
name = "pages"
stages = ["extract", "filter", "finish"]
[finish]
images = "url"
order = "input"
"#;

struct Pages {
    _folder: tempfile::TempDir,
    inputs: Vec<Input>,
    recipe: Recipe,
    config: Config,
    remotes: Remotes,
}

impl Pages {
    #[allow(clippy::disallowed_methods, reason = "a test waits for no disk to have what it wrote")]
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for page in 0..PAGES {
            let text = format!(
                "<!doctype html><title>{page}</title><main><p>What page {page} says is one sentence of some length.</p>\
                 <img src=\"https://images.example/{page}.png\" alt=\"picture {page}\"></main>"
            );
            std::fs::write(folder.path().join(format!("{page:04}.html")), text).unwrap();
        }
        let remotes = Remotes::default();
        let glob = folder.path().join("*.html").to_string_lossy().into_owned();
        let inputs = inputs::find(&[glob], Wanted::Archives, &remotes).unwrap();
        assert_eq!(inputs.len(), PAGES as usize);
        let recipe = Recipe::parse("pages.toml", PAGE_RECIPE, &[]).unwrap();
        Self { _folder: folder, inputs, recipe, config: Config { max_tasks: u32::MAX, ..Config::default() }, remotes }
    }
}

/// An output, and what is told of the run.
struct Output {
    memory: Memory,
    images: ImageStore,
    stop: AtomicBool,
    /// Raises the flag behind so many tasks of the step `filter`.
    stop_behind: usize,
    done: Mutex<BTreeMap<&'static str, usize>>,
    started: Mutex<BTreeMap<&'static str, u32>>,
}

impl Output {
    fn new(stop_behind: usize) -> Self {
        let images = ImageStore::open(Box::new(Memory::default())).unwrap();
        let (done, started) = (Mutex::default(), Mutex::default());
        Self { memory: Memory::default(), images, stop: AtomicBool::new(false), stop_behind, done, started }
    }

    fn run<'r>(&'r self, pages: &'r Pages) -> Run<'r> {
        let Pages { recipe, config, inputs, remotes, .. } = pages;
        let (storage, images, stop) = (&self.memory, &self.images, &self.stop);
        Run { recipe, config, inputs, storage, images, remotes, stop, force: false }
    }

    fn indexes(&self) -> usize {
        self.memory
            .objects
            .lock()
            .unwrap()
            .keys()
            .filter(|key| key.starts_with("run/steps/") && key.contains("/index/"))
            .count()
    }

    fn markers(&self) -> usize {
        self.memory.objects.lock().unwrap().keys().filter(|key| key.contains("/markers/")).count()
    }
}

impl Observer for Output {
    fn step_started(&self, step: &StepInfo) {
        self.started.lock().unwrap().insert(step.step, step.done);
    }
    fn task_finished(&self, step: &'static str, _: &str, _: &Marker) {
        let mut done = self.done.lock().unwrap();
        let done = done.entry(step).or_default();
        *done += 1;
        if step == "filter" && *done == self.stop_behind {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
    fn step_finished(&self, _: &StepInfo, _: &Accounts) {}
}

#[test]
fn a_run_of_more_tasks_than_an_index_holds_gives_the_same_however_it_came_about() {
    let pages = Pages::new();
    let unbroken = Output::new(0);
    let expected = unbroken.run(&pages).execute(&unbroken).unwrap().manifest;
    assert_eq!(expected.inputs.len(), PAGES as usize);
    assert!(expected.inputs.iter().all(|input| !input.read_sha256.is_empty()));
    // Two steps, each with two indexes and a summary; `order` and `write` have a task each.
    assert_eq!((unbroken.indexes(), unbroken.markers()), (6, 2));

    let broken = Output::new(1_010);
    assert!(matches!(broken.run(&pages).execute(&broken), Err(Error::Interrupted)));
    // The first group of `filter` has its index by now.
    assert_eq!(broken.indexes(), 4);
    broken.stop.store(false, Ordering::Relaxed);
    let before = broken.done.lock().unwrap()["filter"];
    let again = broken.run(&pages).execute(&broken).unwrap().manifest;
    assert_eq!((again.dataset_digest, &again.stages), (expected.dataset_digest.clone(), &expected.stages));
    assert_eq!(broken.started.lock().unwrap()["filter"] as usize, before);
    assert_eq!(broken.done.lock().unwrap()["filter"], PAGES as usize);
    assert_eq!((broken.indexes(), broken.markers()), (6, 2));
    // A file that somebody took away behind the index is missed when it is read; without an index it is looked for.
    assert!(broken.run(&pages).execute(&broken).unwrap().existed);

    let shared = Output::new(0);
    let worker = |name: &str| Worker { name: name.to_owned(), lease: Duration::from_secs(2), last_stage: None };
    let names = ["one", "two"];
    let finished: Vec<_> = std::thread::scope(|scope| {
        let started = names.map(|name| {
            let (shared, pages) = (&shared, &pages);
            scope.spawn(move || shared.run(pages).work(&worker(name), shared))
        });
        started.map(|thread| thread.join().unwrap().unwrap().unwrap()).into()
    });
    for Finished { manifest, .. } in finished {
        assert_eq!((&manifest.dataset_digest, &manifest.stages), (&expected.dataset_digest, &expected.stages));
    }
    assert_eq!((shared.indexes(), shared.markers()), (6, 2));
}
