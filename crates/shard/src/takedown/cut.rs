//! A row without what was taken out of it.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch};
use obelisc_document::account::{Accounts, Flow};
use serde_json::value::RawValue;

use super::{ImageCut, RowCut, Takedown};
use crate::{Error, ImageCell, Result, Row};

/// What is dropped of a document whose last image goes and that holds no text.
const NOTHING_LEFT: &str = "takedown_nothing_left";

/// What rows lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Rows that went.
    pub pages: u64,
    /// Images that went out of rows that stay.
    pub images: u64,
    /// Documents, images and text nodes: what came in, what stays, what was dropped for which reason.
    pub accounts: Accounts,
}

impl Losses {
    /// Notes rows of which nothing is cut.
    pub fn keep(&mut self, documents: u64, images: u64, texts: u64) {
        for (unit, count) in [("documents", documents), ("images", images), ("text_nodes", texts)] {
            self.accounts.unit(unit).enter(count);
        }
    }

    /// Adds what other rows lost.
    pub fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.images += other.images;
        self.accounts.add(&other.accounts);
    }

    /// All of a row goes.
    fn page(&mut self, row: &Row, reason: &str) {
        self.pages += 1;
        drop_of(self.accounts.unit("documents"), 1, reason);
        drop_of(self.accounts.unit("images"), images(row), reason);
        drop_of(self.accounts.unit("text_nodes"), texts(row), reason);
    }
}

fn drop_of(flow: &mut Flow, count: u64, reason: &str) {
    if count > 0 {
        flow.kept = flow.kept.saturating_sub(count);
        *flow.dropped.entry(reason.to_owned()).or_default() += count;
    }
}

fn images(row: &Row) -> u64 {
    row.images.iter().flatten().count() as u64
}

fn texts(row: &Row) -> u64 {
    row.texts.iter().flatten().count() as u64
}

/// Takes out of a row what was found in it, if anything was; `None` where nothing is left.
///
/// # Errors
/// [`Error::Unreadable`] where the row's metadata does not fit its lists.
pub fn cut(row: Row, what: Option<&RowCut>, takedown: &Takedown, losses: &mut Losses) -> Result<Option<Row>> {
    losses.keep(1, images(&row), texts(&row));
    let Some(what) = what else { return Ok(Some(row)) };
    if let Some(entry) = what.page {
        losses.page(&row, takedown.reason(entry));
        return Ok(None);
    }
    if what.images.len() == row.images.len() {
        losses.page(&row, NOTHING_LEFT);
        return Ok(None);
    }
    let before = texts(&row);
    let left = without(row, &what.images).map_err(|detail| Error::Unreadable { row: what.row, detail })?;
    for image in &what.images {
        losses.images += 1;
        drop_of(losses.accounts.unit("images"), 1, takedown.reason(image.entry));
    }
    let merged = before.saturating_sub(texts(&left));
    let flow = losses.accounts.unit("text_nodes");
    flow.merged += merged;
    flow.kept = flow.kept.saturating_sub(merged);
    Ok(Some(left))
}

/// The row without these images; texts that come to stand side by side become one, as where a run drops an image.
fn without(row: Row, gone: &[ImageCut]) -> std::result::Result<Row, String> {
    let Row { texts, images, metadata, general_metadata } = row;
    // What stays of the metadata stays byte for byte.
    let metadata: Vec<&RawValue> = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    if metadata.len() != texts.len() || metadata.len() != images.len() {
        return Err(format!("{} entries of metadata for {} texts", metadata.len(), texts.len()));
    }
    let mut left = Row { general_metadata, ..Row::default() };
    let mut kept = Vec::with_capacity(metadata.len());
    for (position, ((text, image), metadata)) in texts.into_iter().zip(images).zip(metadata).enumerate() {
        if gone.iter().any(|cut| cut.position == position) {
            if image.is_none() {
                return Err(format!("no image at position {position}"));
            }
            continue;
        }
        match (text, left.texts.last_mut()) {
            (Some(text), Some(Some(before))) => {
                before.push_str("\n\n");
                before.push_str(&text);
            }
            (text, _) => {
                left.texts.push(text);
                left.images.push(image);
                kept.push(metadata);
            }
        }
    }
    left.metadata = serde_json::to_string(&kept).map_err(|error| error.to_string())?;
    Ok(left)
}

impl Row {
    /// The rows of a batch with the four columns of a shard.
    ///
    /// # Errors
    /// [`Error::NotAShard`] where a column is missing or of another type.
    pub fn of_batch(batch: &RecordBatch) -> Result<impl Iterator<Item = Self> + use<>> {
        let column = |name: &'static str| batch.column_by_name(name).ok_or(Error::NotAShard(name));
        let list = |name| column(name)?.as_list_opt::<i32>().cloned().ok_or(Error::NotAShard(name));
        let strings = |name| column(name)?.as_string_opt::<i32>().cloned().ok_or(Error::NotAShard(name));
        let (images, texts) = (list("images")?, list("texts")?);
        let (metadata, general_metadata) = (strings("metadata")?, strings("general_metadata")?);
        let is_known = |cells: &dyn Array| links(cells).is_some() || embedded(cells).is_some();
        if !is_known(&**images.values()) {
            return Err(Error::NotAShard("images"));
        }
        if texts.values().as_string_opt::<i32>().is_none() {
            return Err(Error::NotAShard("texts"));
        }
        Ok((0..batch.num_rows()).map(move |row| {
            let (images, texts) = (images.value(row), texts.value(row));
            Self {
                images: links(&images).or_else(|| embedded(&images)).unwrap_or_default(),
                texts: texts.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect(),
                metadata: metadata.value(row).to_owned(),
                general_metadata: general_metadata.value(row).to_owned(),
            }
        }))
    }
}

fn links(cells: &dyn Array) -> Option<Vec<Option<ImageCell>>> {
    let links = cells.as_string_opt::<i32>()?;
    Some(links.iter().map(|link| link.map(|link| ImageCell::Url(link.to_owned()))).collect())
}

fn embedded(cells: &dyn Array) -> Option<Vec<Option<ImageCell>>> {
    let images = cells.as_struct_opt()?;
    let bytes = images.column_by_name("bytes")?.as_binary_opt::<i32>()?;
    let paths = images.column_by_name("path")?.as_string_opt::<i32>()?;
    let cell = |at| ImageCell::Embedded { bytes: bytes.value(at).to_vec(), path: paths.value(at).to_owned() };
    Some((0..images.len()).map(|at| images.is_valid(at).then(|| cell(at))).collect())
}
