use std::net::Ipv4Addr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt32Array, UInt64Array};
use obelisc_storage::{LocalFolder, Remotes, Storage, parquet};
use tempfile::TempDir;

use super::codec::{LogicalCodec, PhysicalCodec};
use super::scan::Scan;
use super::*;
use crate::{Cluster, Engine, Error, ExecutorOptions, Files, Limits, SchedulerOptions, Source};

/// A scheduler and an executor in this process, which go with it.
fn cluster_at() -> String {
    static STARTED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let start = || {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let options = SchedulerOptions { bind: Ipv4Addr::LOCALHOST.into(), port: 0 };
            run_scheduler(&options, |address| sender.send(address).unwrap()).unwrap();
        });
        let scheduler = receiver.recv_timeout(Duration::from_secs(60)).unwrap().to_string();
        let options = ExecutorOptions {
            scheduler: scheduler.clone(),
            bind: Ipv4Addr::LOCALHOST.into(),
            port: free_port(),
            work_folder: None,
            threads: 2,
            memory: Some(256 << 20),
            remotes: Remotes::default(),
        };
        std::thread::spawn(move || run_executor(options, || ()).unwrap());
        scheduler
    };
    STARTED.get_or_init(start).clone()
}

#[expect(clippy::disallowed_types, reason = "the engine's own port")]
fn free_port() -> u16 {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

struct Bench {
    folder: TempDir,
    storage: LocalFolder,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = LocalFolder::create(folder.path().join("tables")).unwrap();
        Self { folder, storage }
    }

    fn engines(&self) -> [Engine; 2] {
        let cluster = Cluster {
            scheduler: cluster_at(),
            partitions: 3,
            storage: self.storage.shared(),
            folder: "queries".to_owned(),
        };
        [None, Some(cluster)].map(|cluster| {
            let spill = Some(self.folder.path().to_owned());
            Engine::new(&Limits { memory: 256 << 20, spill, threads: 1, cluster }).unwrap()
        })
    }

    /// Files of 1000 rows, each sorted by `n`, under long names.
    fn numbers(&self, files: u64) -> Files {
        let keys: Vec<String> = (0..files).map(|file| format!("{file:04}-{}.parquet", "x".repeat(100))).collect();
        for (file, key) in (0..).zip(&keys) {
            let mut rows: Vec<(u64, u64)> =
                (0..1000).map(|row| row + file * 1000).map(|id| ((id * 0x9e37_79b9) % 977, id)).collect();
            rows.sort_unstable();
            let place = |id: &u64| (!id.is_multiple_of(3)).then(|| id.to_be_bytes());
            let columns: [(&str, ArrayRef); 4] = [
                ("n", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(n, _)| *n)))),
                ("id", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(_, id)| *id)))),
                (
                    "odd",
                    Arc::new(rows.iter().map(|(_, id)| (!id.is_multiple_of(2)).then_some(7)).collect::<UInt32Array>()),
                ),
                ("place", Arc::new(rows.iter().map(|(_, id)| place(id)).collect::<BinaryArray>())),
            ];
            let batch =
                RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, name != "n")))
                    .unwrap();
            let mut writer = parquet::Writer::create(&self.storage, key, batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
        Files::new(&self.storage, keys.iter().map(String::as_str))
    }

    fn source(&self, files: Files) -> Source {
        let schema = match files.keys.first() {
            Some(key) => parquet::Layout::read(&self.storage, key).unwrap().schema,
            None => self.source(self.numbers(1)).schema,
        };
        Source::of_files("numbers", &schema, files)
    }

    fn left(&self) -> Vec<obelisc_storage::Entry> {
        self.storage.list("queries").unwrap()
    }
}

fn answer(engine: &Engine, sources: Vec<Source>, sql: &str) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    let receive = |batch: RecordBatch| {
        batches.push(batch);
        Ok(())
    };
    engine.query(sources, sql, receive).unwrap();
    batches
}

