//! Config: on which machine, how fast.  Nothing here changes a byte of the dataset.

use std::io::Read as _;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use obelisc_engine::{Cluster, HAS_BALLISTA, Limits};
use obelisc_fetch::{Manners, RootCertificates, ServiceAddress};
use obelisc_filter::options::{Declared, Options, Problem, Source, Taken};
use obelisc_schedule::{Kubernetes, Slurm};
use obelisc_storage::lease::DEFAULT_LEASE;
use obelisc_storage::{DEFAULT_MAX_REQUESTS, Storage, inputs};

use crate::recipe::{Recipe, ResourcePaths, Stage};
use crate::run::QUERIES;

/// Version of the config format.
const FORMAT: u64 = 1;
/// Tasks of a step that reads the inputs: what each range of keys must open of them grows with their number.
const MAX_TASKS: u32 = 4096;
/// Where Common Crawl's archives lie.
const ARCHIVES: &str = "https://data.commoncrawl.org";
/// Bytes of a file of certificates that are read.
const MAX_CERTIFICATES: u64 = 16 << 20;
/// Port of a scheduler of Ballista that names none.
const SCHEDULER_PORT: u16 = 50050;

/// A checked config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads that run tasks.
    pub threads: NonZeroUsize,
    /// Tasks that a step has at most which reads the inputs: of more inputs several are one task.
    pub max_tasks: u32,
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
    /// How the network is asked.
    pub fetch: Manners,
    /// Path or URL below which the archives lie that the columnar index names.
    pub archives: String,
    /// How object stores are.
    pub storage: StorageManners,
    /// Jobs of Slurm, where runs are submitted to it.
    pub slurm: Option<Slurm>,
    /// Jobs of Kubernetes, where runs are submitted to it.
    pub kubernetes: Option<Kubernetes>,
}

/// How object stores are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageManners {
    /// Requests that go to a store at a time.
    pub max_requests: u32,
    /// How long a lease lasts that nobody renews.
    pub lease: Duration,
}

impl Default for StorageManners {
    fn default() -> Self {
        Self { max_requests: DEFAULT_MAX_REQUESTS, lease: DEFAULT_LEASE }
    }
}

/// What global steps may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// Bytes for what all queries together hold; what does not fit is spilled.
    pub max_memory_bytes: usize,
    /// Folder for what is spilled; `None` for the system's.
    pub spill_folder: Option<PathBuf>,
    /// Rows of keys that one task of a global step looks at; an eighth of them where it holds them all.
    pub rows_per_task: u64,
    /// Scheduler of a cluster of Ballista that queries are asked of, as `host:port`; `None` for this process.
    pub scheduler: Option<String>,
    /// Parts that a query on a cluster is cut into.
    pub partitions: usize,
}

impl Config {
    /// How one task of so many asks the network: its thread's share of what goes at a time.
    pub(crate) fn manners(&self, tasks: u32) -> Manners {
        let threads = u32::try_from(self.threads.get()).unwrap_or(u32::MAX).min(tasks.max(1));
        let all = self.fetch.clone();
        Manners {
            max_in_flight: (all.max_in_flight / threads).max(1),
            max_in_flight_bytes: all.max_in_flight_bytes / u64::from(threads),
            ..all
        }
    }

    /// What this config lacks for a recipe.
    pub fn lacks(&self, recipe: &Recipe) -> Vec<Problem> {
        let asks = recipe.fetch.asks_network || recipe.fetch.policy.opt_outs.list_service;
        if !recipe.has(Stage::Fetch) || !asks || !self.fetch.user_agent.is_empty() {
            return Vec::new();
        }
        let message = "is not given, and the recipe fetches over the network: a name with an address of the web or of mail at which you are reached, as in \"lab/1.0 (+https://lab.example/crawl)\"";
        let key = "fetch.user_agent".to_owned();
        vec![Problem { file: "config".to_owned(), line: 0, key, message: message.to_owned() }]
    }

