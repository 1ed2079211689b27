//! The command line: one list that parser, help, man page and completions come from.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use obelisc_document::Reason;
use obelisc_pipeline::Stage;
use obelisc_schedule::Time;
use url::Url;

/// Web archives in, interleaved image-text datasets out.
#[derive(Debug, Parser)]
#[command(name = "obelisc", version, propagate_version = true, max_term_width = 110)]
#[command(after_help = "\
Exit codes: 0 done · 1 tasks failed for good · 2 command line, recipe or config wrong ·
            3 input or output unreachable · 4 interrupted, safe to resume")]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Print nothing but errors and data
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print a line for each task even on a terminal
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Form of log lines
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Turn archives into a dataset; on an output that holds a run, go on with it
    #[command(after_help = "\
Examples:
  obelisc run pipelines/quickstart.toml --input tests/fixtures/quickstart.warc.gz --output out
  obelisc run my.toml --input 'crawl/*.warc.gz' more.wacz @list.txt --output out --config configs/laptop.toml
  obelisc run my.toml --input crawl --output out --set rules.image.side_pixels.min_side_pixels=200
  obelisc run my.toml --input 'theirs/data/*.parquet' --output out")]
    Run(RunArgs),
    /// Check a recipe and a config whole; read nothing else
    #[command(after_help = "Example:\n  obelisc check pipelines/quickstart.toml --config configs/laptop.toml")]
    Check(RecipeArgs),
    /// Show the steps and tasks of a run: what is done, what would run
    #[command(after_help = "\
Examples:
  obelisc plan pipelines/quickstart.toml --input tests/fixtures/quickstart.warc.gz --output out
  obelisc plan pipelines/default.toml --input tests/fixtures/quickstart.warc.gz --output out --estimate --archives 90000 --archive-bytes 1100000000

An estimate scales what smaller runs took; `cargo xtask bench calibrate` measures that on your own machine. Below the table stands what it takes for granted. Nothing is read of the input but its size.")]
    Plan {
        /// What would run
        #[command(flatten)]
        run: RunArgs,
        /// Say what the run would take: tasks, core-hours, bytes, requests, images, memory
        #[arg(long)]
        estimate: bool,
        /// Estimate by these measurements [default: those that were made for this version]
        #[arg(long, value_name = "FILE", requires = "estimate")]
        calibration: Option<PathBuf>,
        /// As if there were so many archives
        #[arg(long, value_name = "N", requires = "estimate", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
        archives: Option<u64>,
        /// Bytes of an archive [default: the mean of those that are named]
        #[arg(long, value_name = "BYTES", requires = "estimate", value_parser = clap::value_parser!(u64).range(1..=1 << 50))]
        archive_bytes: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how far a run is, who works on it, and what became of what
    #[command(
        after_help = "Examples:\n  obelisc status out --json\n  obelisc status out --failures\n  obelisc status out --prometheus > obelisc.prom"
    )]
    Status {
        /// Output folder of the run
        dir: PathBuf,
        /// List the records and pages that failed or were not accepted
        #[arg(long)]
        failures: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print metrics in the text format of Prometheus
        #[arg(long, conflicts_with_all = ["json", "failures"])]
        prometheus: bool,
    },
    /// Hand a run to a cluster: jobs of Slurm or Kubernetes that work on it
    #[command(after_help = "\
Examples:
  obelisc submit my.toml --input 'crawl/*.warc.gz' --output shared --config configs/slurm.toml --dry-run
  obelisc submit my.toml --input crawl --output shared --dry-run

