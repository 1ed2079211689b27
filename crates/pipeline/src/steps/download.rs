//! `download`, effect: images that no archive of the run holds, over the network into the image store.
//!
//! A task owns registered domains, so that what a host is asked at a time is in one hand.  An image is a wish: its candidates of one domain, best first, of which the next one
//! is asked for where one fails.

use std::collections::{BTreeMap, BTreeSet};

use obelisc_dedup::Domain;
use obelisc_document::table::{Answer, ImageReference};
use obelisc_document::{Reason, UrlKey};
use obelisc_fetch::{Wish, crawl};
use serde_json::{Value, json};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::{answered, before_fetch};
use crate::error::TaskError;
use crate::marker::Marker;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// What its answers are counted as.
const UNIT: &str = "asked_urls";

/// URLs that one task asks for, about.
const URLS_PER_TASK: u64 = 50_000;

pub(super) struct Download;

impl Step for Download {
    fn name(&self) -> &'static str {
        "download"
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_fetch(recipe), "locate"]
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        json!({"version": VERSION, "fetch": recipe.section("fetch"), "opt_outs": recipe.section("fetch.opt_outs")})
    }

    fn tasks(&self, context: &Context<'_>) -> u32 {
        let rows = context.output("locate").rows(<Answer as obelisc_document::table::Table>::NAME);
        u32::try_from(rows.div_ceil(URLS_PER_TASK).max(1)).unwrap_or(u32::MAX)
    }

    fn subject(&self, _: &Context<'_>, task: u32) -> String {
        format!("domains {task}")
    }

    /// The store is shared and may be moved: answers are of use only while it holds their bytes.
    fn holds(&self, context: &Context<'_>, marker: &Marker) -> Result<bool, TaskError> {
        let segments = marker.facts["segments"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for segment in segments {
            if context.images.segment_bytes(segment)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let wishes = wishes(task, self.tasks(task.context))?;
        if wishes.is_empty() {
            return answered::write(task, UNIT, Vec::new());
        }
        let name = segment_name(task, &wishes);
        let answers = answers(task, &name, &wishes)?;
        let held = answers.iter().filter_map(|answer| answer.segment.clone());
        task.facts = json!({"segments": held.chain([name]).collect::<BTreeSet<_>>()});
        answered::write(task, UNIT, answers)
    }
}

/// A candidate of an image: its rank, its URL's key, its URL.
type Candidate = (u32, UrlKey, String);

/// The images of a task's domains of which no candidate is in an archive, each way to write one once, sorted.
fn wishes(task: &Task<'_>, tasks: u32) -> Result<Vec<Wish>, TaskError> {
    let recipe = task.context.recipe;
    let mut images: BTreeMap<(u32, u32, u32), Vec<Candidate>> = BTreeMap::new();
    for reference in task.all_rows::<ImageReference>(before_fetch(recipe))? {
        let ImageReference { url_key, task, row, ordinal, rank, url } = reference?;
        images.entry((task, row, ordinal)).or_default().push((rank, url_key, url));
    }
    let mut own: BTreeMap<String, BTreeSet<Vec<(UrlKey, String)>>> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for mut candidates in images.into_values() {
        candidates.sort_unstable();
        let Some(domain) = candidates.first().map(|(_, _, url)| domain(url)) else { continue };
        if bucket(&domain, tasks) != task.index {
            continue;
        }
        let candidates: Vec<_> = candidates.into_iter().map(|(_, key, url)| (key, url)).collect();
        keys.extend(candidates.iter().map(|(key, _)| *key));
        own.entry(domain).or_default().insert(candidates);
    }
    // What has no answer by now is in an archive.
    let mut nowhere = BTreeSet::new();
    for answer in task.all_rows::<Answer>("locate")? {
        let answer = answer?;
        if answer.reason == Some(Reason::NotInArchive) && keys.contains(&answer.url_key) {
            nowhere.insert(answer.url_key);
        }
    }
    let cap = recipe.fetch.max_images_per_domain.unwrap_or(u64::MAX);
    let mut wishes = Vec::new();
    for (of, images) in own {
        let missing = images.into_iter().filter(|image| image.iter().all(|(key, _)| nowhere.contains(key)));
        let urls = missing.map(|image| image.into_iter().map(|(_, url)| url).filter(|url| domain(url) == of).collect());
        wishes.extend(urls.map(|urls| Wish { urls }).take(usize::try_from(cap).unwrap_or(usize::MAX)));
    }
    wishes.sort();
    Ok(wishes)
}

/// The registered domain of a URL; its host where it has none.
fn domain(url: &str) -> String {
    Domain::Registered.of(url)
}

/// The task that owns a domain.
fn bucket(domain: &str, tasks: u32) -> u32 {
    let hash = u128::from(xxh3_64(domain.as_bytes()));
    // The product's upper half is below `tasks`.
    u32::try_from((hash * u128::from(tasks)) >> 64).unwrap_or_default()
}

/// How the names of all segments begin that were made as this recipe asks: under the same limits, honouring the same wishes.
fn prefix(recipe: &Recipe) -> String {
    let all = json!([VERSION, obelisc_image::VERSION, recipe.section("fetch"), recipe.section("fetch.opt_outs")]);
    format!("network-{:016x}-", xxh3_64(all.to_string().as_bytes()))
}

/// A name that says what is in the segment, so that the same wishes find it again.
fn segment_name(task: &Task<'_>, wishes: &[Wish]) -> String {
    let wanted: Vec<_> = wishes.iter().map(|wish| &wish.urls).collect();
    format!("{}{:032x}", prefix(task.context.recipe), xxh3_128(json!(wanted).to_string().as_bytes()))
}

/// The answers to these wishes: what the store knows from other runs that ask the same way, else what the hosts say.
fn answers(task: &Task<'_>, name: &str, wishes: &[Wish]) -> Result<Vec<Answer>, TaskError> {
    let context = task.context;
    let keys = wishes.iter().flat_map(|wish| &wish.urls).map(|url| UrlKey::new(url)).collect();
    let mut answers = context.images.known(&keys, &prefix(context.recipe), name)?;
    let own = match context.images.answers(name)? {
        Some(own) => own,
        None => {
            let mut journal = context.images.journal(name)?;
            let known = |url| answers.get(&url).map(|answer| answer.reason.is_none());
            let (manners, fetch) = (context.config.manners(), context.recipe.fetch);
            if !crawl(manners, fetch.policy, wishes.to_vec(), &known, &mut journal, context.stop)? {
                return Err(TaskError::Stopped);
            }
            journal.seal()?
        }
    };
    answers.extend(own.into_iter().map(|answer| (answer.url_key, answer)));
    // Those that a wish needed: up to the first image.
    let mut needed = BTreeMap::new();
    for wish in wishes {
        for url in &wish.urls {
            let Some(answer) = answers.get(&UrlKey::new(url)) else { break };
            needed.insert(answer.url_key, answer.clone());
            if answer.reason.is_none() {
                break;
            }
        }
    }
    Ok(needed.into_values().collect())
}
