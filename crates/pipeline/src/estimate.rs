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
    Estimate { steps, documents: volumes.documents(), dataset_bytes: volumes.dataset_bytes, assumptions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(text: &str) -> Recipe {
        Recipe::parse("r.toml", text, &[]).unwrap()
    }

    fn of(archives: u64) -> Estimate {
        let recipe = recipe(include_str!("../../../pipelines/default.toml"));
        let size = Size { archives, bytes: archives * 1_000_000_000 };
        estimate(&recipe, &Config::default(), size, &Calibration::built_in())
    }

    #[test]
    fn all_steps_of_the_recipes_here_are_calibrated() {
        for text in [
            include_str!("../../../pipelines/default.toml"),
            include_str!("../../../pipelines/links.toml"),
            include_str!("../../../pipelines/multilingual.toml"),
        ] {
            let size = Size { archives: 10, bytes: 10_000_000_000 };
            let estimate = estimate(&recipe(text), &Config::default(), size, &Calibration::built_in());
            let unknown: Vec<_> = estimate.steps.iter().filter(|step| !step.calibrated).map(|step| step.step).collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
    }

    #[test]
    fn what_goes_through_its_input_once_grows_with_it() {
        let (one, ten) = (of(100), of(1000));
        let extract = |estimate: &Estimate| estimate.steps.iter().find(|step| step.step == "extract").cloned().unwrap();
        let (one_extract, ten_extract) = (extract(&one), extract(&ten));
        assert!((ten_extract.core_seconds / one_extract.core_seconds - 10.0).abs() < 1e-6);
        assert_eq!((one_extract.tasks, ten_extract.tasks), (100, 1000));
        assert!(ten.total().core_seconds >= 10.0 * one.total().core_seconds);
        assert!((ten.documents[0] / one.documents[0] - 10.0).abs() < 1e-6);
    }

    #[test]
    fn of_more_archives_than_tasks_several_are_one_task() {
        let many = of(90_000);
        assert_eq!(many.steps[0].tasks, 4091);
        assert!(many.total().requests > 90_000.0);
    }

    #[test]
    fn a_calibration_of_another_format_is_refused_by_name() {
        let told = Calibration::parse("c.toml", "format = 2\n").unwrap_err();
        assert!(told.contains("c.toml") && told.contains("format 2"), "{told}");
    }
}
