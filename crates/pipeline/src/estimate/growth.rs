//! How what a step takes grows with what it is given.

use super::calibration::{Calibration, Corpus, Cost, Measured};
use super::{Size, StepEstimate};
use crate::config::Config;
use crate::recipe::{Order, Recipe, Stage};
use crate::steps::PART_IN_MEMORY;

/// CPU seconds of opening a table of another task and reading what is wanted of it: rough.
const OPENING: f64 = 0.000_3;
/// Bytes that are read with each: its footer, and the pages of which a part is wanted; rough as well.
const BYTES_PER_OPENING: f64 = 100e3;
/// Requests of opening a table in an object store: its size, its footer, its rows.
const REQUESTS_PER_TABLE: f64 = 3.0;
/// Bytes of one request.
const BYTES_PER_REQUEST: f64 = 8e6;
/// Requests of a task's files and marker, beside their bytes.
const REQUESTS_PER_TASK: f64 = 6.0;

/// What comes of the archives.
pub(super) struct Volumes {
    archives: f64,
    map_tasks: f64,
    /// Images that are asked for over the network.
    asked: f64,
    /// What the measured pages would be, were there as many bytes of them.
    pub(super) corpus: Corpus,
}

impl Volumes {
    pub(super) fn new(recipe: &Recipe, config: &Config, size: Size, calibration: &Calibration) -> Self {
        let Measured { pages, timed, .. } = calibration.of(&recipe.name).1;
        let archives = size.archives as f64;
        let times = if pages.archive_bytes > 0.0 { size.bytes as f64 / pages.archive_bytes } else { 0.0 };
        let each = (archives / f64::from(config.max_tasks)).ceil().max(1.0);
        let mut corpus = pages.times(times);
        let [wanted, captured] = corpus.images;
        let asked = if recipe.has(Stage::Fetch) && recipe.fetch.asks_network { wanted - captured } else { 0.0 };
        if asked > 0.0 {
            // The pages have no images with them, so that nothing is known of what lies behind the fetch.
            let [documents, bytes] = corpus.wanting.map(|wanting| calibration.found(wanting));
            corpus.written = documents;
            corpus.dataset_bytes = bytes + calibration.found_bytes(asked);
            let attached = recipe.dedup.first_attached();
            for (rows, timed_rows) in corpus.key_rows.iter_mut().zip(&timed.key_rows).skip(attached) {
                *rows = if timed.written > 0.0 { timed_rows * documents / timed.written } else { 0.0 };
            }
        }
        Self { archives, map_tasks: (archives / each).ceil(), asked, corpus }
    }
}

pub(super) struct Growth<'g> {
    pub(super) recipe: &'g Recipe,
    pub(super) config: &'g Config,
    pub(super) calibration: &'g Calibration,
    pub(super) volumes: &'g Volumes,
}

/// What a step's work grows with.
#[derive(Clone, Copy)]
enum Driver {
    ArchiveBytes,
    Documents,
    /// Documents that want images.
    Wanting,
    /// Documents in the dataset.
    Written,
    /// Of a pass; of one that was not measured those of the last.
    KeyRows(usize),
    References,
    Captured,
    DatasetBytes,
}

impl Driver {
    /// How much of it a corpus has.
    fn of(self, corpus: &Corpus) -> f64 {
        match self {
            Self::ArchiveBytes => corpus.archive_bytes,
            Self::Documents => corpus.documents,
            Self::Wanting => corpus.wanting[0],
            Self::Written => corpus.written,
            Self::KeyRows(pass) => corpus.key_rows.get(pass).or(corpus.key_rows.last()).copied().unwrap_or_default(),
            Self::References => corpus.references,
            Self::Captured => corpus.images[1],
            Self::DatasetBytes => corpus.dataset_bytes,
        }
    }
}

/// How a step is cut into tasks, and what these open.
struct Shape {
    driver: Driver,
    tasks: f64,
    /// Tables of other tasks that all its tasks together open.
    opened: f64,
}

