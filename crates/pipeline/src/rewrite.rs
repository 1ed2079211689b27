//! Datasets in the layout of OBELICS, judged row by row, and what is kept written as a new dataset.
//!
//! Rows are read, judged and encoded by all threads, and come out in the order in which they went in: files by their names, rows as they stand there.
//! The bytes of images go along as they are; they are looked at where a rule asks for what they say.  Memory is bounded by a few row groups a thread.

mod shelf;
#[cfg(test)]
mod tests;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use obelisc_document::account::Accounts;
use obelisc_document::{Content, Document, ImageFacts, Reason};
use obelisc_filter::Needs;
use obelisc_image::{Facts, facts};
use obelisc_shard::{GroupEncoder, ImageColumn, Incoming, Manifest, Row, Stage, dataset_digest};
use obelisc_storage::Storage;
use obelisc_storage::inputs::{ArchiveFile, Input, Kind};

use self::shelf::{PARTS, Shelf};
use crate::error::{Error, TaskError};
use crate::in_order::{JOBS_PER_THREAD, in_order};
use crate::incoming::{self, Part, Shard};
use crate::judged::Judged;
use crate::publish;
use crate::recipe::{self, Recipe};
use crate::run::RUN;
use crate::steps::apply::Failed;
use crate::steps::digesting::Digesting;
use crate::version;

/// Bytes and rows of a row group that a thread reads by itself; a larger one is handed out in parts.
const SMALL_GROUP: (u64, u64) = (16 << 20, 2048);

/// Shards of datasets before the rules of a recipe.
#[derive(Debug)]
pub struct Rewrite<'a> {
    /// The recipe: its rules, its last cleaning, how it finishes.
    pub recipe: &'a Recipe,
    /// The shards, as [`obelisc_storage::inputs::find`] sorts them.
    pub inputs: &'a [Input],
    /// Threads that judge and encode.
    pub threads: NonZeroUsize,
    /// Raised by a signal: it ends, and nothing is written.
    pub stop: &'a AtomicBool,
}

/// What became of a row.
#[derive(Debug)]
pub enum Fate {
    /// It is a document, with its verdict.
    Judged(Box<Judged>),
    /// It is none, and why; with the file's name and the row's number.
    Failed(String),
}

/// A dataset that was written.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// Folder of the dataset inside the output.
    pub folder: String,
    /// Its manifest.
    pub manifest: Manifest,
}

