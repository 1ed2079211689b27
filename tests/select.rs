//! Recipes that select what they read by Common Crawl's columnar index.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int16Array, Int32Array, RecordBatch, StringArray};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use obelisc_testkit::object_store::ObjectStoreServer;
use obelisc_warc::{Archive, Item, Limits};

use crate::archives::three_archives;
use crate::dataset::{assert_same, data_tree, manifest, rows};
use crate::program::{Call, Place, obelisc, repository, run_recipe};

/// Where the index says that the archives lie, below the place that a config names.
const SEGMENT: &str = "crawl-data/CC-MAIN-2026-48/segments/1.2/warc";

/// A row of the index.
#[derive(Clone)]
struct Capture {
    url: String,
    status: i16,
    archive: String,
    offset: i32,
    length: i32,
}

/// A crawl: three archives, and the index of their captures in two files.
struct Crawl {
    place: Place,
    archives: Vec<PathBuf>,
}

impl Crawl {
    fn new() -> Self {
        let place = Place::new();
        let archives = three_archives(&place, &format!("store/crawl/{SEGMENT}"), 12);
        place.write("c.toml", format!("[select]\narchives = {:?}\n", place.path("store/crawl")));
        let crawl = Self { place, archives };
        let captures: Vec<Capture> = crawl.archives.iter().flat_map(|path| captures(path)).collect();
        // Not sorted by archive, as the index is sorted by URL.
        let (odd, even): (Vec<_>, Vec<_>) = captures.into_iter().enumerate().partition(|(number, _)| number % 2 == 1);
        let part = |rows: Vec<(usize, Capture)>| rows.into_iter().rev().map(|(_, row)| row).collect::<Vec<_>>();
        crawl.index("crawl=CC-MAIN-2026-48/subset=warc/part-00000.c000.gz.parquet", &part(odd));
        crawl.index("crawl=CC-MAIN-2026-48/subset=warc/part-00001.c000.gz.parquet", &part(even));
        crawl
    }

    /// Writes a file of the index.
    fn index(&self, path: &str, captures: &[Capture]) {
        let file = self.place.path("store/crawl/index").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let folder = LocalFolder::create(file.parent().unwrap()).unwrap();
        let texts = |text: fn(&Capture) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(captures.iter().map(text)))
        };
        let numbers = |number: fn(&Capture) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(captures.iter().map(number)))
        };
        let statuses: ArrayRef = Arc::new(Int16Array::from_iter_values(captures.iter().map(|row| row.status)));
        let batch = RecordBatch::try_from_iter([
            ("url", texts(|row| &row.url)),
            ("fetch_status", statuses),
            ("warc_filename", texts(|row| &row.archive)),
            ("warc_record_offset", numbers(|row| row.offset)),
            ("warc_record_length", numbers(|row| row.length)),
        ]);
        let batch = batch.unwrap();
        let mut writer = Writer::create(&folder, file.file_name().unwrap().to_str().unwrap(), batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }

    /// The quickstart's recipe behind a selection.
    fn recipe(&self, condition: &str) -> PathBuf {
        let text = std::fs::read_to_string(repository("pipelines/quickstart.toml")).unwrap();
        let text = text.replace("stages = [", "stages = [\"select\", ");
        self.place.write("r.toml", format!("{text}\n[select]\nwhere = \"{condition}\"\n"))
    }

    fn select(&self, condition: &str, output: &str) -> Call {
        let index = self.place.path("store/crawl/index");
        let call = run_recipe(&self.recipe(condition), &[index], &self.place.path(output));
        call.word("--config").path(&self.place.path("c.toml"))
    }

    /// All archives, read whole.
    fn whole(&self) -> PathBuf {
        let output = self.place.path("whole");
        run_recipe(Path::new(&repository("pipelines/quickstart.toml")), &self.archives, &output).ok();
        output
    }
}

/// The responses of an archive, as the index has them.
fn captures(path: &Path) -> Vec<Capture> {
    let mut archive = Archive::open(File::open(path).unwrap(), Limits::default()).unwrap();
    let name = format!("{SEGMENT}/{}", path.file_name().unwrap().to_str().unwrap());
    let mut captures = Vec::new();
    while let Some(item) = archive.next_item().unwrap() {
        let Item::Record(record) = item else { continue };
        if record.is_capture() {
            captures.push(Capture {
                url: record.target_uri().unwrap().to_owned(),
                status: 200,
                archive: name.clone(),
                offset: record.location.offset.try_into().unwrap(),
                length: record.location.length.unwrap().try_into().unwrap(),
            });
        }
    }
    captures
}

#[test]
fn all_that_an_index_has_gives_the_shards_of_its_archives() {
    let crawl = Crawl::new();
    let whole = data_tree(&crawl.whole());
    let ended = crawl.select("true", "out").ok();
    assert!(ended.stdout.contains("index_rows"), "{ended}");
    assert_same(&whole, &data_tree(&crawl.place.path("out")));
    // Both files of the index and three archives were read.
    let manifest = manifest(&crawl.place.path("out/dataset"));
    assert_eq!(manifest["inputs"].as_array().unwrap().len(), 5, "{manifest}");
    // A thread more or less changes no byte, and what is done is not done again.
    crawl.select("true", "one").words(["--threads", "1"]).ok();
    assert_same(&whole, &data_tree(&crawl.place.path("one")));
    assert!(crawl.select("true", "out").ok().stdout.contains("The dataset was finished before"));
}

