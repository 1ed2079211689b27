//! A corpus: documents of any size and number, read once, forwards, in pieces that several threads work on.
//!
//! | file | a document is |
//! |---|---|
//! | JSON lines | a line with a list `texts`, as `obelisc extract` prints them, or a string `text` |
//! | plain text | the file; of one that is longer than [`PIECE_BYTES`], each piece of about that size, cut between words |
//! | Parquet | a row with a column `texts` (a list of strings) or `text` |
//!
//! JSON lines and plain text may be compressed (gzip, Zstandard, LZ4).  What a file is, its name says, or else its first
//! bytes.  A line that is no document costs itself and is counted; a file that cannot be read ends the reading.

mod cut;
mod piece;
mod shards;

use std::io::{self, Cursor, Read};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use obelisc_storage::inputs;
use obelisc_warc::Decompressed;

pub use piece::{Damage, Document, Piece, Tally};

use cut::Cutter;

/// Bytes of a piece, unless a single line or word is longer.
pub const PIECE_BYTES: usize = 256 << 10;

/// Bytes of the longest line.  One that is longer is no document.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// What standard input is called.
const STANDARD_INPUT: &str = "stdin";

/// Why nothing came of a corpus.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Names that lead nowhere, each with its reason.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Names(Vec<obelisc_storage::Error>),
    /// A place cannot be read or written.
    #[error(transparent)]
    Storage(#[from] obelisc_storage::Error),
    /// A file cannot be read to its end.
    #[error("{file}: {source}")]
    Read {
        /// The file, as it was named.
        file: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// All was read, and nothing can be made of it.
    #[error("{0}")]
    Nothing(String),
    /// A signal asked for the end.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

/// Files of documents.
pub struct Corpus {
    files: Vec<PathBuf>,
    standard_input: Option<Box<dyn Read + Send>>,
}

impl std::fmt::Debug for Corpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Corpus").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Who is told how the reading goes on, and who can end it.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Ends it when set.
    pub stop: &'a AtomicBool,
    /// Is given the bytes read so far, as the files are stored.
    pub watch: &'a (dyn Fn(u64) + Sync),
}

impl Reading<'_> {
    /// # Errors
    /// [`Error::Interrupted`] where the end was asked for.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Corpus {
    /// The files behind paths, globs, folders and output folders of runs, and standard input where it is given; nothing is
    /// read.
    ///
    /// # Errors
    /// [`Error::Names`].
    pub fn find(names: &[String], standard_input: Option<Box<dyn Read + Send>>) -> Result<Self, Error> {
        let files = inputs::find_documents(names).map_err(Error::Names)?;
        Ok(Self { files, standard_input })
    }

    /// How many files there are, standard input among them.
    pub fn files(&self) -> usize {
        self.files.len() + usize::from(self.standard_input.is_some())
    }

    /// Bytes of all files as they are stored, without pipes and standard input.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|path| inputs::size(path)).sum()
    }

    /// Reads all files and gives their pieces to `work`, on a thread for each of `workers`, beside the calling one, which
    /// reads.  Which worker gets which piece is not said.
    ///
    /// Memory: a piece for each worker, as many that wait, and one that is being read.
    ///
    /// # Errors
    /// The first of `work`, or of reading.
    pub fn read<W: Send>(
        self,
        reading: Reading<'_>,
        workers: &mut [W],
        work: impl Fn(&mut W, &Piece) -> Result<Tally, Error> + Sync,
    ) -> Result<Tally, Error> {
        let (send, queue) = sync_channel(workers.len());
        let queue = Arc::new(Mutex::new(queue));
        let (failed, first) = (AtomicBool::new(false), Mutex::new(None));
        let mut tally = thread::scope(|scope| {
            let threads: Vec<_> = workers
                .iter_mut()
                .map(|worker| {
                    let (queue, work, failed, first) = (Arc::clone(&queue), &work, &failed, &first);
                    scope.spawn(move || {
                        let mut tally = Tally::default();
                        while let Some(piece) = next(&queue) {
                            // After an error the queue is emptied, so that nobody waits before it.
                            if failed.load(Ordering::Relaxed) {
                                continue;
                            }
                            match work(worker, &piece) {
                                Ok(part) => tally.add(part),
                                Err(error) => {
                                    failed.store(true, Ordering::Relaxed);
                                    first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                                }
                            }
                        }
                        tally
                    })
                })
                .collect();
            // It lives as long as a worker does: where all panicked, sending fails instead of waiting for ever.
            drop(queue);
            let given = self.give(reading, &failed, send);
            let mut tally = Tally::default();
            for thread in threads {
                tally.add(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            given.map(|long| {
                tally.add(long);
                tally
            })
        });
        if let Some(error) = first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            tally = Err(error);
        }
        tally
    }

    /// Sends the pieces of all files; what of them came to nothing.
    fn give(self, reading: Reading<'_>, failed: &AtomicBool, send: SyncSender<Piece>) -> Result<Tally, Error> {
        let (bytes, mut tally) = (Arc::new(AtomicU64::new(0)), Tally::default());
        let mut give = |piece: Piece| {
            reading.check()?;
            // A worker that panicked is told of by the scope.
            if failed.load(Ordering::Relaxed) || send.send(piece).is_err() {
                return Err(Error::Interrupted);
            }
            (reading.watch)(bytes.load(Ordering::Relaxed));
            Ok(())
        };
        let count = |file: Box<dyn Read + Send>| Counted { file, bytes: Arc::clone(&bytes) };
        for path in &self.files {
            let name: Arc<str> = path.to_string_lossy().into();
            let mut object = inputs::open(path)?;
            let (size, before) = (object.size(), bytes.load(Ordering::Relaxed));
            let mut head = [0; 4];
            let length = fill(&mut object, &mut head).map_err(|source| unreadable(&name, source))?;
            if head == *b"PAR1" {
                shards::read(&name, object, &mut give)?;
                bytes.store(before + size, Ordering::Relaxed);
                continue;
            }
            let file = Cursor::new(head[..length].to_vec()).chain(object);
            tally.add(stream(&name, kind_by_name(path), Box::new(count(Box::new(file))), &mut give)?);
        }
        if let Some(file) = self.standard_input {
            tally.add(stream(&STANDARD_INPUT.into(), None, Box::new(count(file)), &mut give)?);
        }
        Ok(tally)
    }
}

