//! `classify`, global: what classifiers say of the images that documents want.

use std::collections::HashMap;

use obelisc_classify::{BATCH, OnnxClassifier};
use obelisc_document::table::{Answer, ImageScore, Table};
use obelisc_document::{Blob, Reason, Scores};
use obelisc_image::{Limits, Picture, decoded};
use serde_json::{Value, json};

use super::bucket;
use crate::error::TaskError;
use crate::recipe::{Classifiers, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

pub(super) struct Classify;

impl Step for Classify {
    fn name(&self) -> &'static str {
        "classify"
    }

    fn stage(&self) -> Stage {
        Stage::Attach
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec!["seal"]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let versions = [VERSION, OnnxClassifier::VERSION, obelisc_image::VERSION];
        json!({"version": versions, "classifiers": context.recipe.section("classifiers")})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        bucket::count(context, context.output("seal").rows(Answer::NAME).saturating_mul(ROWS_OF_AN_IMAGE))
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("key range {task}")
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let mut answers = bucket::read::<Answer>(task, "seal", self.tasks(context))?;
        answers.retain(|answer| answer.reason.is_none());
        // As they lie in the store.
        answers.sort_by(|a, b| (&a.segment, a.offset).cmp(&(&b.segment, b.offset)));
        let mut scorer = Scorer::new(&context.recipe.classifiers);
        let mut blobs = context.images.blobs();
        // Their bytes were held to the cap when they came; encoded anew they may be more.
        let limits = Limits { max_image_bytes: u64::MAX, ..context.recipe.fetch.policy.treatment.limits };
        for answer in &answers {
            let (Some(sha256), Some(segment)) = (answer.sha256.clone(), answer.segment.clone()) else { continue };
            if scorer.knows(&sha256) {
                continue;
            }
            let blob = Blob { segment, offset: answer.offset, length: answer.length, sha256 };
            let bytes = blobs.read(&blob)?;
            // Of an image that was not decoded when it came nobody knows whether it can be.
            match decoded(&bytes, limits) {
                Ok(picture) => scorer.push(blob.sha256, &picture),
                Err(error) => scorer.fail(blob.sha256, error.to_string()),
            }
        }
        let scores = scorer.finish();
        let mut rows = Vec::new();
        let flow = task.accounts.unit("classified_urls");
        for answer in answers {
            flow.enter(1);
            let (scores, detail) = match answer.sha256.and_then(|sha256| scores.get(&sha256)) {
                Some(Ok(scores)) => (Some(serde_json::to_string(scores)?), None),
                Some(Err(detail)) => (None, Some(detail.clone())),
                None => (None, None),
            };
            if scores.is_none() {
                flow.fail_one(Reason::NotClassified.name());
            }
            rows.push(ImageScore { url_key: answer.url_key, scores, detail });
        }
        rows.sort();
        task.write(rows)
    }
}

/// An image takes a classifier as long as so many rows take other steps, about.
const ROWS_OF_AN_IMAGE: u64 = 80;

/// Gives pictures to classifiers, as many at a time as those take.
struct Scorer<'r> {
    classifiers: &'r Classifiers,
    /// The sha256 of the files of pictures that wait.
    waiting: Vec<String>,
    /// These pictures as each classifier looks at them.
    fitted: Vec<Vec<Picture>>,
    /// By the sha256 of the file; of those that a classifier could not look at, which one, and why.
    scores: HashMap<String, Result<Scores, String>>,
}

impl<'r> Scorer<'r> {
    fn new(classifiers: &'r Classifiers) -> Self {
        let fitted = classifiers.iter().map(|_| Vec::new()).collect();
        Self { classifiers, waiting: Vec::new(), fitted, scores: HashMap::new() }
    }

    fn knows(&self, sha256: &str) -> bool {
        self.scores.contains_key(sha256) || self.waiting.iter().any(|waiting| waiting == sha256)
    }

    fn fail(&mut self, sha256: String, why: String) {
        self.scores.insert(sha256, Err(why));
    }

    fn push(&mut self, sha256: String, picture: &Picture) {
        for (fitted, (_, classifier)) in self.fitted.iter_mut().zip(self.classifiers.iter()) {
            fitted.push(classifier.fitted(picture.clone()));
        }
        self.waiting.push(sha256);
        if self.waiting.len() >= BATCH {
            self.score();
        }
    }

    fn score(&mut self) {
        for (fitted, (name, classifier)) in self.fitted.iter_mut().zip(self.classifiers.iter()) {
            for (sha256, scores) in self.waiting.iter().zip(classifier.scores(fitted)) {
                let all = self.scores.entry(sha256.clone()).or_insert_with(|| Ok(Scores::default()));
                match (scores, &mut *all) {
                    (Ok(scores), Ok(all)) => {
                        let classes = classifier.classes().iter().cloned();
                        all.insert(name.clone(), classes.zip(scores).collect());
                    }
                    // The first that fails is named.
                    (_, Err(_)) => {}
                    (Err(error), Ok(_)) => *all = Err(format!("{name}: {error}")),
                }
            }
            fitted.clear();
        }
        self.waiting.clear();
    }

    fn finish(mut self) -> HashMap<String, Result<Scores, String>> {
        self.score();
        self.scores
    }
}