#[test]
fn a_condition_decides_which_pages_are_read() {
    let crawl = Crawl::new();
    let all = crawl.whole();
    let some = "crawl = 'CC-MAIN-2026-48' AND subset = 'warc' AND fetch_status = 200 AND content_truncated IS NULL";
    let wanted: Vec<String> = rows(&all.join("dataset")).into_iter().map(|row| row.url).collect();
    let first = &wanted[0];
    crawl.select(&format!("{some} AND (url = '{first}' OR url NOT LIKE '%html%')"), "out").ok();
    let found = rows(&crawl.place.path("out/dataset"));
    let pages: Vec<&str> = found.iter().map(|row| row.url.as_str()).filter(|url| url.contains("html")).collect();
    assert!(pages.is_empty() || pages == [first.as_str()], "{pages:?}");
    assert!(found.iter().any(|row| row.url == *first) && found.len() < wanted.len() + 1, "{}", found.len());
    // Another condition runs what depends on it, and a file that tells of another subset is not read at all.
    let none = crawl.select("subset = 'robotstxt'", "none").ok();
    assert!(none.stdout.contains("not_selected"), "{none}");
    assert_eq!(rows(&crawl.place.path("none/dataset")).len(), 0);
}

#[test]
fn rows_and_places_without_a_record_are_counted_and_told() {
    let crawl = Crawl::new();
    let name = format!("{SEGMENT}/crawl-0.warc.gz");
    let bad = |archive: &str, offset: i32, length: i32| Capture {
        url: "https://bad.example/".to_owned(),
        status: 200,
        archive: archive.to_owned(),
        offset,
        length,
    };
    let rows = [
        bad("../crawl-0.warc.gz", 0, 5),
        bad(&name, -1, 5),
        bad(&name, 5, 0),
        bad(&name, 77, 999),
        bad(&name, i32::MAX, 9),
    ];
    crawl.index("crawl=CC-MAIN-2026-48/subset=warc/part-00002.c000.gz.parquet", &rows);
    // One that an earlier file names as well.
    let twice = captures(&crawl.archives[0]).remove(0);
    crawl.index("crawl=CC-MAIN-2026-48/subset=warc/part-00003.c000.gz.parquet", &[twice]);
    let whole = data_tree(&crawl.whole());
    crawl.select("true", "out").ok();
    assert_same(&whole, &data_tree(&crawl.place.path("out")));
    let status = obelisc(["status", "--json"]).path(&crawl.place.path("out")).ok().json();
    let flow = |step: &str, unit: &str| {
        let steps = status["steps"].as_array().unwrap();
        steps.iter().find(|found| found["step"] == step).unwrap()["accounts"][unit].clone()
    };
    assert_eq!(flow("select", "index_rows")["failed"]["invalid_index_row"], 3, "{status}");
    assert_eq!(flow("archives", "index_rows")["dropped"]["repeated_index_row"], 1, "{status}");
    let failed =
        flow("extract", "records")["failed"].as_object().unwrap().values().filter_map(|n| n.as_u64()).sum::<u64>();
    assert_eq!(failed, 2, "{status}");
    let failures = obelisc(["status", "--failures"]).path(&crawl.place.path("out")).ok().stdout;
    assert!(failures.contains("../crawl-0.warc.gz") && failures.contains("invalid_index_row"), "{failures}");
}

#[test]
fn what_the_stage_reads_is_the_index_and_nothing_else() {
    let crawl = Crawl::new();
    let place = &crawl.place;
    let archive = run_recipe(&crawl.recipe("true"), &crawl.archives[..1], &place.path("x"));
    archive.fails(2).one_error(["no Parquet file", "stage select"]);
    let index = place.path("store/crawl/index/crawl=CC-MAIN-2026-48/subset=warc/part-00000.c000.gz.parquet");
    let plain = run_recipe(Path::new(&repository("pipelines/quickstart.toml")), &[index], &place.path("x"));
    plain.fails(2).one_error(["the column texts is missing", "stage select"]);
    crawl.select("fetch_stat = 200", "x").fails(2).one_error(["r.toml:", "select.where", "fetch_stat"]);
    // What is no index is told by name, and so is an archive that is not there.
    place.write("store/crawl/index/crawl=CC-MAIN-2026-48/subset=warc/part-1.parquet", "not a table");
    let damaged = crawl.select("true", "y").fails(3);
    assert!(damaged.stderr.contains("part-1.parquet is damaged"), "{damaged}");
    std::fs::remove_file(place.path("store/crawl/index/crawl=CC-MAIN-2026-48/subset=warc/part-1.parquet")).unwrap();
    std::fs::remove_file(&crawl.archives[1]).unwrap();
    let missing = crawl.select("true", "z").fails(3);
    assert!(missing.stderr.contains("could not read crawl-1.warc"), "{missing}");
}

#[test]
fn workers_and_an_object_store_give_the_same_shards_with_few_requests() {
    let crawl = Crawl::new();
    let whole = data_tree(&crawl.whole());
    let shared = crawl.place.path("shared");
    crawl.select("true", "shared").instead("submit").word("--dry-run").ok();
    let mut workers = [(); 2].map(|()| obelisc(["work"]).path(&shared).start());
    for worker in &mut workers {
        let (status, lines) = worker.wait();
        assert_eq!(status.code(), Some(0), "{lines:?}");
    }
    assert_same(&whole, &data_tree(&shared));

    let server = ObjectStoreServer::start(&crawl.place.path("store"));
    crawl.place.write("s3.toml", "[select]\narchives = \"s3://crawl\"\n[storage]\nlease_seconds = 3\n");
    let output = crawl.place.path("s3");
    let index = Path::new("s3://crawl/index/");
    let call = run_recipe(&crawl.recipe("true"), &[index], &output).envs(server.variables());
    call.word("--config").path(&crawl.place.path("s3.toml")).ok();
    assert_same(&whole, &data_tree(&output));
    let requests = server.requests();
    assert!(requests < 150, "{requests} requests for two files and three archives of 108 records");
}
