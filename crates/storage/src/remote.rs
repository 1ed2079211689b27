//! A place in an object store: S3 and what speaks like it, Google Cloud Storage, Azure; files behind HTTP are read.
//!
//! What a [`Storage`] promises rests on what these stores promise: an object appears whole, one that is created on the condition that there is none
//! (`If-None-Match: *`) has one creator, and a listing shows what was written before it.  A [`Lock`] is a [lease](crate::lease).

mod connect;
mod credentials;
mod object;
mod pace;
mod pieces;
mod runtime;
mod upload;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};

use crate::{Entry, Error, Lock, Log, Object, Published, Result, Storage, Upload, lease, whole};

pub use connect::{DEFAULT_MAX_REQUESTS, Remotes, shown};
use object::RemoteObject;
use runtime::wait;
use upload::RemoteUpload;

/// Requests of one call that go at a time, as those that remove a folder; how many go to a store in all is [`pace`]'s.
const AT_A_TIME: usize = 16;
/// How long what the store's client does not try again, since it does not know that it may, is tried here.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest pause between two such tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Objects below a prefix of a store.
#[derive(Clone, Debug)]
pub struct RemoteFolder {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// As the user names it, without what must stay secret.
    name: String,
    /// How long a lease lasts that nobody renews.
    lease: Duration,
}

impl RemoteFolder {
    fn path(&self, key: &str) -> Path {
        // A key out of a listing is a path already; what no path can hold is encoded.
        let below = Path::parse(key).unwrap_or_else(|_| Path::from(key));
        Path::from_iter(self.prefix.parts().chain(below.parts()))
    }

    fn key(&self, path: &Path) -> String {
        let below = path.prefix_match(&self.prefix).map(|parts| parts.collect::<Path>());
        below.as_ref().unwrap_or(path).to_string()
    }

    /// What an error of the store says, for an object of ours.
    fn failed(&self, operation: &'static str, key: &str) -> impl FnOnce(StoreError) -> Error + use<> {
        let key = if key.is_empty() { self.name.clone() } else { format!("{}/{key}", self.name) };
        move |error| failed(operation, key, &error)
    }

    async fn listed(store: &dyn ObjectStore, prefix: &Path) -> std::result::Result<Vec<ObjectMeta>, StoreError> {
        let prefix = Some(prefix).filter(|prefix| prefix.parts().next().is_some());
        store.list(prefix).try_collect().await
    }

    fn below(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let (store, path) = (Arc::clone(&self.store), self.path(prefix));
        wait(async move { Self::listed(&*store, &path).await })?.map_err(self.failed("list", prefix))
    }

    /// Whether this is a whole bucket.
    pub(crate) fn is_root(&self) -> bool {
        self.prefix.parts().next().is_none()
    }

    /// Bytes of an object, and what changes with them.
    pub(crate) fn stat(&self, key: &str) -> Result<(u64, String)> {
        self.meta(key).map(|meta| stat(&meta))
    }

    /// The same of all objects below a prefix, by their keys, sorted.
    pub(crate) fn stats(&self, prefix: &str) -> Result<Vec<(String, (u64, String))>> {
        let mut found: Vec<_> = self.below(prefix)?.iter().map(|meta| (self.key(&meta.location), stat(meta))).collect();
        found.sort();
        Ok(found)
    }

