//! Intake: archives and pages → what each record is, and the document where it is a page.
//!
//! Two halves: [`records`](Intake::records) reads an archive up to its pages, [`finding`](Intake::finding) makes of a page
//! what becomes of it.  The first runs through a file from its beginning, the second can be done by any thread.

mod language;
mod skip;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use obelisc_document::{Document, Reason};
use obelisc_extract::{Extractor, Input as PageInput, Profile};
use obelisc_warc::http::lone_page;
pub use obelisc_warc::is_archive;
use obelisc_warc::{Archive, Item, Limits, Location, Record, Response};
use xxhash_rust::xxh3::Xxh3;

pub use self::language::{LANGUAGE_LOOK, PageLanguage};
use self::skip::Skips;
use crate::recipe;

/// The HTTP status of an image that counts.
const IMAGE_STATUS: u16 = 200;

/// One record, and what it is.
#[derive(Debug)]
pub struct Finding {
    /// Name of the archive; in a WACZ with the name of the archive inside it.
    pub archive: String,
    /// Where in the archive.
    pub location: Location,
    /// URL that was captured, where the record names one.
    pub url: Option<String>,
    /// What it is.
    pub fate: Fate,
}

/// What was decided about a record.
#[derive(Debug)]
pub enum Fate {
    /// A page.
    Document(Box<Document>),
    /// An image.
    Capture,
    /// Not a page, and none was expected.
    PassedOver(Reason),
    /// A page that the recipe does not accept, and what was seen.
    NotAccepted(Reason, String),
    /// Broken, and how.
    Failed(Reason, String),
}

/// A page as it came, before anything is made of it.
#[derive(Clone, Debug)]
pub struct Page<'r> {
    /// Name of the archive; in a WACZ with the name of the archive inside it.
    pub archive: String,
    /// Where in the archive.
    pub location: Location,
    /// URL that was captured.
    pub url: String,
    /// The response's Content-Type.
    pub content_type: Option<String>,
    /// The charset that the crawler found, by the record's header.
    pub warc_charset: Option<String>,
    /// `WARC-Date`; empty without one.
    pub date: String,
    /// `WARC-Record-ID`; empty without one.
    pub record_id: String,
    /// The body, with transfer and content encodings undone.
    pub body: Cow<'r, [u8]>,
    /// What the crawler's metadata record says of its language, where the recipe asks.
    pub language: Option<PageLanguage>,
}

impl<'r> Page<'r> {
    /// What extraction reads.
    pub fn input(&self) -> PageInput<'_> {
        PageInput {
            body: &self.body,
            url: &self.url,
            http_content_type: self.content_type.as_deref(),
            warc_charset: self.warc_charset.as_deref(),
            warc_filename: &self.archive,
            warc_record_offset: self.location.offset,
            warc_record_length: self.location.length,
            warc_record_inner_offset: (self.location.inner > 0).then_some(self.location.inner),
            warc_date: &self.date,
            record_id: &self.record_id,
        }
    }

    /// A page that stands alone, as it is stored: `name` is its archive.
    fn alone(name: &str, url: &str, body: impl Into<Cow<'r, [u8]>>) -> Self {
        let body = body.into();
        Self {
            archive: name.to_owned(),
            location: Location { entry: None, offset: 0, length: Some(body.len() as u64), inner: 0 },
            url: url.to_owned(),
            content_type: None,
            warc_charset: None,
            date: String::new(),
            record_id: String::new(),
            body,
            language: None,
        }
    }

    /// The same page, with bytes of its own.
    pub fn into_owned(self) -> Page<'static> {
        Page { body: Cow::Owned(self.body.into_owned()), ..self }
    }
}

/// What a record turns out to be.
#[derive(Debug)]
pub enum Seen<'r> {
    /// A page: [`Intake::finding`] says what becomes of it.
    Page(Page<'r>),
    /// Anything else.
    Other(Finding),
}

/// What is known of an archive that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Records.
    pub records: u64,
    /// xxh3-128 over the offsets and blocks of the records, hexadecimal.
    pub records_digest: String,
}

/// Reads inputs as a recipe says.
#[derive(Debug)]
pub struct Intake<'a> {
    options: &'a recipe::Extract,
    extractor: Extractor,
    skips: Skips<'a>,
    captures: bool,
}

impl<'a> Intake<'a> {
    /// An intake; with `captures` images are told apart from other records.
    ///
    /// # Errors
    /// A profile that cannot be read.
    pub fn new(options: &'a recipe::Extract, captures: bool) -> io::Result<Self> {
        let mut profile = Profile::named(options.profile).map_err(io::Error::other)?;
        profile.accepted_formats.clone_from(&options.preferred_formats);
        profile.video_poster = options.video_poster;
        let extractor = Extractor::new(profile, options.pages.clone());
        Ok(Self { options, extractor, skips: Skips::new(&options.skip), captures })
    }

