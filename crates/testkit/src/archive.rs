//! Whole archive files, streamed to a writer or built in memory.

use std::io::{self, Write};

use crate::record::{Format, Record, RecordType};
use crate::{Compression, HttpResponse, Timestamp, gzip};

/// Where a record's member lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// First byte in the file; under [`Compression::GzipWhole`] in the decompressed file.
    pub offset: u64,
    /// Bytes in the file.
    pub length: u64,
    /// Type of the record.
    pub record_type: RecordType,
    /// Its URL, empty for `warcinfo`.
    pub url: String,
    /// Its `WARC-Record-ID`.
    pub id: String,
}

/// What is broken on purpose in the bytes of a written member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The byte this far from the member's start is inverted.
    FlipByte(usize),
    /// This many bytes (second) from this position on (first) become `0xFF`. Inside a deflate stream that is an error at
    /// once or, where the bits happen to mean something, a wrong checksum at the end.
    Scratch(usize, usize),
    /// Only this many bytes of the member are left.
    CutAfter(usize),
}

impl Damage {
    fn apply(self, member: &mut Vec<u8>) {
        match self {
            Self::FlipByte(at) => member[at] = !member[at],
            Self::Scratch(at, count) => member[at..at + count].fill(0xFF),
            Self::CutAfter(length) => member.truncate(length),
        }
    }
}

/// Writes records to `W` as they come; holds one record at a time.
#[derive(Debug)]
pub struct ArchiveWriter<W> {
    out: W,
    format: Format,
    compression: Compression,
    offset: u64,
    number: u64,
}

impl<W: Write> ArchiveWriter<W> {
    /// Starts a file. Under [`Compression::ZstdDictionary`] the dictionary frame is written now.
    ///
    /// # Errors
    /// Those of `out`; `InvalidInput` for [`Compression::GzipWhole`], which only [`ArchiveBuilder`] can make.
    pub fn new(mut out: W, format: Format, compression: Compression) -> io::Result<Self> {
        if compression == Compression::GzipWhole {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a whole-file member cannot be streamed"));
        }
        let preamble = compression.preamble();
        out.write_all(&preamble)?;
        Ok(Self { out, format, compression, offset: preamble.len() as u64, number: 0 })
    }

    /// Writes one record, dated one second after the one before.
    ///
    /// # Errors
    /// Those of the writer, and of [`Record::bytes`].
    pub fn write(&mut self, record: &Record) -> io::Result<Member> {
        self.write_damaged(record, None)
    }

    fn write_damaged(&mut self, record: &Record, damage: Option<Damage>) -> io::Result<Member> {
        let bytes = record.bytes(self.format, self.number, Timestamp::START.plus(self.number))?;
        let mut bytes = self.compression.member(bytes)?;
        if let Some(damage) = damage {
            damage.apply(&mut bytes);
        }
        self.out.write_all(&bytes)?;
        let member = Member {
            offset: self.offset,
            length: bytes.len() as u64,
            record_type: record.record_type,
            url: record.url.clone().unwrap_or_default(),
            id: record.id(self.number),
        };
        self.offset += member.length;
        self.number += 1;
        Ok(member)
    }

    /// Bytes written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Gives the writer back, flushed.
    ///
    /// # Errors
    /// Those of flushing.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A finished file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its records in order.
    pub members: Vec<Member>,
}

/// Builds a file in memory, record by record. A record that the format cannot hold is a mistake of the test and panics.
#[derive(Debug)]
pub struct ArchiveBuilder {
    format: Format,
    compression: Compression,
    records: Vec<(Record, Option<Damage>)>,
}

impl ArchiveBuilder {
    /// An empty WARC 1.1 file.
    #[must_use]
    pub fn new(compression: Compression) -> Self {
        Self { format: Format::Warc11, compression, records: Vec::new() }
    }

