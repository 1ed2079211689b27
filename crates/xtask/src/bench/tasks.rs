//! A run of very many tasks that nobody ran: what `plan`, `status` and going on with it cost, in a folder and in an object store.

mod left;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use obelisc_fetch::ImageStore;
use obelisc_pipeline::{Config, Recipe, Run};
use obelisc_storage::inputs::Wanted;
use obelisc_storage::{LocalFolder, Remotes, Storage, inputs};
use obelisc_testkit::object_store::ObjectStoreServer;
use serde_json::{Value, json};

use super::{median, memory};
use crate::binary::{Binary, target};
use crate::root;

/// The step whose last task is missing.
const LAST: &str = "clean";
/// Each archive is a task, however many there are.
const CONFIG: &str = "[run]\nmax_tasks = 1048576\n";

/// How many.
#[derive(Args, Debug)]
pub(crate) struct Tasks {
    /// Archives, and with them tasks of most steps, of the run in a folder
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    tasks: u32,
    /// The same of the run in an object store, whose server goes through all objects of a bucket for each thousand that it lists
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    s3_tasks: u32,
    /// Recipe, which has the stage clean
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Times that each command is measured in a folder; the median counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// The `obelisc` that is measured [default: a release build of this tree]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures.
pub(super) fn run(options: &Tasks) -> Result<bool> {
    let program = match &options.program {
        Some(program) => std::path::absolute(program)?,
        None => Binary::release()?.path().to_owned(),
    };
    let recipe = options.recipe.clone().unwrap_or_else(|| root().join("pipelines/default.toml"));
    // Beside the build, where there is a disk and not memory.
    let temporary = tempfile::tempdir_in(target()?)?;
    let place = |name: &str| temporary.path().join(name);
    let config = place("tasks.toml");
    std::fs::write(&config, CONFIG)?;
    let mut told = Vec::new();
    if options.tasks > 0 {
        let measured =
            Measured { program: &program, recipe: &recipe, config: &config, variables: Vec::new(), place: "folder" };
        let names = ["in", "out", "images"].map(|name| place("folder").join(name));
        fill(&names[0], &names[2], options.tasks)?;
        let run = measured.begin(&names, options.tasks)?;
        told.push(run.all(options.runs, None)?);
        std::fs::remove_dir_all(place("folder"))?;
    }
    if options.s3_tasks > 0 {
        let buckets = ["archives", "output", "images"].map(|name| place("store").join(name));
        fill(&buckets[0], &buckets[2], options.s3_tasks)?;
        std::fs::create_dir_all(&buckets[1])?;
        let server = ObjectStoreServer::start(&place("store"));
        let measured = Measured {
            program: &program,
            recipe: &recipe,
            config: &config,
            variables: server.variables(),
            place: "object store",
        };
        let names = ["s3://archives/", "s3://output/", "s3://images/"].map(PathBuf::from);
        let run = measured.begin(&names, options.s3_tasks)?;
        told.push(run.all(1, Some(&server))?);
    }
    if options.json {
        println!("{:#}", json!({"bench": "tasks", "places": told}));
    }
    for place in told.iter().filter(|_| !options.json) {
        println!(
            "{}: {} tasks × {} steps",
            place["place"].as_str().unwrap_or_default(),
            place["tasks"],
            place["steps"]
        );
        for command in place["commands"].as_array().into_iter().flatten() {
            let name = command["command"].as_str().unwrap_or_default();
            let (seconds, peak) = (command["seconds"].as_f64(), command["peak_mib"].as_f64());
            print!("  {name:<14} {:>7.2} s {:>6.0} MiB", seconds.unwrap_or_default(), peak.unwrap_or_default());
            println!("{}", command["requests"].as_u64().map(|n| format!(" {n:>6} requests")).unwrap_or_default());
        }
    }
    Ok(true)
}

/// Makes archives that hold nothing, and the segments that stand for what was taken from them.
fn fill(archives: &Path, images: &Path, tasks: u32) -> Result<()> {
    let segments = images.join("segments");
    std::fs::create_dir_all(archives)?;
    std::fs::create_dir_all(&segments)?;
    for task in 0..tasks {
        std::fs::write(archives.join(format!("part-{task:06}.warc.gz")), b"")?;
        for ending in ["bin", "parquet"] {
            std::fs::write(segments.join(format!("{}.{ending}", left::segment(task))), b"")?;
        }
    }
    Ok(())
}

/// What is measured, and where.
struct Measured<'m> {
    program: &'m Path,
    recipe: &'m Path,
    config: &'m Path,
    variables: Vec<(String, String)>,
    place: &'m str,
}

/// A run of which all is there but its tables.
struct Begun<'m> {
    measured: &'m Measured<'m>,
    names: &'m [PathBuf; 3],
    tasks: u32,
    steps: usize,
}

