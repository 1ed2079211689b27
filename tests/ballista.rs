//! Queries on a cluster of Apache Ballista: the tables of a run are those that its own process makes, whatever becomes of an executor.
#![allow(clippy::disallowed_types, reason = "a test asks the scheduler whether it is ready")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use obelisc_testkit::picture::Encoding;
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, picture};

use crate::archives::{quickstart, three_archives};
use crate::dataset::{accounts, assert_same, dataset_tree, manifest, tree};
use crate::program::{Call, Place, obelisc, run_recipe};

/// How long anything is waited for.
const BOUND: Duration = Duration::from_secs(120);

/// A process of a cluster, which ends with its test.
struct Server {
    child: Child,
    said: String,
}

impl Server {
    /// Starts a command and waits for the line that it says when it serves.
    fn start(words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        let mut child = command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(!said.is_empty(), "{words:?} ended: {:?}", child.wait());
        Self { child, said: said.trim_end().to_owned() }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(status.unwrap().success());
    }

    fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < BOUND, "it goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A scheduler and two executors on loopback.
struct Cluster {
    scheduler: Server,
    executors: Vec<Server>,
    /// Where executors keep what goes from one part of a query to the next.
    work: PathBuf,
}

impl Cluster {
    fn new(place: &Place) -> Self {
        let work = place.path("work");
        std::fs::create_dir(&work).unwrap();
        let scheduler = Server::start(&["scheduler", "--port", "0"]);
        let mut cluster = Self { scheduler, executors: Vec::new(), work };
        for _ in 0..2 {
            let (address, port) = (cluster.address().to_string(), free_port().to_string());
            let mut words = vec!["executor", "--scheduler", &address, "--port", &port];
            words.extend(["--threads", "2", "--memory-bytes", "300000000", "--work-dir"]);
            words.push(cluster.work.to_str().unwrap());
            cluster.executors.push(Server::start(&words));
        }
        cluster.wait_for(2);
        cluster
    }

