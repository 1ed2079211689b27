//! Workers beside each other on one run, some of which are lost.

use std::path::{Path, PathBuf};

use crate::archives::three_archives;
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Call, Place, Started, obelisc, repository, run_recipe};

/// A run of the quickstart's rules that is submitted, and the same one made by `obelisc run`.
struct Submitted {
    place: Place,
    archives: Vec<PathBuf>,
}

impl Submitted {
    fn new() -> Self {
        let place = Place::new();
        let archives = three_archives(&place, "in", 30).to_vec();
        place.write("c.toml", "[storage]\nlease_seconds = 3\n[run]\nthreads = 1\n");
        let submitted = Self { place, archives };
        submitted.call("shared").instead("submit").word("--dry-run").ok();
        submitted
    }

    fn call(&self, output: &str) -> Call {
        let recipe = repository("pipelines/quickstart.toml");
        run_recipe(Path::new(&recipe), &self.archives, &self.shared(output))
            .word("--config")
            .path(&self.place.path("c.toml"))
    }

    fn shared(&self, output: &str) -> PathBuf {
        self.place.path(output)
    }

    fn worker(&self) -> Call {
        obelisc(["work"]).path(&self.shared("shared"))
    }

    /// Both datasets have the same bytes.
    fn is_whole(&self) {
        self.call("alone").ok();
        assert_same(&dataset_tree(&self.shared("alone")), &dataset_tree(&self.shared("shared")));
    }
}

fn code(mut worker: Started) -> Option<i32> {
    let (status, lines) = worker.wait();
    assert_eq!(status.code(), Some(0), "{lines:?}");
    status.code()
}

#[test]
fn three_workers_give_the_bytes_of_one() {
    let run = Submitted::new();
    let workers = [(); 3].map(|()| run.worker().start());
    assert_eq!(workers.map(code), [Some(0); 3]);
    run.is_whole();
    let status = obelisc(["status"]).path(&run.shared("shared")).ok().stdout;
    assert!(status.contains("finished: the dataset is") && !status.contains("worker "), "{status}");
    // Whoever comes too late finds it done.
    assert!(run.worker().ok().stdout.contains("The dataset was finished before"));
}

#[test]
fn what_a_killed_worker_held_is_done_by_another() {
    let run = Submitted::new();
    let none = obelisc(["status"]).path(&run.shared("shared")).ok().stdout;
    assert!(none.contains("no worker has begun"), "{none}");
    for lines in [2, 4, 7] {
        let mut worker = run.worker().start();
        worker.lines(lines);
        assert!(worker.kill().0, "it was still running when it was killed");
    }
    let metrics = obelisc(["status", "--prometheus"]).path(&run.shared("shared")).ok().stdout;
    assert!(
        metrics.contains("obelisc_tasks{step=\"extract\"} 3\n") && metrics.contains("obelisc_finished 0\n"),
        "{metrics}"
    );
    let workers = [(); 2].map(|()| run.worker().start());
    assert_eq!(workers.map(code), [Some(0); 2]);
    run.is_whole();
}

#[test]
fn a_worker_leaves_when_it_is_told_to_and_another_goes_on() {
    let run = Submitted::new();
    let mut worker = run.worker().start();
    worker.read_until("task_finished");
    worker.signal("TERM");
    let (status, lines) = worker.wait();
    assert_eq!(status.code(), Some(4), "{lines:?}");
    let left = obelisc(["status"]).path(&run.shared("shared")).ok().stdout;
    assert!(!left.contains("worker "), "it gave its leases back: {left}");
    run.worker().words(["--until", "1h"]).ok();
    run.is_whole();
}

#[test]
fn a_worker_ends_behind_its_stage() {
    let run = Submitted::new();
    let ended = run.worker().words(["--stage", "extract"]).ok();
    assert!(ended.stdout.contains("stage extract is done"), "{ended}");
    let plan = run.call("shared").instead("plan").words(["--json"]).ok().json();
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!((steps[0]["done"].as_u64(), steps[1]["done"].as_u64()), (Some(3), Some(0)), "{plan}");
    // A run takes up what workers left.
    run.call("shared").ok();
    run.is_whole();
}

#[test]
fn given_tasks_are_run_alone() {
    let run = Submitted::new();
    let task = |step: &str, tasks: &str| obelisc(["task"]).path(&run.shared("shared")).words([step, tasks]);
    task("filter", "0").fails(3).one_error(["extract comes before filter"]);
    task("extract", "0-1").ok();
    task("extract", "3").fails(2).one_error(["0 to 2"]);
    task("extrakt", "0").fails(2).one_error(["extrakt", "extract, filter"]);
    task("extract", "2-1").fails(2);
    task("extract", "1-2").ok();
    task("filter", "0").ok();
    run.worker().ok();
    run.is_whole();
}

#[test]
fn a_folder_without_a_job_is_nothing_to_work_on() {
    let place = Place::new();
    let empty = place.write("empty/readme.txt", "nothing");
    obelisc(["work"]).path(empty.parent().unwrap()).fails(3).one_error(["obelisc submit"]);
    obelisc(["work"]).path(&place.path("none")).fails(3).one_error(["not found"]);
    obelisc(["work", "x", "--stage", "extrakt"]).fails(2);
    obelisc(["work", "x", "--until", "soon"]).fails(2);
}
