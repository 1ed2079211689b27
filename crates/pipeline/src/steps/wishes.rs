//! `wishes`, global: which images are to be asked for over the network, and of which domains.
//!
//! An image is a wish where no candidate of it was found yet: its next candidates that nobody was asked for, as far as they are of one domain, best first.
//! There are three rounds, each behind the answers to the one before: an image may move to another domain twice.

use std::collections::HashMap;
use std::sync::mpsc::{SyncSender, sync_channel};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type};
use obelisc_dedup::Domain;
use obelisc_document::table::{Answer, ImageReference, Table as _, Wish};
use obelisc_engine::{Engine, Limits};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::before_fetch;
use super::download;
use super::duplicates::tables::{source_of_channel, source_of_columns};
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

/// How often an image may move to another domain, and once.
pub(super) const ROUNDS: usize = 3;

/// The names, by the number of the round.
pub(super) const NAMES: [&str; ROUNDS] = ["wishes-1", "wishes-2", "wishes-3"];

/// All candidates of all images in order, each with what is known of it: 2 an image, or one that nobody may store; 1 none, 0 nothing.  What an archive holds is final
/// where it is either of the former, or its owner does not want it used.
const CANDIDATES: &str = "
WITH answers AS (
    SELECT url_key, reason FROM archived WHERE reason IS NULL OR reason IN ('opted_out', 'hash_listed')
    UNION ALL SELECT url_key, reason FROM asked),
told AS (SELECT url_key, MAX(CASE WHEN reason IS NULL OR reason = 'hash_listed' THEN 2 ELSE 1 END) AS told FROM answers GROUP BY url_key)
SELECT wanted.task, wanted.row, wanted.ordinal, wanted.url, COALESCE(told.told, 0) AS told
FROM wanted LEFT JOIN told ON wanted.url_key = told.url_key
ORDER BY wanted.task, wanted.row, wanted.ordinal, wanted.rank";

const SORTED: &str = "SELECT domain_key, urls FROM wishes ORDER BY domain_key, urls";

/// Batches that are read ahead of the engine.
const AHEAD: usize = 2;

/// Wishes of a batch.
const BATCH: usize = 8192;

/// Of one round.
pub(super) struct Wishes(pub(super) usize);

impl Step for Wishes {
    fn name(&self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        let before = (0..self.0).flat_map(|round| [NAMES[round], download::NAMES[round]]);
        [before_fetch(recipe), "harvest"].into_iter().chain(before).collect()
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({"version": VERSION, "max_images_per_domain": context.recipe.fetch.max_images_per_domain})
    }

    fn tasks(&self, _: &Context<'_>) -> u32 {
        1
    }

    fn subject(&self, _: &Context<'_>, _: u32) -> String {
        "all images".to_owned()
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let mut sink = task.sink::<Wish>()?;
        let asked_before = self.0.checked_sub(1).map(|before| context.output(NAMES[before]).rows(Wish::NAME));
        // Who asked for nothing has no answers that change what is wanted.
        if asked_before != Some(0) {
            let mut budget = Budget::new(task, self.0)?;
            let mut last = None;
            wishes(context, self.0, |wish| {
                if last.as_ref() != Some(&wish) && budget.allows(wish.domain_key) {
                    sink.push(wish.clone())?;
                }
                last = Some(wish);
                Ok(())
            })?;
        }
        task.close(sink)
    }
}

/// How many images may still be asked of each domain.
struct Budget {
    cap: Option<u64>,
    used: HashMap<u64, u64>,
}

impl Budget {
    /// What the rounds before this one left.
    fn new(task: &Task<'_>, round: usize) -> Result<Self, TaskError> {
        let mut budget = Self { cap: task.context.recipe.fetch.max_images_per_domain, used: HashMap::new() };
        for name in NAMES.iter().take(round).filter(|_| budget.cap.is_some()) {
            for wish in task.all_rows::<Wish>(name)? {
                *budget.used.entry(wish?.domain_key).or_default() += 1;
            }
        }
        Ok(budget)
    }

    fn allows(&mut self, domain: u64) -> bool {
        let Some(cap) = self.cap else { return true };
        let used = self.used.entry(domain).or_default();
        *used += 1;
        *used <= cap
    }
}

/// Gives the wishes of a round by domain, in the order of their URLs; as often as there are documents that have them.
fn wishes(
    context: &Context<'_>,
    round: usize,
    mut receive: impl FnMut(Wish) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let wanted = context.output(before_fetch(context.recipe)).keys(ImageReference::NAME)?;
    let archived = context.output("harvest").keys(Answer::NAME)?;
    let asked = download::NAMES.iter().take(round).map(|step| context.output(step).keys(Answer::NAME));
    let asked = asked.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
    let sources = vec![
        source_of_columns::<ImageReference>("wanted", context.storage, wanted, WANTED)?,
        source_of_columns::<Answer>("archived", context.storage, archived, TOLD)?,
        source_of_columns::<Answer>("asked", context.storage, asked, TOLD)?,
    ];
    // Two queries at once, each with half of the memory.
    let all = context.engine_limits(true);
    let limits = Limits { memory: all.memory / 2, ..all };
    let (candidates, sorted) = (Engine::new(&limits)?, Engine::new(&limits)?);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            let mut images = Images::new(&sender);
            let mut ended = candidates.query(sources, CANDIDATES, |batch| Ok(images.push(&batch)?));
            if ended.is_ok() {
                ended = images.finish().map_err(|error| obelisc_engine::Error::Outside(error.into()));
            }
            // Where nobody reads on, the other query says why.
            if let Err(error) = ended {
                let _ = sender.send(Err(error.into()));
            }
        });
        sorted.query(vec![source_of_channel("wishes", Wish::schema(), receiver)], SORTED, |batch| {
            Ok(Wish::from_batch(&batch)?.into_iter().try_for_each(&mut receive)?)
        })
    })?;
    Ok(())
}

