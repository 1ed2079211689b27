//! Archive → documents, taken apart: which step costs what.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use obelisc_document::Document;
use obelisc_document::table::Table;
use obelisc_extract::{Extractor, Input, Profile};
use obelisc_pipeline::Recipe;
use obelisc_pipeline::intake::{Fate, Intake};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use obelisc_warc::{Archive, Item};
use serde_json::json;

use super::warc::inflate;
use super::{Options, cpu_time, median};
use crate::data;

/// The steps, in order; those behind the fifth are not ours and not part of the whole.
const PARTS: [(&str, &str); 9] = [
    ("read", "decompress, record, HTTP header, chunks and content encodings"),
    ("decode", "find the charset, bytes to text"),
    ("parse", "text to DOM, and letting it go"),
    ("walk", "DOM to document"),
    ("write", "documents table: Arrow, Parquet, zstd, temporary folder"),
    ("rcdom", "html5ever with markup5ever_rcdom on the same text"),
    ("inflate", "zlib-rs alone on the same archive"),
    ("utf-8", "std::str::from_utf8 on the same text"),
    ("tree", "html5ever's tree builder and markup5ever_rcdom on tokens made beforehand"),
];
/// Parts of the whole.
const OURS: usize = 5;
const READ: usize = 0;
const DECODE: usize = 1;
const PARSE: usize = 2;
const WALK: usize = 3;
const WRITE: usize = 4;
const RCDOM: usize = 5;
const INFLATE: usize = 6;
const UTF_8: usize = 7;
const TREE: usize = 8;

/// Rows and bytes that gather before they are written, as in a run.
const ROWS_PER_BATCH: usize = 1024;
const BYTES_PER_BATCH: usize = 4 << 20;

/// One run over all archives.
#[derive(Default)]
struct Pass {
    parts: [Duration; PARTS.len()],
    pages: u64,
    failed: u64,
    bytes: u64,
}

/// Gives all of the thread's time to one part or another.
struct Clock(Duration);

impl Clock {
    fn lap(&mut self, part: &mut Duration) {
        let now = cpu_time();
        *part += now - self.0;
        self.0 = now;
    }
}

/// A table file being written.
struct Rows {
    writer: Writer,
    rows: Vec<Document>,
    weight: usize,
}

impl Rows {
    fn push(&mut self, document: Document) -> Result<()> {
        self.weight += document.weight();
        self.rows.push(document);
        if self.rows.len() >= ROWS_PER_BATCH || self.weight >= BYTES_PER_BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.write(&Document::to_batch(&self.rows)?)?;
        self.rows.clear();
        self.weight = 0;
        Ok(())
    }
}

fn recipe() -> Result<Recipe> {
    let text = "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n";
    Recipe::parse("bench", text, &[]).map_err(|problems| anyhow::anyhow!("{problems:?}"))
}

