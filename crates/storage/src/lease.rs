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
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::local::random_word;
use crate::{Error, Lock, Published, Result, Storage};

/// How long a lease lasts that nobody renews, where nothing else is asked for.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// Beats in the time that a lease lasts: a few may be late.
const BEATS: u32 = 6;

/// Time between two beats of leases that last so long.
pub fn beat_of(lasts: Duration) -> Duration {
    lasts / BEATS
}

/// Waits until it is worth looking again.
pub fn rest(time: Duration) {
    let (_nobody_sends, waited) = mpsc::channel::<()>();
    let _ = waited.recv_timeout(time);
}

/// A term that is held.
#[derive(Clone, Debug)]
pub struct Lease {
    key: String,
    term: u64,
    beats: Arc<AtomicU64>,
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
pub struct Watch(BTreeMap<String, Seen>);

/// A term as it was looked at last.
#[derive(Debug)]
struct Seen {
    term: u64,
    count: Vec<u8>,
    looked: Instant,
    /// How long the count stood still while it was looked at.
    stood: Duration,
}

impl Watch {
    /// Term and count of a lease when it was last looked at.
    fn seen(&self, key: &str) -> Option<(u64, Vec<u8>)> {
        self.0.get(key).map(|seen| (seen.term, seen.count.clone()))
    }