    /// Waits until executors keep nothing.
    fn forgets(&self) {
        let began = Instant::now();
        while !files(&self.work).is_empty() {
            assert!(began.elapsed() < BOUND, "{:?}", files(&self.work));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn address(&self) -> SocketAddr {
        self.scheduler.said.strip_prefix("listening on ").unwrap().parse().unwrap()
    }

    /// Waits until so many executors are there.
    fn wait_for(&self, executors: usize) {
        let (began, wanted) = (Instant::now(), format!("ready: {executors} executors"));
        while !self.says().contains(&wanted) {
            assert!(began.elapsed() < BOUND, "{}", self.says());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn says(&self) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }

    /// A config that names it.
    fn config(&self, place: &Place) -> PathBuf {
        let address = self.address();
        place
            .write("cluster.toml", format!("[run]\nthreads = 2\n[engine]\nscheduler = \"{address}\"\npartitions = 4\n"))
    }
}

/// All files below a folder, from which some may go meanwhile.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Every way to compare, in five passes: those of images that are there have one of their own.
const RECIPE: &str = "\
stages = [\"extract\", \"filter\", \"dedup\", \"fetch\", \"attach\", \"finish\"]
extract.profile = \"obelisc\"
[dedup.page_url]
[dedup.paragraph]
pass = 2
max_copies = 3
[dedup.document_text]
pass = 2
[dedup.image_set]
pass = 2
[dedup.image_url]
pass = 2
max_copies = 1
[dedup.minhash]
pass = 4
ngram = 1
permutations = 64
bands = 32
[dedup.simhash]
pass = 3
max_distance = 10
blocks = 12
[dedup.image_content]
max_copies = 1
[dedup.image_perceptual]
max_copies = 1
";

/// Archives in which there are copies of every kind.
fn archives(place: &Place) -> Vec<PathBuf> {
    let mut archives = three_archives(place, "crawl", 6).to_vec();
    for (number, path) in three_archives(place, "again", 6).iter().enumerate() {
        let renamed = path.with_file_name(format!("z{number}.warc.gz"));
        std::fs::rename(path, &renamed).unwrap();
        archives.push(renamed);
    }
    archives.push(quickstart().to_owned());
    // Of each of three topics two pages of the same words, and two with the same image; then pages of their own words with a logo, in four encodings and
    // twice in one.
    let encodings = [Encoding::Png, Encoding::Jpeg, Encoding::Webp, Encoding::Gif, Encoding::Png];
    let png = |seed: usize| HttpResponse::new("image/png", picture::png(seed as u64, 200, 160));
    let pages = (0..17_usize).fold(ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo(), |builder, number| {
        let (topic, kind) = if number < 12 { (number / 4, number % 4) } else { (number, 0) };
        // Two share half of their words.
        let first = if number == 14 { 1330 } else { 100 * topic };
        let words: Vec<String> = (first..first + 60).map(|word| format!("word{word}")).collect();
        let last = ["", "", "and one more", "and another"][kind];
        let image = |url: &str| format!("<img src=\"{url}\" width=300 height=200>");
        let (own, shared) = (format!("https://cdn{number}.example/own.png"), format!("https://a.example/{topic}.png"));
        let images = if kind < 2 { image(&own) + &image(&shared) } else { image(&shared) };
        let letter = "<p>Subscribe to our letter today.</p>";
        let words = words.join(" ");
        let page = format!("<!doctype html><title>A page</title><body><p>{words} {last}</p>{images}{letter}</body>");
        let logo = number.checked_sub(12).map(|logo| picture::encode(7, 200, 160, encodings[logo]));
        let logo = logo.map_or_else(|| png(200 + number), |logo| HttpResponse::new("image/png", logo));
        let builder = builder.response(&own, &logo).response(&shared, &png(100 + topic));
        builder.response(&format!("https://{number}.example/"), &HttpResponse::html(&page))
    });
    archives.push(place.write("pages.warc.gz", pages.finish().bytes));
    archives
}

/// The digests of all tables of a run, by step, table and task.
fn tables(output: &Path) -> BTreeMap<String, String> {
    let files = tree(&output.join("run/steps")).into_iter().filter(|(file, _)| file.ends_with(".parquet"));
    // What the name of an attempt has of its own.
    files.map(|(file, digest)| (file.rsplit_once('-').unwrap().0.to_owned(), digest)).collect()
}

/// A run of the recipe, here or on a cluster.
fn run(place: &Place, archives: &[PathBuf], output: &Path, config: Option<&Path>) -> Call {
    let recipe = place.write("r.toml", RECIPE);
    let call = run_recipe(&recipe, archives, output);
    match config {
        Some(config) => call.word("--config").path(config),
        None => call,
    }
}

fn dropped(output: &Path, reason: &str) -> u64 {
    let accounts = accounts(&manifest(&output.join("dataset")));
    let flows = accounts.iter().flat_map(|(_, accounts)| accounts.0.values());
    flows.filter_map(|flow| flow.dropped.get(reason)).sum()
}

#[test]
fn a_scheduler_and_two_executors_make_the_tables_of_one_process() {
    let place = Place::new();
    let archives = archives(&place);
    let (here, there) = (place.path("here"), place.path("there"));
    run(&place, &archives, &here, None).ok();
    for kind in [
        "page_url",
        "document_text",
        "image_set",
        "image_url",
        "paragraph",
        "minhash",
        "simhash",
        "image_content",
        "image_perceptual",
    ] {
        assert!(dropped(&here, &format!("duplicate_{kind}")) > 0, "no copies by {kind}");
    }
    let mut cluster = Cluster::new(&place);
    let config = cluster.config(&place);
    run(&place, &archives, &there, Some(&config)).ok();
    assert_same(&tables(&here), &tables(&there));
    assert_same(&dataset_tree(&here), &dataset_tree(&there));
    assert!(files(&there.join("run/queries")).is_empty());
    cluster.forgets();
    let digests = dataset_tree(&there);
    for server in cluster.executors.iter_mut().chain([&mut cluster.scheduler]) {
        server.signal("TERM");
        assert_eq!(server.ended().code(), Some(0));
    }
    // Now nobody answers, and nothing asks: all is done.
    run(&place, &archives, &there, Some(&config)).ok();
    assert_same(&digests, &dataset_tree(&there));
    let elsewhere = place.path("elsewhere");
    let ended = run(&place, &archives, &elsewhere, Some(&config)).fails(3);
    ended.one_error(["no scheduler of Ballista answers at", "engine.scheduler"]);
    run(&place, &archives, &elsewhere, None).ok();
    assert_same(&digests, &dataset_tree(&elsewhere));
}

#[test]
fn a_run_whose_executor_is_killed_has_the_same_bytes_or_goes_on_to_them() {
    let place = Place::new();
    let archives = archives(&place);
    let (here, there) = (place.path("here"), place.path("there"));
    run(&place, &archives, &here, None).ok();
    let mut cluster = Cluster::new(&place);
    let config = cluster.config(&place);
    for step in ["duplicates-2", "clusters-3"] {
        let mut started =
            run(&place, &archives, &there, Some(&config)).words(["--threads", "1"]).word("--force").start();
        started.read_until(step);
        let mut executor = cluster.executors.pop().unwrap();
        executor.signal("KILL");
        executor.ended();
        let (status, lines) = started.wait();
        if !status.success() {
            assert!(matches!(status.code(), Some(1 | 3)), "{status} {lines:?}");
            assert!(lines.iter().any(|line| line.starts_with("error: ")), "{lines:?}");
            let Some(_) = cluster.executors.first() else { break };
            run(&place, &archives, &there, Some(&config)).ok();
        }
        assert_same(&tables(&here), &tables(&there));
        assert_same(&dataset_tree(&here), &dataset_tree(&there));
        std::fs::remove_dir_all(&there).unwrap();
    }
    // The second was the last: without any the run ends, and another cluster or none goes on from there.
    run(&place, &archives, &there, None).ok();
    assert_same(&tables(&here), &tables(&there));
}

#[test]
fn a_run_that_was_killed_over_a_query_goes_on_and_leaves_nothing() {
    let place = Place::new();
    let archives = archives(&place);
    let (here, there) = (place.path("here"), place.path("there"));
    run(&place, &archives, &here, None).ok();
    let cluster = Cluster::new(&place);
    let config = cluster.config(&place);
    let mut started = run(&place, &archives, &there, Some(&config)).words(["--threads", "1"]).start();
    started.read_until("clusters-3");
    assert!(started.kill().0, "it was still running when it was killed");
    place.write("there/run/queries/kept-0/000000.parquet", "of one that was killed");
    run(&place, &archives, &there, Some(&config)).ok();
    assert_same(&tables(&here), &tables(&there));
    assert!(!there.join("run/queries/kept-0/000000.parquet").exists());
}

#[test]
fn servers_refuse_what_they_cannot_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    obelisc(["scheduler", "--port", &port]).fails(3).one_error(["in use"]);
    obelisc(["executor", "--port", &port]).fails(3).one_error(["in use"]);
    obelisc(["executor", "--scheduler", "nowhere"]).fails(2).one_error(["HOST:PORT is allowed"]);
    let (port, scheduler) = (free_port().to_string(), format!("127.0.0.1:{}", free_port()));
    obelisc(["executor", "--port", &port, "--scheduler", &scheduler]).fails(3).one_error(["no scheduler of Ballista"]);
    // What listens and is no scheduler is told from one.
    let other = format!("127.0.0.1:{}", taken.local_addr().unwrap().port());
    let answering = std::thread::spawn(move || {
        for stream in taken.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let ended = obelisc(["executor", "--port", &port, "--scheduler", &other]).fails(3);
    ended.one_error(["no scheduler of Ballista answers", "404"]);
    drop(answering);
}
