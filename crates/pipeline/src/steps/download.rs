//! `download`, effect: images that no archive of the run holds, over the network into the image store.
//!
//! A task owns registered domains, so that what a host is asked at a time is in one hand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use obelisc_document::UrlKey;
use obelisc_document::table::{self, Answer, Table as _};
use obelisc_fetch::{ImageStore, Wish, crawl, ends_wish};
use serde_json::{Value, json};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::duplicates::key_range;
use super::{answered, wishes};
use crate::error::TaskError;
use crate::marker::Marker;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

/// What its answers are counted as.
const UNIT: &str = "asked_urls";

/// Images that one task asks for, about.
const IMAGES_PER_TASK: u64 = 25_000;

/// What stands in the names of segments of images that were asked for again.
const RETRY: &str = "retry";

/// The names, by the number of the round.
pub(crate) const NAMES: [&str; wishes::ROUNDS] = ["download-1", "download-2", "download-3"];

/// Of one round.
pub(super) struct Download {
    round: usize,
    /// Those of the store, once they were listed.
    retries: OnceLock<Vec<String>>,
}

impl Step for Download {
    fn name(&self) -> &'static str {
        NAMES.get(self.round).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec![self.wishes()]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({"version": VERSION, "fetch": context.recipe.fetch_options()})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let rows = context.output(self.wishes()).rows(table::Wish::NAME);
        u32::try_from(rows.div_ceil(IMAGES_PER_TASK).max(1)).unwrap_or(u32::MAX)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("domains {task}")
    }

    /// The store is shared and may be moved: answers are of use only while it holds their bytes.  What was asked for again since then may be there now, so they
    /// rest on that as well.
    fn rests_on(&self, marker: &Marker) -> Vec<String> {
        answered::segments(marker).chain([asked_again(&marker.facts["retries"])]).collect()
    }

    fn there(&self, context: &Context<'_>) -> Result<BTreeSet<String>, TaskError> {
        let segments = context.images.listed()?;
        let retries = self.retries.get_or_init(|| retries_among(segments.keys(), context.recipe));
        let asked_again = asked_again(&json!(retries));
        Ok(segments
            .into_iter()
            .filter_map(|(name, has_bytes)| has_bytes.then_some(name))
            .chain([asked_again])
            .collect())
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let domains = key_range(task.index, self.tasks(task.context));
        let wishes = self.own(task, &domains)?;
        let retries = self.retries(task.context)?;
        if wishes.is_empty() {
            task.facts = json!({"retries": retries});
            return answered::write(task, UNIT, Vec::new());
        }
        let name = segment_name(task.context.recipe, &domains, &wishes);
        let answers = self.answers(task.context, &domains, &name, &wishes)?;
        let held = answers.iter().filter_map(|answer| answer.segment.clone());
        let segments: BTreeSet<_> = held.chain([name]).collect();
        task.facts = json!({"segments": segments, "retries": retries});
        answered::write(task, UNIT, answers)
    }
}

impl Download {
    pub(super) const fn new(round: usize) -> Self {
        Self { round, retries: OnceLock::new() }
    }

    /// The segments of images that were asked for again; listed once, since a step has many tasks.
    fn retries(&self, context: &Context<'_>) -> Result<&[String], TaskError> {
        if let Some(listed) = self.retries.get() {
            return Ok(listed);
        }
        let listed = retries(context.images, context.recipe)?;
        Ok(self.retries.get_or_init(|| listed))
    }

    fn wishes(&self) -> &'static str {
        wishes::NAMES.get(self.round).copied().unwrap_or_default()
    }

    /// The wishes of these domains.
    fn own(&self, task: &Task<'_>, domains: &RangeInclusive<u64>) -> Result<Vec<Wish>, TaskError> {
        let wishes = task.rows_in::<table::Wish>(self.wishes(), domains.clone());
        let of = |wish: table::Wish| Wish { urls: wish.urls.lines().map(str::to_owned).collect() };
        let mut own = wishes.map(|wish| wish.map(of)).collect::<Result<Vec<_>, _>>()?;
        own.sort();
        Ok(own)
    }

    /// The answers to these wishes: what the store knows from other runs that ask the same way, else what the hosts say.
    fn answers(
        &self,
        context: &Context<'_>,
        domains: &RangeInclusive<u64>,
        name: &str,
        wishes: &[Wish],
    ) -> Result<Vec<Answer>, TaskError> {
        let keys = wishes.iter().flat_map(|wish| &wish.urls).map(|url| UrlKey::new(url)).collect();
        let prefix = prefix(context.recipe);
        let known = |again: bool| {
            let is_wanted =
                |other: &str| other != name && is_retry(other) == again && may_know(other, &prefix, domains);
            context.images.known(&keys, is_wanted)
        };
        let (mut answers, again) = (known(false)?, known(true)?);
        let own = match context.images.answers(name)? {
            Some(own) => own,
            None => {
                let mut journal = context.images.journal(name)?;
                let known =
                    |url| [&again, &answers].into_iter().filter_map(|known| known.get(&url)).map(ends_wish).max();
                let manners = context.config.manners(self.tasks(context));
                let policy = context.recipe.fetch.policy.clone();
                if !crawl(manners, policy, wishes.to_vec(), &known, &mut journal, context.stop)? {
                    return Err(TaskError::Stopped);
                }
                journal.seal()?
            }
        };
        for answer in own {
            let is_better = |known: &Answer| known.reason.is_some() || answer.reason.is_none();
            if answers.get(&answer.url_key).is_none_or(is_better) {
                answers.insert(answer.url_key, answer);
            }
        }
        // What was asked for again says more of what failed.
        for (key, answer) in again {
            if answers.get(&key).is_none_or(|known| known.reason.is_some()) {
                answers.insert(key, answer);
            }
        }
        // Those that a wish needed: up to the one that ends it.
        let mut needed = BTreeMap::new();
        for wish in wishes {
            for url in &wish.urls {
                let Some(answer) = answers.get(&UrlKey::new(url)) else { break };
                needed.insert(answer.url_key, answer.clone());
                if ends_wish(answer) {
                    break;
                }
            }
        }
        Ok(needed.into_values().collect())
    }
}

