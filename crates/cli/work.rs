//! `work`, `task` and `submit`: a run that many machines work on.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use obelisc_fetch::ImageStore;
use obelisc_pipeline::{Config, Error, Job, Recipe, Text, Worker};
use obelisc_schedule::{Plan, Planned};
use obelisc_storage::Remotes;

use crate::args::{Cli, LogFormat, RunArgs, TaskArgs, WorkArgs, WorkerArgs};
use crate::output::{need_a_reader, print};
use crate::progress::Progress;
use crate::run::{Prepared, given, prepared, read_text, stop_on_signals, with_secrets};
use crate::submit::{Submitted, submit as hand_over};
use crate::{Failure, place, summary};

/// What is said at the first signal.
const STOPPING: &str = "leaving when the tasks in flight end; a second signal leaves at once, and others do them again when their leases are over";

/// `obelisc work`.
pub fn work(cli: &Cli, args: &WorkArgs) -> Result<(), Failure> {
    let prepared = of_job(&args.worker)?;
    let stop = stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
    if let Some(until) = args.until {
        stop_after(Duration::from_secs(until.seconds()), Arc::clone(&stop));
    }
    let worker = Worker {
        name: args.name.clone().unwrap_or_else(name),
        lease: prepared.config.storage.lease,
        last_stage: args.stage,
    };
    let progress = Progress::new(cli.quiet, cli.verbose, cli.log_format);
    need_a_reader(true);
    let worked = prepared.run(&stop).work(&worker, &progress);
    need_a_reader(false);
    progress.end();
    let Some(finished) = worked? else {
        let stage = args.stage.map(|stage| stage.name()).unwrap_or_default();
        return if cli.quiet { Ok(()) } else { print(|out| writeln!(out, "stage {stage} is done")) };
    };
    match cli.log_format {
        _ if cli.quiet => Ok(()),
        LogFormat::Text => {
            let dir = &args.worker.dir;
            let summary = summary::of(&finished, dir, &dir.join(&finished.folder));
            print(|out| out.write_all(summary.as_bytes()))
        }
        LogFormat::Json => {
            Progress::finished(&finished);
            Ok(())
        }
    }
}

/// `obelisc task`.
pub fn task(cli: &Cli, args: &TaskArgs) -> Result<(), Failure> {
    let prepared = of_job(&args.worker)?;
    let stop = AtomicBool::new(false);
    let progress = Progress::new(cli.quiet, true, cli.log_format);
    let done = prepared.run(&stop).tasks(&args.step, args.tasks.clone(), &progress);
    progress.end();
    Ok(done?)
}

/// `obelisc submit`.
pub fn submit(args: &RunArgs, dry_run: bool) -> Result<(), Failure> {
    let prepared = prepared(args)?;
    let planned = prepared.run(&AtomicBool::new(false)).plan()?;
    let mut stages: Vec<Planned> = Vec::new();
    for step in planned {
        let tasks = step.tasks.map(u64::from);
        // Passes of `dedup` behind `attach` are done by the workers of the stage behind them.
        match stages.iter_mut().find(|stage| stage.name == step.stage) {
            Some(stage) => stage.tasks = stage.tasks.zip(tasks).map(|(a, b)| a.max(b)),
            None => stages.push(Planned::new(step.stage, tasks)),
        }
    }
    job(args, &prepared)?.write(&*prepared.storage)?;
    let program = std::env::current_exe().map_err(Failure::unreachable)?;
    let threads = args.threads.map(|threads| ["--threads".to_owned(), threads.to_string()]);
    let output = whole(&args.output)?;
    let plan = Plan {
        recipe: prepared.recipe.name.clone(),
        output: output.to_string_lossy().into_owned(),
        program: program.to_string_lossy().into_owned(),
        arguments: threads.into_iter().flatten().collect(),
        stages,
    };
    let (slurm, kubernetes) = (prepared.config.slurm.as_ref(), prepared.config.kubernetes.as_ref());
    if dry_run && slurm.is_none() && kubernetes.is_none() {
        let output = output.display();
        return print(|out| {
            writeln!(
                out,
                "{output}/run/job.json is written: on each machine that sees it, start\n  obelisc work {output}"
            )
        });
    }
    hand_over(&Submitted { plan, slurm, kubernetes, storage: &*prepared.storage, dry_run })
}

/// What workers need to know of a run.
fn job(args: &RunArgs, prepared: &Prepared) -> Result<Job, Failure> {
    let text =
        |path: &Path| Ok::<_, Failure>(Text { name: path.to_string_lossy().into_owned(), text: read_text(path)? });
    let mut job = Job::new(text(&args.recipe.recipe)?, &prepared.inputs)?;
    job.force = args.force;
    job.set.clone_from(&args.recipe.set);
    job.config = args.recipe.config.as_deref().map(text).transpose()?;
    // Of the config's words as well: they are paths from where this command was called.
    for (name, path) in
        prepared.config.resources.iter().chain(args.recipe.resource.iter().map(|(name, path)| (name, path)))
    {
        job.resources.insert(name.clone(), whole(path)?);
    }
    let store = args.image_store.as_deref().map(whole).transpose()?;
    job.image_store = store.map(|store| store.to_string_lossy().into_owned());
    Ok(job)
}

/// A place as it is called from anywhere.
fn whole(path: &Path) -> Result<PathBuf, Failure> {
    if Remotes::is_url(&path.to_string_lossy()) {
        return Ok(path.to_owned());
    }
    absolute(path).map_err(|error| Failure::unreachable(format!("{}: {error}", path.display())))
}

/// All that the job of an output names, opened.
fn of_job(args: &WorkerArgs) -> Result<Prepared, Failure> {
    let found = Job::read(&*place::open_plainly(&args.dir)?)?;
    let Job { recipe, set, config, resources, image_store, force, .. } = &found;
    let mut config = match config {
        Some(Text { name, text }) => Config::parse(name, text).map_err(Error::Refused)?,
        None => Config::default(),
    };
    if let Some(threads) = args.threads.and_then(|threads| NonZeroUsize::new(threads.into())) {
        config.threads = threads;
    }
    let config = with_secrets(config);
    let mut paths: BTreeMap<String, PathBuf> = resources.clone();
    paths.extend(args.resource.iter().cloned());
    let recipe = Recipe::parse_given(&recipe.name, &recipe.text, set, &given(paths, &[])).map_err(Error::Refused)?;
    let remotes = place::remotes(&config);
    let storage = place::open(&args.dir, &remotes)?;
    let store = image_store.as_ref().map_or_else(|| args.dir.join("images"), PathBuf::from);
    let images = ImageStore::open(place::at("--image-store", &store, &remotes)?).map_err(Failure::unreachable)?;
    let inputs = found.inputs(&remotes)?;
    Ok(Prepared { recipe, config, inputs, storage, images, remotes, force: *force })
}

/// This machine and process: no secret, and another for each worker.
fn name() -> String {
    let host = read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = std::env::var("HOSTNAME").unwrap_or(host);
    let host = host.trim();
    format!("{}.{}", if host.is_empty() { "worker" } else { host }, std::process::id())
}

/// Raises a flag when a time is over.
fn stop_after(time: Duration, stop: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
    });
}