    /// Removes all of these objects.
    async fn remove_paths(store: &Arc<dyn ObjectStore>, paths: Vec<Path>) -> std::result::Result<(), StoreError> {
        let absent = |result: std::result::Result<Path, StoreError>| async {
            match result {
                Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        };
        let mut pause = Pause::new();
        loop {
            let paths = futures::stream::iter(paths.clone().into_iter().map(Ok)).boxed();
            match store.delete_stream(paths).then(absent).try_collect::<()>().await {
                Err(error) if pause.may_pass(&error) => pause.rest().await,
                other => return other,
            }
        }
    }

    fn meta(&self, key: &str) -> Result<ObjectMeta> {
        let (store, path) = (Arc::clone(&self.store), self.path(key));
        wait(async move { store.head(&path).await })?.map_err(self.failed("open", key))
    }

    /// Whether the object under a key holds these bytes.
    fn holds(&self, key: &str, bytes: &[u8]) -> Result<Option<bool>> {
        match self.read(key) {
            Ok(found) => Ok(Some(found == bytes)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Longer and longer pauses between tries.
struct Pause {
    began: Instant,
    next: Duration,
}

impl Pause {
    fn new() -> Self {
        Self { began: Instant::now(), next: Duration::from_millis(50) }
    }

    /// Whether a failure may be over when it is tried again, and there is time for it.
    fn may_pass(&self, error: &StoreError) -> bool {
        let may = matches!(error, StoreError::Generic { .. } | StoreError::AlreadyExists { .. });
        may && self.began.elapsed() < PATIENCE
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
    }
}

fn stat(meta: &ObjectMeta) -> (u64, String) {
    let tag = meta.e_tag.clone().filter(|tag| !tag.is_empty());
    (meta.size, tag.unwrap_or_else(|| meta.last_modified.timestamp_micros().to_string()))
}

/// What an error of a store says; secrets of its URL are left out.
fn failed(operation: &'static str, key: String, error: &StoreError) -> Error {
    match error {
        StoreError::NotFound { .. } => Error::NotFound { key },
        StoreError::AlreadyExists { .. } => Error::AlreadyExists { key },
        StoreError::Precondition { .. } => Error::Damaged { key, detail: "it changed while it was read".to_owned() },
        error => {
            let kind = match error {
                StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
                    io::ErrorKind::PermissionDenied
                }
                _ => io::ErrorKind::Other,
            };
            Error::Io { operation, key, source: io::Error::new(kind, connect::without_secrets(&whole(error))) }
        }
    }
}

impl Storage for RemoteFolder {
    fn location(&self) -> String {
        self.name.clone()
    }

    fn shared(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    fn head(&self, key: &str) -> Result<Entry> {
        Ok(Entry { key: key.to_owned(), size: self.meta(key)?.size })
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let entry = |meta: ObjectMeta| Entry { key: self.key(&meta.location), size: meta.size };
        let mut entries: Vec<Entry> = self.below(prefix)?.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    fn open(&self, key: &str) -> Result<Box<dyn Object>> {
        Ok(Box::new(RemoteObject::new(Arc::clone(&self.store), self.meta(key)?)))
    }

    fn read(&self, key: &str) -> Result<Vec<u8>> {
        let (store, path) = (Arc::clone(&self.store), self.path(key));
        let bytes = wait(async move { store.get(&path).await?.bytes().await })?.map_err(self.failed("read", key))?;
        Ok(bytes.into())
    }

    fn create(&self, key: &str) -> Result<Box<dyn Upload>> {
        let name = format!("{}/{key}", self.name);
        Ok(Box::new(RemoteUpload::new(Arc::clone(&self.store), self.path(key), name)))
    }

    fn log(&self, key: &str) -> Result<Box<dyn Log>> {
        Ok(Box::new(pieces::Pieces::open(self.clone(), key)?))
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<Published> {
        let mut pause = Pause::new();
        loop {
            let (store, path) = (Arc::clone(&self.store), self.path(key));
            let payload = PutPayload::from(bytes.to_vec());
            let put = wait(async move { store.put_opts(&path, payload, PutMode::Create.into()).await })?;
            let Err(error) = put else { return Ok(Published::Created) };
            // An answer that was lost leaves the object there: it is ours where its bytes are.  Who publishes bytes that another
            // may publish too does not mind which of them it was.
            match self.holds(key, bytes) {
                Ok(Some(true)) => return Ok(Published::Created),
                Ok(Some(false)) => return Ok(Published::Existed),
                // Of another's that did not come to its end there is nothing, nor of ours that was lost on its way.
                Ok(None) if pause.may_pass(&error) => {}
                _ => return Err(self.failed("publish", key)(error)),
            }
            pause = wait(async move {
                pause.rest().await;
                pause
            })?;
        }
    }

    fn remove(&self, key: &str) -> Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(key));
        match wait(async move { store.delete(&path).await })? {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", key)(error)),
        }
    }

    fn remove_many(&self, keys: &[String]) -> Result<()> {
        let (store, paths) = (Arc::clone(&self.store), keys.iter().map(|key| self.path(key)).collect());
        wait(async move { Self::remove_paths(&store, paths).await })?.map_err(self.failed("remove", ""))
    }

    fn renames_at_once(&self) -> bool {
        false
    }

    /// Nothing that is unfinished is seen, here or by anybody; the parts of uploads that were cut off cost until a rule of the bucket for incomplete uploads takes
    /// them away.
    fn remove_unfinished(&self, _: &str, _: &[&str]) -> Result<()> {
        Ok(())
    }

    fn remove_all(&self, prefix: &str) -> Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(prefix));
        let removed = wait(async move {
            let paths = Self::listed(&*store, &path).await?.into_iter().map(|meta| meta.location).collect();
            Self::remove_paths(&store, paths).await
        })?;
        removed.map_err(self.failed("remove", prefix))
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (store, source, target) = (Arc::clone(&self.store), self.path(from), self.path(to));
        wait(async move { store.copy(&source, &target).await })?.map_err(self.failed("copy", from))
    }

    /// Objects are copied one by one in the order of their keys, the last of them alone behind all others.
    fn rename_all(&self, from: &str, to: &str) -> Result<()> {
        if !self.list(to)?.is_empty() {
            return Err(Error::AlreadyExists { key: format!("{}/{to}", self.name) });
        }
        let (store, source, target) = (Arc::clone(&self.store), self.path(from), self.path(to));
        let renamed = wait(async move {
            let found = Self::listed(&*store, &source).await?;
            let mut paths: Vec<Path> = found.into_iter().map(|meta| meta.location).collect();
            paths.sort();
            let moved = |path: &Path| {
                let below: Path = path.prefix_match(&source).into_iter().flatten().collect();
                let (from, to) = (path.clone(), Path::from_iter(target.parts().chain(below.parts())));
                let store = Arc::clone(&store);
                async move { store.copy(&from, &to).await }
            };
            if let Some((last, rest)) = paths.split_last() {
                let copies: Vec<_> = rest.iter().map(moved).collect();
                futures::stream::iter(copies).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
                moved(last).await?;
            }
            Self::remove_paths(&store, paths).await
        })?;
        renamed.map_err(self.failed("move", from))
    }

    fn lock(&self, key: &str) -> Result<Lock> {
        lease::lock(Arc::new(self.clone()), key, "a lock", self.lease)
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        Ok(None)
    }
}
