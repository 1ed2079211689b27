//! A run that waits for ever in the middle of a task.

use std::path::PathBuf;
use std::process::Command;

use obelisc_testkit::Compression;

use crate::archives::small_bytes;
use crate::dataset::tree;
use crate::program::{Place, Started, run_of};

/// A run over two archives, the second of which gave way to a named pipe to which nobody writes.
pub(crate) struct Stuck {
    place: Place,
    pub(crate) started: Started,
}

impl Stuck {
    /// A run that is in its second task, or comes to it, and stays there.  Its first task is done.
    pub(crate) fn new() -> Self {
        loop {
            let place = Place::new();
            place.write("in/a.warc", small_bytes(Compression::Plain, 50));
            place.write("in/b.warc", small_bytes(Compression::Plain, 2));
            let mut started = run_of(&[place.path("in")], &place.path("out")).words(["--threads", "1"]).start();
            // Inputs are found before a run writes its record, and have to be files then.
            while !place.path("out/run/record.json").exists() {
                assert!(started.running());
                std::thread::yield_now();
            }
            started.signal("STOP");
            let mut stuck = Self { place, started };
            if stuck.has_file("/markers/") {
                // It was faster, and might have come to the second archive already.
                stuck.started.kill();
                continue;
            }
            std::fs::rename(stuck.second(), stuck.place.path("aside")).unwrap();
            assert!(Command::new("mkfifo").arg(stuck.second()).status().unwrap().success());
            stuck.started.signal("CONT");
            stuck.started.read_until("task_finished");
            while !stuck.has_file(".part") {
                assert!(stuck.started.running());
                std::thread::yield_now();
            }
            return stuck;
        }
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.place.path("in")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.place.path("out")
    }

    /// The second archive.
    pub(crate) fn second(&self) -> PathBuf {
        self.place.path("in/b.warc")
    }

    /// A path beside input and output.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Whether the step has a file whose path has these words.
    pub(crate) fn has_file(&self, words: &str) -> bool {
        let steps = self.place.path("out/run/steps");
        steps.exists() && tree(&steps).keys().any(|key| key.contains(words))
    }

    /// Puts the archive in the place of the pipe.
    pub(crate) fn unstuck(&self) {
        std::fs::rename(self.place.path("aside"), self.second()).unwrap();
    }
}
