//! Leases: who works on what, where many do and any of them may be lost.
//!
//! A lease is a row of *terms*, `KEY/000001`, `KEY/000002`, …, each created only if absent, so that it has one holder.  The holder counts up
//! `KEY/000001.beat`; a term is over when `KEY/000001.end` says so, or when somebody has looked at its count for longer than a lease
//! lasts and it stood still.  Then the next term may be created.  Nobody compares clocks of two machines: what is measured is how long one's own
//! eyes saw no change.
//!
//! A holder that was only slow may go on while another has the next term.  So a lease saves work that would be done twice; it does not protect what is written: that
//! is for [`Storage::publish`] to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::local::random_word;
use crate::{Error, Lock, Published, Result, Storage, Upload};

/// How long a lease lasts that nobody renews, where nothing else is asked for.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// Beats in the time that a lease lasts: a few may be late.
const BEATS: u32 = 6;

/// Time between two beats of leases that last so long.
pub fn beat_of(lasts: Duration) -> Duration {
    lasts / BEATS
}

/// A term that is held.
#[derive(Debug)]
pub struct Lease {
    key: String,
    term: u64,
    beats: u64,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Held(Lease),
    /// It is this one's, as it named itself.
    Others(String),
}

/// What one's own eyes saw of others' leases.
#[derive(Debug, Default)]
pub struct Watch(BTreeMap<String, (u64, Vec<u8>, Instant)>);

impl Watch {
    /// Term and count of a lease when it was last looked at.
    fn seen(&self, key: &str) -> Option<(u64, Vec<u8>)> {
        self.0.get(key).map(|(term, count, _)| (*term, count.clone()))
    }

    /// How long a term's count has stood still.
    fn still(&mut self, key: &str, term: u64, beat: Vec<u8>) -> Duration {
        let now = Instant::now();
        match self.0.get(key) {
            Some((seen, count, since)) if *seen == term && *count == beat => now.duration_since(*since),
            _ => {
                self.0.insert(key.to_owned(), (term, beat, now));
                Duration::ZERO
            }
        }
    }
}

/// What the objects of a lease say.
#[derive(Clone, Copy, Default)]
struct Terms {
    /// The highest term that was ever begun.
    begun: u64,
    /// The highest that its holder ended.
    ended: u64,
}

impl Terms {
    fn enter(&mut self, name: &str) {
        let number = |name: &str| name.parse::<u64>().unwrap_or_default();
        match name.split_once('.') {
            None => self.begun = self.begun.max(number(name)),
            Some((name, "end")) => self.ended = self.ended.max(number(name)),
            Some(_) => {}
        }
    }
}

fn terms(storage: &dyn Storage, key: &str) -> Result<Terms> {
    let mut terms = Terms::default();
    for entry in storage.list(key)? {
        terms.enter(entry.key.strip_prefix(key).and_then(|name| name.strip_prefix('/')).unwrap_or_default());
    }
    Ok(terms)
}

/// The names of those leases in a folder whose last term was begun and not ended: they are held, or their holders are gone.
///
/// # Errors
/// Those of the storage.
pub fn taken(storage: &dyn Storage, folder: &str) -> Result<BTreeSet<String>> {
    let mut all: BTreeMap<String, Terms> = BTreeMap::new();
    for entry in storage.list(folder)? {
        let below = entry.key.strip_prefix(folder).and_then(|below| below.strip_prefix('/'));
        if let Some((lease, term)) = below.and_then(|below| below.rsplit_once('/')) {
            all.entry(lease.to_owned()).or_default().enter(term);
        }
    }
    Ok(all.into_iter().filter(|(_, terms)| terms.begun > terms.ended).map(|(lease, _)| lease).collect())
}

/// Where among so many things one begins: another place for each that asks, so that not all ask for the same.
pub fn turn(count: usize) -> usize {
    let count = count.max(1) as u64;
    // Less than `count`, which came from a `usize`.
    (random_word() % count) as usize
}

/// Asks for a lease that lasts so long, in the name of `owner`, which tells nobody else's name: a host and a process, say.
///
/// # Errors
/// Those of the storage.
pub fn claim(storage: &dyn Storage, key: &str, owner: &str, lasts: Duration, watch: &mut Watch) -> Result<Claim> {
    let Terms { begun, ended } = terms(storage, key)?;
    if begun > ended {
        let beat = read_or_nothing(storage, &format!("{}.beat", term_key(key, begun)))?;
        if watch.still(key, begun, beat) <= lasts {
            return other(storage, key, begun);
        }
    }
    let next = begun + 1;
    watch.0.remove(key);
    // Of two that create a term at once each knows which of them did.
    let owner = format!("{owner} {:016x}", random_word());
    match storage.publish(&term_key(key, next), owner.as_bytes())? {
        Published::Created => Ok(Claim::Held(Lease { key: key.to_owned(), term: next, beats: 0 })),
        Published::Existed => other(storage, key, next),
    }
}

fn other(storage: &dyn Storage, key: &str, term: u64) -> Result<Claim> {
    let owner = read_or_nothing(storage, &term_key(key, term))?;
    Ok(Claim::Others(String::from_utf8_lossy(&owner).into_owned()))
}