/// Columns of the references.
const WANTED: &[&str] = &["url_key", "task", "row", "ordinal", "rank", "url"];
/// Columns of the answers.
const TOLD: &[&str] = &["url_key", "reason"];

/// Images as they come, candidate by candidate.
struct Images<'s> {
    sender: &'s SyncSender<Result<RecordBatch, TaskError>>,
    image: Option<(u32, u32, u32)>,
    /// The URLs of the image's candidates with what is known of them.
    candidates: Vec<(String, i64)>,
    wishes: Vec<Wish>,
}

impl<'s> Images<'s> {
    fn new(sender: &'s SyncSender<Result<RecordBatch, TaskError>>) -> Self {
        Self { sender, image: None, candidates: Vec::new(), wishes: Vec::new() }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<(), TaskError> {
        let lacking = || TaskError::Accounts("the engine's answer lacks a column".to_owned());
        let column = |name| batch.column_by_name(name).ok_or_else(lacking);
        let number = |name| {
            column(name)?.as_primitive_opt::<UInt32Type>().map(|array| array.values().clone()).ok_or_else(lacking)
        };
        let (tasks, rows, ordinals) = (number("task")?, number("row")?, number("ordinal")?);
        let urls = column("url")?.as_string_opt::<i32>().ok_or_else(lacking)?;
        let told = column("told")?.as_primitive_opt::<Int64Type>().ok_or_else(lacking)?;
        for (((&task, &row), (&ordinal, url)), &told) in
            tasks.iter().zip(rows.iter()).zip(ordinals.iter().zip(urls)).zip(told.values())
        {
            let image = Some((task, row, ordinal));
            if self.image != image {
                self.end_image()?;
                self.image = image;
            }
            self.candidates.push((url.unwrap_or_default().to_owned(), told));
        }
        Ok(())
    }

    fn end_image(&mut self) -> Result<(), TaskError> {
        let wish = wish(&self.candidates);
        self.candidates.clear();
        self.wishes.extend(wish);
        if self.wishes.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), TaskError> {
        let batch = Wish::to_batch(&self.wishes)?;
        self.wishes.clear();
        let ended = |_| TaskError::Accounts("nobody reads the wishes".to_owned());
        self.sender.send(Ok(batch)).map_err(ended)
    }

    fn finish(&mut self) -> Result<(), TaskError> {
        self.end_image()?;
        self.flush()
    }
}

/// What is asked for next, of an image whose candidates are these.
fn wish(candidates: &[(String, i64)]) -> Option<Wish> {
    if candidates.iter().any(|(_, told)| *told == 2) {
        return None;
    }
    let mut open = candidates.iter().filter(|(_, told)| *told == 0).map(|(url, _)| url);
    let first = open.next()?;
    let domain = Domain::Registered.of(first);
    let others = open.take_while(|url| Domain::Registered.of(url) == domain);
    let urls = std::iter::once(first).chain(others).map(String::as_str).collect::<Vec<_>>().join("\n");
    Some(Wish { domain_key: xxh3_64(domain.as_bytes()), urls })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(candidates: &[(&str, i64)]) -> Option<Vec<String>> {
        let candidates: Vec<_> = candidates.iter().map(|(url, told)| ((*url).to_owned(), *told)).collect();
        wish(&candidates).map(|wish| wish.urls.lines().map(str::to_owned).collect())
    }

    #[test]
    fn the_next_candidates_of_one_domain_are_asked_for_until_one_is_an_image() {
        let (a, b, c) = ("https://x.a.example/1", "https://y.a.example/2", "https://other.test/3");
        let some = |urls: &[&str]| Some(urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked_for(&[(a, 0), (b, 0), (c, 0)]), some(&[a, b]));
        assert_eq!(asked_for(&[(a, 0), (c, 0), (b, 0)]), some(&[a]));
        assert_eq!(asked_for(&[(a, 1), (c, 0), (b, 0)]), some(&[c]));
        assert_eq!(asked_for(&[(a, 1), (c, 1), (b, 0)]), some(&[b]));
        assert_eq!(asked_for(&[(a, 1), (c, 2), (b, 0)]), None);
        assert_eq!(asked_for(&[(a, 1), (b, 1)]), None);
        assert_eq!(asked_for(&[]), None);
    }
}
