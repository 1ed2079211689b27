//! The guard: refuses every schema that readers misread without saying so.
//!
//! Each [`SchemaFault`] is a variant that was written, loaded with `datasets` and found to give raw dicts or bytes
//! instead of images, with no warning; `examples/variants.rs` and `tests/datasets_variants.py` repeat that.

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::FileMetaData;
use serde_json::Value;

use crate::schema::{COLUMNS, HUGGINGFACE, features, image_type};
use crate::{Error, ImageColumn, Result};

/// Why a schema is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// A column of OBELICS is not where it must be.
    #[error(
        "column {position} is {}, not {wanted}: the four columns of OBELICS come first and in order",
        found.as_deref().unwrap_or("missing")
    )]
    Column {
        /// Position from 0.
        position: usize,
        /// The name that belongs there.
        wanted: &'static str,
        /// The name that stands there, if any.
        found: Option<String>,
    },
    /// A 64-bit or view type, where the features mean the 32-bit one.
    #[error("{field} is {found}, not {wanted}: datasets compares types exactly and drops the features silently")]
    Wide {
        /// Path of the field.
        field: String,
        /// Its type.
        found: String,
        /// The type that belongs there.
        wanted: String,
    },
    /// `path` stands before `bytes`.
    #[error("path stands before bytes in {field}: datasets compares structs in order and drops the features silently")]
    PathBeforeBytes {
        /// Path of the field.
        field: String,
    },
    /// A list of bare binaries.
    #[error("{field} is bare binary: datasets gives raw bytes, images need struct<bytes, path>")]
    BareBinary {
        /// Path of the field.
        field: String,
    },
    /// Any other type.
    #[error("{field} is {found}, not {wanted}")]
    Type {
        /// Path of the field.
        field: String,
        /// Its type.
        found: String,
        /// The type that belongs there.
        wanted: String,
    },
    /// A field that cannot be null.
    #[error("{field} is not nullable: datasets compares nullability and drops the features silently")]
    NotNullable {
        /// Path of the field.
        field: String,
    },
    /// The schema has no `huggingface` metadata.
    #[error("the arrow schema has no {HUGGINGFACE} metadata: images would stay raw dicts")]
    NoFeatures,
    /// The `huggingface` metadata stands in the Parquet file's key-value list only.
    #[error("{HUGGINGFACE} stands in the parquet key-values only: readers that find an arrow schema ignore it there")]
    FeaturesOnlyInKeyValues,
    /// The `huggingface` metadata is not JSON with `info.features`.
    #[error("the {HUGGINGFACE} metadata is no json object with info.features")]
    UnreadableFeatures,
    /// The features name other columns than the schema.
    #[error("the features list {listed:?}, the schema has {columns:?}")]
    OtherColumns {
        /// Names in the features, in order.
        listed: Vec<String>,
        /// Names in the schema, in order.
        columns: Vec<String>,
    },
    /// A feature that does not say what its column holds.
    #[error("feature of {column} is {found}, not {wanted}")]
    Feature {
        /// The column.
        column: String,
        /// The feature, as JSON.
        found: String,
        /// What belongs there, as JSON.
        wanted: String,
    },
}

