//! Splits: which part of a dataset a document belongs to.
//!
//! The hash of its page's URL decides, and nothing else: no document changes its split when others come or go, and all
//! captures of a page are in one split, so that nobody is tested on a page that was trained on.
//!
//! ```
//! use obelisc_document::UrlKey;
//! use obelisc_shard::{Split, Splits};
//!
//! let splits = Splits { validation_per_million: Some(100_000), test_per_million: None };
//! let pages = (0..1000).map(|number| UrlKey::new(&format!("https://a.example/{number}")));
//! let held_out = pages.filter(|page| splits.of(*page) == Split::Validation).count();
//! assert!((70..130).contains(&held_out));
//! ```

use std::fmt;

use obelisc_document::UrlKey;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Other keys of URLs are cut into ranges as well; splits cut another hash, so that they are a sample of each range.
const SEED: u64 = 0x5350_4c49_5453;

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// What models learn from: all that no other split takes.
    Train,
    /// What is looked at while they learn.
    Validation,
    /// What is looked at when they are done.
    Test,
}

impl Split {
    /// All splits, in the order in which a dataset lists them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name, as files and `datasets` have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which splits a dataset has beside `train`, and how many of a million pages each takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Splits {
    /// Pages of a million that are in `validation`; `None` where there is no such split.
    pub validation_per_million: Option<u64>,
    /// Pages of a million that are in `test`; `None` where there is no such split.
    pub test_per_million: Option<u64>,
}

impl Splits {
    /// What the parts are counted in.
    pub const WHOLE: u64 = 1_000_000;

    /// The splits that the dataset has, in their order.
    pub fn all(self) -> impl Iterator<Item = Split> + Clone {
        Split::ALL.into_iter().filter(move |split| match split {
            Split::Train => true,
            Split::Validation => self.validation_per_million.is_some(),
            Split::Test => self.test_per_million.is_some(),
        })
    }

    /// The split of all documents of a page.
    ///
    /// `validation` is taken from below and `test` from above, so that a larger part of either takes pages from `train`
    /// alone, and those it had it keeps.
    pub fn of(self, page: UrlKey) -> Split {
        let hash = u128::from(xxh3_64_with_seed(&page.0, SEED));
        let place = (hash * u128::from(Self::WHOLE)) >> 64;
        let (validation, test) = (self.validation_per_million.unwrap_or(0), self.test_per_million.unwrap_or(0));
        if place < u128::from(validation) {
            Split::Validation
        } else if place >= u128::from(Self::WHOLE.saturating_sub(test)) {
            Split::Test
        } else {
            Split::Train
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> impl Iterator<Item = UrlKey> {
        (0..100_000).map(|number| UrlKey::new(&format!("https://a.example/{number}")))
    }

    #[test]
    fn parts_are_as_large_as_was_asked_and_a_part_that_grows_keeps_what_it_had() {
        let splits = |validation, test| Splits { validation_per_million: validation, test_per_million: test };
        let (small, large) = (splits(Some(10_000), Some(50_000)), splits(Some(20_000), Some(50_000)));
        let count = |splits: Splits, split| pages().filter(|page| splits.of(*page) == split).count();
        assert!((900..1100).contains(&count(small, Split::Validation)));
        assert!((1800..2200).contains(&count(large, Split::Validation)));
        assert!((4700..5300).contains(&count(small, Split::Test)));
        for page in pages() {
            assert!(small.of(page) == large.of(page) || small.of(page) == Split::Train);
        }
        assert!(pages().all(|page| splits(None, None).of(page) == Split::Train));
    }

    #[test]
    fn the_split_of_a_page_is_the_same_for_ever() {
        let splits = Splits { validation_per_million: Some(333_333), test_per_million: Some(333_333) };
        let of = |page: u32| splits.of(UrlKey::new(&format!("https://a.example/{page}")));
        let names: Vec<_> = (0..8).map(|page| of(page).name()).collect();
        assert_eq!(names.join(" "), "validation test test train validation train test train");
    }

    #[test]
    fn a_dataset_has_train_and_the_splits_that_were_asked_for() {
        let splits = Splits { validation_per_million: None, test_per_million: Some(1) };
        assert_eq!(splits.all().map(Split::name).collect::<Vec<_>>(), ["train", "test"]);
    }
}
