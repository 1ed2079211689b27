//! `run` and `check`.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_fetch::ImageStore;
use obelisc_filter::options::Problem;
use obelisc_pipeline::{Config, Error, Given, Recipe, ResourcePaths, Run, Stage, check_shard};
use obelisc_storage::inputs::{self, Input, Kind, Wanted};
use obelisc_storage::{Error as StorageError, Remotes, Storage};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::args::{Cli, LogFormat, RecipeArgs, RunArgs};
use crate::output::{INTERRUPTED, need_a_reader, print, say};
use crate::progress::Progress;
use crate::{Failure, place, printable, summary};

/// What is said at the first signal.
const STOPPING: &str = "stopping when the tasks in flight end; a second signal stops at once and loses them";

/// The environment's variable for what an opt-out service knows us by.
const OPT_OUT_TOKEN: &str = "OBELISC_OPT_OUT_TOKEN";

/// Longest recipe and config, in bytes, that are read.
const MAX_TEXT: u64 = 16 << 20;

pub fn read_text(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_TEXT + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > MAX_TEXT => {
            Err(Failure::usage(format!("{}: longer than {MAX_TEXT} bytes", path.display())))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format!("{}: {error}", path.display()))),
    }
}

/// The files that recipes name, by a config and by flags.
pub fn given(mut paths: ResourcePaths, flags: &[(String, PathBuf)]) -> Given {
    paths.extend(flags.iter().cloned());
    Given { paths, named: flags.iter().map(|(name, _)| name.clone()).collect(), ..Given::default() }
}

/// Reads a config, or takes the defaults.
pub fn config(path: Option<&Path>) -> Result<Result<Config, Vec<Problem>>, Failure> {
    path.map_or(Ok(Ok(Config::default())), |path| Ok(Config::parse(&path.to_string_lossy(), &read_text(path)?)))
}

/// A config with what stands in the environment alone.
pub fn with_secrets(mut config: Config) -> Config {
    config.fetch.opt_out_service.token = std::env::var(OPT_OUT_TOKEN).ok();
    config
}

/// Reads recipe and config; all mistakes of both are told at once.
pub fn read(args: &RecipeArgs) -> Result<(Recipe, Config), Failure> {
    let config = config(args.config.as_deref())?;
    let paths = config.as_ref().map(|config| config.resources.clone()).unwrap_or_default();
    let given = given(paths, &args.resource);
    let recipe = Recipe::parse_given(&args.recipe.to_string_lossy(), &read_text(&args.recipe)?, &args.set, &given);
    match (recipe, config) {
        (Ok(recipe), Ok(config)) => Ok((recipe, with_secrets(config))),
        (recipe, config) => {
            let mut problems = recipe.err().unwrap_or_default();
            problems.extend(config.err().unwrap_or_default());
            Err(Error::Refused(problems).into())
        }
    }
}

/// `obelisc check`.
pub fn check(args: &RecipeArgs) -> Result<(), Failure> {
    let (recipe, _) = read(args)?;
    let stages: Vec<&str> = recipe.stages.iter().map(|stage| stage.name()).collect();
    let stages = stages.join(" → ");
    print(|out| writeln!(out, "{}: ok: recipe {}, stages {stages}", args.recipe.display(), printable(&recipe.name)))
}