    /// What one query may take: the share of a thread, or all where no other runs beside it; and where queries go.
    pub(crate) fn engine_limits(&self, alone: bool, storage: &dyn Storage) -> Limits {
        let share = if alone { 1 } else { self.threads.get() };
        let cluster = self.engine.scheduler.clone().map(|scheduler| Cluster {
            scheduler,
            partitions: self.engine.partitions,
            storage: storage.shared(),
            folder: QUERIES.to_owned(),
        });
        let spill = self.engine.spill_folder.clone();
        Limits { memory: self.engine.max_memory_bytes / share, spill, threads: 1, cluster }
    }
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            max_memory_bytes: 2 << 30,
            spill_folder: None,
            rows_per_task: 4_000_000,
            scheduler: None,
            partitions: 16,
        }
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
            max_tasks: MAX_TASKS,
            min_free_bytes: 1 << 30,
            judgements: Retention::All,
            keep_tables: true,
            resources: ResourcePaths::new(),
            engine: EngineLimits::default(),
            fetch: Manners::default(),
            archives: ARCHIVES.to_owned(),
            storage: StorageManners::default(),
            slurm: None,
            kubernetes: None,
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
    let meaning =
        "tasks of a step that reads the inputs; of more inputs several are one task. A run that changes it begins anew";
    let max_tasks = run.integer("max_tasks", MAX_TASKS.into(), 1..=1 << 20, meaning);
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
    let (engine, engine_taken) = engine;
    let (fetch, fetch_taken) = read_fetch(root.table("fetch"));
    let (storage, storage_taken) = read_storage(root.table("storage"));
    let mut select = root.table("select");
    let meaning =
        "path or URL below which the archives lie that the columnar index names, where a recipe selects by it";
    let archives = select.text("archives", ARCHIVES, meaning);
    let tables = [run.finish(), select.finish(), ledger.finish(), engine_taken, fetch_taken, storage_taken];
    let (slurm, slurm_declared) = Slurm::read(&mut root, &Stage::ALL.map(Stage::name));
    let (kubernetes, kubernetes_declared) = Kubernetes::read(&mut root);
    let mut declared = root.finish().declared;
    declared.extend(tables.into_iter().flat_map(|taken| taken.declared));
    declared.extend(slurm_declared);
    declared.extend(kubernetes_declared);
    source.finish()?;
    let threads = threads.and_then(|n| usize::try_from(n).ok()).and_then(NonZeroUsize::new);
    let threads = threads.unwrap_or_else(all_threads);
    let resources = paths.into_iter().map(|(name, path)| (name, path.into())).collect();
    Ok((
        Config {
            threads,
            max_tasks: u32::try_from(max_tasks).unwrap_or(MAX_TASKS),
            min_free_bytes,
            judgements,
            keep_tables,
            resources,
            engine,
            fetch,
            archives,
            storage,
            slurm,
            kubernetes,
        },
        declared,
    ))
}

