//! The table `[slurm]`, the batch scripts made of it, and what `sbatch` answers.

mod script;
mod submission;

use std::collections::BTreeMap;

use obelisc_filter::options::{Declared, Options, Source, nearest};

pub use self::script::Script;
pub use self::submission::{Job, JobId, LogName, NoJobId, Submission};
use crate::amount::{Memory, Time};
use crate::reading;

/// Where logs go below the output.
const LOGS: &str = "run/logs/slurm";
/// Options of `sbatch` that the scripts set themselves.
const OWN: [&str; 18] = [
    "account",
    "array",
    "chdir",
    "cpus-per-task",
    "dependency",
    "error",
    "job-name",
    "mem",
    "nodes",
    "no-requeue",
    "ntasks",
    "open-mode",
    "output",
    "partition",
    "qos",
    "requeue",
    "signal",
    "time",
];

/// How workers run under Slurm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slurm {
    /// Partition; the site's default where there is none.
    pub partition: Option<String>,
    /// Account that is charged.
    pub account: Option<String>,
    /// Quality of service.
    pub qos: Option<String>,
    /// What one worker gets, where its stage says nothing else.
    pub share: Share,
    /// How long before its limit a worker takes no new task.
    pub margin: Time,
    /// How long before its limit a worker is told to end.
    pub signal: Time,
    /// Most elements of an array: the site's `MaxArraySize`.
    pub max_array: u32,
    /// Whether an element begins again that was interrupted.
    pub requeue: bool,
    /// How often an element begins again.
    pub max_restarts: u32,
    /// The program on the nodes, where it is not the one that submits.
    pub program: Option<String>,
    /// Lines of a shell that run before a worker.
    pub setup: Vec<String>,
    /// Further options of `sbatch`, each as on a `#SBATCH` line.
    pub extra: Vec<String>,
    /// Folder for logs, below the output or absolute.
    pub logs: String,
    /// What stages have of their own.
    stages: BTreeMap<String, OwnShare>,
}

/// What the workers of a stage get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many workers run at a time.
    pub workers: u32,
    /// How long one runs.
    pub time_limit: Time,
    /// Its processors.
    pub cpus: u32,
    /// Its memory.
    pub memory: Memory,
}

/// The same where a stage says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OwnShare {
    workers: Option<u32>,
    time_limit: Option<Time>,
    cpus: Option<u32>,
    memory: Option<Memory>,
}

/// Most workers of a stage, and most elements of an array: what Slurm allows (`slurm.conf(5)`, `MaxArraySize`).
const MAX_ARRAY: u32 = 4_000_001;

impl Default for Slurm {
    fn default() -> Self {
        Self {
            partition: None,
            account: None,
            qos: None,
            share: Share {
                workers: 16,
                time_limit: Time::from_seconds(4 * 3_600),
                cpus: 4,
                memory: Memory::from_mib(8 << 10),
            },
            margin: Time::from_seconds(15 * 60),
            signal: Time::from_seconds(2 * 60),
            max_array: 1000,
            requeue: true,
            max_restarts: 100,
            program: None,
            setup: Vec::new(),
            extra: Vec::new(),
            logs: LOGS.to_owned(),
            stages: BTreeMap::new(),
        }
    }
}

impl Slurm {
    /// Reads the table `slurm` of a config, if it has one; `stages` are the names that `[slurm.stages.NAME]` may have.  All
    /// keys are declared in either case.
    pub fn read(root: &mut Options<'_>, stages: &[&str]) -> (Option<Self>, Vec<Declared>) {
        let given = root.has("slurm");
        let mut options = root.table("slurm");
        let mut slurm = Self::default();
        slurm.read_place(&mut options);
        slurm.read_share(&mut options);
        slurm.read_restarts(&mut options);
        slurm.read_surroundings(&mut options);
        slurm.read_stages(options.table("stages"), stages);
        slurm.check_times(&options);
        let mut declared = options.finish().declared;
        declared.extend(declared_of_a_stage());
        (given.then_some(slurm), declared)
    }

    /// What the workers of a stage get.
    pub fn share(&self, stage: &str) -> Share {
        let own = self.stages.get(stage).copied().unwrap_or_default();
        Share {
            workers: own.workers.unwrap_or(self.share.workers),
            time_limit: own.time_limit.unwrap_or(self.share.time_limit),
            cpus: own.cpus.unwrap_or(self.share.cpus),
            memory: own.memory.unwrap_or(self.share.memory),
        }
    }

    fn read_place(&mut self, options: &mut Options<'_>) {
        self.partition = reading::word(options, "partition", "partition; \"\" for the site's default");
        self.account = reading::word(options, "account", "account that is charged; \"\" for yours");
        self.qos = reading::word(options, "qos", "quality of service; \"\" for the site's default");
    }

