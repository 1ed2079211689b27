//! Rows of datasets that others wrote in the layout of OBELICS.
//!
//! Two columns must be there: `texts`, a list of strings, and `images`, a list of strings (URLs), of `struct<bytes, path>` in any order of its
//! fields, or of bare bytes.  `metadata` and `general_metadata` are strings where they are there; all other columns are passed over.
//! Types are those that Parquet itself has: whoever reads a file passes over the Arrow schema of its writer, so that wide lists and strings are narrow.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, BinaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Schema};
use obelisc_document::{Document, Lists, NotADocument, Shown};

use crate::schema::COLUMNS;
use crate::{Error, ImageColumn, Result};

/// The columns that are read.
pub const INCOMING_COLUMNS: [&str; 4] = COLUMNS;

/// What the `images` column of a file in this layout holds.
///
/// # Errors
/// [`Error::NotInLayout`] with all that is not as it must be.
pub fn incoming(schema: &Schema) -> Result<ImageColumn> {
    let mut faults = Vec::new();
    let mut kind = |name: &str, is_needed: bool, wanted: &str, of: &dyn Fn(&DataType) -> Option<ImageColumn>| {
        let column = schema.field_with_name(name).ok();
        let found = column.and_then(|field| of(field.data_type()));
        if found.is_none() && (is_needed || column.is_some()) {
            faults.push(format!(
                "the column {name} is {}, not {wanted}",
                column.map_or_else(|| "missing".to_owned(), |field| field.data_type().to_string())
            ));
        }
        found
    };
    let is_string = |of: &DataType| (*of == DataType::Utf8).then_some(ImageColumn::Url);
    let item = |of: &DataType| match of {
        DataType::List(item) => Some(item.data_type().clone()),
        _ => None,
    };
    kind("texts", true, "a list of strings", &|of| is_string(&item(of)?));
    let images = kind("images", true, "a list of strings, of struct<bytes, path> or of bytes", &|of| match item(of)? {
        DataType::Utf8 => Some(ImageColumn::Url),
        DataType::Binary => Some(ImageColumn::Bytes),
        DataType::Struct(fields) => {
            let named = |name: &str| fields.iter().find(|field| field.name() == name).map(|field| field.data_type());
            let is_image = named("bytes") == Some(&DataType::Binary)
                && named("path").is_none_or(|path| matches!(path, DataType::Utf8 | DataType::Null));
            is_image.then_some(ImageColumn::Bytes)
        }
        _ => None,
    });
    for name in ["metadata", "general_metadata"] {
        kind(name, false, "a string", &is_string);
    }
    match images {
        Some(images) if faults.is_empty() => Ok(images),
        _ => Err(Error::NotInLayout(faults)),
    }
}

/// The rows of a batch.
#[derive(Debug)]
pub struct IncomingRows {
    texts: ListArray,
    images: ListArray,
    metadata: Option<StringArray>,
    general_metadata: Option<StringArray>,
}

/// A row as a document, beside the bytes that it brought.
#[derive(Debug)]
pub struct Incoming<'b> {
    /// The document.
    pub document: Document,
    /// What the dataset holds of images.
    pub images: ImageColumn,
    /// Ordinals of images with the bytes of each, in order.
    pub files: Vec<(u32, &'b [u8])>,
}

impl IncomingRows {
    /// Of a batch with the columns of [`INCOMING_COLUMNS`] that the file has.
    ///
    /// # Errors
    /// As [`incoming`].
    pub fn of(batch: &RecordBatch) -> Result<Self> {
        incoming(&batch.schema())?;
        let column = |name: &str| batch.column_by_name(name);
        let list = |name: &'static str| {
            column(name).and_then(|column| column.as_list_opt::<i32>()).cloned().ok_or(Error::NotAShard(name))
        };
        let strings = |name: &str| column(name).and_then(|column| column.as_string_opt::<i32>()).cloned();
        let (metadata, general_metadata) = (strings("metadata"), strings("general_metadata"));
        Ok(Self { texts: list("texts")?, images: list("images")?, metadata, general_metadata })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of a row's texts and of what stands beside them.
    pub fn text_bytes(&self, index: usize) -> u64 {
        let (texts, places) = (self.texts.values().as_string::<i32>(), places(&self.texts, index));
        let offset = |at: usize| texts.value_offsets().get(at).map_or(0, |offset| u64::try_from(*offset).unwrap_or(0));
        let beside = [&self.metadata, &self.general_metadata].map(|column| string(column, index).map_or(0, str::len));
        offset(places.end).saturating_sub(offset(places.start)) + beside.iter().sum::<usize>() as u64
    }

