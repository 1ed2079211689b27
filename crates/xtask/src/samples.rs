//! `cargo xtask samples`: pages as the scorer of main content sees them, for `crates/extract/model/train.py`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use obelisc_document::{Content, Document};
use obelisc_extract::{Extractor, Limits, Profile, Sample};
use obelisc_pipeline::Recipe;
use obelisc_pipeline::intake::{Intake, Seen};
use serde_json::json;

/// Of which archives.
#[derive(Args, Debug)]
pub(crate) struct Samples {
    /// Archives
    #[arg(value_name = "ARCHIVE", required = true)]
    archives: Vec<PathBuf>,
    /// Where the JSON lines go
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the names of the features, then a line for each page.
pub(crate) fn run(options: &Samples) -> Result<bool> {
    let recipe = Recipe::parse("samples", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n", &[])
        .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let intake = Intake::new(&recipe.extract, false)?;
    let extractor = Extractor::new(Profile::named("default")?, Limits::default());
    let mut out = BufWriter::new(File::create(&options.output)?);
    writeln!(out, "{}", json!({"names": Sample::names()}))?;
    let mut pages = 0;
    for archive in &options.archives {
        let file = File::open(archive).with_context(|| archive.display().to_string())?;
        intake.records(&archive.to_string_lossy(), file, |seen| {
            if let Seen::Page(page) = seen
                && let Ok((document, sample)) = extractor.sample(&page.input())
            {
                pages += 1;
                write(&document, &sample, &mut out)?;
            }
            Ok::<(), io::Error>(())
        })?;
    }
    out.flush()?;
    println!("{pages} pages");
    Ok(true)
}

fn write(document: &Document, sample: &Sample, out: &mut impl Write) -> io::Result<()> {
    let mut texts: Vec<Option<&str>> = Vec::new();
    for node in &document.nodes {
        match &node.content {
            Content::Text(paragraphs) => texts.extend(paragraphs.iter().map(|paragraph| Some(paragraph.text.as_str()))),
            Content::Image(_) => texts.push(None),
        }
    }
    let Sample { features, elements, around, words, address } = sample;
    let line = json!({"url": document.page.url, "texts": texts, "features": features, "elements": elements,
        "around": around, "words": words, "address": address});
    writeln!(out, "{line}")
}