    /// Reads an archive and gives what becomes of its records, in order.
    ///
    /// # Errors
    /// What the file fails with, and the first error of `take`.  Broken records are [`Fate::Failed`].
    pub fn archive<E: From<io::Error>>(
        &self,
        name: &str,
        file: impl Read + Seek + Send + 'static,
        mut take: impl FnMut(Finding) -> Result<(), E>,
    ) -> Result<ArchiveFacts, E> {
        self.records(name, file, |seen| match seen {
            Seen::Page(page) => take(self.finding(page)),
            Seen::Other(finding) => take(finding),
        })
    }

    /// Reads an archive and gives what its records are, in order.
    ///
    /// Where the recipe asks for languages a page is held until the record behind it has been read, which may be the
    /// crawler's metadata about it: one page at most, with a body of its own.
    ///
    /// # Errors
    /// As [`archive`](Self::archive).
    pub fn records<E: From<io::Error>>(
        &self,
        name: &str,
        file: impl Read + Seek + Send + 'static,
        mut take: impl FnMut(Seen<'_>) -> Result<(), E>,
    ) -> Result<ArchiveFacts, E> {
        let mut archive = Archive::open(file, self.options.records)?;
        let (mut records, mut digest) = (0, Xxh3::new());
        let mut held: Option<Page<'static>> = None;
        while let Some(item) = archive.next_item()? {
            if let Some(mut page) = held.take() {
                if let Item::Record(record) = &item {
                    page.language = PageLanguage::from_metadata(record, &page.record_id, &self.options.records);
                }
                take(Seen::Page(page))?;
            }
            match item {
                Item::Failure(failure) => {
                    let archive = archive_name(name, &failure.location);
                    let fate = Fate::Failed(failure.reason, failure.detail);
                    take(Seen::Other(Finding { archive, location: failure.location, url: failure.url, fate }))?;
                }
                Item::Record(record) => {
                    records += 1;
                    digest.update(&record.location.offset.to_be_bytes());
                    digest.update(record.block);
                    match self.see(name, &record) {
                        Seen::Page(page) if self.skips.wants_language(&page) => held = Some(page.into_owned()),
                        seen => take(seen)?,
                    }
                }
            }
        }
        if let Some(page) = held {
            take(Seen::Page(page))?;
        }
        Ok(ArchiveFacts { records, records_digest: format!("{:032x}", digest.digest128()) })
    }

    /// Reads one record of an archive and gives what becomes of it; what it read enters `digest`.
    ///
    /// # Errors
    /// What the file fails with.
    pub fn record(
        &self,
        name: &str,
        file: impl Read + Seek + Send + 'static,
        location: &Location,
        digest: &mut Xxh3,
    ) -> io::Result<Finding> {
        let mut archive = Archive::open_at(file, location, self.options.records)?;
        let failed = |reason, detail: &str, url| {
            let fate = Fate::Failed(reason, detail.to_owned());
            Finding { archive: archive_name(name, location), location: location.clone(), url, fate }
        };
        Ok(match archive.next_item()? {
            None => failed(Reason::TruncatedRecord, "nothing there", None),
            Some(Item::Failure(failure)) => failed(failure.reason, &failure.detail, failure.url),
            Some(Item::Record(record)) => {
                digest.update(&record.location.offset.to_be_bytes());
                digest.update(record.block);
                match self.see(name, &record) {
                    Seen::Page(page) => self.finding(page),
                    Seen::Other(finding) => finding,
                }
            }
        })
    }

    /// Whether documents have content scores, by which they can be cut.
    pub fn scores_content(&self) -> bool {
        self.extractor.profile().scores_content()
    }

    /// What becomes of a page: the recipe skips it, or it is extracted.
    pub fn finding(&self, page: Page<'_>) -> Finding {
        // A panic, which no page should bring about, costs that page.
        let fate = catch_unwind(AssertUnwindSafe(|| match self.skips.reason(&page, &self.options.pages) {
            Some((reason, detail)) => Fate::NotAccepted(reason, detail),
            None => self.extract(&page),
        }));
        let fate = fate.unwrap_or_else(|_| Fate::Failed(Reason::ParserFailed, "panic".to_owned()));
        Finding { archive: page.archive, location: page.location, url: Some(page.url), fate }
    }

    /// What a file is that somebody takes for a page, compressed or not: `name` is its archive.
    pub fn lone_page<'r>(&self, name: &str, url: &str, file: &'r [u8]) -> Seen<'r> {
        let page = Page::alone(name, url, file);
        // Of a longer one not all may be here; it fails for its length.
        if file.len() > self.options.pages.max_html_bytes {
            return Seen::Page(page);
        }
        let limits = Limits { max_body_bytes: self.options.pages.max_html_bytes as u64, ..self.options.records };
        let body = self.check_url("URL", url).and_then(|()| lone_page(file, &limits));
        match body {
            Ok(body) => Seen::Page(Page { body, ..page }),
            Err((reason, detail)) => {
                let Page { archive, location, url, .. } = page;
                Seen::Other(Finding { archive, location, url: Some(url), fate: Fate::Failed(reason, detail) })
            }
        }
    }

    /// Extracts a page that stands alone, as [`lone_page`](Self::lone_page) reads it.
    pub fn page(&self, name: &str, url: &str, file: &[u8]) -> Finding {
        match self.lone_page(name, url, file) {
            Seen::Page(page) => self.finding(page),
            Seen::Other(finding) => finding,
        }
    }

    /// Bytes of a page that are looked at: one more than a page may have, so that a longer one fails for its length.
    pub fn page_cap(&self) -> u64 {
        self.options.pages.max_html_bytes as u64 + 1
    }

    /// What a record is.
    fn see<'r>(&self, name: &str, record: &'r Record<'_>) -> Seen<'r> {
        let archive = archive_name(name, &record.location);
        match self.body(record) {
            Ok((response, body, url)) => Seen::Page(Page {
                archive,
                location: record.location.clone(),
                url: url.to_owned(),
                content_type: response.fields.get("Content-Type").map(str::to_owned),
                warc_charset: record.identified_charset().map(str::to_owned),
                date: record.date().unwrap_or_default().to_owned(),
                record_id: record.record_id().unwrap_or_default().to_owned(),
                body,
                language: None,
            }),
            Err(fate) => {
                let (location, url) = (record.location.clone(), record.target_uri().map(str::to_owned));
                Seen::Other(Finding { archive, location, url, fate })
            }
        }
    }

    /// The page in a record: its response, body and URL; or else what the record is.
    fn body<'r>(&self, record: &'r Record<'_>) -> Result<(Response<'r>, Cow<'r, [u8]>, &'r str), Fate> {
        let limits = &self.options.records;
        let failed = |(reason, detail)| Fate::Failed(reason, detail);
        if !record.is_capture() {
            return Err(Fate::PassedOver(Reason::NotAResponse));
        }
        if record.truncated {
            return Err(Fate::Failed(Reason::TruncatedRecord, "the file ends inside the record".to_owned()));
        }
        let response = record.response(limits).map_err(failed)?;
        let media_type = response.media_type().unwrap_or_default();
        if self.captures && is_image(&response, &media_type) {
            return Err(if record.target_uri().is_some() { Fate::Capture } else { no_url() });
        }
        if is_never_html(&media_type) {
            return Err(Fate::PassedOver(Reason::NotHtml));
        }
        let accepted = self.options.accepted_statuses.contains(&u64::from(response.status));
        let not_accepted = || Fate::NotAccepted(Reason::StatusNotAccepted, format!("status {}", response.status));
        if response.declares_html() && !accepted {
            return Err(not_accepted());
        }
        let body = response.body(limits).map_err(failed)?.bytes;
        if body.is_empty() && response.declares_html() {
            return Err(Fate::NotAccepted(Reason::EmptyBody, String::new()));
        }
        if !response.is_html(&body) {
            return Err(Fate::PassedOver(Reason::NotHtml));
        }
        if !accepted {
            return Err(not_accepted());
        }
        let url = record.target_uri().ok_or_else(no_url)?;
        self.check_url("WARC-Target-URI", url).map_err(failed)?;
        Ok((response, body, url))
    }

    fn check_url(&self, name: &str, url: &str) -> Result<(), (Reason, String)> {
        let max = self.options.pages.max_url_bytes;
        if url.len() > max {
            return Err((Reason::NoUrl, format!("{name} of {} bytes, max {max}", url.len())));
        }
        Ok(())
    }

    fn extract(&self, page: &Page<'_>) -> Fate {
        match self.extractor.extract(&page.input()) {
            Ok(document) => Fate::Document(Box::new(document)),
            Err(failure) if failure.limit > 0 => {
                let detail = format!("{}: {}, max {}", failure.detail, failure.value, failure.limit);
                Fate::Failed(failure.reason, detail)
            }
            Err(failure) => Fate::Failed(failure.reason, failure.detail),
        }
    }
}

fn no_url() -> Fate {
    Fate::Failed(Reason::NoUrl, "no WARC-Target-URI".to_owned())
}

fn archive_name(name: &str, location: &Location) -> String {
    match &location.entry {
        Some(entry) => format!("{name}/{entry}"),
        None => name.to_owned(),
    }
}

/// Whether a response is an image: by its bytes, or by its header where the bytes are encoded.
fn is_image(response: &Response<'_>, media_type: &str) -> bool {
    response.status == IMAGE_STATUS
        && (obelisc_image::sniff(response.raw_body).is_some()
            || (media_type.starts_with("image/") && !response.raw_body.is_empty()))
}

/// Types that no page is served under, so that their bodies need not be decoded.
fn is_never_html(media_type: &str) -> bool {
    ["image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript", "application/json"]
        .iter()
        .any(|prefix| media_type.starts_with(prefix))
}