Without --dry-run the jobs go to the cluster; without a config that names one, workers are started by hand. The config's table [slurm] or [kubernetes] says how many workers, and what each may take. All that they need is written into DIR/run; with --dry-run the jobs \
are written and shown, and not submitted.")]
    Submit {
        /// What is to run
        #[command(flatten)]
        run: RunArgs,
        /// Write and show the jobs; submit nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Work on a submitted run beside others: claim tasks until none is left
    #[command(after_help = "\
Examples:
  obelisc work shared
  obelisc work shared --stage extract --until 3h45m

Any number of workers on any number of machines may work on one output; each task is one worker's for as long as it is seen to be at it \
(storage.lease_seconds of the config). The last ones to be done publish the dataset. \
Exit code 4: time was up or a signal came, and there is more to do.")]
    Work(WorkArgs),
    /// Run given tasks of a step of a submitted run, whatever others do: for debugging
    #[command(after_help = "Examples:\n  obelisc task shared extract 1\n  obelisc task shared extract 0-1")]
    Task(TaskArgs),
    /// Run the scheduler of an Apache Ballista cluster: it hands queries to executors
    #[command(after_help = "\
Examples:
  obelisc scheduler
  obelisc scheduler --bind 10.0.0.7 --port 50050

A config whose engine.scheduler names it sends the queries of the stages dedup and fetch there instead of answering them itself. It goes on until SIGTERM or SIGINT ends it; \
queries that run then fail, and their runs go on when they are begun again. Whoever reaches the port may run queries and read what executors read: there is no \
password, so it listens on this machine alone where --bind says no more. Scheduler, executors and runs must be one build, with the feature ballista.")]
    Scheduler(SchedulerArgs),
    /// Run an executor of an Apache Ballista cluster: it answers queries
    #[command(after_help = "\
Examples:
  obelisc executor
  obelisc executor --scheduler 10.0.0.7:50050 --bind 10.0.0.8 --threads 16 --memory-bytes 64000000000

Executors read the tables of a run themselves: a folder must be there under the same path, and an object store is reached as the environment has it. \
Those that run queries, and other executors, fetch from its port what it made. It goes on until SIGTERM or SIGINT ends it, when the tasks at which it is are done. \
Scheduler, executors and runs must be one build, with the feature ballista.")]
    Executor(ExecutorArgs),
    /// Print the documents of pages or archives as JSON lines
    #[command(after_help = "\
Examples:
  obelisc extract page.html --url https://example.org/page
  curl -s https://example.org/ | obelisc extract - --url https://example.org/
  obelisc extract crawl.warc.gz > documents.jsonl
  obelisc extract - < crawl.warc.gz > documents.jsonl
  obelisc extract crawl --threads 2 > documents.jsonl

Documents go to standard output in the order of the input, whatever the number of threads; \
records and pages that fail go to standard error, each with its reason. \
Exit code 1: something failed, and there was no document.")]
    Extract(ExtractArgs),
    /// Apply a recipe's rules to documents: JSON lines with verdicts
    #[command(after_help = "\
Examples:
  obelisc extract page.html --url https://example.org/page | obelisc judge pipelines/links.toml
  obelisc judge my.toml documents.jsonl --set rules.document.word_count.min_words=50 > judged.jsonl
  obelisc judge pipelines/links.toml out > judged.jsonl
  obelisc judge my.toml 'theirs/*.parquet' --output rewritten

Documents are JSON lines as `obelisc extract` prints them; of one written by hand `texts` or `images` is enough. Or they are the rows of Parquet files in the \
layout of OBELICS, whoever wrote them; of the output of a run those of its last dataset. \
They go to standard output in their order, each as it stands after filtering, with \"verdict\", \"reasons\" (the first rule that each dropped \
node fails, with value and bound, and all others that it fails) and \"signals\". Rules on the bytes of images have a value where a row brings these: \
nothing is fetched. Lines and rows that are no documents go to standard error, each with its number. With --output the rows that are kept become the \
shards of a new dataset, in their order and their splits, each with the bytes of its images; a dataset that is there is not written over. \
Exit code 1: a line or row was no document, and there was none that is.")]
    Judge(JudgeArgs),
    /// Show every node and rule of one page: value, bound, verdict, step
    #[command(after_help = "Example:\n  obelisc explain out --url https://atlas.example/earth/tides")]
    Explain {
        /// Output folder of the run
        dir: PathBuf,
        /// URL of the page
        #[arg(long)]
        url: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Work with the images of a run's store
    #[command(after_help = "\
Examples:
  obelisc fetch retry out --reason fetch_timeout --reason rate_limited --config configs/laptop.toml
  obelisc fetch export out --output images")]
    Fetch {
        /// What to do
        #[command(subcommand)]
        subject: FetchSubject,
    },
    /// Take pages, hosts or images out of a finished dataset: the next version
    #[command(after_help = "\
Examples:
  obelisc remove out --list takedown.txt
  obelisc remove out --list takedown.txt --remove-old

A line of the list is a URL (the page or image that has it), a host (example.org, or host:example.org: its pages and images, and those of the hosts \
below it), or the sha256 of an image's bytes (sha256:HEX); lines that begin with # are comments. \
The newest dataset of DIR stays as it is, and dataset-N is written beside it: only the shards that lose something are written anew. A document whose images go stays \
as long as something is left of it. What went, and the list, is kept in DIR/removals; the dataset tells numbers alone. DIR/run and the image store, \
which may be removed, still hold what went. The same list on what it left finds nothing, and nothing is written.")]
    Remove(RemoveArgs),
    /// Try other thresholds on what a run stored: what would be kept
    #[command(after_help = "\
Examples:
  obelisc sweep out --set document.word_count.min_words=50,100,200
  obelisc sweep out --set document.image_count.max_images=10,20 --set paragraph.word_count.min_words=4,8 --samples 0
  obelisc sweep out --set rules.document.word_count.max_words=1000,off --json

No page is read: the values that rules measured are compared with other bounds. Where a bound on images or paragraphs \
leaves another text, that document is measured again from the run's tables; where an option changes what is measured, such as \
the length of an n-gram, all documents are, which is slower. The kept documents are those that a run with these options would keep. \
Documents that want images which the run did not fetch for them are counted apart, behind the fetch.")]
    Sweep(SweepArgs),
    /// List the rules, or show one rule's page
    #[command(after_help = "Examples:\n  obelisc rules\n  obelisc rules image.side_pixels")]
    Rules {
        /// Rule, as SUBJECT.NAME or NAME
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Count the words of a corpus into a list of common words
    #[command(after_help = "\
Examples:
  obelisc lexicon out --output words.txt
  obelisc extract crawl.warc.gz | obelisc lexicon - --min-count 4 --output words.txt
  obelisc lexicon documents.jsonl texts --max-words 50000 --counts --memory 64M --output words.tsv

Words are those that the rules common_word_ratio look up where a recipe has no table [words]: lower-case, without punctuation and digits at their ends. \
The list is sorted by code point, one word a line; it depends on the documents alone, not on memory, threads or the order \
of files. What does not fit into --memory is sorted into a folder beside the list, which goes at the end.")]
    Lexicon(LexiconArgs),
    /// Train a model on texts
    #[command(
        after_help = "Example:\n  obelisc train quality --positive wikipedia --negative crawl.jsonl --output quality.bin"
    )]
    Train {
        /// What to train
        #[command(subcommand)]
        subject: TrainSubject,
    },
    /// Print the default config with comments
    #[command(after_help = "Example:\n  obelisc print-config > my-machine.toml")]
    PrintConfig,
    /// Describe the keys of recipes and configs, the JSON document, or a table
    #[command(after_help = "Examples:\n  obelisc schema recipe\n  obelisc schema table documents")]
    Schema {
        /// What to describe
        #[command(subcommand)]
        subject: SchemaSubject,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  obelisc completions bash > ~/.local/share/bash-completion/completions/obelisc")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What `schema` describes.
#[derive(Clone, Debug, Subcommand)]
pub enum SchemaSubject {
    /// The keys of a recipe
    Recipe,
    /// The keys of a config
    Config,
    /// The JSON document that `extract` prints
    Document,
    /// The columns of a table
    Table {
        /// Name of the table; without it the tables are listed
        name: Option<String>,
    },
}

/// What `fetch` does.
#[derive(Debug, Subcommand)]
pub enum FetchSubject {
    /// Ask again for images that failed for these reasons
    #[command(after_help = "\
Example:
  obelisc fetch retry out --reason fetch_timeout --reason connection_failed --config configs/laptop.toml

What comes is added to the image store, as the run's recipe wants it; run the recipe again to have it in the dataset. Whoever was interrupted goes on \
where they were.")]
    Retry(RetryArgs),
    /// Write the images of a store as WebDataset tar files
    #[command(after_help = "\
Examples:
  obelisc fetch export out --output images
  obelisc fetch export --image-store /data/images --output images --images-per-shard 1000

Each distinct image is written once, beside what is known of it: KEY.jpg and KEY.json, KEY being the first half of its sha256.")]
    Export(ExportArgs),
}

/// What `train` makes.
#[derive(Debug, Subcommand)]
pub enum TrainSubject {
    /// A classifier that tells texts as they should be from those of a crawl
    #[command(after_help = "\
Example:
  obelisc train quality --positive wikipedia --negative crawl.jsonl --output quality.bin

Logistic regression over hashed words and pairs of words, as the quality filter of GPT-3. Both kinds weigh the same, however \
many documents there are of each. One document of ten is held out, and what the model is worth on those is told at the end. \
The same documents give the same bytes, whatever the number of threads and the order of files.")]
    Quality(QualityArgs),
}

/// A recipe, and what is set beside it.
#[derive(Args, Debug)]
pub struct RecipeArgs {
    /// Recipe: which dataset
    pub recipe: PathBuf,
    /// Config: on which machine, how fast
    #[arg(long, value_name = "CONFIG.toml")]
    pub config: Option<PathBuf>,
    /// Set one key of the recipe
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Where a file lies that the recipe names under `[resources]`, instead of the config's word
    #[arg(long, value_name = "NAME=PATH", value_parser = resource)]
    pub resource: Vec<(String, PathBuf)>,
}

/// `NAME=PATH`.
fn resource(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), path.into())),
        _ => Err("expected NAME=PATH".to_owned()),
    }
}

