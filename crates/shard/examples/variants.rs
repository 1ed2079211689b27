//! Writes one small dataset per schema variant, to be loaded by other programs: which variants do they decode, which
//! do they pass over without a word?  `tests/datasets_variants.py` asks `datasets`.
//!
//! ```text
//! cargo run -p obelisc-shard --example variants -- FOLDER
//! ```
//!
//! Beside the folders stands `guard.json`: what [`obelisc_shard::check_footer`] says of each variant.
#![allow(clippy::disallowed_methods, reason = "an example that writes files")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BinaryViewArray, Int64Array, LargeBinaryArray, LargeListArray, LargeStringArray, ListArray,
    RecordBatch, StringArray, StringViewArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{Field, Fields, Schema};
use obelisc_shard::schema::HUGGINGFACE;
use obelisc_shard::{ImageColumn, check_footer, schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How a string or binary column is stored.
#[derive(Clone, Copy, PartialEq)]
enum Width {
    Normal,
    Large,
    View,
}

/// What the `images` entries are.
#[derive(Clone, Copy, PartialEq)]
enum Images {
    Struct,
    PathFirst,
    BareBinary,
    Url,
}

/// Where the features stand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Nowhere,
    ArrowSchema,
    KeyValue,
    Both,
    KeyValueWithoutArrowSchema,
    /// In the header of a card.
    Readme,
}

/// One variant of the schema: ours, but for what a variant changes.
#[derive(Clone)]
struct Variant {
    images: Images,
    list: Width,
    bytes: Width,
    strings: Width,
    child: &'static str,
    nullable: bool,
    nullable_child: bool,
    extra: bool,
    texts_first: bool,
    place: Place,
    /// The JSON, where it is not that of our schema.
    features: Option<String>,
}

const OURS: Variant = Variant {
    images: Images::Struct,
    list: Width::Normal,
    bytes: Width::Normal,
    strings: Width::Normal,
    child: "element",
    nullable: true,
    nullable_child: true,
    extra: false,
    texts_first: false,
    place: Place::ArrowSchema,
    features: None,
};

fn variants() -> Vec<(&'static str, Variant)> {
    let json = |image: &str, more: &str| {
        let string = r#"{"dtype": "string", "_type": "Value"}"#;
        let texts = format!(r#"{{"feature": {string}, "_type": "List"}}"#);
        Some(format!(
            r#"{{"info": {{"features": {{"images": {image}, "metadata": {string}, "general_metadata": {string}, "texts": {texts}{more}}}}}}}"#
        ))
    };
    let image = r#"{"feature": {"_type": "Image"}, "_type": "List"}"#;
    let old = json(r#"{"feature": {"_type": "Image"}, "_type": "Sequence"}"#, "");
    let literal = json(r#"[{"_type": "Image"}]"#, "");
    let counted = json(image, r#", "words": {"dtype": "int64", "_type": "Value"}"#);
    vec![
        ("ours", OURS),
        ("no_features", Variant { place: Place::Nowhere, ..OURS }),
        ("old_sequence", Variant { features: old, ..OURS }),
        ("list_literal", Variant { features: literal, ..OURS }),
        ("large_list", Variant { list: Width::Large, ..OURS }),
        ("large_binary", Variant { bytes: Width::Large, ..OURS }),
        ("large_string", Variant { strings: Width::Large, ..OURS }),
        ("binary_view", Variant { bytes: Width::View, ..OURS }),
        ("string_view", Variant { strings: Width::View, ..OURS }),
        ("path_before_bytes", Variant { images: Images::PathFirst, ..OURS }),
        ("bare_binary", Variant { images: Images::BareBinary, ..OURS }),
        ("child_named_item", Variant { child: "item", ..OURS }),
        ("not_nullable", Variant { nullable: false, ..OURS }),
        ("not_nullable_child", Variant { nullable_child: false, ..OURS }),
        ("key_value_only", Variant { place: Place::KeyValue, ..OURS }),
        ("schema_and_key_value", Variant { place: Place::Both, ..OURS }),
        ("key_value_without_arrow_schema", Variant { place: Place::KeyValueWithoutArrowSchema, ..OURS }),
        ("texts_before_images", Variant { texts_first: true, ..OURS }),
        ("extra_column_unlisted", Variant { extra: true, ..OURS }),
        ("extra_column_listed", Variant { extra: true, features: counted, ..OURS }),
        ("features_in_readme", Variant { place: Place::Readme, ..OURS }),
        ("urls", Variant { images: Images::Url, ..OURS }),
    ]
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).ok_or("usage: variants FOLDER")?;
    let mut verdicts = serde_json::Map::new();
    for (name, variant) in variants() {
        let faults = write(&variant, &Path::new(&folder).join(name))?;
        verdicts.insert(name.to_owned(), faults.into());
    }
    fs::write(Path::new(&folder).join("guard.json"), serde_json::to_string_pretty(&verdicts)?)?;
    Ok(())
}

/// Writes a variant's folder; says why the guard refuses it, if it does.
fn write(variant: &Variant, folder: &Path) -> Result<Option<String>> {
    fs::create_dir_all(folder.join("data"))?;
    let column = if variant.images == Images::Url { ImageColumn::Url } else { ImageColumn::Bytes };
    let ours = schema(column).metadata()[HUGGINGFACE].clone();
    let features = variant.features.clone().unwrap_or(ours);
    let batch = batch(variant)?;
    let mut arrow_schema = batch.schema().as_ref().clone();
    if matches!(variant.place, Place::ArrowSchema | Place::Both) {
        arrow_schema.metadata.insert(HUGGINGFACE.to_owned(), features.clone());
    }
    let batch = batch.with_schema(Arc::new(arrow_schema))?;
    let beside = matches!(variant.place, Place::KeyValue | Place::Both | Place::KeyValueWithoutArrowSchema)
        .then(|| vec![KeyValue::new(HUGGINGFACE.to_owned(), features)]);
    let properties = WriterProperties::builder().set_key_value_metadata(beside).build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(variant.place == Place::KeyValueWithoutArrowSchema);
    let file = fs::File::create(folder.join("data/train-00000-of-00001.parquet"))?;
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options)?;
    writer.write(&batch)?;
    let footer = writer.close()?;
    if variant.place == Place::Readme {
        fs::write(folder.join("README.md"), README)?;
    }
    Ok(check_footer(footer.file_metadata()).err().map(|error| error.to_string()))
}

/// A header as people write it by hand.
const README: &str = "---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.parquet
dataset_info:
  features:
  - name: images
    list: image
  - name: metadata
    dtype: string
  - name: general_metadata
    dtype: string
  - name: texts
    list: string
  splits:
  - name: train
    num_bytes: 1000
    num_examples: 2
---
";

/// Two documents: text, PNG, JPEG, text and WebP, text.  Without nulls where the children must not have any.
fn batch(variant: &Variant) -> Result<RecordBatch> {
    let pictures: [&[u8]; 3] = [
        include_bytes!("../tests/fixtures/gradient.png"),
        include_bytes!("../tests/fixtures/gradient.jpg"),
        include_bytes!("../tests/fixtures/gradient.webp"),
    ];
    let [png, jpeg, webp] = pictures;
    let (images, texts, lengths): (Vec<_>, Vec<_>, _) = if variant.nullable_child {
        let images = vec![None, Some(png), Some(jpeg), None, Some(webp), None];
        (images, vec![Some("One."), None, None, Some("Two."), None, Some("Three.")], [4, 2])
    } else {
        (vec![Some(png), Some(jpeg), Some(webp)], vec![Some("One."), Some("Two."), Some("Three.")], [2, 1])
    };
    let mut columns = vec![
        ("images", list(variant, image_items(variant, &images)?, lengths)?),
        ("metadata", strings(variant, &[Some("[null, {}, {}, null]"), Some("[{}, null]")])),
        ("general_metadata", strings(variant, &[Some("{}"), Some("{}")])),
        ("texts", list(variant, strings(variant, &texts), lengths)?),
    ];
    if variant.extra {
        columns.push(("words", Arc::new(Int64Array::from(vec![2, 1]))));
    }
    if variant.texts_first {
        columns.rotate_right(1);
    }
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), variant.nullable);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect())?)
}

