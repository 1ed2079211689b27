//! What every place promises, asked of each of them: a folder, and a store that speaks as S3 does.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::OnceLock;

use obelisc_testkit::object_store::ObjectStoreServer;

use super::*;

/// The store; its folder is gone when the program ends.
fn server() -> &'static ObjectStoreServer {
    static SERVER: OnceLock<ObjectStoreServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::create_dir(folder.join("bucket")).unwrap();
        ObjectStoreServer::start(&folder)
    })
}

/// A place of its own for each test, of each kind.
fn places(test: &str) -> Vec<Box<dyn Storage>> {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut remotes = Remotes::new(server().variables());
    remotes.lease = std::time::Duration::from_secs(3);
    let remote = remotes.folder(&format!("s3://bucket/a place/{test}")).unwrap();
    vec![Box::new(LocalFolder::create(folder).unwrap()), Box::new(remote)]
}

fn put(place: &dyn Storage, key: &str, bytes: &[u8]) {
    let mut upload = place.create(key).unwrap();
    upload.write_all(bytes).unwrap();
    upload.finish().unwrap();
}

fn keys(place: &dyn Storage, prefix: &str) -> Vec<String> {
    place.list(prefix).unwrap().into_iter().map(|entry| entry.key).collect()
}

#[test]
fn an_object_appears_whole_when_it_is_finished() {
    for place in places("whole") {
        let mut upload = place.create("a/b").unwrap();
        upload.write_all(b"12").unwrap();
        assert!(keys(&*place, "").is_empty() && !place.exists("a/b").unwrap());
        upload.finish().unwrap();
        assert_eq!(place.list("").unwrap(), [Entry { key: "a/b".into(), size: 2 }]);
        place.create("c").unwrap().write_all(b"dropped").unwrap();
        assert_eq!(keys(&*place, ""), ["a/b"]);
        put(&*place, "a/b", b"replaced");
        assert_eq!(place.read("a/b").unwrap(), b"replaced");
    }
}

#[test]
fn an_object_of_many_parts_is_read_back_from_anywhere() {
    let bytes: Vec<u8> = (0..30_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for place in places("parts") {
        let mut upload = place.create("large").unwrap();
        bytes.chunks(1_000_003).for_each(|chunk| upload.write_all(chunk).unwrap());
        upload.finish().unwrap();
        let mut object = place.open("large").unwrap();
        assert_eq!(object.size(), bytes.len() as u64);
        let mut read = Vec::new();
        let before = server().requests();
        object.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        // 64 KiB, 128, …, 8 MiB: the requests of other tests are among them.
        assert!(server().requests() - before < 300, "{}", server().requests() - before);
        object.seek(SeekFrom::Start(12_345_678)).unwrap();
        let mut part = [0; 100_000];
        object.read_exact(&mut part).unwrap();
        assert!(part[..] == bytes[12_345_678..12_445_678]);
        assert_eq!(&object.read_range(29_999_990, 10).unwrap()[..], &bytes[29_999_990..]);
        assert!(object.read_range(29_999_990, 11).is_err());
        assert_eq!(object.seek(SeekFrom::End(5)).unwrap(), bytes.len() as u64 + 5);
        assert_eq!(object.read(&mut part).unwrap(), 0);
        // Parts that are begun and dropped leave nothing.
        let mut upload = place.create("dropped").unwrap();
        upload.write_all(&bytes[..9 << 20]).unwrap();
        drop(upload);
        assert_eq!(keys(&*place, ""), ["large"]);
    }
}

#[test]
fn of_many_publishers_one_creates() {
    for place in places("publish") {
        let created = std::thread::scope(|scope| {
            let publish = |number: u8| {
                let place = &place;
                scope.spawn(move || place.publish("marker", &[number]).unwrap() == Published::Created)
            };
            let threads: Vec<_> = (0..8).map(publish).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|created| *created).count()
        });
        assert_eq!((created, place.read("marker").unwrap().len()), (1, 1));
    }
}

