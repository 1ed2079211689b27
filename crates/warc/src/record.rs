//! Records and failures: what an archive is made of.

use obelisc_document::Reason;

use crate::fields::Fields;
use crate::http::Response;
use crate::limits::Limits;
use crate::location::Location;

/// What a record holds (ISO 28500, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// About the file itself; the `filedesc` record of ARC too.
    Warcinfo,
    /// What a server answered; every ARC record that is not its `filedesc`.
    Response,
    /// A file without the protocol that fetched it.
    Resource,
    /// What the crawler asked.
    Request,
    /// About another record.
    Metadata,
    /// An answer that is the same as an earlier one.
    Revisit,
    /// Another record in another format, such as the text of WET files.
    Conversion,
    /// The rest of a record that was cut into segments.
    Continuation,
    /// A type that the standard does not name, or none.
    Other,
}

impl RecordType {
    /// Reads a `WARC-Type`, in any case of letters.
    pub fn from_name(name: &str) -> Self {
        const NAMES: [(&str, RecordType); 8] = [
            ("warcinfo", RecordType::Warcinfo),
            ("response", RecordType::Response),
            ("resource", RecordType::Resource),
            ("request", RecordType::Request),
            ("metadata", RecordType::Metadata),
            ("revisit", RecordType::Revisit),
            ("conversion", RecordType::Conversion),
            ("continuation", RecordType::Continuation),
        ];
        let known = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map_or(RecordType::Other, |&(_, record_type)| record_type)
    }
}

/// The format of a record, with its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version<'a> {
    /// WARC: `0.17`, `0.18`, `1.0`, `1.1`, or another that its first line names.
    Warc(&'a str),
    /// ARC, version 1 or 2.
    Arc,
}

/// A record, lent out until the next one is asked for.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Where it lies.
    pub location: Location,
    /// Its format.
    pub version: Version<'a>,
    /// What it holds.
    pub record_type: RecordType,
    /// Its named fields; those of an ARC record carry the names that WARC gives them, and the date WARC's form.
    pub fields: Fields<'a>,
    /// Its block, as stored: for a response, HTTP header and body.  Shorter than stated if `truncated`.
    pub block: &'a [u8],
    /// The file ends inside the block.  (A crawler that cut the payload says so in `WARC-Truncated`.)
    pub truncated: bool,
}

impl Record<'_> {
    /// The URL that was captured, without the angle brackets that some versions of wget put around it.
    pub fn target_uri(&self) -> Option<&str> {
        target_uri(&self.fields)
    }

    /// When it was captured, as written: W3C-DTF in WARC and, converted, in ARC.
    pub fn date(&self) -> Option<&str> {
        self.fields.get("WARC-Date")
    }

    /// Its identifier, such as `<urn:uuid:…>`; ARC has none.
    pub fn record_id(&self) -> Option<&str> {
        self.fields.get("WARC-Record-ID")
    }

    /// Which records this one was written with or is about, by their identifiers (`WARC-Concurrent-To`, `WARC-Refers-To`;
    /// ISO 28500, sections 5.7 and 5.11).
    pub fn related_to(&self) -> impl Iterator<Item = &str> {
        self.fields.get_all("WARC-Concurrent-To").chain(self.fields.get_all("WARC-Refers-To"))
    }

    /// The charset that the crawler found the payload to have (`WARC-Identified-Content-Charset`, as Common Crawl writes it).
    pub fn identified_charset(&self) -> Option<&str> {
        self.fields.get("WARC-Identified-Content-Charset")
    }

    /// The named fields that the block of a `metadata` or `warcinfo` record consists of (`application/warc-fields`, ISO 28500,
    /// section 8), as far as they lie within the cap on headers; none in a block of another type.
    pub fn block_fields(&self, limits: &Limits) -> Fields<'_> {
        let media_type = self.content_type().and_then(|stated| stated.split(';').next()).unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/warc-fields") {
            return Fields::default();
        }
        Fields::parse(&self.block[..self.block.len().min(limits.max_header_bytes)])
    }

    /// The media type of the block (not of the HTTP body in it; except in ARC, where it is the body's).
    pub fn content_type(&self) -> Option<&str> {
        self.fields.get("Content-Type")
    }

    /// Whether the block should be read with [`response`](Self::response): an HTTP response, or a page or file that
    /// stands without one as ARC and `resource` records may hold it.
    pub fn is_capture(&self) -> bool {
        match self.record_type {
            RecordType::Response => {
                let uri = self.target_uri().unwrap_or_default().as_bytes();
                self.block.starts_with(b"HTTP/")
                    || uri.get(..4).is_none_or(|scheme| scheme.eq_ignore_ascii_case(b"http"))
            }
            RecordType::Resource => true,
            _ => false,
        }
    }

    /// The HTTP response in the block.  `resource` records, and ARC records without an HTTP header, give a response of
    /// status 200 with the record's content type.
    ///
    /// # Errors
    ///
    /// [`Reason::InvalidHttpHeader`] or [`Reason::HeaderTooLarge`], with what was found.
    pub fn response(&self, limits: &Limits) -> Result<Response<'_>, (Reason, String)> {
        let bare = self.record_type == RecordType::Resource || self.version == Version::Arc;
        if bare && !self.block.starts_with(b"HTTP/") {
            return Ok(Response::bare(self.content_type(), self.block));
        }
        Response::parse(self.block, limits)
    }
}

/// The URL that a header names.
pub(crate) fn target_uri<'a>(fields: &'a Fields<'_>) -> Option<&'a str> {
    let uri = fields.get("WARC-Target-URI")?;
    Some(uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri))
}

/// Bytes that became no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub reason: Reason,
    /// Which bytes.
    pub location: Location,
    /// The URL that the record's header names, where the header was whole.
    pub url: Option<String>,
    /// What was found, for the ledger.
    pub detail: String,
}

/// What comes next in an archive.  Every byte of a file lies in one, or in blank lines between records, or in the
/// dictionary that a zstd file begins with.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A record.
    Record(Record<'a>),
    /// Bytes that became no record.
    Failure(Failure),
}
