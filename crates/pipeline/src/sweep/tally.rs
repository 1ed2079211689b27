//! Numbers and samples of one variant.

use std::collections::BTreeMap;

use obelisc_document::DocId;
use obelisc_filter::Failure;

use super::behind::Followed;
use super::fate::Fate;
use super::removed::Removed;

/// What a variant makes of the documents of one task, or of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub documents: u64,
    pub images: u64,
    pub words: u64,
    /// Documents of which nothing can be said: they want images that nobody asked for.
    pub behind: u64,
    /// Those of them that the run's own recipe keeps.
    pub behind_kept: u64,
    /// Documents that the run's own recipe keeps and this one drops.
    pub lost: u64,
    /// Documents that it drops and this one keeps.
    pub gained: u64,
    pub removed: Removed,
    pub lost_samples: Samples,
    pub gained_samples: Samples,
    /// Task, row and identity of kept documents, where they are asked for.
    pub kept: Vec<(u32, u64, DocId)>,
    /// What became of kept documents where duplicates are removed.
    pub followed: Followed,
}

impl Tally {
    /// Enters a document's numbers.
    pub(super) fn enter(&mut self, fate: Fate) {
        match fate {
            Fate::Kept { images, words } => {
                self.documents += 1;
                self.images += images;
                self.words += words;
            }
            Fate::Behind => self.behind += 1,
            Fate::Dropped(_) => {}
        }
    }

    /// Adds another task's; the order of tasks is of no matter.
    pub(super) fn add(&mut self, other: Self, samples: usize) {
        self.documents += other.documents;
        self.images += other.images;
        self.words += other.words;
        self.behind += other.behind;
        self.behind_kept += other.behind_kept;
        self.lost += other.lost;
        self.gained += other.gained;
        self.removed.add(&other.removed);
        for (mine, others) in
            [(&mut self.lost_samples, other.lost_samples), (&mut self.gained_samples, other.gained_samples)]
        {
            for (id, sample) in others.0 {
                mine.offer(id, samples, || sample);
            }
        }
        self.kept.extend(other.kept);
        self.followed.add(other.followed);
    }
}

/// Some documents out of many: those with the smallest identities, which are hashes.  So a sample is as good as drawn by
/// lot, and the same whatever the number of threads.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(pub BTreeMap<DocId, Drawn>);

/// A document of a sample.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub task: u32,
    pub row: u64,
    /// Why it is dropped on the side that drops it.
    pub failure: Failure,
}

impl Samples {
    /// Takes a document in where it is one of the `size` smallest.
    pub(super) fn offer(&mut self, id: DocId, size: usize, draw: impl FnOnce() -> Drawn) {
        let full = self.0.len() >= size;
        if size == 0 || (full && self.0.last_key_value().is_some_and(|(last, _)| *last < id)) {
            return;
        }
        self.0.insert(id, draw());
        if self.0.len() > size {
            self.0.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_does_not_depend_on_the_order_in_which_documents_come() {
        let drawn = || Drawn { task: 0, row: 0, failure: Failure { rule: "r".into(), value: None, bound: None } };
        let ids: Vec<DocId> = (0..20).map(|offset| DocId::new("w", offset, 0)).collect();
        let (mut forth, mut back) = (Samples::default(), Samples::default());
        ids.iter().for_each(|id| forth.offer(*id, 3, drawn));
        ids.iter().rev().for_each(|id| back.offer(*id, 3, drawn));
        let mut smallest = ids.clone();
        smallest.sort();
        assert!(forth.0.keys().eq(&smallest[..3]) && back.0.keys().eq(&smallest[..3]));
        let mut none = Samples::default();
        none.offer(ids[0], 0, drawn);
        assert!(none.0.is_empty());
    }
}