/// What a thread is to do.
enum Job<'a> {
    /// Rows of a shard that were read.
    Part(&'a Input, Part),
    /// A row group that is to be read.
    Group(&'a Input, Arc<Shard>, usize),
    /// A file that is no shard, and why.
    NotADataset(&'a Input, String),
}

/// A row before it is judged.
struct Looked<'b> {
    document: Document,
    /// Images that are no more in it.
    failed: Vec<Failed>,
    /// The bytes of images, by ordinal.
    files: Vec<(u32, &'b [u8])>,
}

/// What came of a job.
#[derive(Default)]
struct Done {
    rows: Vec<Row>,
    failures: Vec<String>,
    stages: Stages,
}

/// The accounts of what happens to documents, in its order.
#[derive(Default)]
struct Stages {
    judge: Accounts,
    clean: Accounts,
    write: Accounts,
}

impl Rewrite<'_> {
    /// Judges all rows, and gives each document with its verdict, in order.
    ///
    /// # Errors
    /// Files that cannot be read, [`Error::Interrupted`], and what `take` says.
    pub fn judge(&self, mut take: impl FnMut(Fate) -> Result<(), Error>) -> Result<(), Error> {
        in_order(
            self.threads,
            JOBS_PER_THREAD,
            |give| self.jobs(give),
            |job| self.fates(job),
            |fates| fates.map_err(ended)?.into_iter().try_for_each(&mut take),
        )
    }

    fn fates(&self, job: Job<'_>) -> Result<Vec<Fate>, TaskError> {
        let mut fates = Vec::new();
        let has_bytes = |shard| shard == ImageColumn::Bytes;
        self.rows(job, has_bytes, |input, row, read| {
            fates.push(match read {
                Err((reason, detail)) => Fate::Failed(failure(input, row, reason, &detail)),
                Ok(Looked { mut document, failed, .. }) => {
                    let sittings = self.recipe.sittings(&mut document, failed);
                    Fate::Judged(Box::new(Recipe::judged(&document, &sittings)?))
                }
            });
            Ok(())
        })?;
        Ok(fates)
    }

    /// Judges all rows and writes those that are kept as a new dataset into an output that holds none; `tell` hears of each row that is no document.
    ///
    /// # Errors
    /// An output that holds a dataset, or is being written; files that cannot be read or written; [`Error::Interrupted`].
    pub fn write(&self, storage: &dyn Storage, tell: impl FnMut(&str)) -> Result<Rewritten, Error> {
        let folder = version::folder(1);
        if version::newest(storage)?.is_some() || !storage.list(&folder)?.is_empty() {
            let place = storage.location();
            let message =
                format!("{place}/{folder}: there is a dataset, which is not written over; name another output");
            return Err(Error::Unreachable(vec![message]));
        }
        let _lock = storage.lock(&format!("{RUN}/lock"))?;
        storage.remove_unfinished(RUN, &[])?;
        storage.remove_all(PARTS)?;
        let written = self.written(storage, &folder, tell);
        // Of no use any more, whatever it came to.
        storage.remove_all(PARTS)?;
        written
    }

    fn written(&self, storage: &dyn Storage, folder: &str, mut tell: impl FnMut(&str)) -> Result<Rewritten, Error> {
        let images = self.images()?;
        let encoder = GroupEncoder::new(images).map_err(|error| ended(error.into()))?;
        let (mut stages, mut shelf) = (Stages::default(), Shelf::new(storage, images, &self.recipe.finish));
        let in_vain = AtomicBool::new(false);
        let digests = std::thread::scope(|scope| {
            // Beside all else: rows are not read from a file's beginning to its end.
            let digests = || self.inputs.iter().map(|input| self.digest(input, &in_vain)).collect::<Vec<_>>();
            let digests = scope.spawn(digests);
            let made = in_order(
                self.threads,
                1,
                |give_group| {
                    let mut groups = shelf::Groups::new(&self.recipe.finish, give_group);
                    in_order(
                        self.threads,
                        JOBS_PER_THREAD,
                        |give| self.jobs(give),
                        |job| (shelf::split_of(job.input()), self.done(job, images)),
                        |(split, done)| {
                            let Done { rows, failures, stages: own } = done.map_err(ended)?;
                            failures.iter().for_each(|failure| tell(failure));
                            stages.add(&own);
                            rows.into_iter().try_for_each(|row| groups.push(split, row))
                        },
                    )?;
                    groups.end()
                },
                |(split, rows)| (split, encoder.encode(rows)),
                |(split, encoded)| shelf.put(split, encoded.map_err(|error| ended(error.into()))?).map_err(ended),
            );
            in_vain.store(made.is_err(), Ordering::Relaxed);
            let digests = digests.join().unwrap_or_default();
            made.map(|()| digests)
        })?;
        let digests = digests.into_iter().collect::<Result<Vec<_>, _>>().map_err(ended)?;
        let parts = shelf.end().map_err(ended)?;
        if parts.is_empty() {
            let message = "no document is kept, so there is no dataset; judge without --output says why".to_owned();
            return Err(Error::Unreachable(vec![message]));
        }
        let manifest = self.manifest(&parts, stages, &digests)?;
        publish::appear(storage, folder, |staging| {
            for (part, shard) in parts.iter().zip(&manifest.shards) {
                storage.copy(&part.key, &format!("{staging}/{}", shard.path))?;
            }
            publish::describe(storage, staging, &manifest, images, &self.recipe.card)
        })?;
        Ok(Rewritten { folder: folder.to_owned(), manifest })
    }

    /// What the new dataset holds of images: links where the recipe wants these, or no file has bytes.
    fn images(&self) -> Result<ImageColumn, Error> {
        if self.recipe.finish.images == ImageColumn::Url {
            return Ok(ImageColumn::Url);
        }
        for (_, file) in self.files() {
            let shard = Shard::open(file.open()?, &file.shown())?;
            if shard.is_ok_and(|shard| shard.images == ImageColumn::Bytes) {
                return Ok(ImageColumn::Bytes);
            }
        }
        Ok(ImageColumn::Url)
    }

    /// The inputs, those of a split together and in their order.
    fn files(&self) -> impl Iterator<Item = (&Input, &ArchiveFile)> {
        let mut inputs: Vec<&Input> = self.inputs.iter().collect();
        inputs.sort_by_key(|input| shelf::split_of(input));
        inputs.into_iter().filter_map(|input| match &input.kind {
            Kind::Shard(file) => Some((input, file)),
            Kind::Archive(_) | Kind::Pages(_) | Kind::Index(_) => None,
        })
    }

    fn jobs<'j>(&'j self, mut give: impl FnMut(Job<'j>) -> Result<(), Error>) -> Result<(), Error> {
        for (input, file) in self.files() {
            let shard = match Shard::open(file.open()?, &input.name)? {
                Ok(shard) => Arc::new(shard),
                Err(detail) => {
                    give(Job::NotADataset(input, detail))?;
                    continue;
                }
            };
            for (index, group) in shard.file.groups().into_iter().enumerate() {
                if self.stop.load(Ordering::Relaxed) {
                    return Err(Error::Interrupted);
                }
                if group.bytes <= SMALL_GROUP.0 && group.rows <= SMALL_GROUP.1 {
                    give(Job::Group(input, Arc::clone(&shard), index))?;
                } else {
                    shard.group(index, group, |part| {
                        if self.stop.load(Ordering::Relaxed) {
                            return Err(Error::Interrupted);
                        }
                        give(Job::Part(input, part))
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Reads the rows of a job.  `needs_bytes` says of a shard whether an image without bytes is none.
    fn rows<'j>(
        &self,
        job: Job<'j>,
        needs_bytes: impl Fn(ImageColumn) -> bool,
        mut each: impl FnMut(&Input, u64, Result<Looked<'_>, (Reason, String)>) -> Result<(), TaskError>,
    ) -> Result<u64, TaskError> {
        let max_text_bytes = self.recipe.extract.records.max_body_bytes;
        let mut lost = 0;
        let wants_facts = self.wants_facts();
        let mut part = |input: &Input, part: &Part| {
            if let Part::Lost(_, rows, _) = part {
                lost += rows.saturating_sub(1);
            }
            incoming::rows(part, &input.name, max_text_bytes, |row, read| {
                let looked = read.map(|incoming| {
                    let needs_bytes = needs_bytes(incoming.images);
                    self.look(incoming, wants_facts, needs_bytes)
                });
                each(input, row, looked)
            })
        };
        match job {
            Job::Part(input, rows) => part(input, &rows)?,
            Job::Group(input, shard, index) => {
                let group = shard.file.groups().get(index).copied().unwrap_or_default();
                shard.group(index, group, |rows| part(input, &rows))?;
            }
            Job::NotADataset(input, detail) => each(input, 0, Err((Reason::NotADataset, detail)))?,
        }
        Ok(lost)
    }

    /// Whether any rule asks what the bytes of images say.
    fn wants_facts(&self) -> bool {
        let sets = [self.recipe.judging.default_rules(), self.recipe.clean.rules.default_rules()];
        sets.into_iter()
            .flat_map(obelisc_filter::RuleSet::iter)
            .any(|rule| rule.spec().needs.contains(&Needs::ImageFacts))
    }

    /// Gives images the facts that rules ask for; those that have none, and those that lack bytes which they must have, are failed.
    fn look<'b>(&self, incoming: Incoming<'b>, wants_facts: bool, needs_bytes: bool) -> Looked<'b> {
        let limits = self.recipe.fetch.policy.treatment.limits;
        let mut failed = Vec::new();
        let Incoming { mut document, files, .. } = incoming;
        document.nodes.retain_mut(|node| {
            let Content::Image(image) = &mut node.content else { return true };
            let ordinal = node.ordinal;
            let Some(bytes) = file(&files, ordinal) else {
                if needs_bytes {
                    failed.push(Failed { ordinal, reason: Reason::NotInArchive, detail: None });
                }
                return !needs_bytes;
            };
            if !wants_facts {
                return true;
            }
            match facts(bytes, limits) {
                Ok(facts) => {
                    image.facts = Some(told(facts, image.facts.take()));
                    true
                }
                Err(error) => {
                    let reason = Reason::from_name(error.name()).unwrap_or(Reason::DamagedImage);
                    failed.push(Failed { ordinal, reason, detail: Some(error.to_string()) });
                    false
                }
            }
        });
        Looked { document, failed, files }
    }

    /// Judges the rows of a job; those that are kept are as they stand in a shard.
    fn done(&self, job: Job<'_>, images: ImageColumn) -> Result<Done, TaskError> {
        let mut done = Done::default();
        let lost = self.rows(
            job,
            |_| images == ImageColumn::Bytes,
            |input, row, read| {
                let records = done.stages.judge.unit("records");
                records.enter(1);
                let Looked { mut document, failed, files } = match read {
                    Ok(looked) => looked,
                    Err((reason, detail)) => {
                        records.fail_one(reason.name());
                        done.failures.push(failure(input, row, reason, &detail));
                        return Ok(());
                    }
                };
                let sittings = self.recipe.sittings(&mut document, failed);
                for ((_, verdict), accounts) in sittings.iter().zip([&mut done.stages.judge, &mut done.stages.clean]) {
                    verdict.counts.add_to(accounts);
                }
                if sittings.iter().all(|(_, verdict)| verdict.kept) {
                    done.rows.push(row_of(&document, &files, images, &mut done.stages.write)?);
                }
                Ok(())
            },
        )?;
        let records = done.stages.judge.unit("records");
        records.entered += lost;
        if lost > 0 {
            *records.failed.entry(Reason::DamagedRows.name().to_owned()).or_default() += lost;
        }
        Ok(done)
    }

    /// sha256 of an input.
    fn digest(&self, input: &Input, in_vain: &AtomicBool) -> Result<(String, String), TaskError> {
        let Kind::Shard(file) = &input.kind else { return Ok(Default::default()) };
        let (_, digest) = Digesting::new(io::empty());
        let (sha256, _) = digest.finish(Stopping { object: file.open()?, stop: [self.stop, in_vain] })?;
        Ok((input.name.clone(), sha256))
    }

    fn manifest(&self, parts: &[shelf::Part], stages: Stages, digests: &[(String, String)]) -> Result<Manifest, Error> {
        let shards = shelf::named(parts);
        let input = |input: &Input| obelisc_shard::Input {
            name: input.name.clone(),
            size: input.size,
            read_sha256: digests
                .iter()
                .find(|(name, _)| *name == input.name)
                .map(|(_, d)| d.clone())
                .unwrap_or_default(),
            ..obelisc_shard::Input::default()
        };
        let digest = dataset_digest(&shards);
        let stage = |name: &str, accounts| Stage { name: name.to_owned(), digest: digest.clone(), accounts };
        let mut told = vec![stage("judge", stages.judge)];
        if self.recipe.has(recipe::Stage::Clean) {
            told.push(stage("clean", stages.clean));
        }
        told.push(stage("write", stages.write));
        let manifest = Manifest {
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            dataset_version: 1,
            recipe: publish::recipe_of(self.recipe),
            inputs: self.inputs.iter().map(input).collect(),
            shards,
            stages: told,
            ..Manifest::default()
        };
        manifest.seal().map_err(|error| Error::Accounts { step: "judge", detail: error.to_string() })
    }
}

impl<'a> Job<'a> {
    fn input(&self) -> &'a Input {
        match self {
            Self::Part(input, _) | Self::Group(input, _, _) | Self::NotADataset(input, _) => input,
        }
    }
}

impl Stages {
    fn add(&mut self, other: &Self) {
        self.judge.add(&other.judge);
        self.clean.add(&other.clean);
        self.write.add(&other.write);
    }
}

fn file<'b>(files: &[(u32, &'b [u8])], ordinal: u32) -> Option<&'b [u8]> {
    let at = files.binary_search_by_key(&ordinal, |(ordinal, _)| *ordinal).ok()?;
    files.get(at).map(|(_, bytes)| *bytes)
}

