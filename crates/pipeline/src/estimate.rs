//! What a run would take, before it begins: from what smaller runs took.
//!
//! A [`Calibration`] says what each step took in a run over a known corpus, and what came of the corpus: documents, keys, wanted images.  [`estimate`] scales both to another
//! amount of archives.  Steps that go through their input once grow with it; what each task of one step must open of each task of another grows with the product, and is counted
//! as that.

mod calibration;
mod growth;

use serde::Serialize;

use crate::config::Config;
use crate::recipe::{Recipe, Stage};
use crate::steps;

pub use calibration::{Calibration, Corpus, Cost, Measured};
use growth::{Growth, Volumes};

/// How much is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Archives.
    pub archives: u64,
    /// Bytes of all of them, as stored.
    pub bytes: u64,
}

/// What one step would take.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepEstimate {
    /// Name of the stage.
    pub stage: &'static str,
    /// Name of the step.
    pub step: &'static str,
    /// Tasks.
    pub tasks: u64,
    /// CPU time of one core, in seconds.
    pub core_seconds: f64,
    /// Bytes read of archives, tables and the image store.
    pub read_bytes: f64,
    /// Bytes written.
    pub written_bytes: f64,
    /// Those of them that are judgements, removals and failures: the ledger.
    pub ledger_bytes: f64,
    /// Requests to an object store, were all of it there.
    pub requests: f64,
    /// Images that are asked for over the network.
    pub images: f64,
    /// Memory of the process at its peak, with one thread, in bytes.
    pub peak_bytes: f64,
    /// Whether the calibration knows this step.
    pub calibrated: bool,
}

/// What a run would take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The steps, in order.
    pub steps: Vec<StepEstimate>,
    /// Documents that come out of extraction, and those that go into shards.
    pub documents: [f64; 2],
    /// Bytes of the dataset.
    pub dataset_bytes: f64,
    /// What was taken for granted, in words.
    pub assumptions: Vec<String>,
}

impl Estimate {
    /// All steps together; of peaks the highest.
    pub fn total(&self) -> StepEstimate {
        let mut total = StepEstimate { step: "all", calibrated: true, ..StepEstimate::default() };
        for step in &self.steps {
            total.tasks += step.tasks;
            total.core_seconds += step.core_seconds;
            total.read_bytes += step.read_bytes;
            total.written_bytes += step.written_bytes;
            total.ledger_bytes += step.ledger_bytes;
            total.requests += step.requests;
            total.images += step.images;
            total.peak_bytes = total.peak_bytes.max(step.peak_bytes);
            total.calibrated &= step.calibrated;
        }
        total
    }
}