    /// Another format.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Any record.
    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.records.push((record, None));
        self
    }

    /// A `warcinfo` record; in an ARC file the version block.
    #[must_use]
    pub fn warcinfo(self) -> Self {
        let block = "software: obelisc-testkit\r\nformat: WARC File Format 1.1\r\n";
        self.record(Record::new(RecordType::Warcinfo, None, "application/warc-fields", block))
    }

    /// A `response` record.
    #[must_use]
    pub fn response(self, url: &str, response: &HttpResponse) -> Self {
        self.record(response_record(url, response))
    }

    /// A `request` record: a plain GET of `url`.
    #[must_use]
    pub fn request(self, url: &str) -> Self {
        self.record(request_record(url))
    }

    /// A `resource` record: bytes without a protocol's head.
    #[must_use]
    pub fn resource(self, url: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.record(Record::new(RecordType::Resource, Some(url), content_type, body))
    }

    /// A `metadata` record about `url`: lines of `name: value`.
    #[must_use]
    pub fn metadata(self, url: &str, fields: &[(&str, &str)]) -> Self {
        let block: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.record(Record::new(RecordType::Metadata, Some(url), "application/warc-fields", block))
    }

    /// A `metadata` record about the record added last, which it names by its id, as Common Crawl writes them.
    #[must_use]
    pub fn annotation(self, fields: &[(&str, &str)]) -> Self {
        let last = self.records.len().saturating_sub(1);
        let Some((about, _)) = self.records.last() else { return self };
        let (id, url) = (about.id(last as u64), about.url.clone().unwrap_or_default());
        let mut builder = self.metadata(&url, fields);
        if let Some((record, _)) = builder.records.last_mut() {
            record.fields.push(("WARC-Concurrent-To".to_owned(), id));
        }
        builder
    }

    /// A `revisit` record: the response's head, whose body is that of an earlier capture of `url` (profile
    /// `identical-payload-digest`, ISO 28500:2017 section 6.7.2).
    #[must_use]
    pub fn revisit(self, url: &str, response: &HttpResponse) -> Self {
        let profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
        let record = Record::new(RecordType::Revisit, Some(url), "application/http;msgtype=response", response.head());
        self.record(
            record
                .field("WARC-Profile", profile)
                .field("WARC-Refers-To-Target-URI", url)
                .field("WARC-Refers-To-Date", Timestamp::START.iso()),
        )
    }

    /// Breaks the member of the record added last. Positions count in the packed member.
    #[must_use]
    pub fn damage_last(mut self, damage: Damage) -> Self {
        if let Some((_, slot)) = self.records.last_mut() {
            *slot = Some(damage);
        }
        self
    }

    /// Makes the record added last claim `length` bytes of block.
    #[must_use]
    pub fn claim_length(mut self, length: u64) -> Self {
        if let Some((record, _)) = self.records.last_mut() {
            record.declared_length = Some(length);
        }
        self
    }

    /// Packs the file.
    #[must_use]
    #[expect(clippy::expect_used, reason = "development only: a record that its format cannot hold is a wrong test")]
    pub fn finish(self) -> Archive {
        let whole = self.compression == Compression::GzipWhole;
        let inner = if whole { Compression::Plain } else { self.compression };
        let mut writer = ArchiveWriter::new(Vec::new(), self.format, inner).expect("a file in memory");
        let members = self.records.iter().map(|(record, damage)| writer.write_damaged(record, *damage));
        let members = members.collect::<io::Result<Vec<_>>>().expect("a record its format can hold");
        let bytes = writer.finish().expect("a file in memory");
        Archive { bytes: if whole { gzip(&bytes) } else { bytes }, members }
    }
}

/// A `response` record of `url`.
pub(crate) fn response_record(url: &str, response: &HttpResponse) -> Record {
    let mut record =
        Record::new(RecordType::Response, Some(url), "application/http; msgtype=response", response.bytes());
    record.payload_type = response.content_type().to_owned();
    record.head_length = Some(response.head().len());
    record.field("WARC-IP-Address", "192.0.2.1")
}