/// What bytes say, with what was known beside and they alone do not say.
fn told(facts: Facts, before: Option<ImageFacts>) -> ImageFacts {
    let before = before.unwrap_or_else(|| ImageFacts::new("", 0, 0));
    ImageFacts {
        orientation: facts.orientation.into(),
        frames: facts.frames,
        has_icc_profile: facts.has_icc_profile,
        perceptual_hash: before.perceptual_hash,
        scores: before.scores,
        ..ImageFacts::new(facts.format.name(), facts.width, facts.height)
    }
}

/// A kept document as a row, and what becomes of its nodes there.
fn row_of(
    document: &Document,
    files: &[(u32, &[u8])],
    images: ImageColumn,
    accounts: &mut Accounts,
) -> Result<Row, TaskError> {
    let mut ordinals = document.nodes.iter().filter(|node| matches!(node.content, Content::Image(_)));
    let row = match images {
        ImageColumn::Url => Row::linked(document)?,
        ImageColumn::Bytes => Row::embedded(document, |image| {
            let bytes = ordinals.next().and_then(|node| file(files, node.ordinal));
            let lacking = || TaskError::Accounts(format!("{} has no bytes", image.src));
            bytes.map(<[u8]>::to_vec).ok_or_else(lacking)
        })?,
    };
    accounts.unit("documents").enter(1);
    accounts.unit("images").enter(row.images.iter().flatten().count() as u64);
    let (texts, merged) = (row.texts.iter().flatten().count() as u64, document.merged_nodes() as u64);
    let text_nodes = accounts.unit("text_nodes");
    text_nodes.enter(texts);
    (text_nodes.entered, text_nodes.merged) = (text_nodes.entered + merged, text_nodes.merged + merged);
    Ok(row)
}

fn failure(input: &Input, row: u64, reason: Reason, detail: &str) -> String {
    format!("{}: row {row}: {reason}: {detail}", input.name)
}

fn ended(error: TaskError) -> Error {
    match error {
        TaskError::Stopped => Error::Interrupted,
        error => Error::Unreachable(vec![error.whole()]),
    }
}

/// A file whose reading ends where one of these asks for it.
struct Stopping<'s> {
    object: Box<dyn obelisc_storage::Object>,
    stop: [&'s AtomicBool; 2],
}

impl io::Read for Stopping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_over = self.stop.iter().any(|stop| stop.load(Ordering::Relaxed));
        if is_over { Ok(0) } else { self.object.read(buffer) }
    }
}

impl io::Seek for Stopping<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.object.seek(to)
    }
}