    /// How long a term's count has stood still.  Time in which nobody looked does not count, but for that between two beats: while the store was away, the
    /// holder could not beat either.
    fn still(&mut self, key: &str, term: u64, count: Vec<u8>, lasts: Duration) -> Duration {
        let now = Instant::now();
        match self.0.get_mut(key) {
            Some(seen) if seen.term == term && seen.count == count => {
                seen.stood += now.duration_since(seen.looked).min(2 * beat_of(lasts));
                seen.looked = now;
                seen.stood
            }
            _ => {
                self.0.insert(key.to_owned(), Seen { term, count, looked: now, stood: Duration::ZERO });
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
    Ok(open_terms(storage, folder)?.into_keys().collect())
}

/// The same with the number of that term.
fn open_terms(storage: &dyn Storage, folder: &str) -> Result<BTreeMap<String, u64>> {
    let mut all: BTreeMap<String, Terms> = BTreeMap::new();
    for entry in storage.list(folder)? {
        let below = entry.key.strip_prefix(folder).and_then(|below| below.strip_prefix('/'));
        if let Some((lease, term)) = below.and_then(|below| below.rsplit_once('/')) {
            all.entry(lease.to_owned()).or_default().enter(term);
        }
    }
    all.retain(|_, terms| terms.begun > terms.ended);
    Ok(all.into_iter().map(|(lease, terms)| (lease, terms.begun)).collect())
}

/// Who holds leases below a folder, or held them and is gone: each name once, with how many those are.
///
/// # Errors
/// Those of the storage.
pub fn holders(storage: &dyn Storage, folder: &str) -> Result<BTreeMap<String, usize>> {
    let mut holders = BTreeMap::new();
    for (name, term) in open_terms(storage, folder)? {
        let (owner, _) = owner_of(&read_or_nothing(storage, &term_key(&format!("{folder}/{name}"), term))?);
        *holders.entry(owner).or_default() += 1;
    }
    Ok(holders)
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
        if watch.still(key, begun, beat, lasts) <= lasts {
            return other(storage, key, begun);
        }
    }
    watch.0.remove(key);
    begin(storage, key, begun + 1, owner, lasts)
}

fn begin(storage: &dyn Storage, key: &str, term: u64, owner: &str, lasts: Duration) -> Result<Claim> {
    // Of two that create a term at once each knows which of them did.
    let owner = format!("{owner} {} {:016x}", lasts.as_millis(), random_word());
    match storage.publish(&term_key(key, term), owner.as_bytes())? {
        Published::Created => Ok(Claim::Held(Lease { key: key.to_owned(), term, beats: Arc::default() })),
        Published::Existed => other(storage, key, term),
    }
}

/// Takes a lease whose holder is known to be gone: for whoever has the lock that the holder had.
///
/// # Errors
/// Those of the storage; [`Error::Locked`] where somebody else does so at once.
pub fn seize(storage: &dyn Storage, key: &str, owner: &str, lasts: Duration) -> Result<Lease> {
    match begin(storage, key, terms(storage, key)?.begun + 1, owner, lasts)? {
        Claim::Held(lease) => Ok(lease),
        Claim::Others(_) => Err(Error::Locked { key: key.to_owned() }),
    }
}

/// Who of the holders below a folder is alive: those whose counts are seen to move, within the time that their leases last.
///
/// # Errors
/// Those of the storage.
pub fn living(storage: &dyn Storage, folder: &str) -> Result<BTreeSet<String>> {
    let mut first: BTreeMap<String, (String, Duration, Vec<u8>)> = BTreeMap::new();
    for (name, term) in open_terms(storage, folder)? {
        let term = term_key(&format!("{folder}/{name}"), term);
        let (owner, lasts) = owner_of(&read_or_nothing(storage, &term)?);
        let beat = format!("{term}.beat");
        let count = read_or_nothing(storage, &beat)?;
        first.insert(beat, (owner, lasts, count));
    }
    let longest = first.values().map(|(_, lasts, _)| *lasts).max().unwrap_or_default();
    let mut looked = Duration::ZERO;
    while !first.is_empty() && looked <= longest {
        let mut living = BTreeSet::new();
        for (beat, (owner, _, count)) in &first {
            if read_or_nothing(storage, beat)? != *count {
                living.insert(owner.clone());
            }
        }
        if !living.is_empty() {
            return Ok(living);
        }
        let pause = beat_of(longest).min(Duration::from_secs(1));
        rest(pause);
        looked += pause;
    }
    Ok(BTreeSet::new())
}

/// The name of an owner, and how long its leases last.
fn owner_of(text: &[u8]) -> (String, Duration) {
    let text = String::from_utf8_lossy(text);
    let mut words = text.rsplitn(3, ' ').skip(1);
    let lasts = words.next().and_then(|word| word.parse().ok()).map_or(DEFAULT_LEASE, Duration::from_millis);
    (words.next().unwrap_or_default().to_owned(), lasts)
}

fn other(storage: &dyn Storage, key: &str, term: u64) -> Result<Claim> {
    Ok(Claim::Others(owner_of(&read_or_nothing(storage, &term_key(key, term))?).0))
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
    pub fn beat(&self, storage: &dyn Storage) -> Result<()> {
        self.put(storage, "beat", self.beats.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Ends the term.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn end(self, storage: &dyn Storage) -> Result<()> {
        self.put(storage, "end", self.beats.load(Ordering::Relaxed))
    }

    fn put(&self, storage: &dyn Storage, ending: &str, count: u64) -> Result<()> {
        let key = format!("{}.{ending}", term_key(&self.key, self.term));
        storage.write(&key, count.to_string().as_bytes())
    }
}

/// Takes a lease as a lock, and renews it on a thread of its own until the lock is dropped.  Where another's term stands, it is watched
/// for as long as a lease lasts.
///
/// # Errors
/// [`Error::Locked`] where it is another's; those of the storage.
pub(crate) fn lock(storage: Arc<dyn Storage>, key: &str, owner: &str, lasts: Duration) -> Result<Lock> {
    let mut watch = Watch::default();
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
                rest(beat_of(lasts));
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
    fn new(storage: Arc<dyn Storage>, lease: Lease, beat: Duration) -> Self {
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
            let ask = || matches!(claim(&folder, "l/a", "one", LASTS, &mut Watch::default()).unwrap(), Claim::Held(_));
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|held| *held).count()
        });
        assert_eq!(held, 1);
        assert_eq!(taken(&folder, "l").unwrap(), BTreeSet::from(["a".to_owned()]));
    }

    #[test]
    fn one_that_is_ended_is_free_and_one_that_beats_is_not() {
        let (_guard, folder) = folder();
        let mut watch = Watch::default();
        let ask = |watch: &mut Watch| claim(&folder, "l/a", "host 7", LASTS, watch).unwrap();
        let lease = held(ask(&mut Watch::default()));
        let began = Instant::now();
        while began.elapsed() < 3 * LASTS {
            lease.beat(&folder).unwrap();
            let Claim::Others(owner) = ask(&mut watch) else { panic!("taken from one that beats") };
            assert_eq!(owner, "host 7");
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
        let lease = seize(&folder, "a", "third", LASTS).unwrap();
        assert!(living(&folder, "").unwrap().is_empty());
        lease.end(&folder).unwrap();
        drop(claim(&folder, "a", "fourth", LASTS, &mut Watch::default()).unwrap());
        // Whoever comes later has seen nothing yet.
        assert!(matches!(claim(&folder, "a", "late", LASTS, &mut Watch::default()).unwrap(), Claim::Others(_)));
    }
}
