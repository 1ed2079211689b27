//! The documents of samples, read once for all variants.

use std::collections::BTreeMap;

use obelisc_document::{DocId, Document};
use serde::Serialize;

use super::grid::Grid;
use super::stored::Stored;
use super::tally::{Samples, Tally};
use crate::error::TaskError;
use crate::recipe::Recipe;

/// Characters of a sample's text.
const SHOWN: usize = 200;

/// A document on one side of a cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// URL of the page.
    pub url: String,
    /// The document.
    pub doc_id: DocId,
    /// First failing rule on the side that drops it, or a reason.
    pub rule: String,
    /// Its value there.
    pub value: Option<String>,
    /// The bound it breaks.
    pub bound: Option<String>,
    /// How the text begins that the rules leave on the side that keeps it.
    pub text: String,
}

/// Which document, cut by which variant: one stands for all that cut alike.
type Key = (u32, u64, usize);

/// URLs and beginnings of texts.
pub(super) struct Texts(BTreeMap<Key, (String, String)>);

impl Texts {
    /// Reads what the samples of all variants show.  What a variant loses the run's own recipe keeps, and what it gains it
    /// keeps itself: the text is shown as the side that keeps it cuts it.
    pub(super) fn read(stored: &Stored<'_>, grid: &Grid, tallies: &[Tally]) -> Result<Self, TaskError> {
        let mut texts: BTreeMap<Key, (String, String)> = BTreeMap::new();
        for (index, tally) in tallies.iter().enumerate() {
            for (samples, keeps) in [(&tally.lost_samples, 0), (&tally.gained_samples, grid.stands_for(index))] {
                texts.extend(samples.0.values().map(|drawn| ((drawn.task, drawn.row, keeps), Default::default())));
            }
        }
        let mut open = None;
        for ((task, row, keeps), shown) in &mut texts {
            let documents = match open.take() {
                Some((at, documents)) if at == *task => documents,
                _ => stored.documents(*task),
            };
            let (_, documents) = open.insert((*task, documents));
            let document = documents.at(*row)?;
            if let Some(variant) = grid.variants.get(*keeps) {
                *shown = begins(&variant.recipe, document);
            }
        }
        Ok(Self(texts))
    }

    /// The samples of one side of a variant.
    pub(super) fn of(&self, samples: Samples, keeps: usize) -> Vec<Sample> {
        let sample = |(doc_id, drawn): (DocId, super::tally::Drawn)| {
            let (url, text) = self.0.get(&(drawn.task, drawn.row, keeps)).cloned().unwrap_or_default();
            let failure = drawn.failure;
            let (rule, value, bound) = (failure.rule.into_owned(), failure.value, failure.bound);
            Sample { url, doc_id, rule, value, bound, text }
        };
        samples.0.into_iter().map(sample).collect()
    }
}

/// The URL of a document, and how the text begins that a recipe's filter leaves.
fn begins(recipe: &Recipe, mut document: Document) -> (String, String) {
    recipe.judging.judge(&mut document, recipe.filter_view());
    let mut text = String::new();
    let mut length = 0;
    for word in document.paragraphs().flat_map(|paragraph| paragraph.text.split_whitespace()) {
        length += 1 + word.chars().count();
        if length > SHOWN {
            text.push('…');
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    (document.page.url, text)
}
