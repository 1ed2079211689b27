//! The dataset card's body: the truth about the dataset, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use obelisc_document::Reason;
use obelisc_document::account::Flow;

use crate::card::{Card, totals};
use crate::{Counts, ImageColumn, Manifest, Removal, Stage};

/// Most inputs that the card lists; the manifest lists all.
const MAX_INPUTS_SHOWN: usize = 50;

pub(crate) fn write(out: &mut String, card: &Card, manifest: &Manifest, images: ImageColumn) -> fmt::Result {
    let splits = totals(manifest);
    let rows: u64 = splits.iter().map(|(_, split)| split.rows).sum();
    let image_count: u64 = splits.iter().map(|(_, split)| split.images).sum();
    writeln!(out, "# {}\n", plain(&card.pretty_name))?;
    if !card.summary.trim().is_empty() {
        writeln!(out, "{}\n", card.summary.trim())?;
    }
    writeln!(
        out,
        "{} with {}, from {}.  A document is one web page: its texts and images in the order in which a reader meets \
         them.\n",
        counted(rows, "document"),
        counted(image_count, "image"),
        counted(manifest.inputs.len() as u64, if of_datasets(manifest) { "file of a dataset" } else { "web archive" }),
    )?;
    writeln!(out, "Version {} of the dataset, digest `{}`.\n", manifest.dataset_version, manifest.dataset_digest)?;
    load(out, images, splits.first().map(|(split, _)| *split))?;
    writeln!(out, "## Size\n")?;
    writeln!(out, "| split | documents | images | texts | files | bytes | bytes uncompressed |")?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|")?;
    for (split, total) in &splits {
        let numbers =
            [total.rows, total.images, total.texts, total.shards, total.bytes, total.uncompressed_bytes].map(number);
        writeln!(out, "| {} | {} |", plain(split), numbers.join(" | "))?;
    }
    sources(out, manifest)?;
    recipe(out, manifest)?;
    takedowns(out, &manifest.removals)?;
    flows(out, &manifest.stages)?;
    removals(out, "What each rule removed", "rule or reason", &manifest.stages, |flow| &flow.dropped)?;
    removals(out, "What failed", "reason", &manifest.stages, |flow| &flow.failed)?;
    reasons(out, &manifest.stages)?;
    limits(out, card, images)
}

/// Whether all inputs are shards of datasets; beside archives an index is Parquet, too.
fn of_datasets(manifest: &Manifest) -> bool {
    !manifest.inputs.is_empty() && manifest.inputs.iter().all(|input| input.name.ends_with(".parquet"))
}

fn load(out: &mut String, images: ImageColumn, split: Option<&str>) -> fmt::Result {
    writeln!(out, "## Load\n\n```python\nfrom datasets import load_dataset\n")?;
    writeln!(
        out,
        "documents = load_dataset(\"path/to/this/folder\", split=\"{}\", streaming=True)",
        split.unwrap_or("train")
    )?;
    writeln!(out, "for document in documents:")?;
    writeln!(out, "    for text, image in zip(document[\"texts\"], document[\"images\"]):")?;
    writeln!(out, "        ...  # exactly one of the two is not None\n```\n")?;
    let image = match images {
        ImageColumn::Bytes => "the image (decoded by `datasets`), null where a text stands",
        ImageColumn::Url => "the image's URL, null where a text stands",
    };
    writeln!(out, "| column | one entry of it |\n|---|---|")?;
    writeln!(out, "| `images` | list: {image} |")?;
    writeln!(out, "| `metadata` | JSON list of the same length: an object for an image, null for a text |")?;
    writeln!(out, "| `general_metadata` | JSON object: page URL, archive, offset and length of its record |")?;
    writeln!(out, "| `texts` | list of the same length: a text, null where an image stands |\n")
}

fn sources(out: &mut String, manifest: &Manifest) -> fmt::Result {
    writeln!(out, "\n## Sources\n\n| archive | bytes | records read | sha256 of the bytes read |\n|---|--:|--:|---|")?;
    for input in manifest.inputs.iter().take(MAX_INPUTS_SHOWN) {
        let (size, records) = (number(input.size), number(input.records));
        writeln!(out, "| {} | {size} | {records} | `{}` |", plain(&input.name), input.read_sha256)?;
    }
    if let Some(more) = manifest.inputs.len().checked_sub(MAX_INPUTS_SHOWN).filter(|more| *more > 0) {
        writeln!(out, "\nAnd {} more, all listed in `manifest.json`.", number(more as u64))?;
    }
    Ok(())
}

fn recipe(out: &mut String, manifest: &Manifest) -> fmt::Result {
    let recipe = &manifest.recipe;
    writeln!(out, "\n## How it was made\n")?;
    writeln!(
        out,
        "By obelisc {} with the recipe {} (sha256 `{}`):\n",
        plain(&manifest.program_version),
        plain(&recipe.name),
        recipe.text_sha256
    )?;
    let fence = fence(&recipe.text);
    writeln!(out, "{fence}toml\n{}\n{fence}", recipe.text.trim_end())?;
    if !recipe.overrides.is_empty() {
        writeln!(out, "\nThe command line set instead:\n\n| key | value |\n|---|---|")?;
        for (key, value) in &recipe.overrides {
            writeln!(out, "| {} | {} |", plain(key), plain(value))?;
        }
    }
    if !recipe.own_rules.is_empty() {
        writeln!(out, "\nRules beside those of the program, whose texts `manifest.json` holds:\n")?;
        writeln!(out, "| rule | version | options |\n|---|---|---|")?;
        for own in &recipe.own_rules {
            let options = serde_json::Value::Object(own.options.clone()).to_string();
            writeln!(out, "| {} | {} | {} |", plain(&own.rule), own.version, plain(&options))?;
        }
    }
    Ok(())
}

