//! A folder of this machine.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempPath;

use crate::{Entry, Error, Lock, Log, Object, Published, Result, Storage, Upload};

/// Objects being written carry this ending; listings leave them out.
const UNFINISHED: &str = ".part";

/// A folder of this machine.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
}

impl LocalFolder {
    /// The folder at `root`, made when the first object is written.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where something else is there, and I/O errors.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        match Self::open(&root) {
            Err(Error::NotFound { .. }) => Ok(Self { root }),
            other => other,
        }
    }

    /// The folder at `root`, made if it is not there.
    ///
    /// # Errors
    /// I/O errors.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(|source| Error::io("create", &root.to_string_lossy(), source))?;
        Ok(Self { root })
    }

    /// The folder at `root`, which must be there.
    ///
    /// # Errors
    /// [`Error::NotFound`] and I/O errors.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let name = root.to_string_lossy();
        let metadata = fs::metadata(&root).map_err(|source| Error::io("open", &name, source))?;
        if !metadata.is_dir() {
            return Err(Error::Unsupported { name: name.into_owned(), reason: "not a folder".to_owned() });
        }
        Ok(Self { root })
    }

    fn path(&self, key: &str) -> PathBuf {
        if key.is_empty() { self.root.clone() } else { self.root.join(key) }
    }

    /// A name beside `path` that no other attempt uses, so that two processes never write one file.  A process id would
    /// not do: in containers that share a folder every process can be the first.
    fn unfinished(path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.{:016x}{UNFINISHED}", random_word()))
    }

    fn begin(&self, key: &str) -> Result<LocalUpload> {
        let path = self.path(key);
        make_parents(&path).map_err(|source| Error::io("create", key, source))?;
        let unfinished = Self::unfinished(&path);
        let file = File::create_new(&unfinished).map_err(|source| Error::io("create", key, source))?;
        Ok(LocalUpload { key: key.to_owned(), path, unfinished, file: BufWriter::with_capacity(1 << 18, file) })
    }

    fn walk(&self, folder: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Others may take away what was there when the listing began.
            ignore_absent(self.enter(&entry, entries))?;
        }
        Ok(())
    }

    fn enter(&self, entry: &fs::DirEntry, entries: &mut Vec<Entry>) -> io::Result<()> {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            self.walk(&path, entries)?;
        } else if !path.to_string_lossy().ends_with(UNFINISHED) {
            let key = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            entries.push(Entry { key, size: entry.metadata()?.len() });
        }
        Ok(())
    }
}

impl Storage for LocalFolder {
    fn location(&self) -> String {
        self.root.to_string_lossy().into_owned()
    }

    fn address(&self) -> String {
        absolute(&self.root).unwrap_or_else(|_| self.root.clone()).to_string_lossy().into_owned()
    }