/// A run.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The recipe
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Archives (.warc .arc .wacz, compressed or not), folders, globs, @lists of them, also as s3://, gs://, az://, https://; folders of .html; shards of datasets in the layout of OBELICS (.parquet) and folders of these
    #[arg(long, short, value_name = "PATH|GLOB|URL|@LIST", required = true, num_args = 1..)]
    pub input: Vec<String>,
    /// Folder of the run and its dataset, or a URL (s3://, gs://, az://)
    #[arg(long, short, value_name = "DIR|URL")]
    pub output: PathBuf,
    /// Image store, shared by runs [default: DIR/images]
    #[arg(long, value_name = "DIR|URL")]
    pub image_store: Option<PathBuf>,
    /// Threads, instead of the config's
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Replace a finished dataset instead of writing the next version beside it
    #[arg(long)]
    pub force: bool,
}

/// A worker.
#[derive(Args, Debug)]
pub struct WorkerArgs {
    /// Output of the run, a folder or a URL
    pub dir: PathBuf,
    /// Threads, instead of the config's
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Where a file lies on this machine that the recipe names under `[resources]`
    #[arg(long, value_name = "NAME=PATH", value_parser = resource)]
    pub resource: Vec<(String, PathBuf)>,
}

/// What `work` does.
#[derive(Args, Debug)]
pub struct WorkArgs {
    /// Who works
    #[command(flatten)]
    pub worker: WorkerArgs,
    /// Stage behind which to end; the stages before it are worked on as well
    #[arg(long, value_parser = stage)]
    pub stage: Option<Stage>,
    /// Time after which no task is begun, such as 45m or 3h45m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Time>,
    /// What others call this worker [default: HOST.PROCESS]
    #[arg(long)]
    pub name: Option<String>,
}