impl Measured<'_> {
    /// Writes what tasks would have left.
    fn begin<'m>(&'m self, names: &'m [PathBuf; 3], tasks: u32) -> Result<Begun<'m>> {
        let started = Instant::now();
        let text = std::fs::read_to_string(self.recipe)?;
        let refused = |problems: Vec<_>| anyhow::anyhow!("{}", obelisc_pipeline::Error::Refused(problems));
        let recipe = Recipe::parse(&self.recipe.to_string_lossy(), &text, &[]).map_err(refused)?;
        let remotes = Remotes::new(self.variables.iter().cloned());
        let at = |name: &Path| -> Result<Box<dyn Storage>> {
            let name = name.to_string_lossy();
            if Remotes::is_url(&name) {
                return Ok(Box::new(remotes.folder(&name)?));
            }
            Ok(Box::new(LocalFolder::create(name.into_owned())?))
        };
        let [archives, output, images] = names;
        let found = inputs::find(&[archives.to_string_lossy().into_owned()], Wanted::Archives, &remotes);
        let found = found.map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
        let (storage, images) = (at(output)?, ImageStore::open(at(images)?)?);
        let config = Config::parse("tasks.toml", CONFIG).map_err(refused)?;
        let stop = AtomicBool::new(false);
        let (storage, images) = (&*storage, &images);
        let run = Run {
            recipe: &recipe,
            config: &config,
            inputs: &found,
            storage,
            images,
            remotes: &remotes,
            stop: &stop,
            force: false,
        };
        run.pretend(LAST, 1, left::left)?;
        let steps = run.plan()?.iter().filter(|step| step.tasks == Some(tasks)).count();
        eprintln!("{}: {tasks} tasks × {steps} steps are there after {:.0?}", self.place, started.elapsed());
        Ok(Begun { measured: self, names, tasks, steps })
    }
}

/// What a command took: seconds, bytes of memory.
type Cost = (f64, u64);

impl Begun<'_> {
    fn all(&self, runs: u32, server: Option<&ObjectStoreServer>) -> Result<Value> {
        let mut commands = Vec::new();
        for name in ["plan", "status --json", "run"] {
            let before = server.map(ObjectStoreServer::requests);
            let costs: Vec<Cost> = (0..runs).map(|_| self.one(name)).collect::<Result<_>>()?;
            let requests = server.map(ObjectStoreServer::requests).zip(before).map(|(after, before)| after - before);
            let peak = costs.iter().map(|(_, peak)| *peak).max().unwrap_or_default();
            commands.push(json!({
                "command": name,
                "seconds": median(costs.into_iter().map(|(seconds, _)| seconds).collect()),
                "peak_mib": peak >> 20,
                "requests": requests.map(|requests| requests / u64::from(runs)),
            }));
        }
        Ok(json!({"place": self.measured.place, "tasks": self.tasks, "steps": self.steps, "commands": commands}))
    }

    fn one(&self, name: &str) -> Result<Cost> {
        let [archives, output, images] = self.names;
        let mut command = Command::new(self.measured.program);
        command.args(["--log-format", "json"]).args(name.split(' '));
        command.envs(self.measured.variables.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null());
        if name.starts_with("status") {
            command.arg(output);
        } else {
            command.arg(self.measured.recipe).arg("--input").arg(archives).arg("--output").arg(output);
            command.arg("--image-store").arg(images).arg("--config").arg(self.measured.config);
        }
        let started = Instant::now();
        if name == "run" {
            return until_a_task_begins(command.stderr(Stdio::piped()).spawn()?, started);
        }
        let peak = memory::watch(&mut command.spawn()?, || ())?;
        Ok((started.elapsed().as_secs_f64(), peak))
    }
}

/// Waits until a run begins with the task that is missing, and kills it.
fn until_a_task_begins(mut child: Child, started: Instant) -> Result<Cost> {
    let lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
    let (sender, reached): (_, Receiver<Instant>) = channel();
    let reader = std::thread::spawn(move || {
        let mut last = String::new();
        for line in lines.map_while(Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["event"] == "step_started" && event["step"] == LAST {
                let _ = sender.send(Instant::now());
            }
            last = line;
        }
        last
    });
    let mut peak = 0;
    let ended = loop {
        peak = memory::peak(&child).unwrap_or(peak);
        match reached.try_recv() {
            Ok(ended) => break Some(ended),
            Err(TryRecvError::Disconnected) => break None,
            Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let _ = child.kill();
    child.wait()?;
    let last = reader.join().unwrap_or_default();
    let Some(ended) = ended else { bail!("the run ended before the step {LAST}: {last}") };
    ensure!(peak > 0, "this system does not tell the peak memory of a process in /proc");
    Ok((ended.duration_since(started).as_secs_f64(), peak))
}