/// Checks that readers of OBELICS and `datasets` understand a schema: the four columns, their types and order, every
/// field nullable, the features in the schema's own metadata, listing every column.  Further columns may follow.
///
/// # Errors
/// All faults, in the order of the columns.
pub fn check_schema(schema: &Schema) -> std::result::Result<(), Vec<SchemaFault>> {
    let mut faults = Vec::new();
    let images = image_column(schema);
    let string = DataType::Utf8;
    let items = [Some(image_type(images)), None, None, Some(string.clone())];
    for ((position, wanted), item) in COLUMNS.into_iter().enumerate().zip(items) {
        let field = schema.fields().get(position);
        match field.filter(|field| field.name() == wanted) {
            None => faults.push(SchemaFault::Column { position, wanted, found: field.map(|f| f.name().clone()) }),
            Some(field) => match item {
                Some(item) => check_list(field, &item, &mut faults),
                None => check_type(field.name(), field.data_type(), &string, &mut faults),
            },
        }
    }
    for field in schema.fields() {
        check_nullable(field.name(), field, &mut faults);
    }
    check_features(schema, images, &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// What the `images` column of a shard holds that has the four columns and no more: whoever writes it anew loses nothing.
///
/// # Errors
/// [`Error::Schema`] with all faults; [`Error::FurtherColumns`] where there are further columns.
pub fn four_columns(schema: &Schema) -> Result<ImageColumn> {
    check_schema(schema).map_err(Error::Schema)?;
    if schema.fields().len() > COLUMNS.len() {
        return Err(Error::FurtherColumns);
    }
    Ok(image_column(schema))
}

/// Checks a written file's footer: its Arrow schema by [`check_schema`], and that the features stand in it rather than
/// beside it.
///
/// # Errors
/// [`Error::Schema`] with all faults; [`Error::Parquet`] where the footer holds no readable schema.
pub fn check_footer(footer: &FileMetaData) -> Result<()> {
    // Readers of ours merge both places, so the one beside the schema is taken away before asking.
    let key_values = footer.key_value_metadata();
    let rest = key_values.map(|all| all.iter().filter(|pair| pair.key != HUGGINGFACE).cloned().collect::<Vec<_>>());
    let beside = rest.as_ref().map(Vec::len) != key_values.map(Vec::len);
    let schema = parquet_to_arrow_schema(footer.schema_descr(), rest.as_ref())?;
    check_schema(&schema).map_err(|mut faults| {
        for fault in &mut faults {
            if beside && *fault == SchemaFault::NoFeatures {
                *fault = SchemaFault::FeaturesOnlyInKeyValues;
            }
        }
        Error::Schema(faults)
    })
}

/// What the `images` column means to hold: links if its entries are strings of any width.
fn image_column(schema: &Schema) -> ImageColumn {
    let item = schema.field_with_name("images").ok().and_then(|field| item_of(field.data_type()));
    match item.map(|item| item.data_type()) {
        Some(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => ImageColumn::Url,
        _ => ImageColumn::Bytes,
    }
}

fn item_of(list: &DataType) -> Option<&Field> {
    match list {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

fn check_list(field: &Field, item: &DataType, faults: &mut Vec<SchemaFault>) {
    let name = field.name();
    let found = field.data_type();
    let Some(found_item) = item_of(found) else {
        return faults.push(type_fault(name, found, &format!("list<{item}>")));
    };
    if !matches!(found, DataType::List(_)) {
        faults.push(SchemaFault::Wide {
            field: name.clone(),
            found: kind(found),
            wanted: "list with 32-bit offsets".to_owned(),
        });
    }
    check_type(&format!("{name}[]"), found_item.data_type(), item, faults);
}

fn check_type(field: &str, found: &DataType, wanted: &DataType, faults: &mut Vec<SchemaFault>) {
    match (found, wanted) {
        (DataType::Struct(found), DataType::Struct(fields)) => {
            let names = |fields: &arrow_schema::Fields| fields.iter().map(|f| f.name().clone()).collect::<Vec<_>>();
            match (names(found), names(fields)) {
                (found_names, names) if found_names == names => {
                    for (found, wanted) in found.iter().zip(fields) {
                        let path = format!("{field}.{}", found.name());
                        check_type(&path, found.data_type(), wanted.data_type(), faults);
                    }
                }
                (mut found_names, mut names) => {
                    found_names.sort();
                    names.sort();
                    faults.push(if found_names == names {
                        SchemaFault::PathBeforeBytes { field: field.to_owned() }
                    } else {
                        type_fault(field, &DataType::Struct(found.clone()), &wanted.to_string())
                    });
                }
            }
        }
        (DataType::LargeBinary | DataType::BinaryView, DataType::Binary)
        | (DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => faults.push(SchemaFault::Wide {
            field: field.to_owned(),
            found: found.to_string(),
            wanted: wanted.to_string(),
        }),
        (DataType::Binary | DataType::LargeBinary | DataType::BinaryView, DataType::Struct(_)) => {
            faults.push(SchemaFault::BareBinary { field: field.to_owned() });
        }
        _ if found == wanted => {}
        _ => faults.push(type_fault(field, found, &wanted.to_string())),
    }
}

fn check_nullable(path: &str, field: &Field, faults: &mut Vec<SchemaFault>) {
    if !field.is_nullable() {
        faults.push(SchemaFault::NotNullable { field: path.to_owned() });
    }
    if let DataType::Struct(fields) = field.data_type() {
        for field in fields {
            check_nullable(&format!("{path}.{}", field.name()), field, faults);
        }
    }
    if let Some(item) = item_of(field.data_type()) {
        check_nullable(&format!("{path}[]"), item, faults);
    }
}

fn check_features(schema: &Schema, images: ImageColumn, faults: &mut Vec<SchemaFault>) {
    let Some(text) = schema.metadata().get(HUGGINGFACE) else {
        return faults.push(SchemaFault::NoFeatures);
    };
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let Some(listed) = parsed.as_ref().and_then(|info| info["info"]["features"].as_object()) else {
        return faults.push(SchemaFault::UnreadableFeatures);
    };
    let names: Vec<String> = listed.keys().cloned().collect();
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    if names != columns {
        faults.push(SchemaFault::OtherColumns { listed: names, columns });
    }
    for (column, wanted) in features(images) {
        if let Some(found) = listed.get(&column).filter(|found| **found != wanted) {
            faults.push(SchemaFault::Feature { column, found: found.to_string(), wanted: wanted.to_string() });
        }
    }
}

fn type_fault(field: &str, found: &DataType, wanted: &str) -> SchemaFault {
    SchemaFault::Type { field: field.to_owned(), found: found.to_string(), wanted: wanted.to_owned() }
}

/// Name of a list type without its entries.
fn kind(list: &DataType) -> String {
    let text = list.to_string();
    text.split('(').next().unwrap_or_default().to_owned()
}
