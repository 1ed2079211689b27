use obelisc_dedup::Keep;
use obelisc_document::{DocId, Document, Page, Paragraph};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;

use super::super::keys::key_rows;
use super::*;

#[test]
fn ranges_hold_every_key_once() {
    for tasks in [1, 7, 64] {
        assert_eq!((*key_range(0, tasks).start(), *key_range(tasks - 1, tasks).end()), (0, u64::MAX));
        for task in 1..tasks {
            assert_eq!(key_range(task - 1, tasks).end() + 1, *key_range(task, tasks).start());
        }
    }
}

/// Three tasks' key tables of documents in which every number up to 5,000 stands once, every even one a second time, every fourth a third.
fn tables(folder: &LocalFolder, wanted: &[Comparison]) -> Vec<String> {
    let table = |task: u32| {
        let numbers = (0..5000_u32).filter(|number| number % (1 << task) == 0);
        let documents = numbers.map(|number| {
            let text = format!("Paragraph {number}.");
            let content = obelisc_document::Content::Text(vec![Paragraph { k: 0, text, content_score: None }]);
            let url = format!("https://a.example/{number}");
            let page = Page { url, warc_date: format!("2024-01-{:02}", 20 - task), ..Page::default() };
            let nodes = vec![obelisc_document::Node { ordinal: 0, content }];
            Document { id: DocId::new(&format!("{task}"), u64::from(number), 0), page, nodes }
        });
        let mut rows: Vec<DuplicateKey> = documents
            .zip(0..)
            .flat_map(|(document, row)| key_rows(wanted, &document, task, row).collect::<Vec<_>>())
            .collect();
        rows.sort_unstable();
        let key = format!("keys-{task}");
        let mut writer = Writer::create(folder, &key, DuplicateKey::schema()).unwrap();
        writer.write(&DuplicateKey::to_batch(&rows).unwrap()).unwrap();
        writer.finish().unwrap();
        key
    };
    (0..3).map(table).collect()
}

#[test]
fn copies_are_the_same_whatever_the_ranges_the_threads_and_the_memory() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = LocalFolder::create(temporary.path()).unwrap();
    let wanted = [
        Comparison::new(Kind::PageUrl, Keep::Newest),
        Comparison { max_copies: 2, ..Comparison::new(Kind::Paragraph, Keep::None) },
    ];
    let files = tables(&folder, &wanted);
    let found = |tasks: u32, memory: usize, threads: usize| {
        let mut found = Vec::new();
        for task in 0..tasks {
            let limits = Limits { memory, spill: Some(temporary.path().to_owned()), threads, cluster: None };
            let files = files.iter().map(String::as_str);
            find(&folder, files, key_range(task, tasks), &wanted, &limits, |removal| {
                found.push(removal);
                Ok(())
            })
            .unwrap();
        }
        found.sort_unstable();
        found
    };
    let whole = found(1, 1 << 30, 1);
    // Of URLs the two or three copies of every even number; of paragraphs the three copies of every fourth.
    let of = |kind| whole.iter().filter(move |removal| removal.kind == number(kind));
    assert_eq!((of(Kind::PageUrl).count(), of(Kind::Paragraph).count()), (2 * 2500 + 1250, 3 * 1250));
    // The first task's are the newest.
    assert!(of(Kind::PageUrl).all(|removal| removal.removed == (removal.task > 0)));
    assert!(of(Kind::Paragraph).all(|removal| removal.removed && removal.survivor.is_none() && removal.copies == 3));
    for (tasks, memory, threads) in [(7, 1 << 30, 1), (64, 1 << 30, 2), (1, 24 << 20, 1), (7, 24 << 20, 2)] {
        assert!(found(tasks, memory, threads) == whole, "{tasks} {memory} {threads}");
    }
}
