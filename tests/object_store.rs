//! Runs whose archives, tables, images and dataset lie in an object store.

use std::path::{Path, PathBuf};

use obelisc_testkit::object_store::ObjectStoreServer;

use crate::archives::three_archives;
use crate::dataset::{assert_same, dataset_tree};
use crate::program::{Call, Place, obelisc, repository, run_recipe};

/// A store, and its bucket as the server's own folder.
struct Bucket {
    place: Place,
    server: ObjectStoreServer,
}

impl Bucket {
    fn new() -> Self {
        let place = Place::new();
        place.write("store/bucket/readme.txt", "a bucket");
        // Whoever looks at a lease for three seconds may take it.
        place.write("store.toml", "[storage]\nlease_seconds = 3\n");
        let server = ObjectStoreServer::start(&place.path("store"));
        Self { place, server }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.place.path("store/bucket").join(name)
    }

    fn call(&self, call: Call) -> Call {
        call.envs(self.server.variables())
    }

    /// A run of the quickstart's rules over all archives of the bucket, into the bucket.
    fn run(&self, output: &str) -> Call {
        let recipe = repository("pipelines/quickstart.toml");
        let output = format!("s3://bucket/{output}");
        let config = self.place.path("store.toml");
        let inputs = [Path::new("s3://bucket/in/"), Path::new("s3://bucket/quick*.warc.gz")];
        self.call(run_recipe(Path::new(&recipe), &inputs, Path::new(&output)).word("--config").path(&config))
    }

    /// The same over the same archives as files, into a folder.
    fn local(&self) -> PathBuf {
        three_archives(&self.place, "store/bucket/in", 12);
        std::fs::copy(repository("tests/fixtures/quickstart.warc.gz"), self.folder("quickstart.warc.gz")).unwrap();
        let inputs = [self.folder("in"), self.folder("quickstart.warc.gz")];
        let output = self.place.path("local");
        run_recipe(Path::new(&repository("pipelines/quickstart.toml")), &inputs, &output).ok();
        output
    }
}

#[test]
fn a_run_in_an_object_store_gives_the_bytes_of_one_in_folders() {
    let bucket = Bucket::new();
    let local = dataset_tree(&bucket.local());
    let ended = bucket.run("out").ok();
    assert!(ended.stdout.contains("The dataset is finished: s3://bucket/out/dataset\n"), "{ended}");
    assert_same(&local, &dataset_tree(&bucket.folder("out")));
    assert!(bucket.folder("out/images/store.json").is_file());
    // What tells of a run tells of this one.
    let status = bucket.call(obelisc(["status", "s3://bucket/out"])).ok();
    assert!(status.stdout.contains("finished: the dataset is s3://bucket/out/dataset"), "{status}");
    let again = bucket.run("out").ok();
    assert!(again.stdout.contains("The dataset was finished before"), "{again}");
    let plan = bucket.run("out").instead("plan").ok();
    assert!(!plan.stdout.contains("would"), "{plan}");
}

#[test]
fn a_store_that_fails_one_request_in_twenty_and_is_told_too_much_changes_no_byte() {
    let bucket = Bucket::new();
    let local = dataset_tree(&bucket.local());
    bucket.server.fail_every(20);
    bucket.server.slow_down_above(3);
    bucket.run("out").words(["--threads", "4"]).ok();
    assert!(bucket.server.refused() > 20, "{}", bucket.server.refused());
    assert_same(&local, &dataset_tree(&bucket.folder("out")));
}

#[test]
fn a_run_that_is_killed_over_an_object_store_goes_on_from_there() {
    let bucket = Bucket::new();
    let local = dataset_tree(&bucket.local());
    let mut really_killed = 0;
    for moment in [2, 9, 20, 60] {
        let mut started = bucket.run("out").start();
        started.lines(moment);
        really_killed += usize::from(started.kill().0);
    }
    assert!(really_killed >= 2, "only {really_killed} runs were still running when they were killed");
    bucket.run("out").ok();
    assert_same(&local, &dataset_tree(&bucket.folder("out")));
}

#[test]
fn what_cannot_be_reached_is_told_and_what_is_not_there_as_well() {
    let bucket = Bucket::new();
    let input = ["s3://bucket/in/none.warc.gz"];
    let recipe = repository("pipelines/quickstart.toml");
    let call = |input: &str| run_recipe(Path::new(&recipe), &[input], Path::new("s3://bucket/out"));
    bucket.call(call(input[0])).fails(3).one_error(["s3://bucket/in/none.warc.gz", "not found"]);
    bucket
        .call(call("s3://bucket/readme.txt"))
        .env("AWS_SECRET_ACCESS_KEY", "wrong")
        .fails(3)
        .one_error(["s3://bucket/readme.txt"]);
    bucket.call(call("s3://bucket/none*.warc.gz")).fails(3).one_error(["s3://bucket/none*.warc.gz", "not found"]);
}

#[test]
#[ignore = "takes as long as the store is away; .ci/full runs it"]
fn a_store_that_is_away_for_ten_seconds_is_waited_for() {
    let bucket = Bucket::new();
    let local = dataset_tree(&bucket.local());
    let mut started = bucket.run("out").start();
    started.read_until("task_finished");
    bucket.server.set_down(true);
    std::thread::sleep(std::time::Duration::from_secs(10));
    bucket.server.set_down(false);
    let (status, lines) = started.wait();
    assert_eq!(status.code(), Some(0), "{lines:?}");
    assert!(bucket.server.refused() > 0);
    assert_same(&local, &dataset_tree(&bucket.folder("out")));
}