    fn shared(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    fn head(&self, key: &str) -> Result<Entry> {
        let metadata = fs::metadata(self.path(key)).map_err(|source| Error::io("open", key, source))?;
        if metadata.is_dir() {
            return Err(Error::NotFound { key: key.to_owned() });
        }
        Ok(Entry { key: key.to_owned(), size: metadata.len() })
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let folder = self.path(prefix);
        match self.walk(&folder, &mut entries) {
            Ok(()) => {}
            // It may be there by now: somebody else may have made it since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("list", prefix, error)),
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    fn open(&self, key: &str) -> Result<Box<dyn Object>> {
        Ok(Box::new(open_file(&self.path(key), key)?))
    }

    fn create(&self, key: &str) -> Result<Box<dyn Upload>> {
        Ok(Box::new(self.begin(key)?))
    }

    fn log(&self, key: &str) -> Result<Box<dyn Log>> {
        let path = self.path(key);
        let opened = make_parents(&path).and_then(|()| File::options().append(true).create(true).open(&path));
        let file = opened.map_err(|source| Error::io("append", key, source))?;
        Ok(Box::new(LocalLog { key: key.to_owned(), path, file }))
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<Published> {
        let mut upload = self.begin(key)?;
        upload.write_all(bytes).map_err(|source| Error::io("write", key, source))?;
        upload.sync()?;
        // A hard link fails where a rename would replace: this is the conditional create of a local file system.
        let published = match fs::hard_link(&upload.unfinished, &upload.path) {
            Ok(()) => Published::Created,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Published::Existed,
            Err(source) => return Err(Error::io("publish", key, source)),
        };
        // Also of an object that was there: its writer may not have come this far yet.
        sync_parent(&upload.path).map_err(|source| Error::io("publish", key, source))?;
        Ok(published)
    }

    fn remove(&self, key: &str) -> Result<()> {
        ignore_absent(fs::remove_file(self.path(key))).map_err(|source| Error::io("remove", key, source))
    }

    fn remove_unfinished(&self, prefix: &str, but: &[&str]) -> Result<()> {
        let but: Vec<PathBuf> = but.iter().map(|folder| self.path(folder)).collect();
        let removed = remove_unfinished(&self.path(prefix), &but);
        ignore_absent(removed).map_err(|source| Error::io("remove", prefix, source))
    }

    fn remove_all(&self, prefix: &str) -> Result<()> {
        ignore_absent(fs::remove_dir_all(self.path(prefix))).map_err(|source| Error::io("remove", prefix, source))
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (self.path(from), self.path(to));
        make_parents(&target).map_err(|source| Error::io("create", to, source))?;
        // Objects never change, so a link is a copy.
        if fs::hard_link(&source, &target).is_ok() {
            return sync_parent(&target).map_err(|source| Error::io("copy", to, source));
        }
        // Not every file system has links, and one does not replace what is there, which may be this very file.
        let mut object = open_file(&source, from)?;
        let mut upload = self.begin(to)?;
        io::copy(&mut object, &mut upload).map_err(|source| Error::io("copy", to, source))?;
        Box::new(upload).finish()
    }

    fn rename_all(&self, from: &str, to: &str) -> Result<()> {
        let target = self.path(to);
        if target.exists() {
            return Err(Error::AlreadyExists { key: to.to_owned() });
        }
        make_parents(&target).map_err(|source| Error::io("create", to, source))?;
        let source = self.path(from);
        fs::rename(&source, &target)
            .and_then(|()| sync_parent(&target))
            .and_then(|()| sync_parent(&source))
            .map_err(|source| Error::io("rename", from, source))
    }

    fn lock(&self, key: &str) -> Result<Lock> {
        let path = self.path(key);
        make_parents(&path).map_err(|source| Error::io("create", key, source))?;
        let file = File::create(&path).map_err(|source| Error::io("lock", key, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock::new(file)),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { key: path.to_string_lossy().into_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", key, source)),
        }
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        // The folder may not be made yet: the nearest one above it lies on the same disk.
        let made = self.root.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        fs4::available_space(made).map(Some).map_err(|source| Error::io("measure", &self.location(), source))
    }
}

fn remove_unfinished(folder: &Path, but: &[PathBuf]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if !but.contains(&entry.path()) {
                remove_unfinished(&entry.path(), but)?;
            }
        } else if entry.path().to_string_lossy().ends_with(UNFINISHED) {
            ignore_absent(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// A word that differs from call to call, from process to process and from machine to machine: the standard library
/// seeds these hashers with the system's random bytes.
pub fn random_word() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Makes the folders above `path`, durably.
fn make_parents(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
    let made: Vec<&Path> =
        parent.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    fs::create_dir_all(parent)?;
    made.into_iter().try_for_each(sync_parent)
}

/// Writes down that `path` is in its folder: a name that was just given is otherwise lost when the machine goes down,
/// although the file's bytes are not.
fn sync_parent(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        // Elsewhere a folder cannot be opened as a file.
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ignore_unsupported(File::open(parent).and_then(|folder| folder.sync_all()))
}

/// Some file systems, mostly over a network, cannot sync a folder, and one that may be written to but not read cannot be
/// opened; there a name is as durable as the file system makes it.
fn ignore_unsupported(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) => match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied => Ok(()),
            _ => Err(error),
        },
        Ok(()) => Ok(()),
    }
}

fn ignore_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Opens a file of this machine as an object.
pub(crate) fn open_file(path: &Path, name: &str) -> Result<LocalObject> {
    let file = File::open(path).map_err(|source| Error::io("open", name, source))?;
    let metadata = file.metadata().map_err(|source| Error::io("open", name, source))?;
    if metadata.is_dir() {
        return Err(Error::NotFound { key: name.to_owned() });
    }
    Ok(LocalObject { path: path.to_owned(), size: metadata.len(), file, temporary: None })
}

/// Opens a file as an object, as long as somebody reads which it stays.
pub(crate) fn open_temporary(temporary: Arc<TempPath>) -> Result<LocalObject> {
    let object = open_file(&temporary, "a temporary file")?;
    Ok(LocalObject { temporary: Some(temporary), ..object })
}

/// An open file.
pub(crate) struct LocalObject {
    path: PathBuf,
    size: u64,
    file: File,
    /// What removes the file when no object is left of it.
    temporary: Option<Arc<TempPath>>,
}

impl Read for LocalObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for LocalObject {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

impl Object for LocalObject {
    fn size(&self) -> u64 {
        self.size
    }

    fn reopen(&self) -> Result<Box<dyn Object>> {
        Ok(Box::new(match &self.temporary {
            Some(temporary) => open_temporary(Arc::clone(temporary))?,
            None => open_file(&self.path, &self.path.to_string_lossy())?,
        }))
    }

    #[cfg(unix)]
    fn read_range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; length];
        std::os::unix::fs::FileExt::read_exact_at(&self.file, &mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A file that grows.
struct LocalLog {
    key: String,
    path: PathBuf,
    file: File,
}

impl Log for LocalLog {
    fn reader(&mut self) -> Result<Box<dyn Object>> {
        Ok(Box::new(open_file(&self.path, &self.key)?))
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        let longer = self.file.metadata().map(|metadata| metadata.len() > length);
        let cut = longer.and_then(|longer| if longer { self.file.set_len(length) } else { Ok(()) });
        cut.map_err(|source| Error::io("append", &self.key, source))
    }

    // Not buffered: what is written is the system's, and stays when this process is killed.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|source| Error::io("append", &self.key, source))
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn remove(self: Box<Self>) -> Result<()> {
        ignore_absent(fs::remove_file(&self.path)).map_err(|source| Error::io("remove", &self.key, source))
    }
}

/// A file being written; what is left of it goes when it is dropped.
struct LocalUpload {
    key: String,
    path: PathBuf,
    unfinished: PathBuf,
    file: BufWriter<File>,
}

impl LocalUpload {
    fn sync(&mut self) -> Result<()> {
        let result = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        result.map_err(|source| Error::io("write", &self.key, source))
    }
}

impl Write for LocalUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for LocalUpload {
    fn finish(mut self: Box<Self>) -> Result<()> {
        self.sync()?;
        fs::rename(&self.unfinished, &self.path)
            .and_then(|()| sync_parent(&self.path))
            .map_err(|source| Error::io("publish", &self.key, source))
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        // After `finish` nothing is left under this name, and a leftover does no harm: listings pass it over.
        let _ = fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, LocalFolder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path().join("root")).unwrap();
        (temporary, folder)
    }

    #[test]
    fn an_address_leads_to_the_same_place_from_anywhere() {
        let (_guard, folder) = folder();
        folder.publish("a/b", b"here").unwrap();
        let found = crate::Remotes::default().open(&folder.address()).unwrap();
        assert_eq!(found.read("a/b").unwrap(), b"here");
        assert_eq!(folder.shared().read("a/b").unwrap(), b"here");
        let relative = LocalFolder::at("not/there").unwrap();
        assert!(Path::new(&relative.address()).is_absolute() && relative.address().ends_with("not/there"));
        assert!(matches!(crate::Remotes::default().open("/not/there"), Err(Error::NotFound { .. })));
    }

    #[test]
    fn an_object_appears_only_when_it_is_finished() {
        let (_guard, folder) = folder();
        let mut upload = folder.create("a/b").unwrap();
        upload.write_all(b"12").unwrap();
        assert!(folder.list("").unwrap().is_empty());
        assert!(!folder.exists("a/b").unwrap());
        upload.finish().unwrap();
        assert_eq!(folder.list("").unwrap(), [Entry { key: "a/b".into(), size: 2 }]);
    }

    #[test]
    fn a_dropped_upload_leaves_nothing() {
        let (_guard, folder) = folder();
        folder.create("a").unwrap().write_all(b"12").unwrap();
        assert_eq!(fs::read_dir(&folder.root).unwrap().count(), 0);
    }

    #[test]
    fn of_many_publishers_one_creates() {
        let (_guard, folder) = folder();
        let created = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8u8)
                .map(|i| {
                    let folder = &folder;
                    scope.spawn(move || folder.publish("marker", &[i]).unwrap() == Published::Created)
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|&created| created).count()
        });
        assert_eq!(created, 1);
        assert_eq!(folder.read("marker").unwrap().len(), 1);
    }

    #[test]
    fn a_held_lock_is_refused_and_a_dropped_one_is_free() {
        let (_guard, folder) = folder();
        let lock = folder.lock("lock").unwrap();
        assert!(matches!(folder.lock("lock"), Err(Error::Locked { .. })));
        drop(lock);
        folder.lock("lock").unwrap();
    }

    #[test]
    fn what_is_absent_is_not_found_and_removing_it_is_fine() {
        let (_guard, folder) = folder();
        assert!(matches!(folder.open("x"), Err(Error::NotFound { .. })));
        folder.remove("x").unwrap();
        folder.remove_all("y").unwrap();
        assert!(folder.list("y").unwrap().is_empty());
    }

    #[test]
    fn what_was_left_unfinished_is_removed_and_nothing_else() {
        let (_guard, folder) = folder();
        folder.publish("a/done", b"x").unwrap();
        std::mem::forget(folder.create("a/b/killed").unwrap());
        std::mem::forget(folder.create("a/not/killed").unwrap());
        std::mem::forget(folder.create("c/killed").unwrap());
        let files = |prefix: &str| fs::read_dir(folder.path(prefix)).unwrap().count();
        assert_eq!((files("a/b"), files("a/not"), files("c")), (1, 1, 1));
        folder.remove_unfinished("a", &["a/not"]).unwrap();
        folder.remove_unfinished("absent", &[]).unwrap();
        assert_eq!((files("a/b"), files("a/not"), files("c")), (0, 1, 1));
        assert_eq!(folder.read("a/done").unwrap(), b"x");
    }

    #[test]
    fn a_tree_moves_only_to_a_free_place() {
        let (_guard, folder) = folder();
        folder.publish("a/1", b"x").unwrap();
        folder.publish("b/1", b"y").unwrap();
        assert!(matches!(folder.rename_all("a", "b"), Err(Error::AlreadyExists { .. })));
        folder.rename_all("a", "c").unwrap();
        assert_eq!(folder.read("c/1").unwrap(), b"x");
    }

    #[test]
    fn a_copy_outlives_its_source() {
        let (_guard, folder) = folder();
        folder.publish("a", b"x").unwrap();
        folder.copy("a", "b/c").unwrap();
        folder.remove("a").unwrap();
        assert_eq!(folder.read("b/c").unwrap(), b"x");
    }

    #[test]
    fn copying_again_keeps_the_object() {
        let (_guard, folder) = folder();
        folder.publish("a", b"x").unwrap();
        folder.copy("a", "b").unwrap();
        folder.copy("a", "b").unwrap();
        assert_eq!((folder.read("a").unwrap(), folder.read("b").unwrap()), (b"x".to_vec(), b"x".to_vec()));
        folder.publish("c", b"y").unwrap();
        folder.copy("c", "b").unwrap();
        assert_eq!((folder.read("a").unwrap(), folder.read("b").unwrap()), (b"x".to_vec(), b"y".to_vec()));
        assert!(matches!(folder.copy("absent", "d"), Err(Error::NotFound { .. })));
        assert_eq!(fs::read_dir(&folder.root).unwrap().count(), 3);
    }

    #[test]
    fn unfinished_names_tell_apart_processes_of_one_id() {
        // Nothing in the name but the word, so two attempts differ by it alone, whichever process makes them.
        let words: std::collections::BTreeSet<String> = (0..100)
            .map(|_| LocalFolder::unfinished(Path::new("/a/b.x")))
            .map(|path| {
                let name = path.strip_prefix("/a").unwrap().to_str().unwrap();
                name.strip_prefix(".b.x.").and_then(|name| name.strip_suffix(UNFINISHED)).unwrap().to_owned()
            })
            .collect();
        assert_eq!(words.len(), 100);
        assert!(words.iter().all(|word| word.len() == 16 && u64::from_str_radix(word, 16).is_ok()));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_synced_is_an_error_unless_it_is_unsupported() {
        let (_guard, folder) = folder();
        sync_parent(&folder.path("a")).unwrap();
        assert!(sync_parent(&folder.path("absent/a")).is_err());
        let result = |kind: io::ErrorKind| ignore_unsupported(Err(kind.into()));
        assert!(result(io::ErrorKind::InvalidInput).is_ok() && result(io::ErrorKind::Unsupported).is_ok());
        assert!(result(io::ErrorKind::StorageFull).is_err() && result(io::ErrorKind::Other).is_err());
    }

    #[test]
    fn free_bytes_are_known() {
        let (_guard, folder) = folder();
        assert!(folder.free_bytes().unwrap().unwrap() > 0);
    }

    #[test]
    fn a_folder_is_made_by_its_first_object() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("a/b");
        let folder = LocalFolder::at(&root).unwrap();
        assert!(folder.list("").unwrap().is_empty() && folder.free_bytes().unwrap().is_some());
        assert!(!root.exists());
        folder.publish("x", b"1").unwrap();
        assert!(root.join("x").is_file());
        assert!(matches!(LocalFolder::at(root.join("x")), Err(Error::Unsupported { .. })));
    }
}
