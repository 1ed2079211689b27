//! What a front end is given, by a command line or a call from Python: files, places and words → everything a run needs.
//!
//! A front end hands over the environment as well; nothing here looks at it by itself.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use obelisc_fetch::ImageStore;
use obelisc_filter::RuleSpec;
use obelisc_filter::options::Problem;
use obelisc_storage::inputs::{self, Input, Kind, Wanted};
use obelisc_storage::{Error as StorageError, LocalFolder, Remotes, Storage};

use crate::config::Config;
use crate::error::Error;
use crate::incoming::check_shard;
use crate::recipe::{Given, Recipe, ResourcePaths, Stage};
use crate::run::Run;

/// The environment's variable for what an opt-out service knows us by.
const OPT_OUT_TOKEN: &str = "OBELISC_OPT_OUT_TOKEN";

/// Longest recipe and config, in bytes, that are read.
const MAX_TEXT: u64 = 16 << 20;

/// Why what was asked for is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The exit code that scripts rely on: 1 something failed for good, 2 what was asked for is wrong, 3 a place is out of
    /// reach, 4 interrupted.
    pub code: u8,
    /// What to say.
    pub message: String,
}

impl Refusal {
    /// What was asked for is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// A place is out of reach.
    pub fn unreachable(message: impl ToString) -> Self {
        Self { code: 3, message: message.to_string() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

/// The variables of the environment, as a front end has them.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Of names and values; what is no text names no key of ours.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let texts = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self(variables.into_iter().filter_map(texts).collect())
    }

    /// How object stores are reached, as the environment and a config have it.
    pub fn remotes(&self, config: &Config) -> Remotes {
        let mut remotes = Remotes::new(self.0.iter().cloned());
        remotes.max_requests = config.storage.max_requests;
        remotes.lease = config.storage.lease;
        remotes
    }

    /// A config with what stands in the environment alone.
    #[must_use]
    pub fn with_secrets(&self, mut config: Config) -> Config {
        let token = self.0.iter().find(|(name, _)| name == OPT_OUT_TOKEN);
        config.fetch.opt_out_service.token = token.map(|(_, value)| value.clone());
        config
    }
}

/// Reads a recipe or a config.
///
/// # Errors
/// I/O errors, and a file that is too long to be any.
pub fn read_text(path: &Path) -> Result<String, Refusal> {
    match inputs::read_text(path, MAX_TEXT) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(Refusal::usage(format!("{}: longer than {MAX_TEXT} bytes", path.display()))),
        Err(error) => Err(Refusal::usage(format!("{}: {error}", path.display()))),
    }
}

/// Reads a config, or takes the defaults.
///
/// # Errors
/// Those of [`read_text`]; mistakes of the config are the inner ones.
pub fn config(path: Option<&Path>) -> Result<Result<Config, Vec<Problem>>, Refusal> {
    path.map_or(Ok(Ok(Config::default())), |path| Ok(Config::parse(&path.to_string_lossy(), &read_text(path)?)))
}

/// The files that recipes name, by a config and by flags.
pub fn given(mut paths: ResourcePaths, flags: &[(String, PathBuf)]) -> Given {
    paths.extend(flags.iter().cloned());
    Given { paths, named: flags.iter().map(|(name, _)| name.clone()).collect(), ..Given::default() }
}

/// The place that a flag names, made when the first object is written.
///
/// # Errors
/// A place that cannot be.
pub fn place(flag: &str, path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Refusal> {
    opened(flag, path, remotes, LocalFolder::at)
}

/// The place that is named, which must be there.
///
/// # Errors
/// A place that is not there.
pub fn open(path: &Path, remotes: &Remotes) -> Result<Box<dyn Storage>, Refusal> {
    opened("", path, remotes, LocalFolder::open)
}

fn opened<'p>(
    flag: &str,
    path: &'p Path,
    remotes: &Remotes,
    folder: impl FnOnce(&'p Path) -> Result<LocalFolder, StorageError>,
) -> Result<Box<dyn Storage>, Refusal> {
    let name = path.to_string_lossy();
    if !Remotes::is_url(&name) {
        return Ok(Box::new(folder(path).map_err(Refusal::unreachable)?));
    }
    match remotes.folder(&name) {
        Ok(folder) => Ok(Box::new(folder)),
        Err(error @ StorageError::Unsupported { .. }) => Err(Refusal::usage(format!("{flag} {error}").trim_start())),
        Err(error) => Err(Refusal::unreachable(error)),
    }
}

/// A recipe with what it is read with.
#[derive(Clone, Copy, Debug)]
pub struct AskedRecipe<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its text, where it is no file.
    pub text: Option<&'a str>,
    /// The config.
    pub config: Option<&'a Path>,
    /// `KEY=VALUE`.
    pub set: &'a [String],
    /// Where files lie that the recipe names.
    pub resources: &'a [(String, PathBuf)],
    /// Rules that are asked beside those of the recipe.
    pub added: &'a [&'static RuleSpec],
}

