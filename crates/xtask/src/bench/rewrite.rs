//! A dataset in the layout of OBELICS, judged and written anew with the bytes of its images.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use obelisc_document::{Content, DocId, Document, ImageFacts, ImageNode, Node, Page, paragraphs};
use obelisc_shard::{ImageColumn, Limits, Row, ShardWriter};
use obelisc_testkit::{Prose, picture};
use serde_json::{Value, json};

use crate::binary::{Binary, target};
use crate::root;

/// How large, beside whom.
#[derive(Args, Debug)]
pub(crate) struct Rewrite {
    /// Documents of the corpus
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    documents: u32,
    /// Recipe whose rules judge them [default: pipelines/default.toml]
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Python with pyarrow and datasets, which copy the same files
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Fail if fewer documents are written per second of one core
    #[arg(long, value_name = "N")]
    min_per_core: Option<f64>,
    /// Measure the memory for ten documents, for a hundredth, and for all of them instead; fail if all need more than twice what the hundredth does
    #[arg(long, conflicts_with_all = ["min_per_core", "json"])]
    growth: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Files of the corpus.
const FILES: u32 = 8;
/// Pictures of the corpus: JPEG of 160 by 160 pixels.
const PICTURES: u64 = 64;
/// Those who copy a dataset without judging it.
const PEERS: [&str; 2] = ["pyarrow", "datasets"];

/// What a command took.
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// Measures; says whether it is as fast as was asked.
pub(super) fn run(options: &Rewrite) -> Result<bool> {
    let binary = Binary::release()?;
    let scratch = tempfile::tempdir_in(target()?)?;
    if options.growth {
        return growth(options, &binary, scratch.path());
    }
    let corpus = scratch.path().join("corpus");
    let bytes = make(&corpus, options.documents)?;
    let recipe = options.recipe();
    let about = format!(
        "{} documents of 3 texts and 2 pictures (JPEG, 160 × 160), {:.0} MB in {FILES} files; rules of {}",
        options.documents,
        bytes as f64 / 1e6,
        recipe.file_name().unwrap_or_default().to_string_lossy()
    );
    let output = scratch.path().join("ours");
    let ours = ours(options, &binary, &corpus, &output)?;
    let manifest: Value = serde_json::from_slice(&std::fs::read(output.join("dataset/manifest.json"))?)?;
    let shards = manifest["shards"].as_array().context("a manifest lists its shards")?;
    let kept: u64 = shards.iter().filter_map(|shard| shard["rows"].as_u64()).sum();
    let mut lines = vec![("obelisc judge --output".to_owned(), ours)];
    for peer in PEERS {
        let script = root().join("crates/xtask/src/bench/rewrite/copied.py");
        let mut command = Command::new(&options.python);
        command.arg(script).arg(peer).arg(&corpus).arg(scratch.path().join(peer));
        match measured(&options.python, &mut command) {
            Ok(cost) => lines.push((format!("{peer}, which judges nothing"), cost)),
            Err(error) => eprintln!("{peer}: {error:#}; left out"),
        }
    }
    let per_core = |cost: &Cost| f64::from(options.documents) / cost.cpu_seconds;
    let within = options.min_per_core.is_none_or(|min| lines.first().is_some_and(|(_, cost)| per_core(cost) >= min));
    if options.json {
        let line = |(who, cost): &(String, Cost)| {
            json!({"who": who, "per_core": per_core(cost), "seconds": cost.seconds, "cpu_seconds": cost.cpu_seconds,
                "peak_mib": cost.peak_bytes >> 20})
        };
        let all: Vec<Value> = lines.iter().map(line).collect();
        println!("{:#}", json!({"bench": "rewrite", "corpus": about, "kept": kept, "lines": all, "within": within}));
        return Ok(within);
    }
    println!("{about}; {kept} are kept");
    println!("{:<32} {:>14} {:>8} {:>8} {:>9}", "", "documents/s", "", "", "");
    println!("{:<32} {:>14} {:>8} {:>8} {:>9}", "who", "and core", "wall s", "CPU s", "peak MiB");
    for (who, cost) in &lines {
        let (rate, peak) = (per_core(cost), cost.peak_bytes >> 20);
        println!("{who:<32} {rate:>14.0} {:>8.1} {:>8.2} {peak:>9}", cost.seconds, cost.cpu_seconds);
    }
    Ok(within)
}

impl Rewrite {
    fn recipe(&self) -> PathBuf {
        self.recipe.clone().unwrap_or_else(|| root().join("pipelines/default.toml"))
    }
}

fn ours(options: &Rewrite, binary: &Binary, corpus: &Path, output: &Path) -> Result<Cost> {
    let mut command = Command::new(binary.path());
    command.arg("judge").arg(options.recipe()).arg(corpus).arg("--output").arg(output);
    measured(&options.python, &mut command)
}

/// The same command for ten documents and for many.
fn growth(options: &Rewrite, binary: &Binary, scratch: &Path) -> Result<bool> {
    println!("documents  seconds  peak MiB");
    let mut peaks = Vec::new();
    for documents in [10, options.documents.div_ceil(100), options.documents] {
        let (corpus, output) = (scratch.join("corpus"), scratch.join("ours"));
        make(&corpus, documents)?;
        let cost = ours(options, binary, &corpus, &output)?;
        println!("{documents:>9} {:>8.1} {:>9}", cost.seconds, cost.peak_bytes >> 20);
        peaks.push(cost.peak_bytes);
        std::fs::remove_dir_all(corpus)?;
        std::fs::remove_dir_all(output)?;
    }
    Ok(matches!(peaks[..], [_, some, all] if all <= some.saturating_mul(2)))
}

/// Writes the corpus; its bytes.
fn make(folder: &Path, documents: u32) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    let pictures: Vec<Vec<u8>> = (0..PICTURES).map(|seed| picture::jpeg(seed, 160, 160)).collect();
    let mut bytes = 0;
    for file in 0..FILES {
        let path = folder.join(format!("train-{file:05}-of-{FILES:05}.parquet"));
        let mut writer = ShardWriter::new(File::create(path)?, ImageColumn::Bytes, Limits::default())?;
        for number in (file..documents).step_by(FILES as usize) {
            let mut next = u64::from(number) * 2;
            let row = Row::embedded::<obelisc_shard::Error>(&document(number), |_| {
                next += 1;
                Ok(pictures.get((next % PICTURES) as usize).cloned().unwrap_or_default())
            });
            writer.push(row?)?;
        }
        bytes += writer.finish()?.0.bytes;
    }
    Ok(bytes)
}

