//! SIGTERM and SIGINT: the end of what is in flight, exit 4, and a run that goes on.

use obelisc_testkit::Compression;

use crate::archives::{small_bytes, three_archives};
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Place, run_of};
use crate::stuck::Stuck;

const INTERRUPTED: Option<i32> = Some(4);

#[test]
fn sigterm_ends_with_4_and_says_how_to_go_on() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 40);
    run_of(&archives, &place.path("unbroken")).ok();
    for (name, lines) in [("TERM", 1), ("INT", 1), ("TERM", 5)] {
        let output = place.path(&format!("{name}-{lines}"));
        let mut started = run_of(&archives, &output).words(["--threads", "1"]).start();
        started.lines(lines);
        started.signal(name);
        let (status, rest) = started.wait();
        assert_eq!(status.code(), INTERRUPTED, "{rest:?}");
        assert!(rest.iter().any(|line| line.contains("stopping when the tasks in flight end")), "{rest:?}");
        let last = rest.last().unwrap();
        assert_eq!(last, "error: interrupted; run the same command again to go on from here", "{rest:?}");
        assert!(!output.join("dataset").exists());
        run_of(&archives, &output).ok();
        assert_same(&dataset_tree(&place.path("unbroken")), &dataset_tree(&output));
    }
}

/// The run goes on and ends as one that nobody interrupted.
fn goes_on(stuck: &Stuck) {
    assert!(!stuck.output().join("dataset").exists());
    stuck.unstuck();
    run_of(&[stuck.input()], &stuck.output()).ok();
    run_of(&[stuck.input()], &stuck.path("unbroken")).ok();
    assert_same(&dataset_tree(&stuck.path("unbroken")), &dataset_tree(&stuck.output()));
}

#[test]
fn a_second_signal_ends_a_task_that_would_never_end() {
    for (first, second) in [("INT", "INT"), ("TERM", "INT")] {
        let mut stuck = Stuck::new();
        stuck.started.signal(first);
        stuck.started.read_until("a second signal stops at once");
        stuck.started.signal(second);
        let (status, rest) = stuck.started.wait();
        assert_eq!(status.code(), INTERRUPTED, "{rest:?}");
        goes_on(&stuck);
    }
}

#[test]
fn a_signal_ends_with_4_though_the_step_has_no_task_left() {
    let place = Place::new();
    let archive = place.write("a.warc", small_bytes(Compression::Plain, 50));
    let output = place.path("out");
    let mut started = run_of(&[&archive], &output).start();
    started.read_until("step_started");
    started.signal("TERM");
    let (status, rest) = started.wait();
    assert_eq!(status.code(), INTERRUPTED, "{rest:?}");
    assert!(!output.join("dataset").exists());
    run_of(&[&archive], &output).ok();
    run_of(&[&archive], &place.path("unbroken")).ok();
    assert_same(&dataset_tree(&place.path("unbroken")), &dataset_tree(&output));
}
