//! Asking again for images that failed.
//!
//! The answers go into a segment of their own; nothing that a store holds is changed.  Runs over the store that fetch as the run did take them up when they are
//! run again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use obelisc_document::table::{self, Answer, Table as _};
use obelisc_document::{Reason, UrlKey};
use obelisc_fetch::{ImageStore, Wish, crawl};
use obelisc_filter::options::Problem;
use obelisc_storage::Storage;
use obelisc_storage::parquet::Reader;

use crate::error::{Error, whole};
use crate::recipe::{Given, Recipe};
use crate::record::Record;
use crate::steps::download;
use crate::{Config, TaskError};

/// Rows of answers that are read at once.
const ROWS_PER_READ: usize = 8192;

/// What to ask again.
#[derive(Debug)]
pub struct Retry<'a> {
    /// The output of a finished run.
    pub storage: &'a dyn Storage,
    /// The image store of the run.
    pub images: &'a ImageStore,
    /// How the network is asked.
    pub config: &'a Config,
    /// Files that the run's recipe names.
    pub given: &'a Given,
    /// The reasons for which images failed that are asked for again.
    pub reasons: &'a BTreeSet<Reason>,
    /// Raised by a signal: it ends, and goes on where it was the next time.
    pub stop: &'a AtomicBool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// URLs that were asked for.
    pub urls: u64,
    /// Those that are images now.
    pub images: u64,
    /// Why the others are not.
    pub failed: BTreeMap<Reason, u64>,
    /// The segment of the store that holds the answers; none where there was nothing to ask for.
    pub segment: Option<String>,
}

impl Retry<'_> {
    /// Asks again.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no finished run, or the config lacks what its recipe needs; [`Error::Interrupted`]; those of store and network.
    pub fn execute(&self) -> Result<Retried, Error> {
        let place = self.storage.location();
        let unreachable =
            |error: &dyn std::error::Error| Error::Unreachable(vec![format!("{place}: {}", whole(error))]);
        let record = Record::of_run(self.storage)?;
        let Some(folder) = &record.dataset else {
            let message = "the run is not finished; run it to its end first".to_owned();
            return Err(Error::Refused(vec![Problem { file: place, line: 0, key: String::new(), message }]));
        };
        record.tables().map_err(|error| unreachable(&error))?;
        let stored = Record::manifest(self.storage, folder)?.recipe;
        let recipe = Recipe::parse_given(&stored.name, &stored.text, &stored.set(), self.given);
        let recipe = recipe.map_err(Error::Refused)?;
        if !recipe.fetch.asks_network {
            return Ok(Retried::default());
        }
        let lacking = self.config.lacks(&recipe);
        if !lacking.is_empty() {
            return Err(Error::Refused(lacking));
        }
        let urls = self.failed(&record).map_err(|error| unreachable(&error))?;
        self.ask(&recipe, urls).map_err(|error| match error {
            TaskError::Stopped => Error::Interrupted,
            error => Error::Unreachable(vec![error.whole()]),
        })
    }

    /// The URLs that failed for one of the reasons.
    fn failed(&self, record: &Record) -> Result<BTreeSet<String>, TaskError> {
        let mut urls = BTreeSet::new();
        for step in download::NAMES {
            for marker in record.markers(self.storage, step)? {
                for file in marker.files_of(Answer::NAME) {
                    for batch in Reader::open(self.storage, &file.key, ROWS_PER_READ)? {
                        let answers = table::rows::<Answer>(&batch?)?.into_iter();
                        let failed = answers.filter(|answer| answer.reason.is_some_and(|r| self.reasons.contains(&r)));
                        urls.extend(failed.map(|answer| answer.url));
                    }
                }
            }
        }
        Ok(urls)
    }

    fn ask(&self, recipe: &Recipe, urls: BTreeSet<String>) -> Result<Retried, TaskError> {
        if urls.is_empty() {
            return Ok(Retried::default());
        }
        let retries = download::retries(self.images, recipe)?;
        let keys = urls.iter().map(|url| UrlKey::new(url)).collect();
        let known = self.images.known(&keys, |name| retries.iter().any(|retry| retry == name))?;
        // An earlier retry may have brought some, which the run has not taken up yet.
        let is_there = |url: &String| known.get(&UrlKey::new(url)).is_some_and(|answer| answer.reason.is_none());
        let urls: Vec<String> = urls.into_iter().filter(|url| !is_there(url)).collect();
        if urls.is_empty() {
            return Ok(Retried::default());
        }
        let before = retries.len();
        let wishes: Vec<Wish> = urls.into_iter().map(|url| Wish { urls: vec![url] }).collect();
        let name = download::retry_name(recipe, before, &wishes);
        let mut journal = self.images.journal(&name)?;
        let policy = recipe.fetch.policy.clone();
        if !crawl(self.config.manners(1), policy, wishes, &|_| None, &mut journal, self.stop)? {
            return Err(TaskError::Stopped);
        }
        let mut retried = Retried { segment: Some(name), ..Retried::default() };
        for answer in journal.seal()? {
            retried.urls += 1;
            match answer.reason {
                Some(reason) => *retried.failed.entry(reason).or_default() += 1,
                None => retried.images += 1,
            }
        }
        Ok(retried)
    }
}