/// What `task` does.
#[derive(Args, Debug)]
pub struct TaskArgs {
    /// Who works
    #[command(flatten)]
    pub worker: WorkerArgs,
    /// The step, as `obelisc plan` names it
    pub step: String,
    /// Number of a task, or of the first and the last one
    #[arg(value_name = "INDEX[-INDEX]", value_parser = tasks)]
    pub tasks: RangeInclusive<u32>,
}

/// What `scheduler` listens on.
#[derive(Args, Debug)]
pub struct SchedulerArgs {
    /// Address to listen on; 0.0.0.0 for all of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Port to listen on; 0 for any that is free
    #[arg(long, default_value_t = 50050)]
    pub port: u16,
}

/// What `executor` serves, and what it may take.
#[derive(Args, Debug)]
pub struct ExecutorArgs {
    /// The scheduler
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub scheduler: String,
    /// Address to listen on; 0.0.0.0 for all of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Port at which others fetch what it made
    #[arg(long, default_value_t = 50051)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Folder for what goes from one part of a query to the next, and for what does not fit into memory [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// Tasks that run at a time [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Bytes that queries hold, those of all threads together [default: seven tenths of the memory]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = clap::value_parser!(u64).range(1 << 20..))]
    pub memory_bytes: Option<u64>,
}

