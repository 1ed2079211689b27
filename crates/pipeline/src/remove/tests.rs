//! Takedowns from datasets made for the purpose.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use obelisc_document::account::Accounts;
use obelisc_document::{Content, DocId, Document, ImageNode, Node, Page, hex, paragraphs};
use obelisc_shard::{Card, ImageColumn, Limits, Row, Shard, ShardWriter, shard_name};
use obelisc_storage::parquet::Reader;
use obelisc_storage::{Entry as Listed, LocalFolder, Lock, Object, Published, Result as Stored, Upload};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;

const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// Page `number`: a text, an image, a text.
fn document(number: u64) -> Document {
    let image = ImageNode { src: format!("https://cdn.example/{number}.png"), ..ImageNode::default() };
    let text = |text: &str| Content::Text(paragraphs(text));
    let contents = [text("One."), Content::Image(Box::new(image)), text("Two.")];
    Document {
        id: DocId::new("crawl.warc.gz", number, 0),
        page: Page { url: format!("https://site{number}.example/page"), ..Page::default() },
        nodes: contents.into_iter().zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect(),
    }
}

fn bytes(number: u64) -> Vec<u8> {
    format!("the bytes of picture {number}").into_bytes()
}

/// A dataset of three shards with five pages each, in row groups of two.
fn dataset(storage: &dyn Storage, folder: &str) -> Manifest {
    let limits = Limits { max_row_group_rows: 2, ..Limits::default() };
    let shard = |index: u32| {
        let path = shard_name("train", index, 3);
        let upload = storage.create(&format!("{folder}/{path}")).unwrap();
        let mut writer = ShardWriter::new(upload, ImageColumn::Bytes, limits).unwrap();
        for number in u64::from(index) * 5..u64::from(index) * 5 + 5 {
            writer
                .push(Row::embedded::<obelisc_shard::Error>(&document(number), |_| Ok(bytes(number))).unwrap())
                .unwrap();
        }
        let (summary, upload) = writer.finish().unwrap();
        upload.finish().unwrap();
        Shard::new(path, "train".to_owned(), &summary)
    };
    let mut accounts = Accounts::default();
    accounts.unit("documents").enter(15);
    accounts.unit("images").enter(15);
    accounts.unit("text_nodes").enter(30);
    let manifest = Manifest {
        dataset_version: 1,
        shards: (0..3).map(shard).collect(),
        stages: vec![Stage { name: "write".to_owned(), digest: String::new(), accounts }],
        ..Manifest::default()
    };
    let manifest = manifest.seal().unwrap();
    storage
        .write(&format!("{folder}/README.md"), Card::default().render(&manifest, ImageColumn::Bytes).as_bytes())
        .unwrap();
    storage.write(&format!("{folder}/{MANIFEST}"), manifest.to_json().unwrap().as_bytes()).unwrap();
    manifest
}

fn output() -> (TempDir, LocalFolder) {
    let temporary = tempfile::tempdir().unwrap();
    let storage = LocalFolder::create(temporary.path().join("out")).unwrap();
    dataset(&storage, "dataset");
    (temporary, storage)
}

fn remove_with(storage: &dyn Storage, list: &str, threads: NonZeroUsize, remove_old: bool) -> Result<Removed, Error> {
    let stop = AtomicBool::new(false);
    let list = list.as_bytes();
    Remove { storage, list_name: "list.txt", list, threads, remove_old, stop: &stop }.execute()
}

fn remove(storage: &dyn Storage, list: &str) -> Removed {
    remove_with(storage, list, ONE, false).unwrap()
}

/// All files but the lock, with their digests.
fn tree(storage: &dyn Storage) -> BTreeMap<String, String> {
    let files = storage.list("").unwrap().into_iter().filter(|entry| entry.key != "run/lock");
    files.map(|entry| (entry.key.clone(), hex(&Sha256::digest(storage.read(&entry.key).unwrap())))).collect()
}

fn manifest(storage: &dyn Storage, folder: &str) -> Manifest {
    version::read_manifest(storage, folder).unwrap().unwrap()
}

/// What the manifest says of its files is what they are.
fn check(storage: &dyn Storage, folder: &str) -> Manifest {
    let manifest = manifest(storage, folder);
    assert_eq!(version::missing(storage, folder, &manifest).unwrap(), None);
    for shard in &manifest.shards {
        let key = format!("{folder}/{}", shard.path);
        assert_eq!(hex(&Sha256::digest(storage.read(&key).unwrap())), shard.sha256);
        let batches: Vec<_> = Reader::open(storage, &key, 100).unwrap().map(Result::unwrap).collect();
        let rows: Vec<Row> = batches.iter().flat_map(|batch| Row::of_batch(batch).unwrap()).collect();
        let images = rows.iter().map(|row| row.images.iter().flatten().count() as u64).sum::<u64>();
        let texts = rows.iter().map(|row| row.texts.iter().flatten().count() as u64).sum::<u64>();
        assert_eq!((rows.len() as u64, images, texts), (shard.rows, shard.images, shard.texts), "{key}");
    }
    let kept = |unit: &str| manifest.stages.last().unwrap().accounts.0[unit].kept;
    let sum = |of: fn(&Shard) -> u64| manifest.shards.iter().map(of).sum::<u64>();
    assert_eq!(kept("documents"), sum(|shard| shard.rows));
    assert_eq!(kept("images"), sum(|shard| shard.images));
    assert_eq!(kept("text_nodes"), sum(|shard| shard.texts));
    manifest
}

