//! `kill -9` at any moment, and the run goes on from there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::archives::three_archives;
use crate::dataset::{assert_same, dataset_tree, manifest};
use crate::program::{Call, Place, run_of};
use crate::stuck::Stuck;

/// Lines of progress after which the program is killed.  A run of three archives writes some forty.
const MOMENTS: [usize; 10] = [1, 2, 4, 6, 9, 13, 18, 24, 31, 37];

/// Tasks that a run said were done: step and number.
fn finished(lines: &[String]) -> BTreeSet<(String, u64)> {
    let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tasks = events.filter(|event| event["event"] == "task_finished");
    tasks.map(|event| (event["step"].as_str().unwrap().to_owned(), event["task"].as_u64().unwrap())).collect()
}

#[test]
fn a_run_that_was_killed_ten_times_over_gives_the_bytes_of_an_unbroken_one() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 30);
    let call = |output: &str| -> Call {
        let shard = "finish.max_shard_bytes=1000000";
        run_of(&archives, &place.path(output)).words(["--threads", "2", "--set", shard])
    };
    call("unbroken").ok();
    let unbroken = dataset_tree(&place.path("unbroken"));
    let mut really_killed = 0;
    for moment in MOMENTS {
        let output = format!("killed-{moment}");
        let mut started = call(&output).start();
        let mut seen = started.lines(moment);
        let (killed, rest) = started.kill();
        really_killed += usize::from(killed);
        seen.extend(rest);
        let before = finished(&seen);
        let again = call(&output).events();
        let again: Vec<String> = again.iter().map(ToString::to_string).collect();
        let twice: Vec<_> = finished(&again).into_iter().filter(|task| before.contains(task)).collect();
        assert!(twice.is_empty(), "done before the kill after {moment} lines and done again: {twice:?}");
        assert_same(&unbroken, &dataset_tree(&place.path(&output)));
    }
    assert!(really_killed >= 5, "only {really_killed} runs were still running when they were killed");
    let shards = &manifest(&place.path("unbroken/dataset"))["shards"];
    assert!(shards.as_array().unwrap().len() > 1, "{shards}");
}

#[test]
fn a_run_that_is_killed_again_and_again_comes_to_its_end() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 10);
    run_of(&archives, &place.path("unbroken")).ok();
    let output = place.path("broken");
    for lines in [1, 5, 7, 9, 11, 13] {
        let mut started = run_of(&archives, &output).start();
        started.lines(lines);
        started.kill();
    }
    run_of(&archives, &output).ok();
    assert_same(&dataset_tree(&place.path("unbroken")), &dataset_tree(&output));
}

#[test]
fn what_a_kill_left_half_written_is_gone_after_the_next_run() {
    let mut stuck = Stuck::new();
    let (killed, _) = stuck.started.kill();
    assert!(killed && stuck.has_file(".part"));
    stuck.unstuck();
    run_of(&[stuck.input()], &stuck.output()).ok();
    assert!(!stuck.has_file(".part"));
}