fn stage(name: &str) -> Result<Stage, String> {
    let names = || Stage::ALL.map(Stage::name).join(", ");
    Stage::ALL.into_iter().find(|stage| stage.name() == name).ok_or_else(|| format!("one of {} is allowed", names()))
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "a time such as 45m, 3h45m or 2d is allowed".to_owned())
}

fn tasks(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = first.parse().ok().zip(last.parse().ok()).map(|(first, last)| first..=last);
    range.filter(|range| !range.is_empty()).ok_or_else(|| "a number, or two as in 0-9, is allowed".to_owned())
}

/// What `extract` reads.
#[derive(Args, Debug)]
pub struct ExtractArgs {
    /// Pages (also as .html.gz), folders of pages and archives, archives, globs, @lists of them; or - for a page or an archive on
    /// standard input
    #[arg(value_name = "FILE|FOLDER|-", required = true)]
    pub input: Vec<String>,
    /// URL of the page, http or https, which images and links are resolved against.  Without it, and without a <base href> in
    /// the page, relative ones are left out [default: file:///NAME; about:blank on standard input]
    #[arg(long, value_parser = page_url)]
    pub url: Option<String>,
    /// Extraction profile
    #[arg(long, default_value = "default")]
    pub profile: String,
    /// Keep the whole page, instead of its main content alone; the profile obelisc always does
    #[arg(long)]
    pub whole_page: bool,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// What `lexicon` counts.
#[derive(Args, Debug)]
pub struct LexiconArgs {
    /// Documents as JSON lines (as `extract` prints them), .txt files, Parquet files with a column texts, folders of these,
    /// the output folder of a run, globs; the first two also compressed (.gz, .zst); or - for standard input
    #[arg(value_name = "DOCS|-", required = true)]
    pub docs: Vec<String>,
    /// The list
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Fewest occurrences of a word that is listed
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub min_count: u64,
    /// List the N most frequent words only; of equally frequent ones the first by code point
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub max_words: Option<u64>,
    /// Write behind each word a tab and how often it occurs; lists are read with and without
    #[arg(long)]
    pub counts: bool,
    /// Memory for counts, in bytes or as 64M, 2G
    #[arg(long, value_name = "BYTES", default_value = "512M", value_parser = bytes)]
    pub memory: usize,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// What `train quality` learns from.
#[derive(Args, Debug)]
pub struct QualityArgs {
    /// Texts as they should be: documents as JSON lines (as `extract` prints them), .txt files, Parquet files with a column
    /// texts, folders of these, the output folder of a run, globs; or - for standard input
    #[arg(long, value_name = "DOCS", required = true, num_args = 1..)]
    pub positive: Vec<String>,
    /// Texts as they come, from the same kinds of files
    #[arg(long, value_name = "DOCS", required = true, num_args = 1..)]
    pub negative: Vec<String>,
    /// The model
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// The model has 2^N buckets for words and pairs of words, of 4 bytes each
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(10..=24))]
    pub bucket_bits: u32,
    /// Most words that are looked at together
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4))]
    pub words: u32,
    /// How often all documents are gone through
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub passes: u32,
    /// Size of the steps in which the model learns
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = rate)]
    pub rate: f64,
    /// What pulls weights to zero
    #[arg(long, value_name = "X", default_value_t = 0.1, value_parser = l2)]
    pub l2: f64,
    /// Memory for what is learnt from, in bytes or as 64M, 2G; documents that do not fit are left out
    #[arg(long, value_name = "BYTES", default_value = "1G", value_parser = bytes)]
    pub memory: usize,
    /// Threads that read [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Takes a positive number.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| *number > 0.0 && *number <= 1000.0);
    number.ok_or_else(|| "use a number above 0, up to 1000".to_owned())
}

/// Takes a number that is not negative.
fn l2(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| (0.0..=1000.0).contains(number))
        .ok_or_else(|| "use a number from 0 to 1000".to_owned())
}

/// Takes a number of bytes, or one of KiB, MiB or GiB.
fn bytes(text: &str) -> Result<usize, String> {
    let upper = text.to_ascii_uppercase();
    let upper = upper.strip_suffix("IB").or(upper.strip_suffix('B')).unwrap_or(&upper);
    let units = [("K", 10), ("M", 20), ("G", 30)];
    let unit = units.iter().find_map(|(unit, shift)| upper.strip_suffix(unit).map(|number| (number, *shift)));
    let (number, shift) = unit.unwrap_or((upper, 0));
    let bytes = number.trim_end().parse::<usize>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "use a number of bytes, such as 67108864 or 64M".to_owned())
}