/// Reads all archives; with what others need for the same, if asked.
fn pass(corpus: &[PathBuf], recipe: &Recipe, peers: bool) -> Result<Pass> {
    let folder = tempfile::tempdir()?;
    let storage = LocalFolder::create(folder.path())?;
    let writer = Writer::create(&storage, "documents.parquet", Document::schema())?;
    let mut rows = Rows { writer, rows: Vec::new(), weight: 0 };
    let limits = recipe.extract.records;
    let extractor = Extractor::new(Profile::named(recipe.extract.profile)?, recipe.extract.pages.clone());
    let mut pass = Pass::default();
    let mut clock = Clock(cpu_time());
    for file in corpus {
        let name = file.file_name().context("an archive has a name")?.to_string_lossy();
        let mut archive = Archive::open(File::open(file)?, limits)?;
        while let Some(item) = archive.next_item()? {
            let Item::Record(record) = item else { continue };
            if !record.is_capture() {
                continue;
            }
            let Ok(response) = record.response(&limits) else { continue };
            if !recipe.extract.accepted_statuses.contains(&u64::from(response.status)) {
                continue;
            }
            let Ok(body) = response.body(&limits) else { continue };
            if body.bytes.is_empty() || !response.is_html(&body.bytes) {
                continue;
            }
            let input = Input {
                body: &body.bytes,
                url: record.target_uri().unwrap_or_default(),
                http_content_type: response.fields.get("Content-Type"),
                warc_filename: &name,
                warc_record_offset: record.location.offset,
                warc_record_length: record.location.length,
                warc_date: record.date().unwrap_or_default(),
                record_id: record.record_id().unwrap_or_default(),
                ..Input::default()
            };
            clock.lap(&mut pass.parts[READ]);

            let decoded = obelisc_extract::decode(input.body, input.url, input.http_content_type, extractor.limits());
            clock.lap(&mut pass.parts[DECODE]);
            let Ok(decoded) = decoded else {
                pass.failed += 1;
                continue;
            };
            let dom = extractor.parse(&decoded.text);
            clock.lap(&mut pass.parts[PARSE]);
            let Ok(dom) = dom else {
                pass.failed += 1;
                continue;
            };
            let document = extractor.document(&input, &decoded, &dom);
            clock.lap(&mut pass.parts[WALK]);
            drop(dom);
            clock.lap(&mut pass.parts[PARSE]);
            let Ok(document) = document else {
                pass.failed += 1;
                continue;
            };
            rows.push(document)?;
            clock.lap(&mut pass.parts[WRITE]);

            if peers {
                self::peers(&decoded.text, &mut clock, &mut pass.parts);
            }
            pass.pages += 1;
            pass.bytes += input.body.len() as u64;
        }
        clock.lap(&mut pass.parts[READ]);
    }
    rows.flush()?;
    rows.writer.finish()?;
    clock.lap(&mut pass.parts[WRITE]);
    if peers {
        for file in corpus {
            inflate(file)?;
        }
        clock.lap(&mut pass.parts[INFLATE]);
    }
    Ok(pass)
}

/// What others need for a page.
#[cfg(feature = "peers")]
fn peers(text: &str, clock: &mut Clock, parts: &mut [Duration; PARTS.len()]) {
    use std::hint::black_box;

    black_box(super::peers::rcdom(text));
    clock.lap(&mut parts[RCDOM]);
    let _ = black_box(std::str::from_utf8(black_box(text.as_bytes())));
    clock.lap(&mut parts[UTF_8]);
    let tokens = super::peers::record(text);
    clock.0 = cpu_time();
    black_box(super::peers::replay(tokens));
    clock.lap(&mut parts[TREE]);
}

#[cfg(not(feature = "peers"))]
fn peers(_: &str, _: &mut Clock, _: &mut [Duration; PARTS.len()]) {}

/// How much more two threads do than one, each reading all archives: by CPU time, as they would on idle processors, and by
/// the clock.
fn two_threads(corpus: &[PathBuf], recipe: &Recipe) -> Result<(f64, f64)> {
    let timed = || {
        let (clock, cpu) = (Instant::now(), cpu_time());
        pass(corpus, recipe, false)?;
        anyhow::Ok([cpu_time() - cpu, clock.elapsed()].map(|time| time.as_secs_f64()))
    };
    let one = timed()?;
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(timed);
        (timed(), second.join())
    });
    let second = second.map_err(|_| anyhow::anyhow!("a thread panicked"))??;
    let [cpu, clock] = [0, 1].map(|k| 2.0 * one[k] / first.as_ref().map_or(f64::NAN, |first| first[k]).max(second[k]));
    first.map(|_| (cpu, clock))
}

/// Documents that a run finds: what is measured must be what a run does.
fn documents(corpus: &[PathBuf], recipe: &Recipe) -> Result<u64> {
    let intake = Intake::new(&recipe.extract, false)?;
    let mut documents = 0;
    for file in corpus {
        intake.archive(&file.to_string_lossy(), File::open(file)?, |finding| {
            documents += u64::from(matches!(finding.fate, Fate::Document(_)));
            Ok::<(), std::io::Error>(())
        })?;
    }
    Ok(documents)
}

