//! A place in memory that counts what it is asked, as an object store would be.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use obelisc_storage::{Entry, Error, Lock, Log, Object, Published, Result, Storage, Upload};

/// Objects that a store lists, or removes, with one request.
const AT_ONCE: usize = 1000;

type Objects = Arc<Mutex<BTreeMap<String, Arc<[u8]>>>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) objects: Objects,
    requests: Arc<AtomicUsize>,
    /// Changes until whoever makes them is killed, and one; 0 for nobody.
    left: Arc<AtomicUsize>,
}

impl Memory {
    /// Requests since this was asked last.
    pub(crate) fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }

    /// Kills whoever changes something behind so many changes; `None` kills nobody any more.
    pub(crate) fn kill_behind(&self, changes: Option<usize>) {
        self.left.store(changes.map_or(0, |changes| changes + 1), Ordering::SeqCst);
    }

    fn change(&self, key: &str) -> Result<()> {
        let count = |left: usize| if left > 1 { left - 1 } else { left };
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(count(left))) {
            Ok(1) => Err(Error::io("change", key, std::io::ErrorKind::Other.into())),
            _ => Ok(()),
        }
    }

    fn ask(&self, requests: usize) {
        self.requests.fetch_add(requests, Ordering::SeqCst);
    }

    fn get(&self, key: &str) -> Result<Arc<[u8]>> {
        self.ask(1);
        self.objects.lock().unwrap().get(key).cloned().ok_or_else(|| Error::NotFound { key: key.to_owned() })
    }

    fn keys(&self, prefix: &str) -> Vec<Entry> {
        let objects = self.objects.lock().unwrap();
        let below =
            |key: &String| prefix.is_empty() || key.strip_prefix(prefix).is_some_and(|key| key.starts_with('/'));
        let found = objects.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        let found = found.filter(|(key, _)| below(key));
        found.map(|(key, bytes)| Entry { key: key.clone(), size: bytes.len() as u64 }).collect()
    }
}

impl Storage for Memory {
    fn location(&self) -> String {
        "memory".to_owned()
    }
    fn shared(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }
    fn head(&self, key: &str) -> Result<Entry> {
        Ok(Entry { key: key.to_owned(), size: self.get(key)?.len() as u64 })
    }
    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let found = self.keys(prefix);
        self.ask(found.len().div_ceil(AT_ONCE).max(1));
        Ok(found)
    }
    fn open(&self, key: &str) -> Result<Box<dyn Object>> {
        Ok(Box::new(Bytes(Cursor::new(self.get(key)?))))
    }
    fn create(&self, key: &str) -> Result<Box<dyn Upload>> {
        Ok(Box::new(Writing { memory: self.clone(), key: key.to_owned(), bytes: Vec::new() }))
    }
    fn log(&self, key: &str) -> Result<Box<dyn Log>> {
        Err(Error::Unsupported { name: key.to_owned(), reason: "nothing grows here".to_owned() })
    }
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<Published> {
        self.ask(1);
        self.change(key)?;
        let mut objects = self.objects.lock().unwrap();
        if objects.contains_key(key) {
            return Ok(Published::Existed);
        }
        objects.insert(key.to_owned(), bytes.into());
        Ok(Published::Created)
    }
    fn remove(&self, key: &str) -> Result<()> {
        self.remove_many(&[key.to_owned()])
    }
    fn remove_many(&self, keys: &[String]) -> Result<()> {
        self.ask(keys.len().div_ceil(AT_ONCE));
        keys.iter().try_for_each(|key| {
            self.change(key)?;
            self.objects.lock().unwrap().remove(key);
            Ok(())
        })
    }
    fn renames_at_once(&self) -> bool {
        false
    }
    fn remove_unfinished(&self, _: &str, _: &[&str]) -> Result<()> {
        Ok(())
    }
    fn remove_all(&self, prefix: &str) -> Result<()> {
        let keys: Vec<String> = self.list(prefix)?.into_iter().map(|entry| entry.key).collect();
        self.remove_many(&keys)
    }
    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let bytes = self.get(from)?;
        self.objects.lock().unwrap().insert(to.to_owned(), bytes);
        Ok(())
    }
    fn rename_all(&self, from: &str, _: &str) -> Result<()> {
        Err(Error::Unsupported { name: from.to_owned(), reason: "nothing is renamed here".to_owned() })
    }
    fn lock(&self, _: &str) -> Result<Lock> {
        Ok(Lock::new(()))
    }
    fn free_bytes(&self) -> Result<Option<u64>> {
        Ok(None)
    }
}

struct Bytes(Cursor<Arc<[u8]>>);

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Bytes {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(position)
    }
}

impl Object for Bytes {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
    fn reopen(&self) -> Result<Box<dyn Object>> {
        Ok(Box::new(Self(Cursor::new(Arc::clone(self.0.get_ref())))))
    }
}

struct Writing {
    memory: Memory,
    key: String,
    bytes: Vec<u8>,
}

impl Write for Writing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.bytes.write(buffer)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Upload for Writing {
    fn finish(self: Box<Self>) -> Result<()> {
        self.memory.ask(1);
        self.memory.change(&self.key)?;
        self.memory.objects.lock().unwrap().insert(self.key, self.bytes.into());
        Ok(())
    }
}