/// What `judge` reads.
#[derive(Args, Debug)]
pub struct JudgeArgs {
    /// The recipe
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Documents as JSON lines, or shards of datasets in the layout of OBELICS: files, folders, globs, @lists, URLs; without any, or with -, JSON lines on standard input
    #[arg(value_name = "DOCS.jsonl|SHARD.parquet|FOLDER|-")]
    pub documents: Vec<String>,
    /// Write the documents of shards that are kept as a new dataset: DIR/dataset
    #[arg(long, short, value_name = "DIR|URL")]
    pub output: Option<PathBuf>,
    /// Threads, instead of the config's
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// What `fetch retry` asks for.
#[derive(Args, Debug)]
pub struct RetryArgs {
    /// Output folder of a finished run
    pub dir: PathBuf,
    /// Reason for which images failed, as `obelisc status` names it
    #[arg(long, value_name = "REASON", required = true, value_delimiter = ',', value_parser = reason)]
    pub reason: Vec<Reason>,
    /// Config, for how the network is asked
    #[arg(long, value_name = "CONFIG.toml")]
    pub config: Option<PathBuf>,
    /// Where a file lies that the run's recipe names under `[resources]`, instead of the config's word
    #[arg(long, value_name = "NAME=PATH", value_parser = resource)]
    pub resource: Vec<(String, PathBuf)>,
    /// Image store of the run [default: DIR/images]
    #[arg(long, value_name = "DIR")]
    pub image_store: Option<PathBuf>,
}

/// What `fetch export` writes.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Output folder of a run, of which the store is taken
    #[arg(required_unless_present = "image_store", conflicts_with = "image_store")]
    pub dir: Option<PathBuf>,
    /// Folder of the tar files
    #[arg(long, short, value_name = "DIR")]
    pub output: PathBuf,
    /// Image store, instead of that of a run
    #[arg(long, value_name = "DIR")]
    pub image_store: Option<PathBuf>,
    /// Images of a tar file
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub images_per_shard: u64,
}

/// What `remove` takes out.
#[derive(Args, Debug)]
pub struct RemoveArgs {
    /// Output folder of a finished run
    pub dir: PathBuf,
    /// What is to go: URLs, hosts, sha256 of images, one on a line
    #[arg(long, value_name = "URLS")]
    pub list: PathBuf,
    /// Remove the version that the new one is made from, and those that earlier takedowns made that one from
    #[arg(long)]
    pub remove_old: bool,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Takes a reason for which an image can fail when it is asked for.
fn reason(text: &str) -> Result<Reason, String> {
    let of_fetch = || Reason::ALL.iter().copied().filter(|reason| reason.is_of_fetch());
    of_fetch().find(|reason| reason.name() == text).ok_or_else(|| {
        let names: Vec<&str> = of_fetch().map(Reason::name).collect();
        format!("use one of {}", names.join(", "))
    })
}

/// What `sweep` tries.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Output folder of a finished run
    pub dir: PathBuf,
    /// Option of a rule and the values to try; several give all combinations, 1000 at most
    #[arg(long, value_name = "RULE.OPTION=V[,V...]", required = true)]
    pub set: Vec<String>,
    /// Config, for the files that the run's recipe names under `[resources]`
    #[arg(long, value_name = "CONFIG.toml")]
    pub config: Option<PathBuf>,
    /// Where a file lies that the run's recipe names under `[resources]`, instead of the config's word
    #[arg(long, value_name = "NAME=PATH", value_parser = resource)]
    pub resource: Vec<(String, PathBuf)>,
    /// Documents shown from each side of a cut
    #[arg(long, value_name = "K", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub samples: u16,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Takes what pages can have as their URL.
fn page_url(text: &str) -> Result<String, String> {
    let (scheme, _) = text.split_once("://").unwrap_or_default();
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    match Url::parse(text) {
        Ok(url) if is_web && url.has_host() => Ok(text.to_owned()),
        Err(error) if is_web => {
            Err(format!("{error}; use an absolute http or https URL, such as https://example.org/page"))
        }
        _ => Err("use an absolute http or https URL, such as https://example.org/page".to_owned()),
    }
}