impl Growth<'_> {
    pub(super) fn of(&self, stage: Stage, step: &'static str) -> StepEstimate {
        let (base, pass) = step.rsplit_once('-').unwrap_or((step, "1"));
        let pass = pass.parse::<usize>().unwrap_or(1).saturating_sub(1);
        let mut estimate = StepEstimate { stage: stage.name(), step, ..StepEstimate::default() };
        let Shape { driver, tasks, opened } = self.shape(base, pass);
        let measured = self.calibration.of(&self.recipe.name).1;
        estimate.tasks = tasks as u64;
        if base == "download" {
            return self.download(step, estimate);
        }
        // Nobody measures over the network; `wishes` joins and sorts what `locate` joins.
        let like = if base == "wishes" { "locate" } else { step };
        let found = measured.steps.get(like).or_else(|| measured.steps.get(&format!("{base}-1"))).copied();
        estimate.calibrated = found.is_some();
        let cost = found.unwrap_or_default();
        let timed = driver.of(&measured.timed);
        let times = if timed > 0.0 { driver.of(&self.volumes.corpus) / timed } else { 0.0 };
        let Cost { cpu_seconds, read_bytes, written_bytes, ledger_bytes, peak_bytes } = cost;
        estimate.core_seconds = cpu_seconds * times + opened * OPENING;
        estimate.read_bytes = read_bytes * times + opened * BYTES_PER_OPENING;
        estimate.written_bytes = written_bytes * times;
        estimate.ledger_bytes = ledger_bytes * times;
        let bytes = estimate.read_bytes + estimate.written_bytes;
        let archives = if base == "extract" { self.volumes.archives } else { 0.0 };
        estimate.requests =
            bytes / BYTES_PER_REQUEST + REQUESTS_PER_TABLE * (opened + archives) + REQUESTS_PER_TASK * tasks;
        estimate.peak_bytes = peak_bytes;
        estimate
    }

    fn shape(&self, base: &str, pass: usize) -> Shape {
        let map = self.volumes.map_tasks;
        let rows = self.config.engine.rows_per_task as f64;
        let key_ranges = (Driver::KeyRows(pass).of(&self.volumes.corpus) / rows).ceil().max(1.0);
        let url_ranges = (self.volumes.corpus.references * PART_IN_MEMORY as f64 / rows).ceil().max(1.0);
        let is_attached = pass >= self.recipe.dedup.first_attached();
        let documents = if is_attached { Driver::Written } else { Driver::ArchiveBytes };
        let shape = |driver, tasks, opened| Shape { driver, tasks, opened };
        match base {
            "extract" | "filter" => shape(Driver::ArchiveBytes, map, map),
            "keys" => shape(documents, map, map),
            "clean" => shape(Driver::Written, map, map),
            // Each reads of what each range of keys wrote.
            "compact" => shape(documents, map, map * key_ranges),
            "apply" => shape(Driver::Wanting, map, map * url_ranges),
            "harvest" => shape(Driver::Captured, map, map * url_ranges),
            // Tables are sorted by key, so that of each a part is read, twice.
            "duplicates" => shape(Driver::KeyRows(pass), key_ranges, 2.0 * map * key_ranges),
            "clusters" => shape(Driver::KeyRows(pass), 1.0, map + key_ranges),
            "locate" | "seal" | "attach" => shape(Driver::References, url_ranges, 2.0 * map * url_ranges),
            "classify" => shape(Driver::References, url_ranges, url_ranges),
            "wishes" => shape(Driver::References, 1.0, map),
            "download" => shape(Driver::References, url_ranges, 0.0),
            "write" => {
                let shards =
                    (self.volumes.corpus.dataset_bytes / self.recipe.finish.max_shard_bytes as f64).ceil().max(1.0);
                // A shuffled shard has documents of all tables.
                let tables = if matches!(self.recipe.finish.order, Order::Input) { shards + map } else { shards * map };
                shape(Driver::DatasetBytes, shards, tables)
            }
            "select" => shape(Driver::Documents, 0.0, 0.0),
            "order" => shape(Driver::Written, 1.0, map),
            _ => shape(Driver::Documents, 1.0, map),
        }
    }

    /// Of three rounds the first asks for nearly all.
    fn download(&self, step: &str, mut estimate: StepEstimate) -> StepEstimate {
        estimate.calibrated = true;
        if step != "download-1" {
            return estimate;
        }
        let (calibration, asked) = (self.calibration, self.volumes.asked);
        estimate.images = asked;
        estimate.core_seconds = asked * calibration.seconds_per_fetched_image;
        estimate.read_bytes = calibration.found_bytes(asked);
        estimate.written_bytes = estimate.read_bytes;
        estimate.requests = estimate.written_bytes / BYTES_PER_REQUEST + REQUESTS_PER_TASK * estimate.tasks as f64;
        estimate.peak_bytes = self.config.fetch.max_in_flight_bytes as f64;
        estimate
    }
}
