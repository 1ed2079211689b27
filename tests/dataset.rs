//! Finished datasets: their rows, manifests and accounts.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use obelisc_document::account::Accounts;
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Reader;
use obelisc_testkit::{compare, digest_tree};
use serde_json::Value;

/// One row of a shard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) texts: Vec<Option<String>>,
    /// The images: their bytes, or their URLs.
    pub(crate) images: Vec<Option<Vec<u8>>>,
    pub(crate) metadata: Vec<Value>,
    /// What is said of the page.
    pub(crate) general: Value,
}

impl Row {
    /// The `src` of each image, in order.
    pub(crate) fn sources(&self) -> Vec<&str> {
        self.metadata.iter().filter_map(|entry| entry["src"].as_str()).collect()
    }
}

/// The manifest of a dataset folder.
pub(crate) fn manifest(dataset: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(dataset.join("manifest.json")).unwrap()).unwrap()
}

/// The rows of all shards, in order.
pub(crate) fn rows(dataset: &Path) -> Vec<Row> {
    rows_where(dataset, |_| true)
}

/// The rows of the shards of a split, in order.
pub(crate) fn rows_of_split(dataset: &Path, split: &str) -> Vec<Row> {
    rows_where(dataset, |shard| shard["split"] == split)
}

fn rows_where(dataset: &Path, wanted: impl Fn(&&Value) -> bool) -> Vec<Row> {
    let storage = LocalFolder::open(dataset).unwrap();
    let manifest = manifest(dataset);
    let shards = manifest["shards"].as_array().unwrap().iter().filter(wanted);
    let readers = shards.map(|shard| Reader::open(&storage, shard["path"].as_str().unwrap(), 16).unwrap());
    readers.flatten().flat_map(|batch| rows_of(&batch.unwrap())).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let (images, texts) = (batch["images"].as_list::<i32>(), batch["texts"].as_list::<i32>());
    let (metadata, general) = (batch["metadata"].as_string::<i32>(), batch["general_metadata"].as_string::<i32>());
    let row = |index| {
        let general: Value = serde_json::from_str(general.value(index)).unwrap();
        Row {
            url: general["url"].as_str().unwrap().to_owned(),
            texts: texts.value(index).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect(),
            images: images_of(&images.value(index)),
            metadata: serde_json::from_str(metadata.value(index)).unwrap(),
            general,
        }
    };
    (0..batch.num_rows()).map(row).collect()
}

fn images_of(list: &dyn Array) -> Vec<Option<Vec<u8>>> {
    match list.as_struct_opt() {
        Some(images) => {
            let bytes = images.column_by_name("bytes").unwrap().as_binary::<i32>();
            let value = |index| (!images.is_null(index)).then(|| bytes.value(index).to_vec());
            (0..images.len()).map(value).collect()
        }
        None => list.as_string::<i32>().iter().map(|url| url.map(|url| url.as_bytes().to_vec())).collect(),
    }
}

/// The digests of all files below a folder.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, String> {
    digest_tree(folder).unwrap()
}

/// The digests of a run's finished dataset.
pub(crate) fn dataset_tree(output: &Path) -> BTreeMap<String, String> {
    tree(&output.join("dataset"))
}

/// The digests of the shards of a run's finished dataset.
pub(crate) fn data_tree(output: &Path) -> BTreeMap<String, String> {
    tree(&output.join("dataset/data"))
}

/// Fails, naming the differences, where two folders do not hold the same bytes.
pub(crate) fn assert_same(expected: &BTreeMap<String, String>, actual: &BTreeMap<String, String>) {
    assert!(!expected.is_empty());
    compare(expected, actual).unwrap_or_else(|differences| panic!("not the same bytes:\n{differences}"));
}

/// The accounts of each step of a manifest, in order.
pub(crate) fn accounts(manifest: &Value) -> Vec<(String, Accounts)> {
    let stages = manifest["stages"].as_array().unwrap().iter();
    stages
        .map(|stage| {
            let accounts = serde_json::from_value(stage["accounts"].clone()).unwrap();
            (stage["name"].as_str().unwrap().to_owned(), accounts)
        })
        .collect()
}