/// Refuses an image store where a run or a dataset would be.
fn check_places(output: &Path, store: &Path) -> Result<(), Failure> {
    let inside = store.strip_prefix(output).ok().and_then(|rest| rest.components().next());
    let first = inside.map(|first| first.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    if store == output || first == "run" || first.starts_with("dataset") {
        let message = format!(
            "--image-store {}: the store has a place of its own, outside of runs and datasets",
            store.display()
        );
        return Err(Failure::usage(message));
    }
    Ok(())
}

/// The inputs that a command line names, behind this flag.
pub fn find(flag: &str, names: &[String], wanted: Wanted, remotes: &Remotes) -> Result<Vec<Input>, Failure> {
    let inputs = inputs::find(names, wanted, remotes).map_err(|errors| {
        let wrong = errors.iter().all(|error| matches!(error, StorageError::Unsupported { .. }));
        let lines: Vec<String> = errors.iter().map(|error| format!("{flag}{error}")).collect();
        Failure { code: if wrong { 2 } else { 3 }, message: lines.join("\n") }
    })?;
    if inputs.is_empty() {
        return Err(Failure::unreachable(format!("{}: the lists name nothing", flag.trim_end())));
    }
    Ok(inputs)
}

/// Refuses shards the first of which is none: it is most likely one of many of its kind.
pub fn check_first_shard(flag: &str, inputs: &[Input]) -> Result<(), Failure> {
    let mut shards = inputs.iter().filter_map(|input| match &input.kind {
        Kind::Shard(file) => Some(file),
        _ => None,
    });
    let checked = shards.next().map_or(Ok(()), check_shard);
    checked.map_err(|error| Failure {
        code: if matches!(error, StorageError::Unsupported { .. }) { 2 } else { 3 },
        message: format!("{flag}{error}"),
    })
}

/// Everything a run needs, checked and opened.
pub struct Prepared {
    pub recipe: Recipe,
    pub config: Config,
    pub inputs: Vec<Input>,
    pub storage: Box<dyn Storage>,
    pub images: ImageStore,
    pub remotes: Remotes,
    pub force: bool,
}

impl Prepared {
    /// Checks recipe, config and inputs, in this order, before anything is written.
    pub fn new(args: &RunArgs) -> Result<Self, Failure> {
        let (recipe, mut config) = read(&args.recipe)?;
        if let Some(threads) = args.threads.and_then(|threads| NonZeroUsize::new(threads.into())) {
            config.threads = threads;
        }
        let remotes = place::remotes(&config);
        let wanted = if recipe.has(Stage::Select) { Wanted::Index } else { Wanted::ArchivesOrShards };
        let inputs = find("--input ", &args.input, wanted, &remotes)?;
        check_first_shard("--input ", &inputs)?;
        let store = args.image_store.clone().unwrap_or_else(|| args.output.join("images"));
        check_places(&args.output, &store)?;
        let storage = place::at("--output", &args.output, &remotes)?;
        let store = place::at("--image-store", &store, &remotes)?;
        let images = ImageStore::open(store).map_err(Failure::unreachable)?;
        Ok(Self { recipe, config, inputs, storage, images, remotes, force: args.force })
    }

    /// The run.
    pub fn run<'a>(&'a self, stop: &'a AtomicBool) -> Run<'a> {
        Run {
            recipe: &self.recipe,
            config: &self.config,
            inputs: &self.inputs,
            storage: &*self.storage,
            images: &self.images,
            remotes: &self.remotes,
            stop,
            force: self.force,
        }
    }
}

/// `obelisc run`.
pub fn run(cli: &Cli, args: &RunArgs) -> Result<(), Failure> {
    let prepared = Prepared::new(args)?;
    let stop = stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
    // Afterwards nothing is lost.
    need_a_reader(true);
    let progress = Progress::new(cli.quiet, cli.verbose, cli.log_format);
    let finished = prepared.run(&stop).execute(&progress);
    need_a_reader(false);
    progress.end();
    let finished = finished?;
    match cli.log_format {
        _ if cli.quiet => {}
        LogFormat::Text => {
            let summary = summary::of(&finished, &args.output, &args.output.join(&finished.folder));
            print(|out| out.write_all(summary.as_bytes()))?;
        }
        LogFormat::Json => Progress::finished(&finished),
    }
    Ok(())
}

/// The first SIGINT or SIGTERM asks for the end, which is told in these words: tasks in flight are finished, no new one
/// begins.  The second ends at once, and with it the tasks in flight.
pub fn stop_on_signals(words: &'static str) -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if raised.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
            say(words);
        }
    });
    Ok(stop)
}
