//! A disk that is really full.

use std::path::{Path, PathBuf};
use std::process::Command;

use obelisc_testkit::skip;

use crate::archives::three_archives;
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Place, run_of};

/// A file system of a bounded size in memory; gone with the value.
struct Disk(PathBuf);

impl Disk {
    /// `None` where the system lets nobody mount.
    fn mount(path: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        mount(&path, &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).then_some(Self(path))
    }

    fn grow(&self, size: &str) {
        assert!(mount(&self.0, &["-o", &format!("remount,size={size}")]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be unmounted is nothing that a failing test could mend.
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

fn mount(path: &Path, words: &[&str]) -> bool {
    Command::new("mount").args(words).arg(path).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_is_one_clear_error_and_the_run_goes_on_when_there_is_space() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 40);
    run_of(&archives, &place.path("unbroken")).ok();
    let config = place.write("config.toml", "run.min_free_bytes = 0\nrun.threads = 2\n");
    // At the first table, in the middle of the images, at a shard.
    for size in ["40k", "3m", "7m"] {
        let Some(disk) = Disk::mount(place.path(&format!("disk-{size}")), size) else {
            skip("nothing can be mounted here");
            return;
        };
        let output = disk.0.join("out");
        let call = || run_of(&archives, &output).word("--config").path(&config);
        call().fails(3).one_error(["space left on device"]);
        assert!(!output.join("dataset").exists());
        disk.grow("64m");
        call().ok();
        assert_same(&dataset_tree(&place.path("unbroken")), &dataset_tree(&output));
    }
}
