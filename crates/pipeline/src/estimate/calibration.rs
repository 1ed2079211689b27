//! What runs took that were measured, as `cargo xtask bench calibrate` writes it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// What runs took, each of a recipe over a known corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Version of this format.
    pub format: u32,
    /// The machine, in words.
    pub machine: String,
    /// When, `YYYY-MM-DD`.
    pub date: String,
    /// The command.
    pub command: String,
    /// Runs by the name of their recipe; one must be of `default`.
    pub recipes: BTreeMap<String, Measured>,
    /// CPU seconds that an image takes which is asked for over the network, verified and stored.
    pub seconds_per_fetched_image: f64,
    /// Bytes of an image of the web, and how many of a hundred that are asked for come: assumed, not measured.
    pub assumed_image_bytes: f64,
    /// Of a hundred images that are asked for over the network so many come: assumed as well.
    pub assumed_found_percent: f64,
}

/// The runs of one recipe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What came of pages of the web: how many documents, keys and wanted images an archive of a size has.
    pub pages: Corpus,
    /// What the steps were given in the run in which they were timed, whose archives hold pages and images.
    pub timed: Corpus,
    /// What each step took in that run.
    pub steps: BTreeMap<String, Cost>,
}

/// What a corpus is, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Corpus {
    /// Names of its archives.
    pub archives: Vec<String>,
    /// Bytes of all of them, as stored.
    pub archive_bytes: f64,
    /// Documents that came out of extraction.
    pub documents: f64,
    /// Documents in the dataset.
    pub written: f64,
    /// Rows of the tables of keys and bands, of each pass.
    pub key_rows: Vec<f64>,
    /// Rows of the table of image references that images are looked up by.
    pub references: f64,
    /// Documents that want images, before these are fetched, and bytes of their tables.
    pub wanting: [f64; 2],
    /// Different images that are wanted, and those of them that the archives hold.
    pub images: [f64; 2],
    /// Bytes of the dataset.
    pub dataset_bytes: f64,
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU seconds of the process.
    pub cpu_seconds: f64,
    /// Bytes that it read.
    pub read_bytes: f64,
    /// Bytes that it wrote.
    pub written_bytes: f64,
    /// Bytes of judgements, removals and failures among them.
    pub ledger_bytes: f64,
    /// Peak of its resident memory.
    pub peak_bytes: f64,
}

impl Corpus {
    /// What so many times as many bytes of like pages would be.
    pub(super) fn times(&self, times: f64) -> Self {
        Self {
            archives: self.archives.clone(),
            archive_bytes: self.archive_bytes * times,
            documents: self.documents * times,
            written: self.written * times,
            key_rows: self.key_rows.iter().map(|rows| rows * times).collect(),
            references: self.references * times,
            wanting: self.wanting.map(|wanting| wanting * times),
            images: self.images.map(|images| images * times),
            dataset_bytes: self.dataset_bytes * times,
        }
    }
}

impl Calibration {
    /// What was measured for this version.
    ///
    /// # Errors
    /// As [`parse`](Self::parse): never, which a test holds.
    pub fn built_in() -> Result<Self, String> {
        Self::parse("calibration.json", include_str!("../../calibration.json"))
    }

    /// Reads a calibration; `name` is what errors call it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let wrong = |error: serde_json::Error| format!("{name}: no calibration: {error}");
        let Format { format } = serde_json::from_str(text).map_err(wrong)?;
        if format != FORMAT {
            return Err(format!("{name}: a calibration of format {format}; this version reads format {FORMAT}"));
        }
        let calibration: Self = serde_json::from_str(text).map_err(wrong)?;
        if calibration.recipes.contains_key(DEFAULT) {
            Ok(calibration)
        } else {
            Err(format!("{name}: no run of the recipe {DEFAULT} is in it"))
        }
    }

    /// The runs of a recipe, or else those of the default one, with whose they are.
    pub(super) fn of(&self, recipe: &str) -> (&str, &Measured) {
        static NOTHING: LazyLock<Measured> = LazyLock::new(Measured::default);
        let own = self.recipes.get_key_value(recipe).or_else(|| self.recipes.get_key_value(DEFAULT));
        own.map_or((DEFAULT, &*NOTHING), |(name, measured)| (name.as_str(), measured))
    }

    /// Of as many that are asked for over the network, or that want those, so many come.
    pub(super) fn found(&self, asked: f64) -> f64 {
        asked * self.assumed_found_percent / 100.0
    }

    /// Bytes of the images that come, of so many that are asked for.
    pub(super) fn found_bytes(&self, asked: f64) -> f64 {
        self.found(asked) * self.assumed_image_bytes
    }

    /// Where the figures come from, in words.
    pub(super) fn told(&self, recipe: &str) -> Vec<String> {
        let (name, measured) = self.of(recipe);
        let files = |corpus: &Corpus| corpus.archives.join(", ");
        vec![
            format!("CPU time is that of {}, one thread, {}; `{}`", self.machine, self.date, self.command),
            format!("pages are like those of {}, judged as {name}.toml does", files(&measured.pages)),
            format!("steps were timed over {}", files(&measured.timed)),
        ]
    }

    /// What is assumed of images over the network, in words.
    pub(super) fn told_of_images(&self) -> String {
        let Self { assumed_image_bytes: bytes, assumed_found_percent: percent, .. } = self;
        format!(
            "of images that are asked for {percent:.0} in a hundred come, with {:.0} kB each, and as many of the documents that want them are written: no rule on image facts and no copy of an image is counted; what a round of wishes takes is taken for what locate takes",
            bytes / 1e3
        )
    }
}

/// The recipe that others are taken to be like.
const DEFAULT: &str = "default";
