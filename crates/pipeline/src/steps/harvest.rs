//! `harvest`, effect: images that documents want, from archives and shards into the image store.

mod shard;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use obelisc_document::Reason;
use obelisc_document::table::{Answer, Request};
use obelisc_fetch::{Examined, LISTED, OptOuts, SegmentWriter, directive, opted_out, reserves};
use obelisc_storage::inputs::{ArchiveFile, Input, Kind};
use obelisc_warc::{Archive, Item, Location, Record, Response};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::digesting::opened;
use super::{answered, extract};
use crate::error::TaskError;
use crate::marker::Marker;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

pub(super) struct Harvest;

impl Step for Harvest {
    fn name(&self) -> &'static str {
        "harvest"
    }

    fn stage(&self) -> Stage {
        Stage::Fetch
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec!["locate", "extract"]
    }

    fn follows(&self, _: &Recipe) -> Option<&'static str> {
        Some("locate")
    }

    fn options(&self, context: &Context<'_>) -> Value {
        json!({
            "version": VERSION,
            "fetch": context.recipe.fetch_options(),
            "extract": context.recipe.section("extract"),
        })
    }

    /// The store is shared and may be moved: answers are of use only while it holds their bytes.
    fn rests_on(&self, marker: &Marker) -> Vec<String> {
        answered::segments(marker).collect()
    }

    fn there(&self, context: &Context<'_>) -> Result<BTreeSet<String>, TaskError> {
        let segments = context.images.listed()?.into_iter();
        Ok(segments.filter_map(|(name, has_bytes)| has_bytes.then_some(name)).collect())
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let context = task.context;
        let (mut segments, mut all) = (Vec::new(), Vec::new());
        for (number, input) in context.inputs_of(task.index) {
            let rows = task.rows_of::<Request>("locate", number);
            // In the order of the archive's bytes.
            let mut requests = rows.collect::<Result<Vec<_>, _>>()?;
            requests.sort();
            if requests.is_empty() {
                continue;
            }
            let name = segment_name(context, number, &requests)?;
            all.extend(answers(context, input, &name, &requests)?);
            segments.push(name);
        }
        task.facts = json!({"segments": segments});
        answered::write(task, "captured_urls", all)
    }
}

/// The answers to these requests: from the store where this very segment is sealed, else from the archive.
fn answers(context: &Context<'_>, input: &Input, name: &str, requests: &[Request]) -> Result<Vec<Answer>, TaskError> {
    if let Some(answers) = context.images.answers(name)? {
        return Ok(answers);
    }
    let (Kind::Archive(archive) | Kind::Shard(archive)) = &input.kind else { return Ok(Vec::new()) };
    let mut segment = context.images.begin(name)?;
    let mut requests = Cow::Borrowed(requests);
    if context.recipe.fetch.policy.opt_outs.list_service {
        let urls: Vec<String> = requests.iter().map(|request| request.url.clone()).collect();
        let listed = opted_out(&context.config.manners(1), &urls)?;
        let (left, taken): (Vec<_>, _) = requests.iter().cloned().partition(|r| !listed.contains(&r.url_key));
        for Request { url, .. } in taken {
            segment.add(Examined::failed(&url, Reason::OptedOut, LISTED.to_owned()))?;
        }
        requests = Cow::Owned(left);
    }
    let mut harvest = Reading { context, input, archive, segment };
    // Inside a WACZ each range read would read the directory anew.
    if matches!(input.kind, Kind::Shard(_)) {
        harvest.rows(&requests)?;
    } else if requests.iter().all(|request| request.entry.is_none() && location(request).addressable()) {
        requests.iter().try_for_each(|request| harvest.one(request))?;
    } else {
        harvest.all(&requests)?;
    }
    Ok(harvest.segment.finish()?)
}

/// A name that says what is in the segment, so that the same wish finds it again: the archive's bytes, what is wanted
/// of them, and the limits.
fn segment_name(context: &Context<'_>, input: u32, requests: &[Request]) -> Result<String, TaskError> {
    let facts = extract::facts(context, usize::try_from(input).unwrap_or(usize::MAX))?;
    // Of an archive of which a part was read it is known by that part.
    let archive = facts.map(|facts| facts.get("sha256").unwrap_or(&facts["records_digest"]));
    let wanted: Vec<_> = requests.iter().map(|r| (&r.entry, r.offset, r.inner, &r.url)).collect();
    let recipe = context.recipe;
    let records = &recipe.extract.records;
    let caps = [records.max_record_bytes, records.max_header_bytes as u64, records.max_body_bytes];
    let all = json!([VERSION, archive, wanted, recipe.fetch_options(), caps]);
    Ok(format!("archive-{:032x}", xxh3_128(all.to_string().as_bytes())))
}

