//! A row as Arrow columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::SchemaRef;

use crate::schema::{element, image_fields, image_type};
use crate::{ImageCell, ImageColumn, Result, Row, RowFault};

/// The most bytes that one row may have in one column: Arrow's offsets and Parquet's page sizes are 32-bit signed, and
/// a page has levels beside its values.
const MAX_COLUMN_BYTES: u64 = 2_000_000_000;

/// Checks a row against the contract of the parallel lists.
pub(crate) fn check(row: &Row, column: ImageColumn) -> std::result::Result<(), RowFault> {
    if row.texts.len() != row.images.len() {
        return Err(RowFault::UnequalLists { texts: row.texts.len(), images: row.images.len() });
    }
    if row.texts.is_empty() {
        return Err(RowFault::Empty);
    }
    for (position, (text, image)) in row.texts.iter().zip(&row.images).enumerate() {
        if text.is_some() == image.is_some() {
            return Err(RowFault::NotExactlyOne(position));
        }
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err(RowFault::BlankText(position));
        }
        match (image, column) {
            (Some(ImageCell::Embedded { .. }), ImageColumn::Url) | (Some(ImageCell::Url(_)), ImageColumn::Bytes) => {
                return Err(RowFault::OtherImageColumn(position));
            }
            _ => {}
        }
    }
    match row.uncompressed_bytes() {
        bytes if bytes > MAX_COLUMN_BYTES => Err(RowFault::TooLarge(bytes)),
        _ => Ok(()),
    }
}

/// One row as a batch.  The row has passed [`check`].
pub(crate) fn batch(row: &Row, column: ImageColumn, schema: SchemaRef) -> Result<RecordBatch> {
    let images: ArrayRef = match column {
        ImageColumn::Bytes => embedded(&row.images)?,
        ImageColumn::Url => Arc::new(StringArray::from_iter(row.images.iter().map(|image| match image {
            Some(ImageCell::Url(url)) => Some(url.as_str()),
            _ => None,
        }))),
    };
    let offsets = || OffsetBuffer::from_lengths([row.texts.len()]);
    let texts = Arc::new(StringArray::from_iter(row.texts.iter().map(Option::as_deref)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ListArray::try_new(element(image_type(column)), offsets(), images, None)?),
        Arc::new(StringArray::from_iter_values([&row.metadata])),
        Arc::new(StringArray::from_iter_values([&row.general_metadata])),
        Arc::new(ListArray::try_new(element(arrow_schema::DataType::Utf8), offsets(), texts, None)?),
    ];
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn embedded(images: &[Option<ImageCell>]) -> Result<ArrayRef> {
    let cells = || {
        images.iter().map(|image| match image {
            Some(ImageCell::Embedded { bytes, path }) => Some((bytes.as_slice(), path.as_str())),
            _ => None,
        })
    };
    let bytes = BinaryArray::from_iter(cells().map(|cell| cell.map(|(bytes, _)| bytes)));
    let path = StringArray::from_iter(cells().map(|cell| cell.map(|(_, path)| path)));
    let nulls = NullBuffer::from_iter(cells().map(|cell| cell.is_some()));
    Ok(Arc::new(StructArray::try_new(image_fields(), vec![Arc::new(bytes), Arc::new(path)], Some(nulls))?))
}