/// A `request` record of a GET of `url`.
pub(crate) fn request_record(url: &str) -> Record {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let block = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: obelisc-testkit\r\nAccept: */*\r\n\r\n");
    Record::new(RecordType::Request, Some(url), "application/http; msgtype=request", block)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn builder(compression: Compression) -> ArchiveBuilder {
        let page = HttpResponse::html("<p>a page of one paragraph</p>");
        ArchiveBuilder::new(compression)
            .warcinfo()
            .request("https://site.example/a?b=c")
            .response("https://site.example/a?b=c", &page)
            .metadata("https://site.example/a?b=c", &[("fetchTimeMs", "12")])
            .revisit("https://site.example/a?b=c", &page)
            .resource("https://site.example/note", "text/plain", "a note")
    }

    #[test]
    fn each_member_alone_gives_its_record_back() {
        let plain = builder(Compression::Plain).finish();
        let packed = builder(Compression::GzipPerRecord).finish();
        for (record, member) in plain.members.iter().zip(&packed.members) {
            let expected = &plain.bytes[record.offset as usize..][..record.length as usize];
            let slice = &packed.bytes[member.offset as usize..][..member.length as usize];
            let mut back = Vec::new();
            flate2::bufread::GzDecoder::new(slice).read_to_end(&mut back).unwrap();
            assert_eq!(back, expected, "{}", member.url);
        }
    }

    #[test]
    fn a_whole_file_member_holds_the_plain_file() {
        let mut back = Vec::new();
        let whole = builder(Compression::GzipWhole).finish();
        flate2::bufread::GzDecoder::new(&whole.bytes[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, builder(Compression::Plain).finish().bytes);
    }

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        assert_eq!(builder(Compression::ZstdPerRecord).finish(), builder(Compression::ZstdPerRecord).finish());
    }

    #[test]
    fn a_scratched_member_cannot_be_unpacked_and_its_neighbours_can() {
        let page = HttpResponse::html(&"<p>many words on a page</p>".repeat(40));
        let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
            .response("https://site.example/1", &page)
            .damage_last(Damage::Scratch(40, 16))
            .response("https://site.example/2", &page)
            .finish();
        let unpack = |member: &Member| {
            let slice = &archive.bytes[member.offset as usize..][..member.length as usize];
            flate2::bufread::GzDecoder::new(slice).read_to_end(&mut Vec::new())
        };
        assert!(unpack(&archive.members[0]).is_err());
        assert!(unpack(&archive.members[1]).is_ok());
    }

    #[test]
    fn a_cut_member_moves_what_follows_it() {
        let archive = builder(Compression::GzipPerRecord).damage_last(Damage::CutAfter(20)).warcinfo().finish();
        let [.., cut, next] = &archive.members[..] else { panic!("two members") };
        assert_eq!(cut.length, 20);
        assert_eq!(next.offset, cut.offset + 20);
        assert_eq!(&archive.bytes[next.offset as usize..][..2], b"\x1f\x8b");
    }

    #[test]
    fn a_request_names_host_and_path_with_its_query() {
        let text = String::from_utf8(request_record("https://site.example/a?b=c").block).unwrap();
        assert!(text.starts_with("GET /a?b=c HTTP/1.1\r\nHost: site.example\r\n"), "{text}");
    }

    #[test]
    fn an_arc_file_begins_with_its_version_block() {
        let archive = ArchiveBuilder::new(Compression::Plain)
            .format(Format::Arc)
            .warcinfo()
            .response("https://site.example/", &HttpResponse::html("<p>old</p>"))
            .finish();
        let text = String::from_utf8(archive.bytes).unwrap();
        assert!(text.starts_with("filedesc://testkit.arc 192.0.2.1 20240320090000 text/plain "), "{text}");
        assert!(text.contains("\nhttps://site.example/ 192.0.2.1 20240320090001 text/html "), "{text}");
    }
}