#[test]
fn only_the_shards_touched_are_written_anew_and_the_old_version_stays() {
    let (_temporary, storage) = output();
    let before = tree(&storage);
    let list = format!(
        "https://site1.example/page\nhttps://cdn.example/2.png\nsha256:{}\nhost:nowhere.example\n",
        hex(&Sha256::digest(bytes(3)))
    );
    let removed = remove(&storage, &list);
    assert_eq!(removed.folder, "dataset-2");
    assert_eq!(removed.others, ["dataset"]);
    assert_eq!(removed.unmatched.iter().map(|entry| entry.line).collect::<Vec<_>>(), [4]);
    let removal = removed.removal.unwrap();
    assert_eq!((removal.pages, removal.images, removal.shards, removal.entries), (1, 2, 1, 4));

    let (old, new) = (check(&storage, "dataset"), check(&storage, "dataset-2"));
    assert_eq!(new.removals, [removal]);
    assert_eq!(new.removals[0].from_digest, old.dataset_digest);
    assert_eq!((new.dataset_version, new.shards[0].rows, new.shards[0].images), (2, 4, 2));
    assert_eq!(new.shards[1..], old.shards[1..]);
    let kept: BTreeMap<_, _> = tree(&storage).into_iter().filter(|(key, _)| before.contains_key(key)).collect();
    assert_eq!(kept, before);

    // What went is told beside the dataset, and not in it.
    let record = storage.read("removals/dataset-2/removed/train-00000-of-00003.jsonl").unwrap();
    assert_eq!(String::from_utf8(record).unwrap().lines().count(), 3);
    assert_eq!(storage.read("removals/dataset-2/list.txt").unwrap(), list.as_bytes());
    for file in ["README.md", MANIFEST] {
        let text = String::from_utf8(storage.read(&format!("dataset-2/{file}")).unwrap()).unwrap();
        assert!(!text.contains("site1.example") && !text.contains("cdn.example"), "{text}");
        assert!(text.to_lowercase().contains("takedown"), "{text}");
    }
    assert!(storage.list("run/staging").unwrap().is_empty());
}

#[test]
fn the_same_list_finds_nothing_in_what_it_left() {
    let (_temporary, storage) = output();
    let list = "host:site7.example\nhttps://cdn.example/0.png\n";
    remove(&storage, list);
    let once = tree(&storage);
    let again = remove(&storage, list);
    assert_eq!((again.folder.as_str(), again.removal, again.unmatched.len()), ("dataset-2", None, 2));
    assert_eq!(tree(&storage), once);
}

#[test]
fn a_shard_that_loses_all_stays_without_rows() {
    let (_temporary, storage) = output();
    let list: String = (5..10).map(|number| format!("site{number}.example\n")).collect();
    remove(&storage, &list);
    let new = check(&storage, "dataset-2");
    assert_eq!(new.shards.iter().map(|shard| shard.rows).collect::<Vec<_>>(), [5, 0, 5]);
}

#[test]
fn row_groups_end_where_they_ended() {
    let (_temporary, storage) = output();
    remove(&storage, "site0.example\nsite1.example\nsite3.example\n");
    let groups =
        |folder| Layout::read(&storage, &format!("{folder}/{}", shard_name("train", 0, 3))).unwrap().group_rows;
    assert_eq!((groups("dataset"), groups("dataset-2")), (vec![2, 2, 1], vec![1, 1]));
}

#[test]
fn a_wrong_list_and_a_place_without_a_dataset_write_nothing() {
    let (_temporary, storage) = output();
    let before = tree(&storage);
    let Err(Error::Refused(problems)) = remove_with(&storage, "example\n\nftp://a.example/\n", ONE, false) else {
        panic!("not refused")
    };
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(problems[0].file, "list.txt");
    assert_eq!(tree(&storage), before);
    let many = "x\n".repeat(1000);
    assert!(matches!(remove_with(&storage, &many, ONE, false), Err(Error::Refused(told)) if told.len() == 101));

    let temporary = tempfile::tempdir().unwrap();
    let empty = LocalFolder::create(temporary.path()).unwrap();
    assert!(matches!(remove_with(&empty, "a.example", ONE, false), Err(Error::Unreachable(_))));
    assert!(empty.list("").unwrap().is_empty());
}

#[test]
fn a_dataset_that_lacks_a_file_is_refused() {
    let (_temporary, storage) = output();
    storage.remove("dataset/data/train-00001-of-00003.parquet").unwrap();
    let Err(Error::Unreachable(told)) = remove_with(&storage, "site0.example", ONE, false) else { panic!("taken") };
    assert!(told[0].contains("train-00001-of-00003.parquet: missing"), "{told:?}");
}

