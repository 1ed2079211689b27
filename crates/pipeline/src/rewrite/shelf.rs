//! Kept rows → row groups → shards, split by split, in their order.

use obelisc_shard::{EncodedGroup, ImageColumn, Row, Shard, ShardOfGroups, ShardSummary, Split, shard_name};
use obelisc_storage::inputs::Input;
use obelisc_storage::{Storage, Upload};

use crate::error::{Error, TaskError};
use crate::recipe::Finish;

/// Folder for shards until all are there: their names say how many there are.
pub(super) const PARTS: &str = "run/rewrite";

/// The split of a shard, by its file's name: a document stays in the split in which it was.
pub(super) fn split_of(input: &Input) -> Split {
    let file = input.name.rsplit('/').next().unwrap_or_default();
    let is_of = |split: &Split| {
        file.strip_prefix(split.name()).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
    };
    Split::ALL.into_iter().find(is_of).unwrap_or(Split::Train)
}

/// Rows that become a row group together.
pub(super) struct Groups<'g, 'f> {
    finish: &'f Finish,
    split: Split,
    rows: Vec<Row>,
    bytes: u64,
    give: &'g mut dyn FnMut((Split, Vec<Row>)) -> Result<(), Error>,
}

impl<'g, 'f> Groups<'g, 'f> {
    pub(super) fn new(finish: &'f Finish, give: &'g mut dyn FnMut((Split, Vec<Row>)) -> Result<(), Error>) -> Self {
        Self { finish, split: Split::Train, rows: Vec::new(), bytes: 0, give }
    }

    /// Adds a row.  A group is full as it is for a run.
    pub(super) fn push(&mut self, split: Split, row: Row) -> Result<(), Error> {
        let (bytes, limits) = (row.uncompressed_bytes(), self.finish.row_groups);
        let is_full = self.rows.len() as u64 >= limits.max_row_group_rows
            || self.bytes.saturating_add(bytes) > limits.max_row_group_bytes
            || split != self.split;
        if is_full {
            self.end()?;
        }
        (self.split, self.bytes) = (split, self.bytes.saturating_add(bytes));
        self.rows.push(row);
        Ok(())
    }

    /// Gives what there is.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() { Ok(()) } else { (self.give)((self.split, rows)) }
    }
}

/// A shard that is written, and has no name yet.
pub(super) struct Part {
    pub(super) key: String,
    split: Split,
    summary: ShardSummary,
}

/// A shard that is being written.
struct Open {
    split: Split,
    key: String,
    shard: ShardOfGroups<Box<dyn Upload>>,
}

/// The shard that is being written, and those that are.
pub(super) struct Shelf<'s> {
    storage: &'s dyn Storage,
    images: ImageColumn,
    max_shard_bytes: u64,
    open: Option<Open>,
    parts: Vec<Part>,
}

impl<'s> Shelf<'s> {
    pub(super) fn new(storage: &'s dyn Storage, images: ImageColumn, finish: &Finish) -> Self {
        Self { storage, images, max_shard_bytes: finish.max_shard_bytes, open: None, parts: Vec::new() }
    }

    pub(super) fn put(&mut self, split: Split, group: EncodedGroup) -> Result<(), TaskError> {
        let bytes = group.summary().uncompressed_bytes;
        let is_full = self.open.as_ref().is_some_and(|open| {
            open.split != split || open.shard.summary().uncompressed_bytes.saturating_add(bytes) > self.max_shard_bytes
        });
        if is_full {
            self.close()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let key = format!("{PARTS}/{:06}.parquet", self.parts.len());
                let shard = ShardOfGroups::new(self.storage.create(&key)?, self.images)?;
                none.insert(Open { split, key, shard })
            }
        };
        Ok(open.shard.append(group)?)
    }

    fn close(&mut self) -> Result<(), TaskError> {
        if let Some(Open { split, key, shard }) = self.open.take() {
            let (summary, upload) = shard.finish()?;
            upload.finish()?;
            self.parts.push(Part { key, split, summary });
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Vec<Part>, TaskError> {
        self.close()?;
        // As a manifest sorts the shards.
        self.parts.sort_by_key(|part| (part.split.name(), part.key.clone()));
        Ok(self.parts)
    }
}

/// The shards under the names that they have in the dataset, in the order of the parts.
pub(super) fn named(parts: &[Part]) -> Vec<Shard> {
    let count = |split| parts.iter().filter(|part| part.split == split).count();
    let of_split = parts.chunk_by(|a, b| a.split == b.split).flat_map(|own| own.iter().zip(0..));
    let shards = of_split.map(|(Part { split, summary, .. }, index)| {
        let path = shard_name(split.name(), index, u32::try_from(count(*split)).unwrap_or(u32::MAX));
        Shard::new(path, split.name().to_owned(), summary)
    });
    shards.collect()
}
