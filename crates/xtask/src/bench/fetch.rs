//! Pictures over HTTP from loopback into an image store, beside img2dataset on the same pictures; and memory as there are more of them.

mod server;

use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use obelisc_fetch::{ImageStore, Limits, Manners, OptOuts, Policy, Treatment, Wish, crawl};
use obelisc_image::{Encoding, Reencode};
use obelisc_storage::LocalFolder;
use serde_json::Value;

use self::server::Server;
use super::dedup::mib;
use crate::binary::target;
use crate::root;

/// On what.
#[derive(Args, Debug)]
pub(crate) struct Fetch {
    /// Pictures that are asked for in each mode
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    urls: u32,
    /// Different pictures among them
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pictures: u32,
    /// Requests at a time, of each of the two
    #[arg(long, value_name = "N", default_value_t = 128)]
    in_flight: u32,
    /// Measure memory instead: a quarter, half and all of --urls at --in-flight, each answered after half a second; nothing beside it
    #[arg(long)]
    growth: bool,
    /// Python that has img2dataset, and Pillow for the server
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Server of pictures, called as `imgserver.py --port P --images N --formats jpg`
    #[arg(long, value_name = "FILE.py")]
    server: Option<PathBuf>,
    /// Fetch from this port into a store in `--folder`
    #[arg(long, value_name = "PORT", hide = true)]
    worker: Option<u16>,
    /// How pictures are treated
    #[arg(long, hide = true, value_enum, default_value_t = Mode::Decode)]
    mode: Mode,
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
}

/// How pictures are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Never decoded
    Headers,
    /// Decoded, their bytes kept
    Decode,
    /// Decoded, and encoded anew as JPEG of quality 95
    Reencode,
}

/// What img2dataset does where nothing else is said.
fn reencode() -> Option<Reencode> {
    Some(Reencode { format: Encoding::Jpeg { quality: NonZeroU8::new(95)? }, max_side: None })
}

impl Mode {
    const ALL: [Self; 3] = [Self::Headers, Self::Decode, Self::Reencode];

    const fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Decode => "decode",
            Self::Reencode => "reencode",
        }
    }

    /// What img2dataset is told for the same.
    const fn of_peer(self) -> [&'static str; 2] {
        match self {
            Self::Headers => ["--disable_all_reencoding", "True"],
            Self::Decode => ["--skip_reencode", "True"],
            Self::Reencode => ["--skip_reencode", "False"],
        }
    }
}

/// Pictures of one crawl, as many as a task of a run asks for.
const PER_CRAWL: u32 = 25_000;
/// Most bytes of memory.
const MAX_PEAK: u64 = 512 << 20;
/// What a growth is measured with: milliseconds until an answer comes.
const LATENCY: u32 = 500;

/// Measures, and prints a line for each measurement.
pub(super) fn run(options: &Fetch) -> Result<bool> {
    if let Some(port) = options.worker {
        work(options, port)?;
        return Ok(true);
    }
    let scratch = tempfile::tempdir_in(target()?)?;
    let script = options
        .server
        .clone()
        .or_else(server::of_data)
        .context("--server: a server of pictures is needed, or OBELISC_DATA with tools/imgserver.py beside it")?;
    let server = Server::start(&options.python, &script, options.pictures)?;
    if options.growth {
        println!("urls      in flight  seconds  peak MiB  {LATENCY} ms to each answer");
        let mut peaks = Vec::new();
        for urls in [options.urls / 4, options.urls / 2, options.urls] {
            let ours = ours(options, &server, scratch.path(), Mode::Decode, urls)?;
            println!("{urls:>7} {:>11} {:>8.1} {:>9.0}", options.in_flight, ours.seconds, mib(ours.peak_bytes));
            peaks.push(ours.peak_bytes);
        }
        let most = peaks.iter().max().copied().unwrap_or_default();
        // Four times the pictures, about the same memory.
        return Ok(most < MAX_PEAK && peaks.first().is_some_and(|first| most < first + first / 2));
    }
    println!("who          mode      pictures  wall s   CPU s  CPU s of start  CPU ms a picture  peak MiB");
    let mut is_peer_there = true;
    for mode in Mode::ALL {
        let (start, whole) = (
            ours(options, &server, scratch.path(), mode, 4)?,
            ours(options, &server, scratch.path(), mode, options.urls)?,
        );
        let our_cost = line("obelisc", mode, options.urls, &start, &whole);
        if !is_peer_there {
            continue;
        }
        let both = peer(options, &server, scratch.path(), mode, 4)
            .and_then(|start| Ok((start, peer(options, &server, scratch.path(), mode, options.urls)?)));
        match both {
            Ok((start, whole)) => {
                let its = line("img2dataset", mode, options.urls, &start, &whole);
                println!("             {}: {:.2} times its pictures per CPU second", mode.name(), its / our_cost);
            }
            Err(error) => {
                is_peer_there = false;
                eprintln!("img2dataset: {error:#}; left out");
            }
        }
    }
    Ok(true)
}