fn location(request: &Request) -> Location {
    let entry = request.entry.as_deref().map(Into::into);
    Location { entry, offset: request.offset, length: request.length, inner: request.inner }
}

/// Where a record lies: archive inside a WACZ, offset, offset inside a shared member.
type Place = (Option<String>, u64, u64);

/// An archive that images are read from.
struct Reading<'r, 'a> {
    context: &'a Context<'a>,
    input: &'r Input,
    archive: &'r ArchiveFile,
    segment: SegmentWriter<'a>,
}

impl Reading<'_, '_> {
    fn unreadable(&self, source: std::io::Error) -> TaskError {
        TaskError::Input { input: self.input.name.clone(), source }
    }

    /// Reads one record by its range.
    fn one(&mut self, request: &Request) -> Result<(), TaskError> {
        let limits = self.context.recipe.extract.records;
        let archive = Archive::open_at(opened(self.input, self.archive.open())?, &location(request), limits);
        let mut archive = archive.map_err(|error| self.unreadable(error))?;
        match archive.next_item().map_err(|error| self.unreadable(error))? {
            Some(Item::Record(record)) => self.take(&record, request)?,
            Some(Item::Failure(failure)) => self.fail(request, failure.reason, failure.detail)?,
            None => self.fail(request, Reason::TruncatedRecord, "nothing there".to_owned())?,
        }
        Ok(())
    }

    /// Reads the whole archive and takes what is wanted: where records share a compressed member, a range read would
    /// decompress the member anew for each.
    fn all(&mut self, requests: &[Request]) -> Result<(), TaskError> {
        let limits = self.context.recipe.extract.records;
        let archive = Archive::open(opened(self.input, self.archive.open())?, limits);
        let mut archive = archive.map_err(|error| self.unreadable(error))?;
        let mut wanted: BTreeMap<Place, Vec<&Request>> = BTreeMap::new();
        for request in requests {
            let place = (request.entry.clone(), request.offset, request.inner);
            wanted.entry(place).or_default().push(request);
        }
        while let Some(item) = archive.next_item().map_err(|error| self.unreadable(error))? {
            let Item::Record(record) = item else { continue };
            let at = &record.location;
            let place = (at.entry.as_deref().map(str::to_owned), at.offset, at.inner);
            // Two spellings of one URL may want the same record.
            for request in wanted.remove(&place).unwrap_or_default() {
                self.take(&record, request)?;
            }
        }
        for request in wanted.into_values().flatten() {
            self.fail(request, Reason::TruncatedRecord, "nothing there".to_owned())?;
        }
        Ok(())
    }

    fn take(&mut self, record: &Record<'_>, request: &Request) -> Result<(), TaskError> {
        let recipe = self.context.recipe;
        let limits = &recipe.extract.records;
        let body =
            record.response(limits).and_then(|response| match reserved(&response, recipe.fetch.policy.opt_outs) {
                Some(detail) => Err((Reason::OptedOut, detail)),
                None => Ok(response.body(limits)?.bytes.into_owned()),
            });
        match body {
            Ok(bytes) => Ok(self.segment.add(Examined::new(&request.url, &bytes, &recipe.fetch.policy.treatment))?),
            Err((reason, detail)) => self.fail(request, reason, detail),
        }
    }

    fn fail(&mut self, request: &Request, reason: Reason, detail: String) -> Result<(), TaskError> {
        Ok(self.segment.add(Examined::failed(&request.url, reason, detail))?)
    }
}

/// What the headers of an archived response say against its use, where that is honoured: to all, since the crawler was the archive's.
fn reserved(response: &Response<'_>, honoured: OptOuts) -> Option<String> {
    let values = |name: &'static str| response.fields.get_all(name);
    if honoured.x_robots_tag
        && let Some(value) = values("X-Robots-Tag").find(|value| directive(value, "").is_some())
    {
        return Some(format!("x-robots-tag: {value}"));
    }
    let reserved = honoured.tdm_reservation && values("TDM-Reservation").any(reserves);
    reserved.then(|| "tdm-reservation: 1".to_owned())
}