fn next(queue: &Mutex<Receiver<Piece>>) -> Option<Piece> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Counts the bytes that pass.
struct Counted {
    file: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Reads until `out` is full or nothing more comes.
fn fill(file: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match file.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn unreadable(file: &str, source: io::Error) -> Error {
    Error::Read { file: file.to_owned(), source }
}

/// What a file that is read forwards holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lines,
    Text,
}

fn kind_by_name(path: &Path) -> Option<Kind> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = [".gz", ".zst", ".lz4"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    match name.rsplit('.').next() {
        Some("jsonl" | "ndjson") => Some(Kind::Lines),
        Some("txt") => Some(Kind::Text),
        _ => None,
    }
}

/// Gives the pieces of a file that is read forwards.
fn stream(
    name: &Arc<str>,
    kind: Option<Kind>,
    file: Box<dyn Read + Send>,
    give: &mut dyn FnMut(Piece) -> Result<(), Error>,
) -> Result<Tally, Error> {
    let failed = |source| unreadable(name, source);
    let mut cutter = Cutter::new(Decompressed::new(file).map_err(failed)?);
    let kind = match kind {
        Some(kind) => kind,
        // An object begins, as every document of JSON lines does.
        None if cutter.first().map_err(failed)? == Some(b'{') => Kind::Lines,
        None => Kind::Text,
    };
    if kind == Kind::Text {
        let mut continues = false;
        while let Some((bytes, _)) = cutter.next(|byte| matches!(byte, b' ' | b'\n' | b'\t')).map_err(failed)? {
            give(Piece::text(bytes, continues))?;
            continues = true;
        }
        return Ok(Tally::default());
    }
    let (mut line, mut inside_long, mut tally) = (1, false, Tally::default());
    while let Some((mut bytes, long)) = cutter.next(|byte| byte == b'\n').map_err(failed)? {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let mut first = line;
        line += lines;
        if inside_long {
            // What is left of a line that was too long ends here, or goes on.
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            first += u64::from(end < bytes.len() || lines > 0);
            bytes.drain(..end);
            inside_long = lines == 0;
        }
        if long {
            if !inside_long {
                tally.add(Tally::damaged(Damage::new(name, first, format!("longer than {MAX_LINE_BYTES} bytes"))));
            }
            inside_long = true;
        } else if !bytes.is_empty() {
            give(Piece::lines(name, first, bytes))?;
        }
    }
    Ok(tally)
}

#[cfg(test)]
mod tests;