/// How the names of all segments begin that were made as this recipe asks: under the same limits, honouring the same wishes.
fn prefix(recipe: &Recipe) -> String {
    let all = json!([VERSION, recipe.fetch_options()]);
    format!("network-{:016x}-", xxh3_64(all.to_string().as_bytes()))
}

/// The first and the last domain of a segment as its name has them: the upper 16 bits of their keys.
fn ends(domains: &RangeInclusive<u64>) -> [u64; 2] {
    [domains.start() >> 48, domains.end() >> 48]
}

/// The segments of images that were asked for again as this recipe asks, sorted.
pub(crate) fn retries(images: &ImageStore, recipe: &Recipe) -> Result<Vec<String>, TaskError> {
    Ok(retries_among(images.listed()?.keys(), recipe))
}

fn retries_among<'n>(segments: impl Iterator<Item = &'n String>, recipe: &Recipe) -> Vec<String> {
    let prefix = prefix(recipe);
    segments.filter(|name| name.starts_with(&prefix) && is_retry(name)).cloned().collect()
}

/// What a task rests on that took up these segments.
fn asked_again(retries: &Value) -> String {
    format!("{RETRY} {retries}")
}

fn is_retry(name: &str) -> bool {
    name.split('-').any(|part| part == RETRY)
}

/// Of the segment of images that are asked for again, behind so many others of the kind.
pub(crate) fn retry_name(recipe: &Recipe, before: usize, wishes: &[Wish]) -> String {
    let wanted: Vec<_> = wishes.iter().map(|wish| &wish.urls).collect();
    let hash = xxh3_128(json!([before, wanted]).to_string().as_bytes());
    format!("{}0000-ffff-{RETRY}-{hash:032x}", prefix(recipe))
}

/// A name that says what is in the segment, so that the same wishes find it again, and others that it has nothing for them.
fn segment_name(recipe: &Recipe, domains: &RangeInclusive<u64>, wishes: &[Wish]) -> String {
    let wanted: Vec<_> = wishes.iter().map(|wish| &wish.urls).collect();
    let ([first, last], hash) = (ends(domains), xxh3_128(json!(wanted).to_string().as_bytes()));
    format!("{}{first:04x}-{last:04x}-{hash:032x}", prefix(recipe))
}

/// Whether a segment of that name was made as this recipe asks, and may hold answers of one of these domains.
fn may_know(name: &str, prefix: &str, domains: &RangeInclusive<u64>) -> bool {
    let mut parts = name.strip_prefix(prefix).unwrap_or_default().split('-');
    let mut end = || parts.next().and_then(|part| u64::from_str_radix(part, 16).ok());
    let [first, last] = ends(domains);
    end().zip(end()).is_some_and(|(from, until)| from <= last && first <= until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_read_for_domains_that_it_may_hold() {
        let all = 0..=u64::MAX;
        let prefix = "network-0123456789abcdef-";
        let name = |domains: &RangeInclusive<u64>| {
            let [first, last] = ends(domains);
            format!("{prefix}{first:04x}-{last:04x}-00")
        };
        let half = key_range(0, 2);
        assert!(may_know(&name(&all), prefix, &half) && may_know(&name(&half), prefix, &all));
        assert!(!may_know(&name(&half), prefix, &key_range(1, 2)));
        assert!(may_know(&name(&half), prefix, &key_range(1, 3)));
        assert!(!may_know(&name(&all), "network-0000000000000000-", &all));
        assert!(!may_know("archive-00", prefix, &all));
    }
}
