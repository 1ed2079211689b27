//! The schema of a shard.
//!
//! Anything trained on the OBELICS release must read our shards unchanged, so the four columns, their order, their
//! types and their nullability are those of the release.  `datasets` (Hugging Face) decodes the images only where the
//! Arrow schema's own metadata describes every column and the description fits the columns exactly; where it does not,
//! it falls back to raw dicts without a warning.  [`crate::check_schema`] holds that line.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use serde_json::{Map, Value, json};

/// Key of the schema metadata under which `datasets` looks for the features.
pub const HUGGINGFACE: &str = "huggingface";

/// The four columns that every shard begins with.
pub const COLUMNS: [&str; 4] = ["images", "metadata", "general_metadata", "texts"];

/// What the `images` column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageColumn {
    /// `list<struct<bytes: binary, path: string>>`: the encoded images.
    Bytes,
    /// `list<string>`: their URLs, as OBELICS was released.
    Url,
}

impl ImageColumn {
    /// The name in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Url => "url",
        }
    }
}

/// The Arrow schema of a shard: `images`, `metadata`, `general_metadata`, `texts`, all nullable, with the
/// [`HUGGINGFACE`] metadata.
pub fn schema(images: ImageColumn) -> Schema {
    let features = json!({ "info": { "features": features(images) } });
    Schema::new(vec![
        list("images", image_type(images)),
        Field::new("metadata", DataType::Utf8, true),
        Field::new("general_metadata", DataType::Utf8, true),
        list("texts", DataType::Utf8),
    ])
    .with_metadata(HashMap::from([(HUGGINGFACE.to_owned(), features.to_string())]))
}

/// The features as `datasets` writes them, in the order of the columns.
pub(crate) fn features(images: ImageColumn) -> Map<String, Value> {
    let string = || json!({ "dtype": "string", "_type": "Value" });
    let list = |of: Value| json!({ "feature": of, "_type": "List" });
    let image = match images {
        ImageColumn::Bytes => json!({ "_type": "Image" }),
        ImageColumn::Url => string(),
    };
    [list(image), string(), string(), list(string())]
        .into_iter()
        .zip(COLUMNS)
        .map(|(feature, name)| (name.to_owned(), feature))
        .collect()
}

/// Type of one entry of the `images` list.
pub(crate) fn image_type(images: ImageColumn) -> DataType {
    match images {
        ImageColumn::Bytes => DataType::Struct(image_fields()),
        ImageColumn::Url => DataType::Utf8,
    }
}

/// Fields of an embedded image, in the only order that `datasets` decodes.
pub(crate) fn image_fields() -> Fields {
    Fields::from(vec![Field::new("bytes", DataType::Binary, true), Field::new("path", DataType::Utf8, true)])
}

fn list(name: &str, item: DataType) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("element", item, true))), true)
}

/// The field of a list's entries; Parquet's own name for them is `element`.
pub(crate) fn element(item: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", item, true))
}