/// What a run of a recipe over so many archives would take.
pub fn estimate(recipe: &Recipe, config: &Config, size: Size, calibration: &Calibration) -> Estimate {
    let volumes = Volumes::new(recipe, config, size, calibration);
    let growth = Growth { recipe, config, calibration, volumes: &volumes };
    let steps = steps::of(recipe);
    let steps = steps.iter().map(|step| growth.of(step.stage(), step.name())).collect();
    let mut assumptions = calibration.told(&recipe.name);
    if recipe.has(Stage::Select) {
        assumptions.push(
            "archives and their bytes are those of the selected records; the index itself is not counted".to_owned(),
        );
    }
    if recipe.has(Stage::Fetch) && recipe.fetch.asks_network {
        assumptions.push(calibration.told_of_images());
    }
    let corpus = &volumes.corpus;
    Estimate { steps, documents: [corpus.documents, corpus.written], dataset_bytes: corpus.dataset_bytes, assumptions }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten megabytes of pages, each step of which takes a second.
    fn calibration() -> Calibration {
        let corpus = Corpus {
            archives: vec!["ten.warc.gz".to_owned()],
            archive_bytes: 1e7,
            documents: 1000.0,
            written: 100.0,
            key_rows: vec![1e4; 5],
            references: 2000.0,
            wanting: [200.0, 1e6],
            images: [1000.0, 500.0],
            dataset_bytes: 1e6,
        };
        let names = "extract filter keys-1 duplicates-1 clusters-1 compact-1 locate harvest wishes-1 seal attach apply clean survivors order write";
        let cost = Cost { cpu_seconds: 1.0, read_bytes: 1e7, written_bytes: 1e6, ledger_bytes: 1e5, peak_bytes: 1e8 };
        let steps = names.split(' ').map(|name| (name.to_owned(), cost)).collect();
        let measured = Measured { pages: corpus.clone(), timed: corpus, steps };
        Calibration {
            format: 1,
            machine: "a machine".to_owned(),
            date: "2026-12-01".to_owned(),
            command: "a command".to_owned(),
            recipes: [("default".to_owned(), measured)].into(),
            seconds_per_fetched_image: 0.001,
            assumed_image_bytes: 6e4,
            assumed_found_percent: 80.0,
        }
    }

    fn of(set: &[&str], archives: u64) -> Estimate {
        let set: Vec<String> = set.iter().map(|word| (*word).to_owned()).collect();
        let recipe = Recipe::parse("r.toml", include_str!("../../../pipelines/default.toml"), &set).unwrap();
        let size = Size { archives, bytes: archives * 1_000_000_000 };
        estimate(&recipe, &Config::default(), size, &calibration())
    }

    fn step<'e>(estimate: &'e Estimate, name: &str) -> &'e StepEstimate {
        estimate.steps.iter().find(|step| step.step == name).unwrap()
    }

    #[test]
    fn what_goes_through_its_input_once_grows_with_it_and_what_joins_grows_faster() {
        let (hundred, thousand) = (of(&[], 100), of(&[], 1000));
        let times = |name: &str| step(&thousand, name).core_seconds / step(&hundred, name).core_seconds;
        assert!((times("extract") - 10.0).abs() < 0.1, "{}", times("extract"));
        assert!(times("locate") > 10.0 && times("duplicates-1") > 10.0, "{}", times("locate"));
        assert_eq!((step(&hundred, "extract").tasks, step(&thousand, "extract").tasks), (100, 1000));
        assert_eq!(thousand.documents, [1e8, 1e7]);
        assert!(thousand.total().calibrated && thousand.total().peak_bytes == 1e8);
    }

    #[test]
    fn of_more_archives_than_tasks_several_are_one_task() {
        assert_eq!(step(&of(&[], 90_000), "extract").tasks, 4091);
    }

    #[test]
    fn images_are_counted_where_the_network_is_asked() {
        assert_eq!(of(&[], 10).total().images, 0.0);
        let asked = of(&["fetch.sources=[\"archive\", \"network\"]"], 10);
        assert_eq!(asked.documents, [1e6, 160_000.0]);
        // Half of what is wanted lies in the archives.
        assert_eq!(asked.total().images, 500_000.0);
        assert_eq!(step(&asked, "download-1").core_seconds, 500.0);
        assert!(asked.assumptions.iter().any(|told| told.contains("80 in a hundred")), "{:?}", asked.assumptions);
    }

    #[test]
    fn a_step_that_nobody_measured_is_told() {
        let mut calibration = calibration();
        calibration.recipes.get_mut("default").unwrap().steps.remove("write");
        let recipe = Recipe::parse("r.toml", include_str!("../../../pipelines/default.toml"), &[]).unwrap();
        let size = Size { archives: 1, bytes: 1 };
        let estimate = estimate(&recipe, &Config::default(), size, &calibration);
        assert!(!step(&estimate, "write").calibrated && !estimate.total().calibrated);
    }

    #[test]
    fn the_measurements_in_the_program_know_every_step_of_the_recipes_that_were_measured() {
        let calibration = Calibration::built_in().unwrap();
        let texts = [
            include_str!("../../../pipelines/default.toml"),
            include_str!("../../../pipelines/links.toml"),
            include_str!("../../../pipelines/multilingual.toml"),
        ];
        for text in texts {
            let recipe = Recipe::parse("r.toml", text, &[]).unwrap();
            let size = Size { archives: 1000, bytes: 1_000_000_000_000 };
            let estimate = estimate(&recipe, &Config::default(), size, &calibration);
            let unknown: Vec<_> = estimate.steps.iter().filter(|step| !step.calibrated).map(|step| step.step).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", recipe.name);
            assert!(estimate.total().core_seconds > 1000.0 && estimate.documents[0] > estimate.documents[1]);
        }
    }

    #[test]
    fn a_calibration_of_another_format_is_refused_by_name() {
        let told = Calibration::parse("c.json", "{\"format\": 2}").unwrap_err();
        assert!(told.contains("c.json") && told.contains("format 2"), "{told}");
        assert!(Calibration::parse("c.json", "format = 1").unwrap_err().contains("no calibration"));
        let text = serde_json::to_string(&calibration()).unwrap();
        assert_eq!(Calibration::parse("c.json", &text).unwrap(), calibration());
    }
}
