//! Answers as they come, so that none is asked for twice: whoever is killed goes on behind the last of them.
//!
//! A record is its two lengths, an xxh3-64 of what follows, the answer as a row of its table in JSON, and the image's bytes.  A record that is cut or
//! changed, as a crash leaves it, ends the journal, and is written over.

use std::collections::HashMap;

use obelisc_document::UrlKey;
use obelisc_document::table::{Answer, Table};
use obelisc_storage::{Lock, Log, Object, Storage};
use xxhash_rust::xxh3::Xxh3;

use crate::{Error, Examined, store};

/// Bytes of a record's head.
const HEAD: usize = 16;
/// Most bytes of an answer.
const MAX_ANSWER: u32 = 1 << 20;

/// A journal that grows.
pub struct Journal<'s> {
    storage: &'s dyn Storage,
    name: String,
    log: Box<dyn Log>,
    length: u64,
    answers: HashMap<UrlKey, (Answer, u64)>,
    _lock: Lock,
}

impl<'s> Journal<'s> {
    /// Opens the journal of a segment, with what an earlier attempt wrote into it.
    pub(crate) fn open(storage: &'s dyn Storage, name: &str) -> Result<Self, Error> {
        let key = store::journal_key(name);
        let lock = storage.lock(&format!("{key}.lock"))?;
        let log = storage.log(&key)?;
        let mut journal =
            Journal { storage, name: name.to_owned(), log, length: 0, answers: HashMap::new(), _lock: lock };
        let mut object = journal.log.reader()?;
        let mut record = Vec::new();
        while let Some(answer) = journal.next(&mut *object, &mut record) {
            let at = journal.length + (record.len() as u64 - answer.length) + HEAD as u64;
            journal.length += (HEAD + record.len()) as u64;
            journal.answers.insert(answer.url_key, (answer, at));
        }
        journal.log.truncate(journal.length)?;
        Ok(journal)
    }

    /// Reads the next record, its answer and its bytes into `record`; `None` at the end, or where it is damaged.
    fn next(&self, object: &mut dyn Object, record: &mut Vec<u8>) -> Option<Answer> {
        let mut head = [0; HEAD];
        object.read_exact(&mut head).ok()?;
        let [a, b, c, d, e, f, g, h, sum @ ..] = head;
        let (answer, bytes) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let left = object.size().saturating_sub(self.length + HEAD as u64);
        if answer > MAX_ANSWER || u64::from(answer) + u64::from(bytes) > left {
            return None;
        }
        record.resize(answer as usize + bytes as usize, 0);
        object.read_exact(record).ok()?;
        if digest(record) != u64::from_le_bytes(sum) {
            return None;
        }
        let found: Answer = serde_json::from_slice(record.get(..answer as usize)?).ok()?;
        (found.length == u64::from(bytes)).then_some(found)
    }

    /// Whether a URL has its answer, and then whether that [ends a wish](crate::ends_wish).
    pub fn knows(&self, url: UrlKey) -> Option<bool> {
        self.answers.get(&url).map(|(answer, _)| crate::ends_wish(answer))
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Damaged`] where the answer is too long to be one.
    pub fn push(&mut self, examined: &Examined) -> Result<(), Error> {
        let Examined { answer, bytes } = examined;
        let damaged = |detail: String| Error::Damaged { segment: self.name.clone(), detail };
        let mut record = serde_json::to_vec(answer).map_err(|error| damaged(error.to_string()))?;
        let lengths = (u32::try_from(record.len()), u32::try_from(bytes.len()));
        let (Ok(answer_length @ ..=MAX_ANSWER), Ok(bytes_length)) = lengths else {
            return Err(damaged("an answer is too long".to_owned()));
        };
        let at = self.length + (HEAD + record.len()) as u64;
        record.extend_from_slice(bytes);
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&answer_length.to_le_bytes());
        head[4..8].copy_from_slice(&bytes_length.to_le_bytes());
        head[8..].copy_from_slice(&digest(&record).to_le_bytes());
        self.log.append(&head)?;
        self.log.append(&record)?;
        self.length += (HEAD + record.len()) as u64;
        self.answers.insert(answer.url_key, (answer.clone(), at));
        Ok(())
    }

    /// Makes a segment of all answers, in the order of their URLs' keys, and removes the journal.  The answers in that order.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn seal(mut self) -> Result<Vec<Answer>, Error> {
        let read = |error| obelisc_storage::Error::io("read", &store::journal_key(&self.name), error);
        let mut answers: Vec<(Answer, u64)> = std::mem::take(&mut self.answers).into_values().collect();
        answers.sort_by_key(|(answer, _)| answer.url_key);
        let mut segment = crate::SegmentWriter::begin(self.storage, &self.name)?;
        let object = self.log.reader()?;
        for (answer, at) in answers {
            let length = usize::try_from(answer.length).unwrap_or_default();
            let bytes = object.read_range(at, length).map_err(read)?.into();
            segment.add(Examined { answer, bytes })?;
        }
        let answers = segment.finish()?;
        self.log.remove()?;
        Ok(answers)
    }
}

fn digest(record: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(Answer::NAME.as_bytes());
    hasher.update(&Answer::VERSION.to_le_bytes());
    hasher.update(record);
    hasher.digest()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test damages a file")]
mod tests {
    use obelisc_document::Reason;
    use obelisc_storage::LocalFolder;

    use super::*;
    use crate::ImageStore;

    fn url(number: u32) -> String {
        format!("https://a.example/{number}.png")
    }

    fn examined(number: u32) -> Examined {
        if number.is_multiple_of(3) {
            return Examined::failed(&url(number), Reason::HttpStatus, "404 Not Found".to_owned());
        }
        let bytes = vec![7; 10 + number as usize];
        let answer =
            Answer { length: bytes.len() as u64, format: Some("png".into()), ..Answer::unanswered(&url(number)) };
        Examined { answer, bytes }
    }

    #[test]
    fn a_journal_that_is_cut_anywhere_goes_on_behind_its_last_whole_answer() {
        let folder = tempfile::tempdir().unwrap();
        let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
        let mut journal = store.journal("n").unwrap();
        (0..6).for_each(|number| journal.push(&examined(number)).unwrap());
        assert!(matches!(store.journal("n"), Err(Error::Storage(obelisc_storage::Error::Locked { .. }))));
        drop(journal);
        let path = folder.path().join("journals/n");
        let whole = std::fs::read(&path).unwrap();
        let mut ends = 0;
        for end in 0..=whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            let mut journal = store.journal("n").unwrap();
            let known = (0..6).take_while(|number| journal.knows(UrlKey::new(&url(*number))).is_some()).count() as u32;
            assert_eq!(journal.answers.len(), known as usize);
            ends = ends.max(known);
            if end % 50 == 0 {
                (known..6).for_each(|number| journal.push(&examined(number)).unwrap());
                drop(journal);
                assert_eq!(std::fs::read(&path).unwrap(), whole);
            }
        }
        assert_eq!(ends, 6);
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, changed).unwrap();
        let mut journal = store.journal("n").unwrap();
        assert_eq!((journal.knows(UrlKey::new(&url(4))), journal.knows(UrlKey::new(&url(5)))), (Some(true), None));
        assert_eq!(journal.knows(UrlKey::new(&url(3))), Some(false));
        journal.push(&examined(5)).unwrap();
        let answers = journal.seal().unwrap();
        assert!(answers.is_sorted_by_key(|answer| answer.url_key) && answers.len() == 6 && !path.exists());
        assert_eq!(store.answers("n").unwrap().unwrap(), answers);
    }
}
