//! Text → language: what is built in, and a model of fastText; how often right, how fast.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use obelisc_testkit::read_gzip;
use obelisc_text::{FastText, LanguageIdentifier, Trigrams};
use serde_json::{Value, json};

use super::{cpu_time, median};
use crate::data;

/// The documents, in the folder of real data: sixty whole ones in each of thirteen languages, and what was made of them.
const DOCUMENTS: &str = "reference/roots_filtering.jsonl.gz";

/// What was not made on purpose to trip a rule.
const WHOLE: [&str; 3] = ["all text", "article", "main text"];

/// The shape of lid.176: dimensions, n-grams, loss; the rest is what so few texts need.
const TRAINING: &str = "-dim 16 -minn 2 -maxn 4 -loss hs -bucket 100000 -epoch 50 -lr 0.8 -thread 1 -seed 4 -verbose 0";

/// As lid.176.ftz was made of lid.176.bin.
const QUANTISING: &str = "-qnorm -cutoff 20000 -retrain -epoch 20 -lr 0.5 -thread 1 -verbose 0";

/// With which model, how often.
#[derive(Args, Debug)]
pub(crate) struct Language {
    /// Model of fastText whose labels are `__label__` and a code [default: one that the program `fasttext` trains on the
    /// half of the documents that is not asked]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Runs; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A document and its language.
struct Sample {
    language: String,
    text: String,
}

/// Who is asked.
struct Asked {
    name: String,
    identifier: Box<dyn LanguageIdentifier>,
    /// CPU seconds of each run.
    times: Vec<f64>,
    /// Documents told right and documents, by language.
    right: BTreeMap<String, (usize, usize)>,
}

impl Asked {
    fn new(name: &str, identifier: Box<dyn LanguageIdentifier>) -> Self {
        Self { name: name.to_owned(), identifier, times: Vec::new(), right: BTreeMap::new() }
    }

    fn pass(&mut self, samples: &[Sample]) {
        self.right.clear();
        let started = cpu_time();
        for sample in samples {
            let guess = self.identifier.identify(&sample.text);
            let (right, all) = self.right.entry(sample.language.clone()).or_default();
            *right += usize::from(guess.is_some_and(|guess| guess.language == sample.language));
            *all += 1;
        }
        self.times.push((cpu_time() - started).as_secs_f64());
    }
}

/// Measures those who can be asked in turns, so that what else the machine does meets all of them.
pub(super) fn run(options: &Language) -> Result<()> {
    let (training, held_out) = halves()?;
    let mut asked = vec![Asked::new("trigrams", Box::new(Trigrams))];
    if let Some(file) = &options.model {
        let name = file.file_name().map_or_else(Default::default, |name| name.to_string_lossy());
        asked.push(Asked::new(&name, model(file)?));
    } else if let Some(trained) = trained(&training)? {
        asked.push(Asked::new("fasttext .ftz", trained));
    } else {
        eprintln!("no program fasttext and no --model: measuring what is built in alone");
    }
    for _ in 0..options.runs {
        asked.iter_mut().for_each(|asked| asked.pass(&held_out));
    }
    print(options, &asked, &held_out, training.len());
    Ok(())
}

/// The documents in two halves.  All texts of a page are in the same one, and so are translations of an article.
fn halves() -> Result<(Vec<Sample>, Vec<Sample>)> {
    let file = data().map(|data| data.join(DOCUMENTS)).filter(|file| file.exists());
    let file = file.with_context(|| format!("OBELISC_DATA holds no {DOCUMENTS}"))?;
    let (mut training, mut held_out) = (Vec::new(), Vec::new());
    for line in String::from_utf8(read_gzip(&file))?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let field = |name: &str| row[name].as_str().with_context(|| format!("a document without {name}"));
        if !WHOLE.contains(&field("form")?) {
            continue;
        }
        let page = field("page")?.rsplit_once('#').map_or(field("page")?, |(page, _)| page);
        // FNV-1a, of which the highest bit depends on all bytes.
        let hash = page.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let half = if hash >> 31 == 0 { &mut training } else { &mut held_out };
        half.push(Sample { language: field("lang")?.to_owned(), text: field("text")?.to_owned() });
    }
    ensure!(!held_out.is_empty(), "{DOCUMENTS} holds no whole document");
    Ok((training, held_out))
}

/// A model of the training half; `None` without the program.
fn trained(samples: &[Sample]) -> Result<Option<Box<dyn LanguageIdentifier>>> {
    if Command::new("fasttext").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let mut lines = String::new();
    for sample in samples {
        writeln!(lines, "__label__{} {}", sample.language, sample.text.to_lowercase().replace('\n', " "))?;
    }
    std::fs::write(folder.path().join("train.txt"), lines)?;
    for (task, settings) in [("supervised", TRAINING), ("quantize", QUANTISING)] {
        let mut program = Command::new("fasttext");
        program.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        program.arg(task).args(["-input", "train.txt", "-output", "model"]).args(settings.split(' '));
        ensure!(program.status()?.success(), "fasttext {task} {settings} failed");
    }
    model(&folder.path().join("model.ftz")).map(Some)
}

fn model(file: &Path) -> Result<Box<dyn LanguageIdentifier>> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let model = FastText::open(Arc::new(bytes)).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    Ok(Box::new(model))
}

fn print(options: &Language, asked: &[Asked], samples: &[Sample], training: usize) {
    let megabytes = samples.iter().map(|sample| sample.text.len()).sum::<usize>() as f64 / 1e6;
    let mut rows = Vec::new();
    let mut text = format!("{:<14} {:>8} {:>8} {:>8} {:>12}", "who", "right", "s", "MB/s", "documents/s");
    let languages: BTreeSet<&String> = asked.iter().flat_map(|asked| asked.right.keys()).collect();
    let mut table = format!("{:<14} {:>8}", "language", "texts");
    asked.iter().for_each(|asked| table += &format!(" {:>14}", asked.name));
    for asked in asked {
        let right: usize = asked.right.values().map(|(right, _)| right).sum();
        let seconds = median(asked.times.clone());
        let (share, mb_per_s) = (right as f64 / samples.len() as f64, megabytes / seconds);
        let documents_per_s = samples.len() as f64 / seconds;
        let row = format!("{share:>8.3} {seconds:>8.4} {mb_per_s:>8.1} {documents_per_s:>12.0}");
        text += &format!("\n{:<14} {row}", asked.name);
        rows.push(json!({"name": asked.name, "right": share, "seconds": seconds, "mb_per_s": mb_per_s,
            "documents_per_s": documents_per_s, "languages": asked.right}));
    }
    for language in languages {
        let texts = samples.iter().filter(|sample| sample.language == **language).count();
        table += &format!("\n{language:<14} {texts:>8}");
        for asked in asked {
            let (right, all) = asked.right.get(language).copied().unwrap_or_default();
            let unknown = if asked.identifier.knows(language) { "" } else { "unknown " };
            table += &format!(" {:>14}", format!("{unknown}{:.3}", right as f64 / all as f64));
        }
    }
    if options.json {
        let json = json!({"bench": "language", "documents": samples.len(), "training_documents": training,
            "mb": megabytes, "runs": options.runs, "identifiers": rows});
        println!("{json:#}");
    } else {
        println!(
            "{} documents, {megabytes:.1} MB, {training} others to train on; one thread, median of {} runs",
            samples.len(),
            options.runs
        );
        println!("{text}\n\n{table}");
    }
}
