//! The dataset card's header: what `datasets` and the hub read.
//!
//! The keys are those of the hub's dataset card specification; `features` has the short form that `datasets` 5 writes
//! and reads (`list: image`).

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::Value;

use crate::{ImageColumn, Manifest, Split, card_body, schema};

/// What a recipe says about its dataset beside the numbers.  The card is a function of this and the manifest: no
/// time, no machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Title.
    pub pretty_name: String,
    /// A paragraph on what the dataset is for, Markdown; may be empty.
    pub summary: String,
    /// Licence identifier of the hub.
    pub license: String,
    /// Language tags (ISO 639); may be empty.
    pub languages: Vec<String>,
    /// Task categories of the hub.
    pub task_categories: Vec<String>,
    /// Further tags.
    pub tags: Vec<String>,
    /// What the dataset does not promise, one Markdown sentence each, beside what holds for every dataset.
    pub known_limits: Vec<String>,
}

impl Default for Card {
    /// An interleaved dataset of which nothing more is known: licence `other`, since pages and pictures keep theirs.
    fn default() -> Self {
        Self {
            pretty_name: "Interleaved image-text documents".to_owned(),
            summary: String::new(),
            license: "other".to_owned(),
            languages: Vec::new(),
            task_categories: vec!["image-text-to-text".to_owned(), "text-generation".to_owned()],
            tags: vec!["interleaved".to_owned(), "web".to_owned(), "obelisc".to_owned()],
            known_limits: Vec::new(),
        }
    }
}

/// Sums over the shards of a split.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SplitTotals {
    pub(crate) shards: u64,
    pub(crate) rows: u64,
    pub(crate) images: u64,
    pub(crate) texts: u64,
    pub(crate) bytes: u64,
    pub(crate) uncompressed_bytes: u64,
}

/// Totals by split, `train` first.
pub(crate) fn totals(manifest: &Manifest) -> Vec<(&str, SplitTotals)> {
    let mut totals: BTreeMap<&str, SplitTotals> = BTreeMap::new();
    for shard in &manifest.shards {
        let split = totals.entry(&shard.split).or_default();
        split.shards += 1;
        split.rows += shard.rows;
        split.images += shard.images;
        split.texts += shard.texts;
        split.bytes += shard.bytes;
        split.uncompressed_bytes += shard.uncompressed_bytes;
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(name, _)| Split::ALL.into_iter().position(|split| split.name() == *name));
    totals
}

impl Card {
    /// The text of `README.md`: the YAML header between `---` lines, then what the dataset is, what it was made of and
    /// how, what was removed and why, and what it does not promise.
    pub fn render(&self, manifest: &Manifest, images: ImageColumn) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.header(&mut text, manifest, images);
        let _ = card_body::write(&mut text, self, manifest, images);
        text
    }

    fn header(&self, out: &mut String, manifest: &Manifest, images: ImageColumn) -> fmt::Result {
        let splits = totals(manifest);
        let sum = |of: fn(&SplitTotals) -> u64| splits.iter().map(|(_, split)| of(split)).sum::<u64>();
        writeln!(out, "---")?;
        writeln!(out, "pretty_name: {}", quoted(&self.pretty_name))?;
        writeln!(out, "license: {}", quoted(&self.license))?;
        sequence(out, "language", &self.languages)?;
        sequence(out, "size_categories", &[size_category(sum(|split| split.rows)).to_owned()])?;
        sequence(out, "task_categories", &self.task_categories)?;
        sequence(out, "tags", &self.tags)?;
        writeln!(out, "configs:\n- config_name: default\n  data_files:")?;
        for (split, _) in &splits {
            writeln!(out, "  - split: {}", quoted(split))?;
            writeln!(out, "    path: {}", quoted(&format!("data/{split}-*.parquet")))?;
        }
        writeln!(out, "dataset_info:\n  features:")?;
        for (name, feature) in schema::features(images) {
            writeln!(out, "  - name: {name}")?;
            writeln!(out, "    {}", short_feature(&feature))?;
        }
        writeln!(out, "  splits:")?;
        for (split, total) in &splits {
            writeln!(out, "  - name: {}", quoted(split))?;
            writeln!(out, "    num_bytes: {}", total.uncompressed_bytes)?;
            writeln!(out, "    num_examples: {}", total.rows)?;
        }
        writeln!(out, "  download_size: {}", sum(|split| split.bytes))?;
        writeln!(out, "  dataset_size: {}", sum(|split| split.uncompressed_bytes))?;
        writeln!(out, "---\n")
    }
}

/// A feature in the header's short form: `list: image`, `dtype: string`.
fn short_feature(feature: &Value) -> String {
    let leaf = |feature: &Value| match feature["_type"].as_str() {
        Some("Image") => "image".to_owned(),
        _ => feature["dtype"].as_str().unwrap_or_default().to_owned(),
    };
    match feature.get("feature") {
        Some(item) => format!("list: {}", leaf(item)),
        None => format!("dtype: {}", leaf(feature)),
    }
}

fn sequence(out: &mut String, key: &str, values: &[String]) -> fmt::Result {
    if values.is_empty() {
        return Ok(());
    }
    writeln!(out, "{key}:")?;
    values.iter().try_for_each(|value| writeln!(out, "- {}", quoted(value)))
}

/// A string as YAML reads it back: JSON's double-quoted form is YAML's, but for control characters.
fn quoted(text: &str) -> String {
    Value::from(text.replace(char::is_control, " ")).to_string()
}

/// The hub's class of a number of rows.
fn size_category(rows: u64) -> &'static str {
    const CLASSES: [(u64, &str); 10] = [
        (1_000, "n<1K"),
        (10_000, "1K<n<10K"),
        (100_000, "10K<n<100K"),
        (1_000_000, "100K<n<1M"),
        (10_000_000, "1M<n<10M"),
        (100_000_000, "10M<n<100M"),
        (1_000_000_000, "100M<n<1B"),
        (10_000_000_000, "1B<n<10B"),
        (100_000_000_000, "10B<n<100B"),
        (1_000_000_000_000, "100B<n<1T"),
    ];
    CLASSES.iter().find(|(bound, _)| rows < *bound).map_or("n>1T", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_quotes_and_line_breaks_stays_one_yaml_string() {
        assert_eq!(quoted("a \"b\": c\n---"), r#""a \"b\": c ---""#);
    }

    #[test]
    fn size_classes_begin_at_their_lower_bound() {
        assert_eq!(size_category(999), "n<1K");
        assert_eq!(size_category(1000), "1K<n<10K");
        assert_eq!(size_category(u64::MAX), "n>1T");
    }

    #[test]
    fn features_have_the_short_form() {
        let of = |images| schema::features(images).values().map(short_feature).collect::<Vec<_>>();
        assert_eq!(of(ImageColumn::Bytes), ["list: image", "dtype: string", "dtype: string", "list: string"]);
        assert_eq!(of(ImageColumn::Url)[0], "list: string");
    }
}
