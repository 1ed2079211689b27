//! Shards of datasets in the layout of OBELICS, whoever wrote them, row by row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use obelisc_document::Reason;
use obelisc_shard::{INCOMING_COLUMNS, ImageColumn, Incoming, IncomingRows, incoming};
use obelisc_storage::inputs::ArchiveFile;
use obelisc_storage::parquet::{AnyonesFile, RowGroup};
use obelisc_storage::{Error as StorageError, Object};

use crate::error::whole;

/// Bytes of rows that are read at once, as far as the file says how long they are.
pub(crate) const BYTES_AT_ONCE: u64 = 4 << 20;

/// A shard of which the footer was read.
pub(crate) struct Shard {
    pub(crate) file: AnyonesFile,
    /// What it holds of images.
    pub(crate) images: ImageColumn,
}

/// Some rows of a shard.
pub(crate) enum Part {
    /// They were read; the first is this row of the file.
    Rows(u64, RecordBatch),
    /// So many from this one on could not be read, and why.
    Lost(u64, u64, String),
}

impl Shard {
    /// Opens a shard, or says why it is none.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn open(object: Box<dyn Object>, name: &str) -> Result<Result<Self, String>, StorageError> {
        let file = match catch_unwind(AssertUnwindSafe(|| AnyonesFile::open(object, name))) {
            Ok(Ok(file)) => file,
            Ok(Err(StorageError::Damaged { detail, .. })) => return Ok(Err(detail)),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(Err("its footer cannot be read".to_owned())),
        };
        Ok(match incoming(file.schema()) {
            Ok(images) => Ok(Self { file, images }),
            Err(error) => Err(whole(&error)),
        })
    }

    /// Gives all rows, in order.  A row group that is damaged costs what is left of it.
    ///
    /// # Errors
    /// A file that cannot be read, and the first error of `give`.
    pub(crate) fn parts<E: From<StorageError>>(&self, mut give: impl FnMut(Part) -> Result<(), E>) -> Result<(), E> {
        let mut groups = self.file.groups().into_iter().enumerate();
        groups.try_for_each(|(index, group)| self.group(index, group, &mut give))
    }

    /// Gives the rows of a row group.
    ///
    /// # Errors
    /// As [`parts`](Self::parts).
    pub(crate) fn group<E: From<StorageError>>(
        &self,
        index: usize,
        group: RowGroup,
        mut give: impl FnMut(Part) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut next, end) = (group.first, group.first.saturating_add(group.rows));
        let opened = || self.file.group(index, &INCOMING_COLUMNS, group.rows_in(BYTES_AT_ONCE));
        let lost = match caught(opened)? {
            Ok(mut batches) => loop {
                match caught(|| batches.next().transpose().map_err(|error| self.file.really(error)))? {
                    Ok(Some(batch)) => {
                        let first = next;
                        next += batch.num_rows() as u64;
                        give(Part::Rows(first, batch))?;
                    }
                    Ok(None) => break None,
                    Err(detail) => break Some(detail),
                }
            },
            Err(detail) => Some(detail),
        };
        match lost.or_else(|| (next < end).then(|| "the row group ends early".to_owned())) {
            Some(detail) => give(Part::Lost(next, end.saturating_sub(next), detail)),
            None => Ok(()),
        }
    }
}

/// What a call came to that reads a damaged file: damage and panics in words.
pub(crate) fn caught<T>(call: impl FnOnce() -> Result<T, StorageError>) -> Result<Result<T, String>, StorageError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(Ok(value)),
        Ok(Err(StorageError::Damaged { detail, .. })) => Ok(Err(detail)),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(Err("panic".to_owned())),
    }
}

/// Gives the rows of a part: each a document with the bytes of its images, or why it is none.  Rows that were lost are one.
pub(crate) fn rows<E>(
    part: &Part,
    name: &str,
    max_text_bytes: u64,
    mut give: impl FnMut(u64, Result<Incoming<'_>, (Reason, String)>) -> Result<(), E>,
) -> Result<(), E> {
    let (first, batch) = match part {
        Part::Rows(first, batch) => (*first, batch),
        Part::Lost(first, _, detail) => return give(*first, Err((Reason::DamagedRows, detail.clone()))),
    };
    let rows = match IncomingRows::of(batch) {
        Ok(rows) => rows,
        Err(error) => return give(first, Err((Reason::DamagedRows, whole(&error)))),
    };
    for (index, row) in (0..rows.len()).zip(first..) {
        let bytes = rows.text_bytes(index);
        let read = if bytes > max_text_bytes {
            Err((Reason::DocumentTooLong, format!("{bytes} bytes of text; max {max_text_bytes}")))
        } else {
            rows.row(index, name, row).map_err(|error| (Reason::NotADocument, error.to_string()))
        };
        give(row, read)?;
    }
    Ok(())
}

/// Whether the first of these files is a shard; the others are seen when they are read.
///
/// # Errors
/// [`StorageError::Unsupported`] where it is none, and what it cannot be read for.
pub(crate) fn check_shard(file: &ArchiveFile) -> Result<(), StorageError> {
    let name = file.shown();
    Shard::open(file.open()?, &name)?.map(drop).map_err(|detail| StorageError::Unsupported {
        reason: format!("{detail}; a file of Common Crawl's columnar index is read by a recipe with the stage select"),
        name,
    })
}