fn takedowns(out: &mut String, removals: &[Removal]) -> fmt::Result {
    if removals.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Takedowns\n\nTaken out after the run, as somebody asked for; what it was is not said here.\n")?;
    writeln!(out, "| version | made from | documents | images out of documents that stay | files written anew |")?;
    writeln!(out, "|--:|--:|--:|--:|--:|")?;
    for removal in removals {
        let numbers = [removal.pages, removal.images, removal.shards].map(number);
        writeln!(out, "| {} | {} | {} |", removal.version, removal.from_version, numbers.join(" | "))?;
    }
    Ok(())
}

fn flows(out: &mut String, stages: &[Stage]) -> fmt::Result {
    writeln!(out, "\n## Stages\n\nIn every line in = kept + dropped + failed + merged into a neighbour.\n")?;
    writeln!(out, "| stage | counted | in | kept | dropped | failed | merged |\n|---|---|--:|--:|--:|--:|--:|")?;
    for stage in stages {
        for (unit, flow) in stage.accounts.0.iter().filter(|(_, flow)| flow.entered > 0) {
            let (dropped, failed) = (flow.dropped.values().sum(), flow.failed.values().sum());
            let numbers = [flow.entered, flow.kept, dropped, failed, flow.merged].map(number);
            writeln!(out, "| {} | {} | {} |", plain(&stage.name), plain(unit), numbers.join(" | "))?;
        }
    }
    Ok(())
}

/// One table row per stage and reason, with a column per unit that lost something.
fn removals(
    out: &mut String,
    title: &str,
    by: &str,
    stages: &[Stage],
    counts: impl Fn(&Flow) -> &Counts,
) -> fmt::Result {
    writeln!(out, "\n## {title}\n")?;
    let mut units = BTreeSet::new();
    let mut rows: Vec<(&str, &str, BTreeMap<&str, u64>)> = Vec::new();
    for stage in stages {
        let mut by_name: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for (unit, flow) in &stage.accounts.0 {
            for (name, count) in counts(flow) {
                units.insert(unit.as_str());
                by_name.entry(name).or_default().insert(unit, *count);
            }
        }
        rows.extend(by_name.into_iter().map(|(name, counts)| (stage.name.as_str(), name, counts)));
    }
    if rows.is_empty() {
        return writeln!(out, "Nothing.");
    }
    let names: Vec<_> = units.iter().map(|unit| plain(unit)).collect();
    writeln!(out, "| stage | {by} | {} |\n|---|---|{}", names.join(" | "), "--:|".repeat(units.len()))?;
    for (stage, name, counts) in rows {
        let numbers: Vec<_> = units.iter().map(|unit| number(counts.get(unit).copied().unwrap_or(0))).collect();
        writeln!(out, "| {} | {} | {} |", plain(stage), plain(name), numbers.join(" | "))?;
    }
    Ok(())
}

/// What the reasons mean that occur.
fn reasons(out: &mut String, stages: &[Stage]) -> fmt::Result {
    let occurs = |reason: &&Reason| {
        let flows = stages.iter().flat_map(|stage| stage.accounts.0.values());
        let mut counts = flows.flat_map(|flow| [&flow.dropped, &flow.failed]);
        counts.any(|counts| counts.contains_key(reason.name()))
    };
    let mut occurring = Reason::ALL.iter().filter(occurs).peekable();
    if occurring.peek().is_some() {
        writeln!(out, "\n| reason | meaning |\n|---|---|")?;
    }
    for reason in occurring {
        writeln!(out, "| {} | {} |", plain(reason.name()), plain(reason.explanation().trim()))?;
    }
    Ok(())
}

fn limits(out: &mut String, card: &Card, images: ImageColumn) -> fmt::Result {
    writeln!(out, "\n## Known limits\n")?;
    writeln!(out, "- Pages and pictures belong to their authors and keep their licences, which nobody checked.")?;
    writeln!(out, "- Texts and pictures may show personal data.")?;
    match images {
        ImageColumn::Bytes => {
            writeln!(out, "- A picture is as the archive holds it; its page may show another today.")?
        }
        ImageColumn::Url => writeln!(out, "- Images are links: what they lead to may change or be gone.")?,
    }
    for limit in &card.known_limits {
        writeln!(out, "- {}", limit.trim().replace('\n', " "))?;
    }
    Ok(())
}

/// A number and what it counts.
fn counted(count: u64, noun: &str) -> String {
    let plural = match noun.split_once(" of ") {
        _ if count == 1 => noun.to_owned(),
        Some((noun, of)) => format!("{noun}s of {of}"),
        None => format!("{noun}s"),
    };
    format!("{} {plural}", number(count))
}

/// A number with a comma at every third digit.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text that Markdown shows as it is, also in a table.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A code fence longer than any run of backticks in a text.
fn fence(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_the_right() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_of_a_thing_is_not_called_many() {
        assert_eq!([counted(1, "image"), counted(0, "image")], ["1 image", "0 images"]);
    }

    #[test]
    fn a_recipe_cannot_leave_its_code_block() {
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("````\n```"), "`````");
    }

    #[test]
    fn an_archive_name_cannot_break_its_table() {
        assert_eq!(plain("a|b\nc_d"), "a\\|b c\\_d");
    }
}