#[test]
fn what_is_absent_is_not_found_and_removing_it_is_fine() {
    for place in places("absent") {
        assert!(matches!(place.open("x").map(drop), Err(Error::NotFound { .. })));
        assert!(matches!(place.read("x"), Err(Error::NotFound { .. })));
        assert!(matches!(place.head("x"), Err(Error::NotFound { .. })));
        assert!(matches!(place.copy("x", "y"), Err(Error::NotFound { .. })));
        place.remove("x").unwrap();
        place.remove_all("y").unwrap();
        assert!(keys(&*place, "y").is_empty());
    }
}

#[test]
fn keys_of_any_letters_are_found_again_as_they_are_listed() {
    for place in places("letters") {
        let keys = ["Zürich.warc.gz", "a b/c#d", "x%20y", "~t"];
        keys.iter().for_each(|key| put(&*place, key, key.as_bytes()));
        let listed = place.list("").unwrap();
        assert_eq!(listed.len(), keys.len());
        for entry in listed {
            let text = String::from_utf8(place.read(&entry.key).unwrap()).unwrap();
            assert!(keys.contains(&text.as_str()) && entry.size == text.len() as u64, "{text}");
        }
    }
}

#[test]
fn a_prefix_is_a_folder_and_not_the_beginning_of_a_name() {
    for place in places("prefix") {
        for key in ["a/1", "a/b/2", "ab/3"] {
            put(&*place, key, b"x");
        }
        assert_eq!(keys(&*place, "a"), ["a/1", "a/b/2"]);
        place.remove_all("a").unwrap();
        assert_eq!(keys(&*place, ""), ["ab/3"]);
    }
}

#[test]
fn a_tree_moves_only_to_a_free_place() {
    for place in places("move") {
        put(&*place, "a/1", b"x");
        put(&*place, "a/c/2", b"z");
        put(&*place, "b/1", b"y");
        assert!(matches!(place.rename_all("a", "b"), Err(Error::AlreadyExists { .. })));
        place.rename_all("a", "d").unwrap();
        assert_eq!(keys(&*place, ""), ["b/1", "d/1", "d/c/2"]);
        assert_eq!(place.read("d/c/2").unwrap(), b"z");
        place.copy("b/1", "d/1").unwrap();
        assert_eq!(place.read("d/1").unwrap(), b"y");
    }
}

#[test]
fn a_held_lock_is_refused_and_a_dropped_one_is_free() {
    for place in places("lock") {
        let lock = place.lock("lock").unwrap();
        assert!(matches!(place.lock("lock"), Err(Error::Locked { .. })));
        drop(lock);
        drop(place.lock("lock").unwrap());
    }
}

#[test]
fn a_log_goes_on_where_it_was_left_and_can_be_cut() {
    let read = |log: &mut dyn Log| {
        let mut text = String::new();
        log.reader().unwrap().read_to_string(&mut text).unwrap();
        text
    };
    for place in places("log") {
        let mut log = place.log("a/log").unwrap();
        assert_eq!(read(&mut *log), "");
        log.append(b"one ").unwrap();
        log.flush().unwrap();
        log.append(b"two ").unwrap();
        log.append(b"three").unwrap();
        assert_eq!(read(&mut *log), "one two three");
        drop(log);
        let mut log = place.log("a/log").unwrap();
        assert_eq!(read(&mut *log), "one two three");
        log.truncate(6).unwrap();
        log.append(b"!").unwrap();
        log.flush().unwrap();
        let mut log = place.log("a/log").unwrap();
        assert_eq!(read(&mut *log), "one tw!");
        assert_eq!(&log.reader().unwrap().read_range(2, 3).unwrap()[..], b"e t");
        log.truncate(0).unwrap();
        assert_eq!(read(&mut *log), "");
        log.remove().unwrap();
        assert!(keys(&*place, "").is_empty());
    }
}