impl AskedRecipe<'_> {
    /// Reads recipe and config; all mistakes of both are told at once.
    ///
    /// # Errors
    /// Files that cannot be read, and the mistakes.
    pub fn read(&self, environment: &Environment) -> Result<(Recipe, Config), Refusal> {
        let config = config(self.config)?;
        let paths = config.as_ref().map(|config| config.resources.clone()).unwrap_or_default();
        let given = Given { added: self.added.to_vec(), ..given(paths, self.resources) };
        let text = self.text.map_or_else(|| read_text(self.path), |text| Ok(text.to_owned()))?;
        let recipe = Recipe::parse_given(&self.path.to_string_lossy(), &text, self.set, &given);
        match (recipe, config) {
            (Ok(recipe), Ok(config)) => Ok((recipe, environment.with_secrets(config))),
            (recipe, config) => {
                let mut problems = recipe.err().unwrap_or_default();
                problems.extend(config.err().unwrap_or_default());
                Err(Error::Refused(problems).into())
            }
        }
    }
}

/// A run as it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskedRun<'a> {
    /// The recipe.
    pub recipe: AskedRecipe<'a>,
    /// Inputs as a user names them.
    pub input: &'a [String],
    /// The output.
    pub output: &'a Path,
    /// The image store, where it is not the output's.
    pub image_store: Option<&'a Path>,
    /// Threads instead of the config's.
    pub threads: Option<u16>,
    /// Whether a finished dataset is replaced.
    pub force: bool,
}

/// Everything a run needs, checked and opened.
#[derive(Debug)]
pub struct Prepared {
    /// The recipe.
    pub recipe: Recipe,
    /// The machine.
    pub config: Config,
    /// What is read.
    pub inputs: Vec<Input>,
    /// The output.
    pub storage: Box<dyn Storage>,
    /// The image store.
    pub images: ImageStore,
    /// How places are reached.
    pub remotes: Remotes,
    /// Whether a finished dataset is replaced.
    pub force: bool,
}

impl Prepared {
    /// Checks recipe, config and inputs, in this order, before anything is written.
    ///
    /// # Errors
    /// Mistakes, and places out of reach.
    pub fn new(asked: &AskedRun<'_>, environment: &Environment) -> Result<Self, Refusal> {
        let (recipe, mut config) = asked.recipe.read(environment)?;
        if let Some(threads) = asked.threads.and_then(|threads| NonZeroUsize::new(threads.into())) {
            config.threads = threads;
        }
        let remotes = environment.remotes(&config);
        let wanted = if recipe.has(Stage::Select) { Wanted::Index } else { Wanted::ArchivesOrShards };
        let inputs = find(asked.input, wanted, &remotes, "--input ")?;
        let store = asked.image_store.map_or_else(|| asked.output.join("images"), Path::to_owned);
        check_places(asked.output, &store)?;
        let storage = place("--output", asked.output, &remotes)?;
        let store = place("--image-store", &store, &remotes)?;
        let images = ImageStore::open(store).map_err(Refusal::unreachable)?;
        Ok(Self { recipe, config, inputs, storage, images, remotes, force: asked.force })
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

/// The inputs that a user names; `flag` stands before each name that leads nowhere.
///
/// # Errors
/// All names that lead nowhere; lists that name nothing; shards the first of which is none, since it is most likely one of many of its kind.
pub fn find(names: &[String], wanted: Wanted, remotes: &Remotes, flag: &str) -> Result<Vec<Input>, Refusal> {
    let refused = |errors: Vec<StorageError>| {
        let wrong = errors.iter().all(|error| matches!(error, StorageError::Unsupported { .. }));
        let lines: Vec<String> = errors.iter().map(|error| format!("{flag}{error}")).collect();
        Refusal { code: if wrong { 2 } else { 3 }, message: lines.join("\n") }
    };
    let inputs = inputs::find(names, wanted, remotes).map_err(refused)?;
    if inputs.is_empty() {
        let flag = flag.trim_end();
        let what = if flag.is_empty() { names.join(" ") } else { flag.to_owned() };
        return Err(Refusal::unreachable(format!("{what}: the lists name nothing")));
    }
    let mut shards = inputs.iter().filter_map(|input| match &input.kind {
        Kind::Shard(file) => Some(file),
        _ => None,
    });
    shards.next().map_or(Ok(()), check_shard).map_err(|error| refused(vec![error]))?;
    Ok(inputs)
}

/// Refuses an image store where a run or a dataset would be.
fn check_places(output: &Path, store: &Path) -> Result<(), Refusal> {
    let inside = store.strip_prefix(output).ok().and_then(|rest| rest.components().next());
    let first = inside.map(|first| first.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    if store == output || first == "run" || first.starts_with("dataset") {
        let message = format!(
            "--image-store {}: the store has a place of its own, outside of runs and datasets",
            store.display()
        );
        return Err(Refusal::usage(message));
    }
    Ok(())
}
