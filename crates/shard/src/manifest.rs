//! `manifest.json`: what the dataset is made of.
//!
//! The manifest of a rerun is byte-identical, so it holds nothing that a rerun would change: no time, no path of the
//! machine, no thread count.  A key `sha256` beside a `path` always names a file of the dataset folder, so that any
//! script can check them; digests of other things have longer names.

use std::collections::BTreeMap;

use obelisc_document::account::Accounts;
use serde::{Deserialize, Serialize};

use crate::sink::sha256;
use crate::{Error, Result};

/// The format of the manifests that this program writes.
pub const MANIFEST_FORMAT: u32 = 1;

/// Counts by name, in the order of the names.
pub type Counts = BTreeMap<String, u64>;

/// What a dataset is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the manifest: [`MANIFEST_FORMAT`] when written here.
    pub format: u32,
    /// Version of the dataset in its folder, from 1: counted up when another recipe or a removal makes a new one.
    pub dataset_version: u32,
    /// Digest of the dataset: see [`dataset_digest`].
    pub dataset_digest: String,
    /// Version of the program that wrote it.
    pub program_version: String,
    /// The recipe.
    pub recipe: Recipe,
    /// What was read, in the order of the names.
    pub inputs: Vec<Input>,
    /// Digest of the image store's seal; `None` where no image store was read.
    #[serde(default)]
    pub image_seal: Option<String>,
    /// The files, in the order of their paths.
    pub shards: Vec<Shard>,
    /// The stages, in the order in which they ran; behind those of the run one for each removal.
    pub stages: Vec<Stage>,
    /// What was taken out of the dataset after its run, oldest first; absent where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removals: Vec<Removal>,
}

/// The recipe of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// sha256 of `text`, 64 hexadecimal digits.
    pub text_sha256: String,
    /// What the command line set instead, key to value as written there.
    #[serde(default)]
    pub overrides: BTreeMap<String, String>,
    /// The whole file.
    pub text: String,
    /// Rules that are no part of the program; absent where there was none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_rules: Vec<OwnRule>,
}

/// A rule that whoever made the dataset brought: who makes it again needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnRule {
    /// Subject and name: `paragraph.exclamation_ratio`.
    pub rule: String,
    /// Semantic version.
    pub version: u32,
    /// Its options.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Texts that decide about its values: the source of a rule in Python.
    pub resources: Vec<String>,
}

impl Recipe {
    /// A recipe with the digest of its text.
    pub fn new(name: String, text: String, overrides: BTreeMap<String, String>) -> Self {
        Self { name, text_sha256: sha256(text.as_bytes()), overrides, text, own_rules: Vec::new() }
    }

    /// The overrides as a command line gives them: `KEY=VALUE`.
    pub fn set(&self) -> Vec<String> {
        self.overrides.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }
}

/// One input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// File name of the archive, without the folder where it lay, or its public URL.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// sha256 of the bytes read, 64 hexadecimal digits.
    pub read_sha256: String,
    /// Records read.
    pub records: u64,
    /// xxh3-128 over offsets and blocks of the records read, 32 hexadecimal digits; empty for pages.
    #[serde(default)]
    pub records_digest: String,
}

/// One file of the dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Path in the dataset folder, with `/`.
    pub path: String,
    /// Split that it belongs to.
    pub split: String,
    /// Rows.
    pub rows: u64,
    /// Images.
    pub images: u64,
    /// Texts.
    #[serde(default)]
    pub texts: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Sum of [`crate::Row::uncompressed_bytes`].
    #[serde(default)]
    pub uncompressed_bytes: u64,
    /// sha256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

impl Shard {
    /// The entry of a shard that was written.
    pub fn new(path: String, split: String, summary: &crate::ShardSummary) -> Self {
        Self {
            path,
            split,
            rows: summary.rows,
            images: summary.images,
            texts: summary.texts,
            bytes: summary.bytes,
            uncompressed_bytes: summary.uncompressed_bytes,
            sha256: summary.sha256.clone(),
        }
    }
}

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Name of the step; a stage of the recipe may have several.
    pub name: String,
    /// Digest of what it wrote, so that the same bytes in another place give the same manifest.
    pub digest: String,
    /// What became of the documents, images, paragraphs and whatever else the stage judges, by unit.
    pub accounts: Accounts,
}

/// A takedown from a finished dataset, in numbers: what was taken out is no part of what is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Version of the dataset that it made.
    pub version: u32,
    /// Version that this one was made from.
    pub from_version: u32,
    /// Digest of that version.
    pub from_digest: String,
    /// sha256 of the list, 64 hexadecimal digits.
    pub list_sha256: String,
    /// Entries of the list.
    pub entries: u64,
    /// Those of them that meant nothing in the dataset.
    pub unmatched_entries: u64,
    /// Documents that went.
    pub pages: u64,
    /// Images that went out of documents that stay.
    pub images: u64,
    /// Files that were written anew; all others are those of the version before.
    pub shards: u64,
    /// Version of the program that made it.
    pub program_version: String,
}

impl Manifest {
    /// Sorts shards and inputs, sets the format and the dataset digest, and checks that every stage's accounts balance.
    ///
    /// # Errors
    /// [`Error::Unbalanced`] for the first stage that loses or gains something.
    pub fn seal(mut self) -> Result<Self> {
        self.format = MANIFEST_FORMAT;
        self.inputs.sort_by(|a, b| a.name.cmp(&b.name));
        self.shards.sort_by(|a, b| a.path.cmp(&b.path));
        self.dataset_digest = dataset_digest(&self.shards);
        for stage in &self.stages {
            if let Some(unit) = stage.accounts.imbalance() {
                return Err(Error::Unbalanced { stage: stage.name.clone(), unit });
            }
        }
        Ok(self)
    }

    /// The file's text: indented JSON and a final newline.
    ///
    /// # Errors
    /// Where a value does not serialise, which none of ours does.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads a manifest of this or an older format.  Keys that are not known are passed over.
    ///
    /// # Errors
    /// [`Error::NewerManifest`] where a newer program wrote it, [`Error::NotAManifest`] where nothing says a format,
    /// [`Error::Json`].
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes)?;
        match value["format"].as_u64() {
            None => Err(Error::NotAManifest("no format number".to_owned())),
            Some(0) => Err(Error::NotAManifest("format 0 was never written".to_owned())),
            Some(found) if found > u64::from(MANIFEST_FORMAT) => {
                Err(Error::NewerManifest { found, known: MANIFEST_FORMAT })
            }
            Some(_) => Ok(serde_json::from_value(value)?),
        }
    }
}

/// Digest of a dataset: sha256 over one line `SHA256  PATH\n` per shard, sorted by path.  In the dataset folder
/// `sha256sum data/*.parquet | sha256sum` (in the C locale) prints the same.
pub fn dataset_digest(shards: &[Shard]) -> String {
    let mut files: Vec<_> = shards.iter().map(|shard| (shard.path.as_str(), shard.sha256.as_str())).collect();
    files.sort_unstable();
    let lines: String = files.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
    sha256(lines.as_bytes())
}
