use obelisc_document::UrlKey;

use super::*;

const SPLITS: Splits = Splits { validation_per_million: Some(100_000), test_per_million: None };

/// Documents of some tasks, two thousand at a time.
fn sizes(tasks: u32, rows: u32) -> impl Iterator<Item = Result<(u32, Vec<DocumentSize>), TaskError>> + Send {
    let size = |task: u32, row: u32| DocumentSize {
        row,
        doc_id: DocId::new(&task.to_string(), u64::from(row), 0),
        page_key: UrlKey::new(&format!("https://a.example/{task}/{row}")),
        bytes: u64::from(row % 1000),
    };
    (0..tasks).flat_map(move |task| {
        let starts = (0..rows).step_by(2000);
        starts.map(move |start| Ok((task, (start..rows.min(start + 2000)).map(|row| size(task, row)).collect())))
    })
}

fn sorted(tasks: u32, rows: u32, seed: u64, memory: usize, threads: usize) -> Vec<Placing> {
    let spill = tempfile::tempdir().unwrap();
    let limits = Limits { memory, spill: Some(spill.path().to_owned()), threads, cluster: None };
    let mut placed = Vec::new();
    sort(sizes(tasks, rows), seed, SPLITS, &limits, |placing| {
        placed.push(placing);
        Ok(())
    })
    .unwrap();
    placed
}

#[test]
fn the_order_is_the_same_whatever_the_memory_and_has_every_document_once() {
    let whole = sorted(3, 100_000, 7, 1 << 30, 1);
    assert_eq!(whole.len(), 300_000);
    assert!(whole.is_sorted_by_key(|placing| placing.split));
    for (memory, threads) in [(16 << 20, 1), (24 << 20, 2)] {
        assert!(sorted(3, 100_000, 7, memory, threads) == whole, "{memory} {threads}");
    }
    let mut back = whole.clone();
    back.sort_by_key(|placing| (placing.task, placing.row));
    assert!(back.windows(2).all(|pair| (pair[0].task, pair[0].row) < (pair[1].task, pair[1].row)));
    // Of a shuffle neighbours have nothing to do with each other.
    let same_task = whole.windows(2).filter(|pair| pair[0].task == pair[1].task).count();
    assert!((90_000..110_000).contains(&same_task), "{same_task}");
}

#[test]
fn another_seed_is_another_order_and_a_document_more_moves_no_other() {
    let (one, other) = (sorted(2, 500, 1, 1 << 30, 1), sorted(2, 500, 2, 1 << 30, 1));
    assert_ne!(one, other);
    let of = |placed: &[Placing]| placed.iter().filter(|placing| placing.task < 2).copied().collect::<Vec<_>>();
    assert_eq!(of(&sorted(3, 500, 1, 1 << 30, 1)), one);
}

#[test]
fn what_fails_at_either_end_fails_the_whole() {
    let limits = Limits { memory: 1 << 26, spill: None, threads: 1, cluster: None };
    let broken = sizes(1, 5000).chain(std::iter::once(Err(TaskError::Accounts("broken".to_owned()))));
    let error = sort(broken, 1, SPLITS, &limits, |_| Ok(())).unwrap_err();
    assert!(error.whole().contains("broken"), "{error:?}");
    let full = |_| Err(TaskError::Accounts("full".to_owned()));
    let error = sort(sizes(9, 50_000), 1, SPLITS, &limits, full).unwrap_err();
    assert!(error.whole().contains("full"), "{error:?}");
}
