//! The guard refuses what readers misread.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use obelisc_shard::schema::HUGGINGFACE;
use obelisc_shard::{Error, ImageColumn, SchemaFault, check_footer, check_schema, schema};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::file::properties::WriterProperties;

/// Our schema with its fields changed.
fn with_fields(change: impl FnOnce(&mut Vec<Field>)) -> Schema {
    let ours = schema(ImageColumn::Bytes);
    let mut fields: Vec<_> = ours.fields().iter().map(|field| field.as_ref().clone()).collect();
    change(&mut fields);
    Schema::new(fields).with_metadata(ours.metadata().clone())
}

/// Our schema with other entries in `images`.
fn with_images(item: DataType, nullable: bool) -> Schema {
    with_fields(|fields| fields[0] = list("images", Field::new("element", item, nullable)))
}

/// Our schema with this JSON, or none.
fn with_features(json: Option<&str>) -> Schema {
    let metadata = json.map(|json| (HUGGINGFACE.to_owned(), json.to_owned()));
    schema(ImageColumn::Bytes).with_metadata(metadata.into_iter().collect())
}

fn list(name: &str, item: Field) -> Field {
    Field::new(name, DataType::List(Arc::new(item)), true)
}

fn image(fields: [(&str, DataType); 2]) -> DataType {
    DataType::Struct(fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect::<Fields>())
}

fn faults(schema: &Schema) -> Vec<String> {
    check_schema(schema).unwrap_err().iter().map(ToString::to_string).collect()
}

fn refuses(schema: &Schema, field: &str, reason: &str) {
    let faults = faults(schema);
    assert!(faults.iter().any(|fault| fault.contains(field) && fault.contains(reason)), "{faults:?}");
}

#[test]
fn our_schemas_pass() {
    assert_eq!(check_schema(&schema(ImageColumn::Bytes)), Ok(()));
    assert_eq!(check_schema(&schema(ImageColumn::Url)), Ok(()));
}

#[test]
fn the_name_of_a_lists_entries_does_not_matter() {
    let item = DataType::Struct(image_fields());
    let renamed = with_fields(|fields| fields[0] = list("images", Field::new("item", item, true)));
    assert_eq!(check_schema(&renamed), Ok(()));
}

fn image_fields() -> Fields {
    let DataType::Struct(fields) = image([("bytes", DataType::Binary), ("path", DataType::Utf8)]) else { panic!() };
    fields
}

#[test]
fn large_lists_are_refused() {
    let item = Arc::new(Field::new("element", DataType::Struct(image_fields()), true));
    for kind in [DataType::LargeList(Arc::clone(&item)), DataType::ListView(Arc::clone(&item))] {
        refuses(&with_fields(|fields| fields[0] = Field::new("images", kind, true)), "images", "32-bit offsets");
    }
    let texts = DataType::LargeList(Arc::new(Field::new("element", DataType::Utf8, true)));
    refuses(&with_fields(|fields| fields[3] = Field::new("texts", texts, true)), "texts", "32-bit offsets");
}

#[test]
fn large_and_view_values_are_refused() {
    for bytes in [DataType::LargeBinary, DataType::BinaryView] {
        let item = image([("bytes", bytes), ("path", DataType::Utf8)]);
        refuses(&with_images(item, true), "images[].bytes", "silently");
    }
    for string in [DataType::LargeUtf8, DataType::Utf8View] {
        let item = image([("bytes", DataType::Binary), ("path", string.clone())]);
        refuses(&with_images(item, true), "images[].path", "silently");
        for (at, name) in [(1, "metadata"), (2, "general_metadata")] {
            let wide = Field::new(name, string.clone(), true);
            refuses(&with_fields(|fields| fields[at] = wide), name, "silently");
        }
        let texts = list("texts", Field::new("element", string, true));
        refuses(&with_fields(|fields| fields[3] = texts), "texts[]", "silently");
    }
}

#[test]
fn path_before_bytes_is_refused() {
    let item = image([("path", DataType::Utf8), ("bytes", DataType::Binary)]);
    let expected = SchemaFault::PathBeforeBytes { field: "images[]".into() };
    assert_eq!(check_schema(&with_images(item, true)), Err(vec![expected]));
}

#[test]
fn a_list_of_bare_binaries_is_refused() {
    let expected = SchemaFault::BareBinary { field: "images[]".into() };
    assert_eq!(check_schema(&with_images(DataType::Binary, true)), Err(vec![expected]));
}

#[test]
fn fields_that_cannot_be_null_are_refused_at_every_depth() {
    for at in 0..4 {
        let schema = with_fields(|fields| fields[at] = fields[at].clone().with_nullable(false));
        assert_eq!(faults(&schema).len(), 1);
        refuses(&schema, schema.field(at).name(), "not nullable");
    }
    refuses(&with_images(DataType::Struct(image_fields()), false), "images[]", "not nullable");
    let strict: Fields = image_fields().iter().map(|field| field.as_ref().clone().with_nullable(false)).collect();
    refuses(&with_images(DataType::Struct(strict), true), "images[].bytes", "not nullable");
}

#[test]
fn missing_and_misplaced_columns_are_refused() {
    assert_eq!(faults(&with_fields(|fields| fields.swap(0, 3))).len(), 3, "two columns and the order of the features");
    refuses(&with_fields(|fields| drop(fields.pop())), "column 3", "missing");
    let number = Field::new("metadata", DataType::Int64, true);
    refuses(&with_fields(|fields| fields[1] = number), "metadata", "Int64");
}

#[test]
fn features_must_be_there_and_readable() {
    assert_eq!(check_schema(&with_features(None)), Err(vec![SchemaFault::NoFeatures]));
    for json in ["", "[]", "{}", r#"{"info": {"features": []}}"#] {
        assert_eq!(check_schema(&with_features(Some(json))), Err(vec![SchemaFault::UnreadableFeatures]), "{json}");
    }
}

#[test]
fn features_must_list_every_column_as_what_it_is() {
    let extra = with_fields(|fields| fields.push(Field::new("words", DataType::Int64, true)));
    assert!(matches!(&check_schema(&extra).unwrap_err()[..], [SchemaFault::OtherColumns { .. }]));
    let json = schema(ImageColumn::Bytes).metadata()[HUGGINGFACE].clone();
    let listed = json.replace("}}}", r#"}, "words": {"dtype": "int64", "_type": "Value"}}}"#);
    let metadata = [(HUGGINGFACE.to_owned(), listed)].into_iter().collect();
    assert_eq!(check_schema(&extra.with_metadata(metadata)), Ok(()));
    let links = schema(ImageColumn::Url).metadata()[HUGGINGFACE].clone();
    assert!(matches!(&check_schema(&with_features(Some(&links))).unwrap_err()[..], [SchemaFault::Feature { .. }]));
}

/// Footer of an empty file with this schema and the features beside it.
fn written(schema: Schema) -> FileMetaData {
    let beside = KeyValue::new(HUGGINGFACE.to_owned(), "{}".to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![beside])).build();
    let writer = ArrowWriter::try_new(Vec::new(), Arc::new(schema), Some(properties)).unwrap();
    writer.close().unwrap().file_metadata().clone()
}

#[test]
fn features_only_beside_the_arrow_schema_are_refused() {
    let Err(Error::Schema(faults)) = check_footer(&written(with_features(None))) else { panic!("accepted") };
    assert_eq!(faults, [SchemaFault::FeaturesOnlyInKeyValues]);
    check_footer(&written(schema(ImageColumn::Bytes))).unwrap();
}
