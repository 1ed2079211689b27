//! Near copies by MinHash among made-up documents at three sizes, under a memory limit; beside datatrove on the same files.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use obelisc_dedup::{Comparison, Keep, Kind, Signer};
use obelisc_document::table::{Link, Table};
use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
use obelisc_engine::Limits;
use obelisc_pipeline::EngineLimits;
use obelisc_pipeline::duplicates::{find_clusters, find_links, key_range, near_rows, ranges};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use serde_json::{Value, json};

use super::dedup::{Run, mib, once};
use crate::binary::target;
use crate::root;

/// On what.
#[derive(Args, Debug)]
pub(crate) struct MinHash {
    /// Documents of the largest of the three sizes
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    documents: u64,
    /// Documents that datatrove gets, of the same three sizes at most
    #[arg(long, value_name = "N", default_value_t = 250_000)]
    peer_documents: u64,
    /// What ours may hold; datatrove takes no limit
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    memory_mib: u64,
    /// Python that has the modules that minhash.py names; without them datatrove is left out
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Keep the documents here, and take them from here next time
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Work on the documents in this folder and say what came of it
    #[arg(long, value_name = "DIR", hide = true)]
    worker: Option<PathBuf>,
}

/// Documents of a file that minhash.py writes.
const PER_FILE: u64 = 50_000;

/// Measures, and prints a line for each measurement.
pub(super) fn run(options: &MinHash) -> Result<bool> {
    if let Some(folder) = &options.worker {
        println!("{}", work(folder, usize::try_from(options.memory_mib << 20)?)?);
        return Ok(true);
    }
    let scratch = tempfile::tempdir_in(target()?)?;
    let whole = options.folder.clone().unwrap_or_else(|| scratch.path().join("whole"));
    let script = root().join("crates/xtask/src/bench/dedup/minhash.py");
    if !whole.join("documents").exists() {
        let count = format!("--documents={}", options.documents);
        let made = Command::new(&options.python).arg(&script).arg("generate").arg(&whole).arg(count).status()?;
        ensure!(made.success(), "the documents could not be made");
    }
    println!("who        documents        s   growth  n log n  peak MiB  spilled MiB  what");
    let (mut before, mut ours_of) = (None, Vec::new());
    // Of whole files: smaller sizes would be the same file three times.
    let sizes = [options.documents / 4, options.documents / 2, options.documents];
    for documents in sizes.into_iter().filter(|size| size.is_multiple_of(PER_FILE) || *size == options.documents) {
        let folder = scratch.path().join(documents.to_string());
        first_files(&whole, &folder, documents)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "minhash", &format!("--memory-mib={}", options.memory_mib), "--worker"]).arg(&folder);
        let Run { said, peak_bytes, spilled_bytes } = once(command, "obelisc", &folder)?;
        let (peak, spilled) = (mib(peak_bytes), mib(spilled_bytes));
        let seconds = said["seconds"].as_f64().context("no seconds")?;
        let n_log_n = |n: u64| n as f64 * (n as f64).log2();
        let growth = before.map_or(String::new(), |(n, s): (u64, f64)| {
            format!("{:.2}     {:.2}", seconds / s, n_log_n(documents) / n_log_n(n))
        });
        println!("obelisc   {documents:>10} {seconds:>8.1}   {growth:<16}{peak:>9.0} {spilled:>12.0}  {said}");
        before = Some((documents, seconds));
        ours_of.push((documents, seconds));
        if documents <= options.peer_documents {
            let mut command = Command::new(&options.python);
            command.arg(&script).arg("datatrove").arg(&folder).arg("--threads=1");
            match once(command, "datatrove", &folder) {
                Ok(Run { said, .. }) => {
                    let its = said["seconds"].as_f64().context("no seconds")?;
                    println!("datatrove {documents:>10} {its:>8.1}   ours/its {:.3}  {said}", seconds / its);
                }
                Err(error) => eprintln!("datatrove: {error:#}; left out"),
            }
        }
    }
    Ok(true)
}

/// Links the first files of a folder of documents into another.
fn first_files(whole: &Path, folder: &Path, documents: u64) -> Result<()> {
    std::fs::create_dir_all(folder.join("documents"))?;
    for number in 0..documents.div_ceil(PER_FILE) {
        let name = format!("documents/{number:05}.jsonl");
        std::os::unix::fs::symlink(whole.canonicalize()?.join(&name), folder.join(&name))?;
    }
    Ok(())
}

