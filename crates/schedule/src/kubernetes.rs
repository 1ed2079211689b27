//! The table `[kubernetes]`, and the Job made of it.

mod job;

use obelisc_filter::options::{Declared, Options};

use crate::amount::{Memory, Time};
use crate::reading;

/// Most pods of an Indexed Job whose indexes fail one by one (Kubernetes, "Backoff limit per index": 10⁵ completions).
const MAX_WORKERS: u32 = 100_000;

/// How workers run under Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    /// Name of the Job; that of the recipe where there is none.
    pub name: Option<String>,
    /// Namespace; that of the user's context where there is none.
    pub namespace: Option<String>,
    /// Container image that has the program.
    pub image: Option<String>,
    /// The program in the image.
    pub program: String,
    /// How many pods run.
    pub workers: u32,
    /// Processors of a pod.
    pub cpus: u32,
    /// Memory of a pod.
    pub memory: Memory,
    /// How often a pod of one index begins again after it failed.
    pub max_restarts: u32,
    /// How long a pod that must go has to end its tasks.
    pub grace: Time,
    /// Service account of the pods.
    pub service_account: Option<String>,
    /// Secrets that become variables of the environment.
    pub secrets: Vec<String>,
    /// Claims of volumes, and where they stand.
    pub volumes: Vec<Volume>,
    /// Labels that a node must have.
    pub node_labels: Vec<(String, String)>,
}

/// A claim of a volume in the pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Name of the claim.
    pub claim: String,
    /// Where it stands, absolute.
    pub path: String,
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            name: None,
            namespace: None,
            image: None,
            program: "obelisc".to_owned(),
            workers: 16,
            cpus: 4,
            memory: Memory::from_mib(8 << 10),
            max_restarts: 6,
            grace: Time::from_seconds(300),
            service_account: None,
            secrets: Vec::new(),
            volumes: Vec::new(),
            node_labels: Vec::new(),
        }
    }
}

impl Kubernetes {
    /// Reads the table `kubernetes` of a config, if it has one.  All keys are declared in either case.
    pub fn read(root: &mut Options<'_>) -> (Option<Self>, Vec<Declared>) {
        let given = root.has("kubernetes");
        let mut options = root.table("kubernetes");
        let mut kubernetes = Self::default();
        kubernetes.read_place(&mut options);
        kubernetes.read_share(&mut options);
        kubernetes.read_surroundings(&mut options);
        (given.then_some(kubernetes), options.finish().declared)
    }

    fn read_place(&mut self, options: &mut Options<'_>) {
        self.name = label(options, "name", "name of the Job; \"\" for \"obelisc-\" and the recipe's");
        self.namespace = label(options, "namespace", "namespace; \"\" for that of your context");
        self.image = reading::word(options, "image", "container image that has the program");
        self.program = options.text("program", &self.program, "the program in the image");
        if self.program.is_empty() {
            options.problem("program", "\"\" is given, a program is allowed");
        }
    }

    fn read_share(&mut self, options: &mut Options<'_>) {
        let workers = "pods that run at a time. No more than there are tasks are begun";
        let memory = "memory of a pod, as \"8G\"; engine.max_memory_bytes must leave room in it";
        let restarts =
            "how often a pod begins again after it failed; those that were evicted or left cleanly do not count";
        let grace = "how long a pod that must go has to end its tasks, as \"5m\"";
        let count = |options: &mut Options<'_>, key, default, max, meaning| {
            reading::count(options, key, Some(default), max, meaning).unwrap_or(default)
        };
        self.workers = count(options, "workers", self.workers, MAX_WORKERS, workers);
        self.cpus = count(options, "cpus_per_worker", self.cpus, 4096, "processors of a pod");
        self.memory = reading::memory(options, "memory_per_worker", "8G", memory).unwrap_or(self.memory);
        self.max_restarts = count(options, "max_restarts", self.max_restarts, 1_000_000, restarts);
        self.grace = reading::time(options, "grace", "5m", grace).unwrap_or(self.grace);
    }

    fn read_surroundings(&mut self, options: &mut Options<'_>) {
        self.service_account = label(options, "service_account", "service account of the pods; \"\" for the default");
        let secrets =
            "names of secrets whose keys become variables of the environment, such as those of an object store";
        self.secrets = options.texts("secrets", &[], &[], secrets);
        for name in self.secrets.iter().filter(|name| !is_label(name)) {
            options.problem("secrets", format!("{name:?} is given, {LABEL} are allowed"));
        }
        let volumes = "claims of volumes and where they stand in the pods, each as \"CLAIM:/PATH\"";
        self.volumes =
            pairs(options, "volumes", volumes, "a claim and an absolute path as in \"data:/data\"", |text| {
                let (claim, path) = text.split_once(':')?;
                let fits = is_label(claim) && path.starts_with('/') && !path.contains(':');
                fits.then(|| Volume { claim: claim.to_owned(), path: path.to_owned() })
            });
        let labels = "labels that a node must have, each as \"KEY=VALUE\"";
        self.node_labels = pairs(options, "node_labels", labels, "a label as in \"disk=ssd\"", |text| {
            let (key, value) = text.split_once('=')?;
            (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
        });
    }
}

/// What names of objects look like (RFC 1123, as Kubernetes has it).
const LABEL: &str = "names of at most 63 small letters, digits and -";

fn is_label(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

/// A name of an object; `None` for `""`.
fn label(options: &mut Options<'_>, key: &'static str, meaning: &'static str) -> Option<String> {
    let text = options.text(key, "", meaning);
    if !text.is_empty() && !is_label(&text) {
        options.problem(key, format!("{text:?} is given, {LABEL} are allowed"));
    }
    (!text.is_empty()).then_some(text)
}

/// A list of texts of two parts.
fn pairs<T>(
    options: &mut Options<'_>,
    key: &'static str,
    meaning: &'static str,
    allowed: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let texts = options.texts(key, &[], &[], meaning);
    let read = texts.iter().filter_map(|text| {
        let read = parse(text);
        if read.is_none() {
            options.problem(key, format!("{text:?} is given, {allowed} is allowed"));
        }
        read
    });
    read.collect()
}

#[cfg(test)]
mod tests;
