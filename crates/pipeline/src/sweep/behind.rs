//! What the run made of documents where duplicates are removed, and behind.
//!
//! Another threshold changes which copies there are, of which the run's tables know nothing.  What they know of is each document that came to the
//! stage in the run: whether it is in the dataset, went as a copy and of which document, or fell later.  So a variant's documents are told by that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use obelisc_dedup::Kind;
use obelisc_document::DocId;
use obelisc_filter::{Judgement, SubjectKind};
use serde::Serialize;

use crate::error::TaskError;
use crate::steps::compact;

/// What became in the run of the documents that a variant keeps before duplicates are removed; all add up to these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BehindDedup {
    /// Those in the run's dataset.
    pub in_dataset: u64,
    /// Those that went as copies, while the document that stayed for them is kept here too.
    pub copies: u64,
    /// Those that went as copies of a document that is not kept here: of each cluster one may stay.
    pub freed_copies: u64,
    /// Clusters of these.
    pub freed_clusters: u64,
    /// Those that fell later, by a rule or for want of images.
    pub fell: u64,
    /// Those that the run dropped before it compared them.
    pub not_compared: u64,
}

/// What became of a document that came to the stage in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    InDataset,
    /// Of the document that stayed.
    Copy(DocId),
    Fell,
}

/// What became of the documents of a task.
#[derive(Debug, Default)]
pub(super) struct Outcomes(HashMap<DocId, Outcome>);

impl Outcomes {
    /// Whether a step comes behind the first removal of duplicates, or is one.
    pub(super) fn is_behind(step: &str) -> bool {
        compact::NAMES.contains(&step) || matches!(step, "apply" | "clean")
    }

    /// Enters what a step decided, in the order of the steps.
    pub(super) fn enter(
        &mut self,
        judgements: impl Iterator<Item = Result<Judgement, TaskError>>,
    ) -> Result<(), TaskError> {
        for judgement in judgements {
            let judgement = judgement?;
            if matches!(judgement.subject, SubjectKind::Document | SubjectKind::Url) {
                self.0.insert(judgement.document, outcome(&judgement));
            }
        }
        Ok(())
    }

    /// What became of a document; `None` of one that the run dropped before.
    pub(super) fn of(&self, document: DocId) -> Option<Outcome> {
        self.0.get(&document).copied()
    }
}

fn outcome(judgement: &Judgement) -> Outcome {
    let Some(failure) = &judgement.failure else { return Outcome::InDataset };
    let is_copy = Kind::ALL.iter().any(|kind| kind.reason().name() == &*failure.rule);
    match failure.value.as_deref().filter(|_| is_copy).and_then(DocId::parse) {
        Some(survivor) => Outcome::Copy(survivor),
        None => Outcome::Fell,
    }
}

/// The documents of one variant, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    counts: BehindDedup,
    /// Copies by the document that stayed for them in the run.
    copies: BTreeMap<DocId, u64>,
    /// What the run's own recipe keeps and this one does not.
    lost: BTreeSet<DocId>,
}

impl Followed {
    /// Enters a document that the variant keeps.
    pub(super) fn keep(&mut self, outcome: Option<Outcome>) {
        match outcome {
            Some(Outcome::InDataset) => self.counts.in_dataset += 1,
            Some(Outcome::Copy(survivor)) => *self.copies.entry(survivor).or_default() += 1,
            Some(Outcome::Fell) => self.counts.fell += 1,
            None => self.counts.not_compared += 1,
        }
    }

    /// Enters a document that the run's own recipe keeps and the variant does not.
    pub(super) fn lose(&mut self, document: DocId) {
        self.lost.insert(document);
    }

    /// Adds another task's.
    pub(super) fn add(&mut self, other: Self) {
        self.counts.in_dataset += other.counts.in_dataset;
        self.counts.fell += other.counts.fell;
        self.counts.not_compared += other.counts.not_compared;
        for (survivor, copies) in other.copies {
            *self.copies.entry(survivor).or_default() += copies;
        }
        self.lost.extend(other.lost);
    }

    /// All counts, once all tasks are in.
    pub(super) fn counts(&self) -> BehindDedup {
        let mut counts = self.counts;
        for (survivor, copies) in &self.copies {
            if self.lost.contains(survivor) {
                counts.freed_copies += copies;
                counts.freed_clusters += 1;
            } else {
                counts.copies += copies;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_what_a_variant_drops_are_freed() {
        let [one, two] = [1, 2].map(|offset| DocId::new("w", offset, 0));
        let mut followed = Followed::default();
        for outcome in [Some(Outcome::InDataset), Some(Outcome::Copy(one)), Some(Outcome::Copy(two)), None] {
            followed.keep(outcome);
        }
        let mut other = Followed::default();
        other.keep(Some(Outcome::Copy(two)));
        other.keep(Some(Outcome::Fell));
        other.lose(two);
        followed.add(other);
        let expected =
            BehindDedup { in_dataset: 1, copies: 1, freed_copies: 2, freed_clusters: 1, fell: 1, not_compared: 1 };
        assert_eq!(followed.counts(), expected);
    }
}