    /// A row, which is number `number` of the file called `name`: see [`Document::from_lists`].
    ///
    /// # Errors
    /// [`NotADocument`].
    pub fn row(&self, index: usize, name: &str, number: u64) -> std::result::Result<Incoming<'_>, NotADocument> {
        let texts = self.texts.values().as_string::<i32>();
        let texts = places(&self.texts, index).map(|at| texts.is_valid(at).then(|| texts.value(at))).collect();
        let cells = Cells::of(self.images.values());
        let images: Vec<Option<Shown<'_>>> = places(&self.images, index).map(|at| cells.get(at)).collect();
        let files = images.iter().zip(0..).filter_map(|(shown, ordinal)| match shown {
            Some(Shown::File(bytes, _)) => Some((ordinal, *bytes)),
            _ => None,
        });
        let files = files.collect();
        let (metadata, general_metadata) = (string(&self.metadata, index), string(&self.general_metadata, index));
        let document = Document::from_lists(Lists { texts, images, metadata, general_metadata }, name, number)?;
        Ok(Incoming { document, images: cells.kind(), files })
    }
}

/// The places of a row's entries among those of all rows; a row that is null has none.
fn places(lists: &ListArray, index: usize) -> std::ops::Range<usize> {
    let offset = |at: usize| lists.value_offsets().get(at).and_then(|offset| usize::try_from(*offset).ok());
    match (offset(index), offset(index + 1)) {
        (Some(start), Some(end)) if lists.is_valid(index) => start..end,
        _ => 0..0,
    }
}

/// The bytes at a place of a row's images, in a batch with the column `images`.
pub fn incoming_file(batch: &RecordBatch, index: usize, place: usize) -> Option<&[u8]> {
    let images = batch.column_by_name("images")?.as_list_opt::<i32>()?;
    let at = (index < images.len()).then(|| places(images, index).nth(place))??;
    match Cells::of(images.values()).get(at) {
        Some(Shown::File(bytes, _)) => Some(bytes),
        _ => None,
    }
}

fn string(column: &Option<StringArray>, index: usize) -> Option<&str> {
    column.as_ref().filter(|column| column.is_valid(index)).map(|column| column.value(index))
}

/// The images of all rows.
enum Cells<'b> {
    Urls(&'b StringArray),
    Files { cells: Option<&'b StructArray>, bytes: &'b BinaryArray, paths: Option<&'b StringArray> },
    None,
}

impl<'b> Cells<'b> {
    fn of(values: &'b ArrayRef) -> Self {
        if let Some(urls) = values.as_string_opt::<i32>() {
            return Self::Urls(urls);
        }
        if let Some(bytes) = values.as_binary_opt::<i32>() {
            return Self::Files { cells: None, bytes, paths: None };
        }
        let Some(cells) = values.as_struct_opt() else { return Self::None };
        let paths = cells.column_by_name("path").and_then(|paths| paths.as_string_opt::<i32>());
        match cells.column_by_name("bytes").and_then(|bytes| bytes.as_binary_opt::<i32>()) {
            Some(bytes) => Self::Files { cells: Some(cells), bytes, paths },
            None => Self::None,
        }
    }

    fn kind(&self) -> ImageColumn {
        match self {
            Self::Files { .. } => ImageColumn::Bytes,
            Self::Urls(_) | Self::None => ImageColumn::Url,
        }
    }

    fn get(&self, at: usize) -> Option<Shown<'b>> {
        match self {
            Self::Urls(urls) => urls.is_valid(at).then(|| Shown::Url(urls.value(at))),
            Self::Files { cells, bytes, paths } => {
                let path = paths.filter(|paths| paths.is_valid(at)).map(|paths| paths.value(at));
                match cells {
                    Some(cells) if cells.is_null(at) => None,
                    _ if bytes.is_valid(at) => Some(Shown::File(bytes.value(at), path)),
                    _ => path.map(Shown::Named),
                }
            }
            Self::None => None,
        }
    }
}