/// Measures each corpus by itself: the archives that were named, or the usual two.
pub(super) fn run(options: &Options) -> Result<()> {
    let recipe = recipe()?;
    let named = options.corpus();
    let dense = data().map(|data| data.join("gimp-help-fr.warc.gz")).filter(|file| file.exists());
    measure(options, &named, &recipe)?;
    match dense.filter(|_| options.corpus.is_empty()) {
        Some(dense) => measure(options, &[dense], &recipe),
        None => Ok(()),
    }
}

fn measure(options: &Options, corpus: &[PathBuf], recipe: &Recipe) -> Result<()> {
    let expected = documents(corpus, recipe)?;
    let passes: Vec<Pass> = (0..options.runs).map(|_| pass(corpus, recipe, true)).collect::<Result<_>>()?;
    let Some(Pass { pages, failed, bytes, .. }) = passes.first() else { return Ok(()) };
    ensure!(*pages == expected, "{pages} documents were measured, a run has {expected}");
    let threads = (0..options.runs).map(|_| two_threads(corpus, recipe)).collect::<Result<Vec<_>>>()?;
    let by_cpu = median(threads.iter().map(|(cpu, _)| *cpu).collect());
    let by_clock = median(threads.iter().map(|(_, clock)| *clock).collect());

    let seconds = |part: usize| median(passes.iter().map(|pass| pass.parts[part].as_secs_f64()).collect());
    let whole = |pass: &Pass| pass.parts[..OURS].iter().sum::<Duration>().as_secs_f64();
    let whole = median(passes.iter().map(whole).collect());
    let megabytes = *bytes as f64 / 1e6;
    let parse_to_rcdom = seconds(RCDOM) / seconds(PARSE);
    let whole_to_rcdom = seconds(RCDOM) / whole;
    let public = [INFLATE, UTF_8, TREE].map(seconds).iter().sum::<f64>();

    let mut text = format!("{pages} pages, {megabytes:.1} MB of HTML, {failed} pages failed\n");
    text += &format!("{:<8} {:>8} {:>7} {:>8}\n", "part", "s", "share", "MB/s");
    text += &format!("{:<8} {whole:>8.3} {:>6.1}% {:>8.1}  archive to documents\n", "whole", 100.0, megabytes / whole);
    let mut parts = serde_json::Map::new();
    for (part, (name, meaning)) in PARTS.iter().enumerate() {
        let (seconds, share) = (seconds(part), 100.0 * seconds(part) / whole);
        let share = if part < OURS { format!("{share:>6.1}%") } else { "      –".to_owned() };
        text += &format!("{name:<8} {seconds:>8.3} {share} {:>8.1}  {meaning}\n", megabytes / seconds);
        parts.insert((*name).to_owned(), json!({"seconds": seconds, "mb_per_s": megabytes / seconds}));
    }
    text += &format!("parse is {parse_to_rcdom:.2} times as fast as html5ever with markup5ever_rcdom\n");
    text += &format!("the whole way is {whole_to_rcdom:.2} times as fast as html5ever with markup5ever_rcdom alone\n");
    text +=
        &format!("the whole way takes {:.2} times as long as inflate + utf-8 + tree ({public:.3} s)\n", whole / public);
    text += &format!("two threads do {by_cpu:.2} times as much as one by CPU time, {by_clock:.2} by the clock\n");
    let json = json!({"bench": "extract", "pages": pages, "failed": failed, "mb_of_html": megabytes,
        "seconds": whole, "mb_per_s": megabytes / whole, "pages_per_s": *pages as f64 / whole,
        "parts": parts, "parse_to_rcdom": parse_to_rcdom, "whole_to_rcdom": whole_to_rcdom,
        "whole_to_public_parts": whole / public, "two_threads": by_cpu, "two_threads_by_clock": by_clock});
    options.print(corpus, json, &text);
    Ok(())
}
