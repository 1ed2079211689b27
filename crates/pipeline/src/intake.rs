//! Intake: archives and pages → what each record is, and the document where it is a page.

use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use obelisc_document::{Document, Reason};
use obelisc_extract::{Extractor, Input as PageInput, Profile};
use obelisc_warc::{Archive, Item, Location, Record, Response};
use xxhash_rust::xxh3::Xxh3;

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
        Ok(Self { options, extractor, captures })
    }

    /// Reads an archive and gives its records, in order.
    ///
    /// # Errors
    /// What the file fails with, and the first error of `take`.  Broken records are [`Fate::Failed`].
    pub fn archive<E: From<io::Error>>(
        &self,
        name: &str,
        file: impl Read + Seek + Send + 'static,
        mut take: impl FnMut(Finding) -> Result<(), E>,
    ) -> Result<ArchiveFacts, E> {
        let mut archive = Archive::open(file, self.options.records)?;
        let (mut records, mut digest) = (0, Xxh3::new());
        while let Some(item) = archive.next_item()? {
            let (location, url, fate) = match item {
                Item::Failure(failure) => (failure.location, failure.url, Fate::Failed(failure.reason, failure.detail)),
                Item::Record(record) => {
                    records += 1;
                    digest.update(&record.location.offset.to_be_bytes());
                    digest.update(record.block);
                    let url = record.target_uri().map(str::to_owned);
                    let fate = self.fate(name, &record);
                    (record.location, url, fate)
                }
            };
            take(Finding { archive: archive_name(name, &location), location, url, fate })?;
        }
        Ok(ArchiveFacts { records, records_digest: format!("{:032x}", digest.digest128()) })
    }

    /// Extracts a page that stands alone: `name` is its archive.
    pub fn page(&self, name: &str, url: &str, body: &[u8]) -> Finding {
        let length = Some(body.len() as u64);
        let location = Location { entry: None, offset: 0, length, inner: 0 };
        let page = PageInput { body, url, warc_filename: name, warc_record_length: length, ..PageInput::default() };
        Finding { archive: name.to_owned(), location, url: Some(url.to_owned()), fate: self.extract(&page) }
    }

    /// Bytes of a page that are looked at: one more than a page may have, so that a longer one fails for its length.
    pub fn page_cap(&self) -> u64 {
        self.options.pages.max_html_bytes as u64 + 1
    }

    fn fate(&self, name: &str, record: &Record<'_>) -> Fate {
        let limits = &self.options.records;
        if !record.is_capture() {
            return Fate::PassedOver(Reason::NotAResponse);
        }
        if record.truncated {
            return Fate::Failed(Reason::TruncatedRecord, "the file ends inside the record".to_owned());
        }
        let response = match record.response(limits) {
            Ok(response) => response,
            Err((reason, detail)) => return Fate::Failed(reason, detail),
        };
        let media_type = response.media_type().unwrap_or_default();
        if self.captures && is_image(&response, &media_type) {
            return match record.target_uri() {
                Some(_) => Fate::Capture,
                None => no_url(),
            };
        }
        if is_never_html(&media_type) {
            return Fate::PassedOver(Reason::NotHtml);
        }
        let accepted = self.options.accepted_statuses.contains(&u64::from(response.status));
        let not_accepted = || Fate::NotAccepted(Reason::StatusNotAccepted, format!("status {}", response.status));
        if response.declares_html() && !accepted {
            return not_accepted();
        }
        let body = match response.body(limits) {
            Ok(body) => body.bytes,
            Err((reason, detail)) => return Fate::Failed(reason, detail),
        };
        if body.is_empty() && response.declares_html() {
            return Fate::NotAccepted(Reason::EmptyBody, String::new());
        }
        if !response.is_html(&body) {
            return Fate::PassedOver(Reason::NotHtml);
        }
        if !accepted {
            return not_accepted();
        }
        let Some(url) = record.target_uri() else {
            return no_url();
        };
        let max = self.options.pages.max_url_bytes;
        if url.len() > max {
            return Fate::Failed(Reason::NoUrl, format!("WARC-Target-URI of {} bytes, max {max}", url.len()));
        }
        let location = &record.location;
        self.extract(&PageInput {
            body: &body,
            url,
            http_content_type: response.fields.get("Content-Type"),
            warc_charset: record.fields.get("WARC-Identified-Content-Charset"),
            warc_filename: &archive_name(name, location),
            warc_record_offset: location.offset,
            warc_record_length: location.length,
            warc_record_inner_offset: (location.inner > 0).then_some(location.inner),
            warc_date: record.date().unwrap_or_default(),
            record_id: record.record_id().unwrap_or_default(),
        })
    }

    /// Extracts a page.  A panic of the parser, which no page should bring about, costs that page.
    fn extract(&self, page: &PageInput<'_>) -> Fate {
        match catch_unwind(AssertUnwindSafe(|| self.extractor.extract(page))) {
            Ok(Ok(document)) => Fate::Document(Box::new(document)),
            Ok(Err(failure)) if failure.limit > 0 => {
                let detail = format!("{}: {}, max {}", failure.detail, failure.value, failure.limit);
                Fate::Failed(failure.reason, detail)
            }
            Ok(Err(failure)) => Fate::Failed(failure.reason, failure.detail),
            Err(_) => Fate::Failed(Reason::ParserFailed, "panic".to_owned()),
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