fn document(number: u32) -> Document {
    let mut prose = Prose::new(number.into());
    let mut contents = Vec::new();
    for place in 0..3 {
        contents.push(Content::Text(paragraphs(&format!("{}\n\n{}", prose.paragraph(3), prose.paragraph(2)))));
        if place < 2 {
            contents.push(Content::Image(Box::new(ImageNode {
                src: format!("https://site{}.example/{number}/{place}.jpg", number % 1000),
                unformatted_src: format!("/{number}/{place}.jpg"),
                source: "src".to_owned(),
                alt_text: Some(prose.title()),
                facts: Some(ImageFacts::new("jpeg", 160, 160)),
                ..ImageNode::default()
            })));
        }
    }
    let page = Page { url: format!("https://site{}.example/{number}", number % 1000), ..Page::default() };
    let nodes = contents.into_iter().zip(0..).map(|(content, ordinal)| Node { ordinal, content });
    Document { id: DocId::new("corpus", number.into(), 0), page, nodes: nodes.collect() }
}

fn measured(python: &Path, command: &mut Command) -> Result<Cost> {
    let mut measure = Command::new(python);
    measure.arg(root().join("crates/xtask/src/bench/fetch/measure.py")).arg(command.get_program());
    let output = measure.args(command.get_args()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| said[key].as_f64().context("no number");
    let peak_bytes = said["peak_bytes"].as_u64().context("no number")?;
    Ok(Cost { seconds: number("seconds")?, cpu_seconds: number("cpu_seconds")?, peak_bytes })
}