/// What a command took.
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// Prints what one took; CPU milliseconds a picture, less the start.
fn line(who: &str, mode: Mode, urls: u32, start: &Cost, whole: &Cost) -> f64 {
    let each = (whole.cpu_seconds - start.cpu_seconds) * 1000.0 / f64::from(urls);
    let Cost { seconds, cpu_seconds, peak_bytes } = whole;
    println!(
        "{who:<12} {:<8} {urls:>9} {seconds:>7.1} {cpu_seconds:>7.2} {:>15.2} {each:>17.3} {:>9.0}",
        mode.name(),
        start.cpu_seconds,
        mib(*peak_bytes)
    );
    each
}

fn measured(python: &Path, command: &mut Command) -> Result<Cost> {
    let mut measure = Command::new(python);
    measure.arg(root().join("crates/xtask/src/bench/fetch/measure.py")).arg(command.get_program());
    let output = measure.args(command.get_args()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| said[key].as_f64().context("no number");
    let peak_bytes = said["peak_bytes"].as_u64().context("no number")?;
    Ok(Cost { seconds: number("seconds")?, cpu_seconds: number("cpu_seconds")?, peak_bytes })
}

fn ours(options: &Fetch, server: &Server, scratch: &Path, mode: Mode, urls: u32) -> Result<Cost> {
    let store = scratch.join(format!("ours-{}-{urls}", mode.name()));
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "fetch", &format!("--worker={}", server.port), &format!("--mode={}", mode.name())]);
    command.args([format!("--urls={urls}"), format!("--in-flight={}", options.in_flight)]);
    command.arg("--folder").arg(&store).args(options.growth.then_some("--growth"));
    let cost = measured(&options.python, &mut command)?;
    std::fs::remove_dir_all(store)?;
    Ok(cost)
}

/// img2dataset as its users call it, without retries and resizing.
fn peer(options: &Fetch, server: &Server, scratch: &Path, mode: Mode, urls: u32) -> Result<Cost> {
    let (list, folder) = (scratch.join("urls.txt"), scratch.join("theirs"));
    let lines: Vec<String> = (0..urls).map(|number| server::url(server.port, number, 0)).collect();
    std::fs::write(&list, lines.join("\n"))?;
    let program = options.python.parent().unwrap_or(Path::new("")).join("img2dataset");
    let mut command = Command::new(if program.exists() { program } else { "img2dataset".into() });
    command.arg("--url_list").arg(&list).arg("--output_folder").arg(&folder);
    command.args(["--input_format", "txt", "--output_format", "webdataset", "--processes_count", "2"]);
    command.args(["--thread_count", &(options.in_flight / 2).to_string(), "--enable_wandb", "False"]);
    command.args(["--number_sample_per_shard", &urls.div_ceil(4).to_string(), "--retries", "0", "--resize_mode", "no"]);
    command.args(mode.of_peer());
    let cost = measured(&options.python, &mut command)?;
    let shards = std::fs::read_dir(&folder)?.filter_map(|entry| entry.ok()?.path().into_os_string().into_string().ok());
    let mut came = 0;
    for stats in shards.filter(|path| path.ends_with("_stats.json")) {
        let stats: Value = serde_json::from_slice(&std::fs::read(stats)?)?;
        came += stats["successes"].as_u64().unwrap_or(0);
    }
    ensure!(came == u64::from(urls), "{came} of {urls} pictures came");
    std::fs::remove_dir_all(folder)?;
    Ok(cost)
}

/// What a task of the step `download` does.
fn work(options: &Fetch, port: u16) -> Result<()> {
    let folder = options.folder.as_ref().context("--folder is needed")?;
    let store = ImageStore::open(Box::new(LocalFolder::create(folder)?))?;
    let manners = Manners {
        user_agent: "obelisc-bench/1.0 (+https://obelisc.example/bench)".to_owned(),
        max_in_flight: options.in_flight,
        max_per_host: options.in_flight,
        max_per_address: options.in_flight,
        allowed_addresses: vec!["127.0.0.1".parse()?],
        ports: vec![port],
        deadline: Duration::from_secs(120),
        ..Manners::default()
    };
    let treatment = Treatment {
        limits: Limits { max_image_bytes: 20_000_000, max_image_pixels: 89_478_485 },
        decode: options.mode != Mode::Headers,
        reencode: (options.mode == Mode::Reencode).then(reencode).flatten(),
        unwanted: None,
        max_hash_distance: 0,
    };
    let policy = Policy { treatment, max_redirects: 5, opt_outs: OptOuts::ALL };
    let latency = if options.growth { LATENCY } else { 0 };
    for (crawled, first) in (0..options.urls).step_by(PER_CRAWL as usize).enumerate() {
        let numbers = first..(first + PER_CRAWL).min(options.urls);
        let wishes = numbers.map(|number| Wish { urls: vec![server::url(port, number, latency)] }).collect();
        let mut journal = store.journal(&format!("bench-{crawled}"))?;
        crawl(manners.clone(), policy.clone(), wishes, &|_| None, &mut journal, &AtomicBool::new(false))?;
        let answers = journal.seal()?;
        if let Some(failed) = answers.iter().find(|answer| answer.reason.is_some()) {
            bail!("{failed:?}");
        }
    }
    Ok(())
}