/// What the steps `keys-N`, `duplicates-N` and `clusters-N` do, on one thread.
fn work(folder: &Path, memory: usize) -> Result<Value> {
    let storage = LocalFolder::create(folder)?;
    let comparison = Comparison::new(Kind::MinHash, Keep::Newest);
    let signer = Signer::new(&comparison).context("no signer")?;
    let begin = Instant::now();
    let (mut ids, mut copies, mut rows) = (Vec::new(), Vec::new(), 0);
    let (mut bands_files, mut candidates_files) = (Vec::new(), Vec::new());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("documents"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for (file, task) in files.iter().zip(0..) {
        let (mut bands, mut candidates) = (Vec::new(), Vec::new());
        for (line, row) in BufReader::new(File::open(file)?).lines().zip(0..) {
            let read: Value = serde_json::from_str(&line?)?;
            let text = |key: &str| read[key].as_str().map(str::to_owned);
            let id = text("id").context("no id")?;
            let nodes =
                vec![Node { ordinal: 0, content: Content::Text(paragraphs(read["text"].as_str().unwrap_or(""))) }];
            let document = Document { id: DocId::new(&id, 0, 0), page: Page::default(), nodes };
            near_rows(&signer, &document, task, row, &mut bands, &mut candidates);
            copies.extend(text("copy_of").map(|original| (id.clone(), original, read["changed"].to_string())));
            ids.push((id, document.id));
        }
        bands.sort_unstable();
        rows += bands.len() as u64;
        bands_files.push(write(&storage, task, &bands)?);
        candidates_files.push(write(&storage, task, &candidates)?);
    }
    let signatures = begin.elapsed().as_secs_f64();
    let limits = Limits { memory, spill: Some(folder.join("spill")), threads: 1, cluster: None };
    let tasks = ranges(rows, EngineLimits::default().rows_per_task);
    let mut links_files = Vec::new();
    for task in 0..tasks {
        let mut links = Vec::new();
        let bands = bands_files.iter().map(String::as_str);
        find_links(&storage, bands, key_range(task, tasks), &[comparison], &limits, |link| {
            links.push(link);
            Ok(())
        })?;
        links_files.push(write::<Link>(&storage, task, &links)?);
    }
    let buckets = begin.elapsed().as_secs_f64() - signatures;
    let mut survivors = std::collections::BTreeMap::new();
    let mut removed = 0;
    let (links, candidates) = (links_files.iter().map(String::as_str), candidates_files.iter().map(String::as_str));
    let rounds = find_clusters(&storage, links, candidates, &comparison, &limits, |removal| {
        removed += u64::from(removal.removed);
        survivors.insert((removal.task, removal.row), removal.survivor);
        Ok(())
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok(json!({"seconds": seconds, "steps": {"signatures": signatures, "buckets": buckets,
        "clusters": seconds - signatures - buckets}, "removed": removed, "links": rounds.links, "rounds": rounds.rounds,
        "found": found(&ids, &copies, &survivors)}))
}

fn write<T: Table>(storage: &LocalFolder, task: u32, rows: &[T]) -> Result<String> {
    let key = format!("{}/{task:06}.parquet", T::NAME);
    let mut writer = Writer::create(storage, &key, T::schema())?;
    for rows in rows.chunks(1024) {
        writer.write(&T::to_batch(rows)?)?;
    }
    writer.finish()?;
    Ok(key)
}

/// The share of planted copies that are in a cluster with what they were copied from, by the share of changed words.
fn found(
    ids: &[(String, DocId)],
    copies: &[(String, String, String)],
    survivors: &std::collections::BTreeMap<(u32, u32), Option<DocId>>,
) -> Value {
    let places = (0_u64..).map(|number| ((number / PER_FILE) as u32, (number % PER_FILE) as u32));
    let places: std::collections::HashMap<&str, (u32, u32)> = ids.iter().map(|(id, _)| &**id).zip(places).collect();
    let mut shares: std::collections::BTreeMap<&str, (u64, u64)> = std::collections::BTreeMap::new();
    for (copy, original, changed) in copies {
        let cluster = |id: &str| survivors.get(places.get(id)?);
        let (found, all) = shares.entry(changed).or_default();
        *found += u64::from(cluster(copy).is_some() && cluster(copy) == cluster(original));
        *all += 1;
    }
    shares.into_iter().map(|(changed, (found, all))| (changed.to_owned(), json!(found as f64 / all as f64))).collect()
}
