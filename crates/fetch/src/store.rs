//! The store: its format, its segments, reading bytes back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};

use obelisc_document::table::{self, Answer};
use obelisc_document::{Blob, UrlKey};
use obelisc_storage::{Object, Storage, parquet::Reader};
use serde::Deserialize;

use crate::examined::sha256;
use crate::{Journal, SegmentWriter};

/// Version of the store's layout.
const FORMAT: u32 = 1;
const FORMAT_KEY: &str = "store.json";

/// What can go wrong with the store; what is wrong with an image is an [`Answer`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The place cannot be read or written.
    #[error(transparent)]
    Storage(#[from] obelisc_storage::Error),
    /// The folder holds a store of another format.
    #[error("image store {location} has format {found}; this version reads up to format {FORMAT}")]
    Format {
        /// Where the store is.
        location: String,
        /// The format that it names.
        found: u32,
    },
    /// The folder holds something else.
    #[error("{location} is no image store: {detail}")]
    NotAStore {
        /// Where that is.
        location: String,
        /// What was seen.
        detail: String,
    },
    /// The network cannot be asked as the manners say.
    #[error("the network cannot be asked: {0}")]
    Network(String),
    /// A segment does not hold what its name promises.
    #[error("image store: segment {segment} is damaged: {detail}")]
    Damaged {
        /// The segment.
        segment: String,
        /// What was seen.
        detail: String,
    },
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// An image store.
#[derive(Debug)]
pub struct ImageStore {
    storage: Box<dyn Storage>,
}

impl ImageStore {
    /// Opens the store in this place; where there is none, the first segment begins one.
    ///
    /// # Errors
    /// [`Error::Format`] for a store of a newer version, [`Error::NotAStore`], [`Error::Storage`].
    pub fn open(storage: Box<dyn Storage>) -> Result<Self, Error> {
        let location = storage.location();
        let not_a_store = |detail: String| Error::NotAStore { location: location.clone(), detail };
        if !storage.exists(FORMAT_KEY)? {
            return Ok(Self { storage });
        }
        let format: Format =
            serde_json::from_slice(&storage.read(FORMAT_KEY)?).map_err(|error| not_a_store(error.to_string()))?;
        if format.format != FORMAT {
            return Err(Error::Format { location, found: format.format });
        }
        Ok(Self { storage })
    }

    /// Begins a segment.  Nothing of it is seen until [`SegmentWriter::finish`].
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn begin(&self, name: &str) -> Result<SegmentWriter<'_>, Error> {
        self.storage.publish(FORMAT_KEY, format!("{{\"format\":{FORMAT}}}\n").as_bytes())?;
        SegmentWriter::begin(&*self.storage, name)
    }

    /// Opens the journal of a segment that is not sealed yet, with the answers that came so far.
    ///
    /// # Errors
    /// [`Error::Storage`]: a lock that another process holds among them, which asks for the very same.
    pub fn journal(&self, name: &str) -> Result<Journal<'_>, Error> {
        self.storage.publish(FORMAT_KEY, format!("{{\"format\":{FORMAT}}}\n").as_bytes())?;
        Journal::open(&*self.storage, name)
    }

    /// Bytes that a sealed segment holds, or `None` where there is no such segment, or no longer its bytes.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn segment_bytes(&self, name: &str) -> Result<Option<u64>, Error> {
        if !self.storage.exists(&index_key(name))? {
            return Ok(None);
        }
        match self.storage.head(&bytes_key(name)) {
            Ok(entry) => Ok(Some(entry.size)),
            Err(obelisc_storage::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The answers of a sealed segment, or `None` where there is no such segment, or no longer its bytes.
    ///
    /// # Errors
    /// [`Error::Storage`], and [`Error::Damaged`] where the index cannot be read.
    pub fn answers(&self, name: &str) -> Result<Option<Vec<Answer>>, Error> {
        let Some(bytes) = self.segment_bytes(name)? else { return Ok(None) };
        let mut answers = Vec::new();
        for batch in Reader::open(&*self.storage, &index_key(name), 8192)? {
            let rows = table::rows::<Answer>(&batch?);
            answers.extend(rows.map_err(|e| Error::Damaged { segment: name.to_owned(), detail: e.to_string() })?);
        }
        let needed = answers.iter().map(|answer| answer.offset + answer.length).max().unwrap_or(0);
        Ok((bytes >= needed).then_some(answers))
    }

    /// Whether there is a store; a place without one is taken for an empty one until something is written.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn is_begun(&self) -> Result<bool, Error> {
        Ok(self.storage.exists(FORMAT_KEY)?)
    }

    /// The names of the sealed segments, each with whether its bytes are still there: what one listing tells.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn listed(&self) -> Result<BTreeMap<String, bool>, Error> {
        let entries = self.storage.list("segments")?;
        let names = |ending: &'static str| {
            let name = move |key: &'_ str| Some(key.strip_prefix("segments/")?.strip_suffix(ending)?.to_owned());
            entries.iter().filter_map(move |entry| name(&entry.key))
        };
        let mut segments: BTreeMap<String, bool> = names(".parquet").map(|name| (name, false)).collect();
        for name in names(".bin") {
            segments.entry(name).and_modify(|has_bytes| *has_bytes = true);
        }
        Ok(segments)
    }

    /// What the sealed segments of these names say of URLs: of each URL one answer, with an image where one has it.
    ///
    /// # Errors
    /// As [`answers`](Self::answers).
    pub fn known(
        &self,
        urls: &BTreeSet<UrlKey>,
        matches: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<UrlKey, Answer>, Error> {
        let mut known: BTreeMap<UrlKey, Answer> = BTreeMap::new();
        for name in self.listed()?.into_keys().filter(|name| matches(name)) {
            for answer in self.answers(&name)?.unwrap_or_default() {
                let better = |other: &Answer| other.reason.is_some() && answer.reason.is_none();
                if urls.contains(&answer.url_key) && known.get(&answer.url_key).is_none_or(better) {
                    known.insert(answer.url_key, answer);
                }
            }
        }
        Ok(known)
    }

    /// Bytes that can still be written, where the place has a bound.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn free_bytes(&self) -> Result<Option<u64>, Error> {
        Ok(self.storage.free_bytes()?)
    }

    /// Where the store is, as a user would name it.
    pub fn location(&self) -> String {
        self.storage.location()
    }

    /// A reader of image bytes.
    pub fn blobs(&self) -> BlobReader<'_> {
        BlobReader { storage: &*self.storage, open: BTreeMap::new() }
    }
}