fn term_key(key: &str, term: u64) -> String {
    format!("{key}/{term:06}")
}

fn read_or_nothing(storage: &dyn Storage, key: &str) -> Result<Vec<u8>> {
    match storage.read(key) {
        Err(Error::NotFound { .. }) => Ok(Vec::new()),
        other => other,
    }
}

impl Lease {
    /// Says that the holder is there.  To be called a few times in the time that the lease lasts.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn beat(&mut self, storage: &dyn Storage) -> Result<()> {
        self.beats += 1;
        self.put(storage, "beat", self.beats)
    }

    /// Ends the term.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn end(self, storage: &dyn Storage) -> Result<()> {
        self.put(storage, "end", self.beats)
    }

    fn put(&self, storage: &dyn Storage, ending: &str, count: u64) -> Result<()> {
        let key = format!("{}.{ending}", term_key(&self.key, self.term));
        let mut upload: Box<dyn Upload> = storage.create(&key)?;
        upload.write_all(count.to_string().as_bytes()).map_err(|source| Error::io("write", &key, source))?;
        upload.finish()
    }
}

/// Takes a lease as a lock, and renews it on a thread of its own until the lock is dropped.  Where another's term stands, it is watched
/// for as long as a lease lasts.
///
/// # Errors
/// [`Error::Locked`] where it is another's; those of the storage.
pub(crate) fn lock(storage: Arc<dyn Storage>, key: &str, owner: &str, lasts: Duration) -> Result<Lock> {
    let mut watch = Watch::default();
    let (_nobody_sends, waited) = mpsc::channel::<()>();
    let mut seen = None;
    let lease = loop {
        match claim(&*storage, key, owner, lasts, &mut watch)? {
            Claim::Held(lease) => break lease,
            Claim::Others(_) => {
                let now = watch.seen(key);
                if seen.is_some() && seen != now {
                    return Err(Error::Locked { key: key.to_owned() });
                }
                seen = now;
                let _ = waited.recv_timeout(beat_of(lasts));
            }
        }
    };
    Ok(Lock::new(Renewed::new(storage, lease, beat_of(lasts))))
}

/// A lease that a thread renews.
struct Renewed {
    stop: Option<mpsc::Sender<()>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Renewed {
    fn new(storage: Arc<dyn Storage>, mut lease: Lease, beat: Duration) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(beat) == Err(RecvTimeoutError::Timeout) {
                // One that is late is made up for by the next; a store that is away for longer loses the lease, and no more.
                let _ = lease.beat(&*storage);
            }
            let _ = lease.end(&*storage);
        });
        Self { stop: Some(stop), thread: Mutex::new(Some(thread)) }
    }
}

impl Drop for Renewed {
    fn drop(&mut self) {
        drop(self.stop.take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Given back when this returns.
        let _ = thread.map(std::thread::JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalFolder;

    const LASTS: Duration = Duration::from_millis(40);

    fn folder() -> (tempfile::TempDir, LocalFolder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        (temporary, folder)
    }

    fn held(claim: Claim) -> Lease {
        match claim {
            Claim::Held(lease) => lease,
            Claim::Others(owner) => panic!("it is {owner}'s"),
        }
    }

    #[test]
    fn of_many_that_ask_one_holds() {
        let (_guard, folder) = folder();
        let held = std::thread::scope(|scope| {
            let ask = || {
                matches!(claim(&folder, "a", "one", LASTS, &mut Watch::default()).unwrap(), Claim::Held(_))
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|held| *held).count()
        });
        assert_eq!(held, 1);
        assert_eq!(taken(&folder, "").unwrap(), BTreeSet::from(["a".to_owned()]));
    }

    #[test]
    fn one_that_is_ended_is_free_and_one_that_beats_is_not() {
        let (_guard, folder) = folder();
        let mut watch = Watch::default();
        let ask = |watch: &mut Watch| claim(&folder, "l/a", "host 7", LASTS, watch).unwrap();
        let mut lease = held(ask(&mut Watch::default()));
        let began = Instant::now();
        while began.elapsed() < 3 * LASTS {
            lease.beat(&folder).unwrap();
            let Claim::Others(owner) = ask(&mut watch) else { panic!("taken from one that beats") };
            assert!(owner.starts_with("host 7 "), "{owner}");
        }
        lease.end(&folder).unwrap();
        assert!(taken(&folder, "l").unwrap().is_empty());
        held(ask(&mut watch)).end(&folder).unwrap();
    }

    #[test]
    fn one_whose_holder_is_gone_is_taken_by_whoever_watched_it_stand_still() {
        let (_guard, folder) = folder();
        held(claim(&folder, "a", "gone", LASTS, &mut Watch::default()).unwrap());
        let mut watch = Watch::default();
        let began = Instant::now();
        loop {
            match claim(&folder, "a", "next", LASTS, &mut watch).unwrap() {
                Claim::Held(_) => break,
                Claim::Others(_) => std::thread::yield_now(),
            }
        }
        assert!(began.elapsed() > LASTS);
        // Whoever comes later has seen nothing yet.
        assert!(matches!(claim(&folder, "a", "late", LASTS, &mut Watch::default()).unwrap(), Claim::Others(_)));
    }
}