fn read_fetch(mut options: Options<'_>) -> (Manners, Taken) {
    let default = Manners::default();
    let user_agent = options.text(
        "user_agent",
        "",
        "what sites see of who asks, with an address of the web or of mail at which you are reached; a fetch over the network needs it, as in \"lab/1.0 (+https://lab.example/crawl)\"",
    );
    if !user_agent.is_empty() && !has_contact(&user_agent) {
        options.problem(
            "user_agent",
            format!("{user_agent:?} is given, a name with an address of the web or of mail is allowed"),
        );
    }
    let count = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let seconds = |value: u64| Duration::from_secs(value);
    let addresses = |options: &mut Options<'_>, key: &'static str, meaning: &'static str| {
        let given = options.texts(key, &[], &[], meaning);
        let read = given.iter().filter_map(|text| match text.parse::<IpAddr>() {
            Ok(address) => Some(address),
            Err(_) => {
                options.problem(key, format!("{text:?} is given, an IP address is allowed"));
                None
            }
        });
        read.collect::<Vec<_>>()
    };
    let manners = Manners {
        hosts: default.hosts.clone(),
        user_agent,
        max_in_flight: count(options.integer("max_in_flight", default.max_in_flight.into(), 1..=100_000, "requests that go at a time, to all hosts")),
        max_in_flight_bytes: options.integer("max_in_flight_bytes", default.max_in_flight_bytes, 1 << 20..=1 << 40, "bytes of images that are held at a time while they come"),
        max_per_host: count(options.integer("max_per_host", default.max_per_host.into(), 1..=1000, "requests that go to a host at a time; fewer where it asks for less")),
        max_per_address: count(options.integer("max_per_address", default.max_per_address.into(), 1..=10_000, "requests that go to an address at a time, whatever hosts share it")),
        interval: Duration::from_millis(options.integer("interval_ms", 0, 0..=3_600_000, "milliseconds between the beginnings of two requests to a host")),
        deadline: seconds(options.integer("deadline_seconds", default.deadline.as_secs(), 1..=3600, "seconds that a URL may take in all, redirects and further tries included")),
        connect_timeout: seconds(options.integer("connect_timeout_seconds", default.connect_timeout.as_secs(), 1..=600, "seconds until a connection must stand")),
        max_retries: count(options.integer("max_retries", default.max_retries.into(), 0..=20, "further tries where a failure may pass: a timeout, a broken connection, a server's error, too many requests")),
        max_wait: seconds(options.integer("max_wait_seconds", default.max_wait.as_secs(), 0..=86_400, "longest time that a server may ask to wait; who asks for more is not asked again")),
        dns_servers: addresses(&mut options, "dns_servers", "addresses of servers that know names; none for those of the system"),
        allowed_addresses: addresses(&mut options, "allowed_addresses", "addresses that are asked though they are not public, such as a mirror's in your network"),
        opt_out_service: ServiceAddress {
            url: service_url(&mut options, &default),
            token: None,
        },
        ports: options.integers("ports", &[80, 443, 8080, 8443], 1..=65_535, "ports that are asked").into_iter().filter_map(|port| u16::try_from(port).ok()).collect(),
        root_certificates: read_root_certificates(&mut options),
    };
    (manners, options.finish())
}

fn read_storage(mut options: Options<'_>) -> (StorageManners, Taken) {
    let default = StorageManners::default();
    let most = "requests that go to an object store at a time; fewer while it says that it is asked too much";
    let max_requests = options.integer("max_requests", default.max_requests.into(), 1..=1024, most);
    let lasts =
        "seconds after which another may take up what nobody is seen to work on, on every machine of a run the same";
    let lease = options.integer("lease_seconds", default.lease.as_secs(), 3..=3600, lasts);
    let max_requests = u32::try_from(max_requests).unwrap_or(default.max_requests);
    (StorageManners { max_requests, lease: Duration::from_secs(lease) }, options.finish())
}