    fn read_share(&mut self, options: &mut Options<'_>) {
        let default = self.share;
        let workers = "workers of a stage: elements of its array. No more than its tasks are begun";
        let workers = reading::count(options, "workers", Some(default.workers), MAX_ARRAY, workers);
        let time = "time after which Slurm ends a worker, as \"4h\" or in Slurm's own form";
        let time = reading::time(options, "time_limit", "4h", time);
        let cpus = reading::count(options, "cpus_per_worker", Some(default.cpus), 4096, "processors of a worker");
        let memory = "memory of a worker, as \"8G\"; engine.max_memory_bytes must leave room in it";
        let memory = reading::memory(options, "memory_per_worker", "8G", memory);
        self.share = Share {
            workers: workers.unwrap_or(default.workers),
            time_limit: time.unwrap_or(default.time_limit),
            cpus: cpus.unwrap_or(default.cpus),
            memory: memory.unwrap_or(default.memory),
        };
    }

    fn read_restarts(&mut self, options: &mut Options<'_>) {
        let margin = "how long before its limit a worker takes no new task";
        let signal = "how long before its limit a worker that still runs is told to end, by SIGTERM";
        let max_array = "most elements of an array: the site's MaxArraySize (scontrol show config)";
        let requeue =
            "put a worker back into the queue when its time is up, when it is killed, and when its node fails";
        let restarts = "how often an element begins again before it counts as failed";
        self.margin = reading::time(options, "margin", "15m", margin).unwrap_or(self.margin);
        self.signal = reading::time(options, "signal", "2m", signal).unwrap_or(self.signal);
        let most = reading::count(options, "max_array", Some(self.max_array), MAX_ARRAY, max_array);
        self.max_array = most.unwrap_or(self.max_array);
        self.requeue = options.flag("requeue", self.requeue, requeue);
        let most = reading::count(options, "max_restarts", Some(self.max_restarts), 1_000_000, restarts);
        self.max_restarts = most.unwrap_or(self.max_restarts);
    }

    fn read_surroundings(&mut self, options: &mut Options<'_>) {
        self.program = reading::line(options, "program", "the program on the nodes; \"\" for the one that submits");
        let setup = "lines of a shell that run before a worker, such as \"module load gcc\"";
        self.setup = options.texts("setup", &[], &[], setup);
        let extra = "further options of sbatch, each beginning with --, such as \"--constraint=fast\"";
        self.extra = options.texts("extra", &[], &[], extra);
        for option in &self.extra {
            if let Some(problem) = wrong_option(option) {
                options.problem("extra", format!("{option:?} is given, {problem}"));
            }
        }
        self.logs = options.text("logs", LOGS, "folder for what workers say, below the output or absolute");
        if self.logs.is_empty() {
            options.problem("logs", "\"\" is given, a folder is allowed");
        }
    }

    fn read_stages(&mut self, mut options: Options<'_>, stages: &[&str]) {
        for (name, mut table) in options.tables() {
            if !stages.contains(&name.as_str()) {
                let hint = nearest(&name, stages.iter().copied());
                options.problem(&name, format!("no stage is named so{hint}; there are: {}", stages.join(", ")));
            }
            let own = OwnShare::read(&mut table);
            self.stages.insert(name.clone(), own);
            self.check_limit(self.share(&name).time_limit, &table, own.time_limit.is_some());
            table.finish();
        }
        options.finish();
    }

    /// A worker that must end before it begins does nothing for ever.
    fn check_times(&self, options: &Options<'_>) {
        self.check_limit(self.share.time_limit, options, true);
    }

    fn check_limit(&self, limit: Time, options: &Options<'_>, is_own: bool) {
        for (key, time) in [("margin", self.margin), ("signal", self.signal)] {
            if is_own && limit <= time {
                let message = format!("{limit} is given, more than slurm.{key} is allowed, which is {time}");
                options.problem("time_limit", message);
            }
        }
    }
}

impl OwnShare {
    fn read(options: &mut Options<'_>) -> Self {
        let workers = "the same for the stage NAME; \"off\" for what stands in [slurm]";
        Self {
            workers: reading::count(options, "workers", None, MAX_ARRAY, workers),
            time_limit: reading::time(
                options,
                "time_limit",
                "",
                "the same for the stage NAME; \"\" for what stands in [slurm]",
            ),
            cpus: reading::count(options, "cpus_per_worker", None, 4096, workers),
            memory: reading::memory(
                options,
                "memory_per_worker",
                "",
                "the same for the stage NAME; \"\" for what stands in [slurm]",
            ),
        }
    }
}

/// What each `[slurm.stages.NAME]` may have.
fn declared_of_a_stage() -> Vec<Declared> {
    let source = Source::parse("defaults", "[slurm.stages.NAME]\n", &[]);
    let tables = source.root().table("slurm").table("stages").tables();
    let declared = tables.into_iter().map(|(_, mut options)| {
        OwnShare::read(&mut options);
        options.finish().declared
    });
    declared.flatten().collect()
}

/// Why an option is not passed on.
fn wrong_option(option: &str) -> Option<String> {
    let name = option.strip_prefix("--").map(|rest| rest.split(['=', ' ']).next().unwrap_or_default());
    match name {
        Some(name) if OWN.contains(&name) => Some(format!("--{name} is written by this program from keys of its own")),
        Some(name) if !name.is_empty() && !option.contains(char::is_control) => None,
        _ => Some("options that begin with -- are allowed, each on one line".to_owned()),
    }
}

#[cfg(test)]
mod tests;
