//! `croissant.json`: the dataset in the words of Croissant 1.0, by which search engines and loaders know it.
//!
//! <https://docs.mlcommons.org/croissant/docs/croissant-spec.html>.  A function of card and manifest: no time, no machine.

use serde_json::{Map, Value, json};

use crate::card::{Card, totals};
use crate::{ImageColumn, Manifest, Result, Shard};

/// The version of Croissant.
const CONFORMS_TO: &str = "http://mlcommons.org/croissant/1.0";

/// How Croissant 1.0 abbreviates, as its specification has it.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataBiases": "cr:dataBiases",
        "dataCollection": "cr:dataCollection",
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "personalSensitiveInformation": "cr:personalSensitiveInformation",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    })
}

impl Card {
    /// The text of `croissant.json`: each shard with its sha256, the shards of each split together, the columns of their rows.
    ///
    /// # Errors
    /// Where a value does not serialise, which none of ours does.
    pub fn croissant(&self, manifest: &Manifest, images: ImageColumn) -> Result<String> {
        let splits: Vec<String> = totals(manifest).into_iter().map(|(split, _)| split.to_owned()).collect();
        let mut distribution: Vec<Value> = manifest.shards.iter().map(file).collect();
        distribution.extend(splits.iter().map(|split| file_set(split, &manifest.shards)));
        let mut all = Map::from_iter([
            ("@context".to_owned(), context()),
            ("@type".to_owned(), "sc:Dataset".into()),
            ("conformsTo".to_owned(), CONFORMS_TO.into()),
            ("name".to_owned(), name(&self.pretty_name).into()),
            ("alternateName".to_owned(), json!([self.pretty_name])),
            ("description".to_owned(), self.description().into()),
            ("license".to_owned(), self.license.clone().into()),
            ("version".to_owned(), format!("{}.0.0", manifest.dataset_version.max(1)).into()),
            ("keywords".to_owned(), json!(self.tags)),
        ]);
        if !self.languages.is_empty() {
            all.insert("inLanguage".to_owned(), json!(self.languages));
        }
        all.insert("distribution".to_owned(), distribution.into());
        all.insert("recordSet".to_owned(), splits.iter().map(|split| record_set(split, images)).collect());
        Ok(serde_json::to_string_pretty(&all)? + "\n")
    }

    fn description(&self) -> String {
        let what = "Interleaved image-text documents.  A document is one web page: its texts and images in the order in which a reader meets them.";
        match self.summary.trim() {
            "" => what.to_owned(),
            summary => format!("{summary}\n\n{what}"),
        }
    }
}

/// A title as Croissant wants names: letters, digits, hyphens and underscores.
fn name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    if name.is_empty() { "dataset".to_owned() } else { name }
}

fn file(shard: &Shard) -> Value {
    json!({
        "@type": "cr:FileObject",
        "@id": shard.path,
        "name": shard.path,
        "contentUrl": shard.path,
        "contentSize": format!("{} B", shard.bytes),
        "encodingFormat": "application/x-parquet",
        "sha256": shard.sha256,
    })
}

fn file_set(split: &str, shards: &[Shard]) -> Value {
    let own = shards.iter().filter(|shard| shard.split == split).map(|shard| json!({"@id": shard.path}));
    json!({
        "@type": "cr:FileSet",
        "@id": format!("{split}-files"),
        "name": format!("{split}-files"),
        "description": format!("The shards of the split {split}."),
        "containedIn": own.collect::<Vec<_>>(),
        "encodingFormat": "application/x-parquet",
        "includes": format!("data/{split}-*.parquet"),
    })
}

fn record_set(split: &str, images: ImageColumn) -> Value {
    let (kind, meaning) = match images {
        ImageColumn::Bytes => ("sc:ImageObject", "Images; null where a text stands."),
        ImageColumn::Url => ("sc:URL", "URLs of images; null where a text stands."),
    };
    let field = |column: &str, kind: &str, repeated: bool, meaning: &str| {
        let mut field = json!({
            "@type": "cr:Field",
            "@id": format!("{split}/{column}"),
            "name": column,
            "description": meaning,
            "dataType": kind,
            "source": {"fileSet": {"@id": format!("{split}-files")}, "extract": {"column": column}},
        });
        if repeated {
            field["repeated"] = true.into();
        }
        field
    };
    json!({
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": format!("The documents of the split {split}."),
        "field": [
            field("images", kind, true, meaning),
            field("metadata", "sc:Text", false, "JSON list of the same length: an object for an image, null for a text."),
            field("general_metadata", "sc:Text", false, "JSON object: page URL, archive, offset and length of its record."),
            field("texts", "sc:Text", true, "Texts; null where an image stands."),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShardSummary;

    #[test]
    fn every_shard_and_every_split_is_named_once() {
        let shard = |split: &str, index| {
            let summary = ShardSummary { rows: 3, bytes: 9, sha256: format!("{index:064}"), ..ShardSummary::default() };
            Shard::new(format!("data/{split}-{index:05}-of-00002.parquet"), split.to_owned(), &summary)
        };
        let manifest =
            Manifest { shards: vec![shard("test", 0), shard("train", 0), shard("train", 1)], ..Manifest::default() };
        let text = Card::default().croissant(&manifest, ImageColumn::Bytes).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["@type"], &value["conformsTo"]), (&json!("sc:Dataset"), &json!(CONFORMS_TO)));
        assert_eq!(value["name"], "Interleaved-image-text-documents");
        let kinds: Vec<&str> =
            value["distribution"].as_array().unwrap().iter().filter_map(|d| d["@type"].as_str()).collect();
        assert_eq!(kinds, ["cr:FileObject", "cr:FileObject", "cr:FileObject", "cr:FileSet", "cr:FileSet"]);
        assert_eq!(value["distribution"][1]["sha256"], format!("{:064}", 0));
        assert_eq!(value["distribution"][3]["includes"], "data/train-*.parquet");
        assert_eq!(value["recordSet"][1]["field"][0]["source"]["fileSet"]["@id"], "test-files");
        assert!(text.ends_with("}\n"));
    }
}