fn list(variant: &Variant, items: ArrayRef, lengths: [usize; 2]) -> Result<ArrayRef> {
    let field = Arc::new(Field::new(variant.child, items.data_type().clone(), variant.nullable_child));
    Ok(match variant.list {
        Width::Large => Arc::new(LargeListArray::try_new(field, OffsetBuffer::from_lengths(lengths), items, None)?),
        _ => Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), items, None)?),
    })
}

fn strings(variant: &Variant, values: &[Option<&str>]) -> ArrayRef {
    match variant.strings {
        Width::Normal => Arc::new(StringArray::from_iter(values)),
        Width::Large => Arc::new(LargeStringArray::from_iter(values)),
        Width::View => Arc::new(StringViewArray::from_iter(values)),
    }
}

fn image_items(variant: &Variant, images: &[Option<&[u8]>]) -> Result<ArrayRef> {
    let paths: Vec<Option<&str>> = images.iter().map(|image| image.map(|_| "picture")).collect();
    let bytes: ArrayRef = match variant.bytes {
        Width::Normal => Arc::new(BinaryArray::from_iter(images)),
        Width::Large => Arc::new(LargeBinaryArray::from_iter(images)),
        Width::View => Arc::new(BinaryViewArray::from_iter(images)),
    };
    let mut fields = vec![("bytes", Arc::clone(&bytes)), ("path", strings(variant, &paths))];
    match variant.images {
        Images::BareBinary => return Ok(bytes),
        Images::Url => {
            let urls = paths.iter().map(|path| path.map(|path| format!("https://example.org/{path}")));
            return Ok(Arc::new(StringArray::from_iter(urls)));
        }
        Images::PathFirst => fields.reverse(),
        Images::Struct => {}
    }
    let nulls = variant.nullable_child.then(|| NullBuffer::from_iter(images.iter().map(Option::is_some)));
    let (names, arrays): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let fields: Fields = names
        .iter()
        .zip(&arrays)
        .map(|(name, array): (&&str, &ArrayRef)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    Ok(Arc::new(StructArray::try_new(fields, arrays, nulls)?))
}