#[test]
fn threads_change_no_byte() {
    let list = "site0.example\nsite6.example\nhttps://cdn.example/12.png\n";
    let [one, four] = [1, 4].map(|threads| {
        let (_temporary, storage) = output();
        remove_with(&storage, list, NonZeroUsize::new(threads).unwrap(), false).unwrap();
        tree(&storage)
    });
    assert_eq!(one, four);
}

#[test]
fn the_versions_that_takedowns_were_made_from_go_where_that_is_asked_for() {
    let (_temporary, storage) = output();
    remove(&storage, "site0.example");
    let removed = remove_with(&storage, "site1.example", ONE, true).unwrap();
    assert_eq!((removed.folder.as_str(), removed.others.len()), ("dataset-3", 0));
    assert_eq!(removed.removed, ["dataset", "dataset-2"]);
    assert!(storage.list("dataset").unwrap().is_empty() && storage.list("dataset-2").unwrap().is_empty());
    assert_eq!(check(&storage, "dataset-3").removals.len(), 2);
    // They can go later, too, and the gap that they leave is no end.
    remove(&storage, "site2.example");
    let later = remove_with(&storage, "site2.example", ONE, true).unwrap();
    assert_eq!(
        (later.folder.as_str(), later.removal, later.removed),
        ("dataset-4", None, vec!["dataset-3".to_owned()])
    );
    // Another run's dataset in a place that was left is nobody's old version.
    dataset(&storage, "dataset-3");
    assert_eq!(remove_with(&storage, "site2.example", ONE, true).unwrap().others, ["dataset-3"]);
}

#[test]
fn a_signal_ends_it_and_nothing_appears() {
    let (_temporary, storage) = output();
    let before = tree(&storage);
    let stop = AtomicBool::new(true);
    let remove = Remove {
        storage: &storage,
        list_name: "l",
        list: b"site0.example",
        threads: ONE,
        remove_old: true,
        stop: &stop,
    };
    assert!(matches!(remove.execute(), Err(Error::Interrupted)));
    assert_eq!(tree(&storage), before);
}

#[test]
fn whoever_was_killed_runs_it_again_and_has_the_same() {
    let list = "site0.example\nhttps://cdn.example/7.png\n";
    let expected = {
        let (_temporary, storage) = output();
        remove_with(&storage, list, ONE, true).unwrap();
        tree(&storage)
    };
    for changes in 0.. {
        let (_temporary, storage) = output();
        let dying = Dying { storage, left: AtomicUsize::new(changes) };
        let survived = remove_with(&dying, list, ONE, true).is_ok();
        remove_with(&dying.storage, list, ONE, true).unwrap();
        assert_eq!(tree(&dying.storage), expected, "killed behind {changes} changes");
        if survived {
            assert!(changes > 10, "{changes}");
            break;
        }
    }
}

/// A place in which nothing changes any more behind a number of changes.
#[derive(Debug)]
struct Dying {
    storage: LocalFolder,
    left: AtomicUsize,
}

impl Dying {
    fn change(&self, key: &str) -> Stored<()> {
        use std::sync::atomic::Ordering::Relaxed;
        let left = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| StorageError::io("change", key, io::ErrorKind::Other.into()))
    }
}

impl Storage for Dying {
    fn location(&self) -> String {
        self.storage.location()
    }
    fn shared(&self) -> Arc<dyn Storage> {
        self.storage.shared()
    }
    fn head(&self, key: &str) -> Stored<Listed> {
        self.storage.head(key)
    }
    fn list(&self, prefix: &str) -> Stored<Vec<Listed>> {
        self.storage.list(prefix)
    }
    fn open(&self, key: &str) -> Stored<Box<dyn Object>> {
        self.storage.open(key)
    }
    fn create(&self, key: &str) -> Stored<Box<dyn Upload>> {
        self.change(key)?;
        self.storage.create(key)
    }
    fn log(&self, key: &str) -> Stored<Box<dyn obelisc_storage::Log>> {
        self.change(key)?;
        self.storage.log(key)
    }
    fn publish(&self, key: &str, bytes: &[u8]) -> Stored<Published> {
        self.change(key)?;
        self.storage.publish(key, bytes)
    }
    fn remove(&self, key: &str) -> Stored<()> {
        self.change(key)?;
        self.storage.remove(key)
    }
    fn remove_unfinished(&self, prefix: &str, but: &[&str]) -> Stored<()> {
        self.storage.remove_unfinished(prefix, but)
    }
    fn remove_all(&self, prefix: &str) -> Stored<()> {
        self.change(prefix)?;
        self.storage.remove_all(prefix)
    }
    fn copy(&self, from: &str, to: &str) -> Stored<()> {
        self.change(to)?;
        self.storage.copy(from, to)
    }
    fn rename_all(&self, from: &str, to: &str) -> Stored<()> {
        self.change(to)?;
        self.storage.rename_all(from, to)
    }
    fn lock(&self, key: &str) -> Stored<Lock> {
        self.storage.lock(key)
    }
    fn free_bytes(&self) -> Stored<Option<u64>> {
        self.storage.free_bytes()
    }
}
