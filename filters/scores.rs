//! Scores that classifiers gave to images.

use std::collections::BTreeSet;

use obelisc_document::ImageNode;
use obelisc_filter::options::Options;

/// The highest scores of a classifier's classes that are kept.
#[derive(Debug)]
pub(crate) struct MaxScores {
    classifier: String,
    /// Above 0 each.
    bounds: Vec<(String, f64)>,
}

impl MaxScores {
    /// The options `classifier` and `max_scores`.
    pub(crate) fn from_options(options: &mut Options<'_>) -> Self {
        let classifier = options.text("classifier", "nsfw", "classifier, of the recipe's tables [classifiers.NAME]");
        let meaning = "highest score kept of each class that is bounded, as CLASS=SCORE";
        let given = options.texts("max_scores", &["hentai=0.9", "porn=0.85"], &[], meaning);
        let bounds = given.iter().filter_map(|text| {
            let bound = bound(text);
            if bound.is_none() {
                options.problem(
                    "max_scores",
                    format!("{text:?} is given, CLASS=SCORE with a score above 0, up to 1, is allowed"),
                );
            }
            bound
        });
        let bounds: Vec<_> = bounds.collect();
        let classes: BTreeSet<_> = bounds.iter().map(|(class, _)| class).collect();
        if given.is_empty() || classes.len() < bounds.len() {
            options.problem("max_scores", "a bound for at least one class, and one for each is allowed");
        }
        Self { classifier, bounds }
    }

    /// How much of its bound the score of a class takes, at most; `None` of an image without scores.
    pub(crate) fn share_of_bound(&self, image: &ImageNode) -> Option<f64> {
        let scores = image.facts.as_ref()?.scores.get(&self.classifier)?;
        let shares = self.bounds.iter().map(|(class, bound)| scores.get(class).map_or(0.0, |score| score / bound));
        Some(shares.fold(0.0, f64::max))
    }
}

fn bound(text: &str) -> Option<(String, f64)> {
    let (class, score) = text.split_once('=')?;
    let score = score.trim().parse().ok().filter(|score| *score > 0.0 && *score <= 1.0)?;
    Some((class.trim().to_owned(), score))
}