fn read_root_certificates(options: &mut Options<'_>) -> RootCertificates {
    let key = "root_certificates";
    let path = options.text(
        key,
        "",
        "file with certificates, as PEM, of authorities that are trusted beside those of the system, such as your gateway's; \"\" for none",
    );
    if path.is_empty() {
        return RootCertificates::default();
    }
    read_file(Path::new(&path)).and_then(|pem| RootCertificates::from_pem(&pem)).unwrap_or_else(|problem| {
        options.problem(key, format!("{path:?} is given, a file with certificates as PEM is allowed: {problem}"));
        RootCertificates::default()
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let file = inputs::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_CERTIFICATES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_CERTIFICATES {
        return Err(format!("longer than {MAX_CERTIFICATES} bytes"));
    }
    Ok(bytes)
}

fn service_url(options: &mut Options<'_>, default: &Manners) -> String {
    let url = options.text("opt_out_service", &default.opt_out_service.url, "URL of the service that knows which works are opted out, where the recipe asks one; what it knows us by is in the environment, OBELISC_OPT_OUT_TOKEN");
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    if rest.is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')) {
        options.problem("opt_out_service", format!("{url:?} is given, an http or https URL is allowed"));
    }
    url
}

/// Whether a user agent says where its owner is reached.
fn has_contact(user_agent: &str) -> bool {
    let is_product = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let product = user_agent.split(['/', ' ']).next().unwrap_or_default();
    let is_there = |place: Option<(&str, &str)>, before: bool| {
        let end = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
        place.is_some_and(|(front, back)| (!before || end(front.chars().next_back())) && end(back.chars().next()))
    };
    let has_place = is_there(user_agent.split_once('@'), true) || is_there(user_agent.split_once("://"), true);
    let fits = user_agent.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    fits && !product.is_empty() && product.chars().all(is_product) && has_place
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
    let meaning = "rows of keys that one task of a global step looks at, about. A run that changes it begins anew";
    let rows_per_task = options.integer("rows_per_task", limits.rows_per_task, 8..=1 << 32, meaning);
    let scheduler = read_scheduler(&mut options);
    let parts = "parts that a query on a cluster is cut into: a few for each processor of its executors";
    let partitions = options.integer("partitions", limits.partitions as u64, 2..=4096, parts);
    let limits = EngineLimits {
        rows_per_task,
        max_memory_bytes: usize::try_from(max_memory_bytes).unwrap_or(usize::MAX),
        spill_folder: (!folder.is_empty()).then(|| folder.into()),
        scheduler,
        partitions: usize::try_from(partitions).unwrap_or(limits.partitions),
    };
    (limits, options.finish())
}

fn read_scheduler(options: &mut Options<'_>) -> Option<String> {
    let key = "scheduler";
    let given = options.text(
        key,
        "",
        "scheduler of an Apache Ballista cluster that the queries of global steps are asked of, as in \"host:50050\"; \"\" for this process",
    );
    if given.is_empty() {
        return None;
    }
    let Some(scheduler) = scheduler_of(&given) else {
        options.problem(key, format!("{given:?} is given, a host and a port are allowed, as in \"host:50050\""));
        return None;
    };
    if !HAS_BALLISTA {
        let message = format!(
            "{given:?} is given, and this program was built without Ballista: build it with `--features ballista`, or leave the key out"
        );
        options.problem(key, message);
    }
    Some(scheduler)
}

/// A scheduler as `host:port`, whatever form it is given in.
fn scheduler_of(given: &str) -> Option<String> {
    let place = given.strip_prefix("df://").unwrap_or(given).trim_end_matches('/');
    let is_bracketed = place.starts_with('[');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, _)) if is_bracketed && !host.ends_with(']') => (place, SCHEDULER_PORT),
        Some((host, port)) => (host, port.parse().ok()?),
        None => (place, SCHEDULER_PORT),
    };
    let fits = if is_bracketed {
        host.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
    };
    (fits && port > 0).then(|| format!("{host}:{port}"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes files")]
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
    fn a_scheduler_is_a_host_and_a_port() {
        for (given, read) in [
            ("df://h.example:7", Some("h.example:7")),
            ("h.example", Some("h.example:50050")),
            ("10.0.0.1:50050", Some("10.0.0.1:50050")),
            ("[::1]", Some("[::1]:50050")),
            ("df://[::1]:7/", Some("[::1]:7")),
            ("h:0", None),
            ("h:x", None),
            (":7", None),
            ("http://h:7", None),
            ("h h:7", None),
            ("[h]:7", None),
        ] {
            assert_eq!(scheduler_of(given).as_deref(), read, "{given}");
        }
    }

    #[test]
    fn a_cluster_needs_a_program_that_knows_clusters() {
        let config = Config::parse("c.toml", "[engine]\nscheduler = \"h.example:7\"\n");
        if HAS_BALLISTA {
            assert_eq!(config.unwrap().engine.scheduler.as_deref(), Some("h.example:7"));
        } else {
            let told = config.unwrap_err()[0].to_string();
            assert!(told.starts_with("c.toml:2: engine.scheduler: \"h.example:7\" is given"), "{told}");
            assert!(told.contains("`--features ballista`"), "{told}");
        }
        let told = Config::parse("c.toml", "[engine]\nscheduler = \"h:x\"\n").unwrap_err()[0].to_string();
        assert_eq!(
            told,
            "c.toml:2: engine.scheduler: \"h:x\" is given, a host and a port are allowed, as in \"host:50050\""
        );
    }

    #[test]
    fn a_file_of_certificates_that_holds_none_is_refused_where_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        for (path, problem) in [(empty, "holds no certificate"), (folder.path().join("none.pem"), "not found")] {
            let text = format!("format = 1\n[fetch]\nroot_certificates = {path:?}\n");
            let problems = Config::parse("c.toml", &text).unwrap_err();
            let told = problems[0].to_string();
            assert!(told.starts_with("c.toml:3: fetch.root_certificates: "), "{told}");
            assert!(told.contains(problem), "{told}");
        }
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
