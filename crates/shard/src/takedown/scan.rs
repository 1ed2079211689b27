//! Which rows of a shard a list means.

use std::borrow::Cow;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, BinaryArray, ListArray, RecordBatch, StringArray};
use serde::Deserialize;

use super::Takedown;
use crate::{Error, Result};

/// What of one row goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCut {
    /// Number of the row in its shard, from 0.
    pub row: u64,
    /// URL of the page.
    pub url: String,
    /// The entry that means the page, with which the whole row goes.
    pub page: Option<u32>,
    /// The images that entries mean, in order.
    pub images: Vec<ImageCut>,
}

/// An image that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageCut {
    /// Its place in the row's lists.
    pub position: usize,
    /// Its `src`.
    pub src: String,
    /// The first entry that means it.
    pub entry: u32,
}

/// The address of a page.
#[derive(Deserialize)]
struct PageAddress<'a> {
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// The addresses of an image: the one it came from, as the page writes it, and those of the same picture in other sizes.
#[derive(Deserialize)]
struct ImageAddresses<'a> {
    #[serde(borrow, default)]
    src: Cow<'a, str>,
    #[serde(borrow, default)]
    unformatted_src: Cow<'a, str>,
    #[serde(default)]
    candidates: Vec<String>,
}

impl Takedown {
    /// What goes of the rows of a batch, the first of which is row `first` of its shard.  The batch has the columns
    /// [`columns`](Self::columns); `hit` hears of every entry that means something, also where another one was first.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a row that is no row of a shard.
    pub fn cuts(&self, batch: &RecordBatch, first: u64, hit: &dyn Fn(u32)) -> Result<Vec<RowCut>> {
        let columns = Columns::of(batch)?;
        let mut cuts = Vec::new();
        for (index, row) in (0..batch.num_rows()).zip(first..) {
            let cut = self.row_cut(&columns, index, row, hit);
            cuts.extend(cut.map_err(|detail| Error::Unreadable { row, detail })?);
        }
        Ok(cuts)
    }

    fn row_cut(
        &self,
        columns: &Columns<'_>,
        index: usize,
        row: u64,
        hit: &dyn Fn(u32),
    ) -> std::result::Result<Option<RowCut>, String> {
        let json = |error: serde_json::Error| error.to_string();
        let url = serde_json::from_str::<PageAddress<'_>>(columns.general_metadata.value(index)).map_err(json)?.url;
        let page = first(self.address(&url).inspect(|entry| hit(*entry)));
        let metadata = columns.metadata.value(index);
        let metadata: Vec<Option<ImageAddresses<'_>>> = serde_json::from_str(metadata).map_err(json)?;
        let bytes = columns.bytes_of(index, metadata.len())?;
        let mut images = Vec::new();
        for (position, image) in metadata.iter().enumerate() {
            let Some(image) = image else { continue };
            let by_address = first(self.image(image).inspect(|entry| hit(*entry)));
            let by_bytes = bytes.as_ref().and_then(|bytes| self.bytes(bytes.get(position)?));
            by_bytes.into_iter().for_each(hit);
            if let Some(entry) = by_address.or(by_bytes) {
                images.push(ImageCut { position, src: image.src.clone().into_owned(), entry });
            }
        }
        let is_cut = page.is_some() || !images.is_empty();
        Ok(is_cut.then(|| RowCut { row, url: url.into_owned(), page, images }))
    }

    fn image(&self, image: &ImageAddresses<'_>) -> impl Iterator<Item = u32> {
        let own = [&*image.src, &*image.unformatted_src];
        own.into_iter().chain(image.candidates.iter().map(String::as_str)).flat_map(|url| self.address(url))
    }
}

/// The first of all, which are gone through to their end.
fn first(entries: impl Iterator<Item = u32>) -> Option<u32> {
    entries.reduce(|first, _| first)
}

/// The columns that are looked at.
struct Columns<'a> {
    metadata: &'a StringArray,
    general_metadata: &'a StringArray,
    /// Absent where the list names no digests, and where the dataset holds links.
    images: Option<&'a ListArray>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let column = |name: &str| batch.column_by_name(name);
        let strings = |name: &'static str| {
            let strings = column(name).and_then(|column| column.as_string_opt::<i32>());
            strings.filter(|strings| strings.null_count() == 0).ok_or(Error::NotAShard(name))
        };
        let images = column("images").and_then(|column| column.as_list_opt::<i32>());
        Ok(Self {
            metadata: strings("metadata")?,
            general_metadata: strings("general_metadata")?,
            images: images.filter(|images| images.values().as_struct_opt().is_some()),
        })
    }

    /// The bytes of a row's images, by position.
    fn bytes_of(&self, index: usize, entries: usize) -> std::result::Result<Option<Bytes>, String> {
        let Some(images) = self.images else { return Ok(None) };
        let images = images.value(index);
        if images.len() != entries {
            return Err(format!("{} images but {entries} entries of metadata", images.len()));
        }
        let bytes = images.as_struct_opt().and_then(|images| images.column_by_name("bytes"));
        let bytes = bytes.and_then(|bytes| bytes.as_binary_opt::<i32>());
        Ok(bytes.map(|bytes| Bytes(bytes.clone())))
    }
}

/// The bytes of one row's images.
struct Bytes(BinaryArray);

impl Bytes {
    fn get(&self, position: usize) -> Option<&[u8]> {
        self.0.is_valid(position).then(|| self.0.value(position))
    }
}
