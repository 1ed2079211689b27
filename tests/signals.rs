//! SIGTERM and SIGINT: the end of what is in flight, exit 4, and a run that goes on.

use crate::archives::{stuck, three_archives, unstuck};
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Place, run_of};

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

#[test]
fn a_second_signal_ends_a_task_that_would_never_end() {
    for (first, second) in [("INT", "INT"), ("TERM", "INT")] {
        let place = Place::new();
        let input = stuck(&place);
        let output = place.path("out");
        let mut started = run_of(&[&input], &output).words(["--threads", "1"]).start();
        started.read_until("task_finished");
        started.signal(first);
        started.read_until("a second signal stops at once");
        started.signal(second);
        let (status, rest) = started.wait();
        assert_eq!(status.code(), INTERRUPTED, "{rest:?}");

        // The pipe gives way to an archive: what was done is not done again, and the rest is.
        unstuck(&place);
        run_of(&[&input], &output).ok();
        run_of(&[&input], &place.path("unbroken")).ok();
        assert_same(&dataset_tree(&place.path("unbroken")), &dataset_tree(&output));
    }
}