pub(crate) fn bytes_key(name: &str) -> String {
    format!("segments/{name}.bin")
}

pub(crate) fn journal_key(name: &str) -> String {
    format!("journals/{name}")
}

pub(crate) fn index_key(name: &str) -> String {
    format!("segments/{name}.parquet")
}

/// Segments that a [`BlobReader`] keeps open.
const MAX_OPEN: usize = 16;

/// Reads image bytes; keeps the segments open that it read last.
pub struct BlobReader<'a> {
    storage: &'a dyn Storage,
    open: BTreeMap<String, Box<dyn Object>>,
}

impl BlobReader<'_> {
    /// The bytes of a blob.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`] where the segment is shorter than the blob says, or holds other bytes.
    pub fn read(&mut self, blob: &Blob) -> Result<Vec<u8>, Error> {
        if !self.open.contains_key(&blob.segment) {
            if self.open.len() >= MAX_OPEN {
                self.open.pop_first();
            }
            self.open.insert(blob.segment.clone(), self.storage.open(&bytes_key(&blob.segment))?);
        }
        let damaged = |detail: String| Error::Damaged { segment: blob.segment.clone(), detail };
        let Some(object) = self.open.get_mut(&blob.segment) else { return Err(damaged("not open".to_owned())) };
        if blob.offset.checked_add(blob.length).is_none_or(|end| end > object.size()) {
            return Err(damaged(format!("{} bytes at {} lie behind its end", blob.length, blob.offset)));
        }
        let length = usize::try_from(blob.length).map_err(|error| damaged(error.to_string()))?;
        let mut bytes = vec![0; length];
        let read = object.seek(SeekFrom::Start(blob.offset)).and_then(|_| object.read_exact(&mut bytes));
        read.map_err(|error| damaged(error.to_string()))?;
        if sha256(&bytes) != blob.sha256 {
            let hint = "remove the segment to have it made again";
            return Err(damaged(format!(
                "{} bytes at {} are not those that were stored; {hint}",
                blob.length, blob.offset
            )));
        }
        Ok(bytes)
    }
}