/// All rows as text, with the types of their columns.
fn told(batches: &[RecordBatch]) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let values =
                batch.columns().iter().map(|column| format!("{:?} {:?}", column.data_type(), column.slice(row, 1)));
            rows.push(values.collect::<Vec<_>>().join(" | "));
        }
    }
    rows
}

const PAIRS: &str = "\
    WITH found AS (SELECT n, count(*) AS copies, max(place) AS best FROM numbers GROUP BY n HAVING count(*) > 1) \
    SELECT numbers.n, numbers.id, numbers.odd, found.copies, found.best FROM numbers JOIN found ON numbers.n = found.n \
    ORDER BY numbers.n, numbers.id";

#[test]
fn a_cluster_answers_as_this_process_does() {
    let bench = Bench::new();
    let [here, there] = bench.engines();
    for sql in [
        PAIRS,
        "SELECT count(*) AS rows FROM numbers",
        "SELECT DISTINCT greatest(n, id) AS a, least(n, id) AS b FROM numbers WHERE n <> id ORDER BY a, b",
        "SELECT a.id, b.id AS other FROM numbers a LEFT JOIN numbers b ON a.id = b.n ORDER BY a.id, other",
        "SELECT odd, min(n) AS first FROM (SELECT odd, n FROM numbers UNION ALL SELECT odd, id FROM numbers) GROUP BY odd ORDER BY odd",
        "SELECT id FROM numbers WHERE n > 5000000 ORDER BY id",
    ] {
        for range in [None, Some(100..=300_u64)] {
            let files = bench.numbers(5);
            let files = match range.clone() {
                Some(range) => files.between("n", range),
                None => files,
            };
            let [expected, found] =
                [&here, &there].map(|engine| told(&answer(engine, vec![bench.source(files.clone())], sql)));
            let differs = expected.iter().zip(&found).find(|(expected, found)| expected != found);
            assert!(expected == found, "{sql} {range:?}: {} {} {differs:?}", expected.len(), found.len());
        }
    }
    let nothing = || vec![bench.source(Files::new(&bench.storage, std::iter::empty()))];
    assert_eq!(told(&answer(&there, nothing(), PAIRS)), told(&answer(&here, nothing(), PAIRS)));
}

#[test]
fn what_is_kept_is_a_table_of_the_next_query_and_goes_when_nobody_holds_it() {
    let bench = Bench::new();
    let [here, there] = bench.engines();
    let answers = [here, there].map(|engine| {
        let numbers = bench.source(bench.numbers(4));
        let kept = engine.keep("pairs", vec![numbers.clone()], PAIRS).unwrap();
        let sql = "SELECT pairs.id, pairs.best, numbers.odd FROM pairs JOIN numbers ON pairs.id = numbers.id ORDER BY pairs.id";
        let answer = told(&answer(&engine, vec![kept.source.clone(), numbers], sql));
        assert_eq!(answer.len() as u64, kept.rows);
        let source = kept.source.clone();
        drop(kept);
        assert_eq!(bench.left().is_empty(), source.files.is_none());
        answer
    });
    assert!(answers[0] == answers[1]);
    assert!(bench.left().is_empty());
}

#[test]
fn a_long_list_of_files_is_read_from_where_it_lies() {
    let bench = Bench::new();
    let [_, there] = bench.engines();
    let few = bench.numbers(3);
    // The same files many times.
    let keys = few.keys.iter().cycle().take(3000).map(String::as_str);
    let files = Files::new(&bench.storage, keys);
    let cluster = Cluster {
        scheduler: String::new(),
        partitions: 3,
        storage: bench.storage.shared(),
        folder: "queries".to_owned(),
    };
    let (scan, held) = Scan::new(&files, &cluster).unwrap();
    assert!(serde_json::to_vec(&scan).unwrap().len() < 1000 && held.is_some());
    assert_eq!(bench.left().len(), 1);
    drop(held);
    let batches = answer(&there, vec![bench.source(files)], "SELECT count(*) AS rows, max(id) AS id FROM numbers");
    assert_eq!(batches[0]["id"].as_primitive::<UInt64Type>().value(0), 2999);
    assert_eq!(batches[0]["rows"].as_primitive::<Int64Type>().value(0), 3_000_000);
    assert!(bench.left().is_empty());
}

