//! `run` and `check`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_filter::options::Problem;
use obelisc_pipeline::prepare::{self, AskedRecipe, AskedRun};
pub use obelisc_pipeline::prepare::{Prepared, given};
use obelisc_pipeline::{Config, Recipe};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::args::{Cli, LogFormat, RecipeArgs, RunArgs};
use crate::output::{INTERRUPTED, need_a_reader, print, say};
use crate::progress::Progress;
use crate::{Failure, environment, printable, summary};

/// What is said at the first signal.
const STOPPING: &str = "stopping when the tasks in flight end; a second signal stops at once and loses them";

/// Reads a text that the command line names.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    Ok(prepare::read_text(path)?)
}

/// Reads a config, or takes the defaults.
pub fn config(path: Option<&Path>) -> Result<Result<Config, Vec<Problem>>, Failure> {
    Ok(prepare::config(path)?)
}

/// A config with what stands in the environment alone.
pub fn with_secrets(config: Config) -> Config {
    environment().with_secrets(config)
}

/// A recipe as the command line asks for it.
fn asked(args: &RecipeArgs) -> AskedRecipe<'_> {
    let RecipeArgs { recipe, config, set, resource } = args;
    AskedRecipe { path: recipe, text: None, config: config.as_deref(), set, resources: resource, added: &[] }
}

/// Reads recipe and config; all mistakes of both are told at once.
pub fn read(args: &RecipeArgs) -> Result<(Recipe, Config), Failure> {
    Ok(asked(args).read(&environment())?)
}

/// Checks and opens everything that a run needs, before anything is written.
pub fn prepared(args: &RunArgs) -> Result<Prepared, Failure> {
    let asked = AskedRun {
        recipe: asked(&args.recipe),
        input: &args.input,
        output: &args.output,
        image_store: args.image_store.as_deref(),
        threads: args.threads,
        force: args.force,
    };
    Ok(Prepared::new(&asked, &environment())?)
}

/// `obelisc check`.
pub fn check(args: &RecipeArgs) -> Result<(), Failure> {
    let (recipe, _) = read(args)?;
    let stages: Vec<&str> = recipe.stages.iter().map(|stage| stage.name()).collect();
    let stages = stages.join(" → ");
    print(|out| writeln!(out, "{}: ok: recipe {}, stages {stages}", args.recipe.display(), printable(&recipe.name)))
}

/// `obelisc run`.
pub fn run(cli: &Cli, args: &RunArgs) -> Result<(), Failure> {
    let prepared = prepared(args)?;
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
