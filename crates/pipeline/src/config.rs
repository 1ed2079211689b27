//! Config: on which machine, how fast.  Nothing here changes a byte of the dataset.

use obelisc_engine::Limits;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use obelisc_filter::options::{Declared, Options, Problem, Source, Taken};

use crate::recipe::ResourcePaths;

/// Version of the config format.
const FORMAT: u64 = 1;

/// A checked config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads that run tasks.
    pub threads: NonZeroUsize,
    /// Free space in bytes under which a run does not begin.
    pub min_free_bytes: u64,
    /// Which judgements are kept.
    pub judgements: Retention,
    /// Whether the tables of a finished run are kept.
    pub keep_tables: bool,
    /// Where the files lie that recipes name.
    pub resources: ResourcePaths,
    /// What global steps may take.
    pub engine: EngineLimits,
}

/// What global steps may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// Bytes for what all queries together hold; what does not fit is spilled.
    pub max_memory_bytes: usize,
    /// Folder for what is spilled; `None` for the system's.
    pub spill_folder: Option<PathBuf>,
}

impl Config {
    /// What one query may take: the share of a thread, or all where no other runs beside it.
    pub(crate) fn engine_limits(&self, alone: bool) -> Limits {
        let share = if alone { 1 } else { self.threads.get() };
        Limits { memory: self.engine.max_memory_bytes / share, spill: self.engine.spill_folder.clone(), threads: 1 }
    }
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self { max_memory_bytes: 2 << 30, spill_folder: None }
    }
}

/// Which judgements a run keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Of all subjects: other thresholds can be tried on them.
    All,
    /// Of what was dropped, and of texts that were edited.
    Dropped,
    /// None; the counts alone.
    Counts,
}

impl Config {
    /// Reads a config.
    ///
    /// # Errors
    /// All its mistakes.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let (config, _) = read(Source::parse(name, text, &[]))?;
        Ok(config)
    }

    /// The keys, with defaults.
    pub fn declared() -> Vec<Declared> {
        read(Source::parse("defaults", "", &[])).map(|(_, declared)| declared).unwrap_or_default()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: all_threads(),
            min_free_bytes: 1 << 30,
            judgements: Retention::All,
            keep_tables: true,
            resources: ResourcePaths::new(),
            engine: EngineLimits::default(),
        }
    }
}

fn all_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn read(source: Source) -> Result<(Config, Vec<Declared>), Vec<Problem>> {
    let mut root = source.root();
    root.integer("format", FORMAT, FORMAT..=FORMAT, "version of this file's format");
    let mut run = root.table("run");
    let threads = run.optional_integer("threads", None, 1..=1024, "threads that run tasks; \"off\" for one per core");
    let min_free_bytes =
        run.integer("min_free_bytes", 1 << 30, 0..=1 << 50, "free space under which a run does not begin");
    let keep_tables =
        run.flag("keep_tables", true, "keep the tables of a finished run, for explain and for reuse by other recipes");
    let mut ledger = root.table("ledger");
    let judgements = match ledger.choice(
        "judgements",
        &["all", "dropped", "counts"],
        "which judgements are kept: all of them, those of what was dropped or edited, or the counts alone",
    ) {
        "dropped" => Retention::Dropped,
        "counts" => Retention::Counts,
        _ => Retention::All,
    };
    let engine = read_engine(root.table("engine"));
    let mut resources = root.table("resources");
    let paths = resources.named_texts();
    resources.finish();
    let (engine, taken) = engine;
    let tables = [run.finish(), ledger.finish(), taken];
    let mut declared = root.finish().declared;
    declared.extend(tables.into_iter().flat_map(|taken| taken.declared));
    source.finish()?;
    let threads = threads.and_then(|n| usize::try_from(n).ok()).and_then(NonZeroUsize::new);
    let threads = threads.unwrap_or_else(all_threads);
    let resources = paths.into_iter().map(|(name, path)| (name, path.into())).collect();
    Ok((Config { threads, min_free_bytes, judgements, keep_tables, resources, engine }, declared))
}

fn read_engine(mut options: Options<'_>) -> (EngineLimits, Taken) {
    let limits = EngineLimits::default();
    let memory = "bytes that the queries of global steps hold together; what does not fit goes into the spill folder";
    let max_memory_bytes =
        options.integer("max_memory_bytes", limits.max_memory_bytes as u64, 64 << 20..=1 << 50, memory);
    let folder = options.text(
        "spill_folder",
        "",
        "folder for what does not fit into memory; \"\" for the system's temporary folder",
    );
    let limits = EngineLimits {
        max_memory_bytes: usize::try_from(max_memory_bytes).unwrap_or(usize::MAX),
        spill_folder: (!folder.is_empty()).then(|| folder.into()),
    };
    (limits, options.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_config_is_the_default() {
        assert_eq!(Config::parse("c.toml", "").unwrap(), Config::default());
    }

    #[test]
    fn files_of_recipes_are_found_by_their_names() {
        let config = Config::parse("c.toml", "[resources]\nlid = \"/models/lid.bin\"\n").unwrap();
        assert_eq!(config.resources["lid"], std::path::Path::new("/models/lid.bin"));
        let problems = Config::parse("c.toml", "[resources]\nlid = 1\n").unwrap_err();
        assert_eq!(problems[0].to_string(), "c.toml:2: resources.lid: 1 is given, a text is allowed");
    }

    #[test]
    fn mistakes_name_line_key_and_what_is_allowed() {
        let problems = Config::parse("c.toml", "format = 1\n[run]\nthread = 2\n[ledger]\njudgements = \"some\"\n");
        let problems: Vec<String> = problems.unwrap_err().iter().map(ToString::to_string).collect();
        assert!(
            problems[0].starts_with("c.toml:3: run.thread: unknown key; did you mean \"threads\"?"),
            "{problems:?}"
        );
        assert!(problems[1].contains("one of \"all\", \"dropped\", \"counts\""), "{problems:?}");
    }
}