#[test]
fn a_table_that_lies_in_no_file_is_asked_here() {
    let bench = Bench::new();
    let [_, there] = bench.engines();
    let column: ArrayRef = Arc::new(UInt64Array::from(vec![977, 3]));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let here = Source::new("here", batch.schema(), move || Ok(Box::new(vec![Ok(batch.clone())].into_iter())));
    let sources = vec![bench.source(bench.numbers(2)), here];
    let sql = "SELECT count(*) AS rows FROM numbers JOIN here ON numbers.n = here.n";
    assert_eq!(told(&answer(&there, sources, sql)).len(), 1);
}

#[test]
fn a_file_that_is_gone_and_a_receiver_that_fails_end_the_query_with_an_error() {
    let bench = Bench::new();
    let [_, there] = bench.engines();
    let numbers = bench.source(bench.numbers(2));
    let full = there.query(vec![numbers.clone()], PAIRS, |_| Err("full".into())).unwrap_err();
    assert_eq!(full.to_string(), "full");
    bench.storage.remove(&numbers.files.as_ref().unwrap().keys[1]).unwrap();
    let gone = there.query(vec![numbers], PAIRS, |_| Ok(())).unwrap_err();
    assert!(matches!(gone, Error::Engine(_)) && gone.to_string().contains("not found"), "{gone}");
}

#[test]
fn a_scheduler_that_is_away_is_unreachable() {
    let bench = Bench::new();
    let scheduler = format!("127.0.0.1:{}", free_port());
    let cluster = Cluster {
        scheduler: scheduler.clone(),
        partitions: 2,
        storage: bench.storage.shared(),
        folder: "queries".to_owned(),
    };
    let engine = Engine::new(&Limits { memory: 1 << 28, spill: None, threads: 1, cluster: Some(cluster) }).unwrap();
    let began = Instant::now();
    let error = engine.query(vec![bench.source(bench.numbers(1))], PAIRS, |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.to_string().contains(&scheduler), "{error}");
    assert!(began.elapsed() < Duration::from_secs(50), "{:?}", began.elapsed());
}

#[test]
fn a_scan_of_another_build_is_refused() {
    use datafusion::common::TableReference;
    use datafusion::execution::TaskContext;
    use datafusion_proto::logical_plan::LogicalExtensionCodec as _;
    let bench = Bench::new();
    let cluster =
        Cluster { scheduler: String::new(), partitions: 3, storage: bench.storage.shared(), folder: String::new() };
    let source = bench.source(bench.numbers(1));
    let (scan, _) = Scan::new(source.files.as_ref().unwrap(), &cluster).unwrap();
    let text = serde_json::to_string(&scan).unwrap();
    let decoded = |text: &str| {
        let name = TableReference::bare("numbers");
        let schema = Arc::clone(&source.schema);
        LogicalCodec::default().try_decode_table_provider(text.as_bytes(), &name, schema, &TaskContext::default())
    };
    assert!(decoded(&text).is_ok());
    let other = text.replace(env!("CARGO_PKG_VERSION"), "99.0.0");
    let refused = decoded(&other).unwrap_err().to_string();
    assert!(refused.contains("obelisc 99.0.0") && refused.contains("one build"), "{refused}");
    assert!(decoded("{\"format\":1}").unwrap_err().to_string().contains("another build"));
    // What is no scan of ours is Ballista's own.
    assert!(!format!("{:?}", PhysicalCodec::default()).is_empty());
}
