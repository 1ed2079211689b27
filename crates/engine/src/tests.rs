use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{ArrayRef, UInt64Array};

use super::*;

fn engine(folder: &tempfile::TempDir, memory: usize, threads: usize) -> Engine {
    Engine::new(&Limits { memory, spill: Some(folder.path().to_owned()), threads, cluster: None }).unwrap()
}

/// `rows` numbers, each of which occurs seven times, in an order that is not sorted.
fn numbers(rows: u64) -> Source {
    let batch = move |from: u64| {
        let numbers = (from..from + 1000).map(|n| (n * 0x9e37_79b9) % (rows / 7));
        let (n, id): (ArrayRef, ArrayRef) = (
            Arc::new(UInt64Array::from_iter_values(numbers)),
            Arc::new(UInt64Array::from_iter_values(from..from + 1000)),
        );
        RecordBatch::try_from_iter([("n", n), ("id", id)]).unwrap()
    };
    Source::new("numbers", batch(0).schema(), move || {
        Ok(Box::new((0..rows / 1000).map(move |batch_number| Ok(batch(batch_number * 1000)))))
    })
}

const PAIRS: &str =
    "WITH found AS (SELECT n, count(*) AS copies, max(id) AS best FROM numbers GROUP BY n HAVING count(*) > 1)
    SELECT numbers.n, numbers.id, found.copies, found.best FROM numbers JOIN found ON numbers.n = found.n
    ORDER BY numbers.n, numbers.id";

fn answer(engine: &Engine, rows: u64) -> Vec<(u64, u64, i64, u64)> {
    let mut found = Vec::new();
    let receive = |batch: RecordBatch| {
        let number = |name: &str| batch[name].as_primitive::<UInt64Type>().values().to_vec();
        let (n, id, best) = (number("n"), number("id"), number("best"));
        let copies = batch["copies"].as_primitive::<Int64Type>().values().to_vec();
        found.extend((0..batch.num_rows()).map(|row| (n[row], id[row], copies[row], best[row])));
        Ok(())
    };
    engine.query(vec![numbers(rows)], PAIRS, receive).unwrap();
    found
}

#[test]
fn the_answer_is_the_same_whatever_the_threads_and_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let whole = answer(&engine(&folder, 1 << 30, 1), 700_000);
    assert!(whole.len() > 600_000);
    assert!(whole.iter().all(|&(_, id, copies, best)| copies > 1 && id <= best));
    for (memory, threads) in [(1 << 30, 3), (24 << 20, 1), (48 << 20, 2)] {
        assert!(answer(&engine(&folder, memory, threads), 700_000) == whole, "{memory} {threads}");
    }
    assert!(obelisc_testkit::digest_tree(folder.path()).unwrap().is_empty());
}

#[test]
fn too_little_memory_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = engine(&folder, 1 << 10, 1).query(vec![numbers(70_000)], PAIRS, |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Memory(_)), "{error}");
}

#[test]
fn errors_of_sources_and_receivers_come_through() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder, 1 << 28, 1);
    let broken = Source::new("numbers", numbers(7000).schema, || Err("no such file".into()));
    let error = engine.query(vec![broken], "SELECT n FROM numbers", |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "no such file");
    let full = engine.query(vec![numbers(7000)], "SELECT n FROM numbers", |_| Err("full".into())).unwrap_err();
    assert_eq!(full.to_string(), "full");
    assert!(matches!(engine.query(vec![], "SELECT n FROM nothing", |_| Ok(())), Err(Error::Engine(_))));
}
