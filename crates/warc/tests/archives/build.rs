//! Builds small archives, reads them whole, and checks that every byte is accounted for.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use lz4_flex::frame::{FrameEncoder, FrameInfo};
use obelisc_document::Reason;
use obelisc_warc::{Archive, Failure, Item, Limits, Location, RecordType};

/// How records are put into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Lz4,
    Zstd,
    WholeGzip,
    WholeLz4,
    WholeZstd,
}

pub(crate) const PER_RECORD: [Packing; 4] = [Packing::Plain, Packing::Gzip, Packing::Lz4, Packing::Zstd];

pub(crate) const ALL: [Packing; 7] = [
    Packing::Plain,
    Packing::Gzip,
    Packing::Lz4,
    Packing::Zstd,
    Packing::WholeGzip,
    Packing::WholeLz4,
    Packing::WholeZstd,
];

impl Packing {
    /// The file, and the offset of each record's member.
    pub(crate) fn pack(self, records: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        match self {
            Packing::WholeGzip => (member(Packing::Gzip, &records.concat()), vec![0]),
            Packing::WholeLz4 => (member(Packing::Lz4, &records.concat()), vec![0]),
            Packing::WholeZstd => (member(Packing::Zstd, &records.concat()), vec![0]),
            _ => {
                let (mut file, mut offsets) = (Vec::new(), Vec::new());
                for record in records {
                    offsets.push(file.len());
                    file.extend(member(self, record));
                }
                (file, offsets)
            }
        }
    }
}

pub(crate) fn member(packing: Packing, bytes: &[u8]) -> Vec<u8> {
    match packing {
        Packing::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Packing::Lz4 => {
            let info = FrameInfo::new().content_checksum(true).block_checksums(true);
            let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Packing::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        _ => bytes.to_vec(),
    }
}

/// A WARC record with a right length.
pub(crate) fn warc(record_type: &str, uri: &str, block: &[u8]) -> Vec<u8> {
    warc_of_length(record_type, uri, block, block.len())
}

/// A WARC record that states a length.
pub(crate) fn warc_of_length(record_type: &str, uri: &str, block: &[u8], length: usize) -> Vec<u8> {
    let mut record = format!(
        "WARC/1.1\r\nWARC-Type: {record_type}\r\nWARC-Record-ID: <urn:test:{uri}>\r\nWARC-Target-URI: {uri}\r\n\
         WARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    record.extend_from_slice(block);
    record.extend_from_slice(b"\r\n\r\n");
    record
}

/// An HTTP response whose body does not compress well.
pub(crate) fn http(number: u64, size: usize) -> Vec<u8> {
    let mut block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Page {number}.\n").into_bytes();
    let mut random = Random(number + 1);
    while block.len() < size {
        block.extend_from_slice(format!("{:x}\n", random.next()).as_bytes());
    }
    block
}

/// `count` responses after a warcinfo.
pub(crate) fn site(count: u64) -> Vec<Vec<u8>> {
    let mut records = vec![warc("warcinfo", "info", b"software: obelisc\r\n")];
    records.extend((0..count).map(|n| warc("response", &format!("https://example.org/{n}"), &http(n, 700))));
    records
}

/// What an archive gave, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Record { location: Location, record_type: RecordType, uri: String, block: Vec<u8>, truncated: bool },
    Failure(Failure),
}

impl Got {
    pub(crate) fn location(&self) -> &Location {
        match self {
            Got::Record { location, .. } => location,
            Got::Failure(failure) => &failure.location,
        }
    }
}

pub(crate) fn read_with(bytes: &[u8], limits: Limits) -> Vec<Got> {
    let mut archive = Archive::open(Cursor::new(bytes.to_vec()), limits).unwrap();
    drain(&mut archive, bytes.len())
}

pub(crate) fn read(bytes: &[u8]) -> Vec<Got> {
    read_with(bytes, Limits::default())
}

fn drain(archive: &mut Archive, size: usize) -> Vec<Got> {
    let mut all = Vec::new();
    while let Some(item) = archive.next_item().unwrap() {
        all.push(own(&item));
        assert!(all.len() <= size + 10, "more items than bytes");
    }
    assert!(archive.next_item().unwrap().is_none(), "an item after the end");
    all
}

pub(crate) fn own(item: &Item<'_>) -> Got {
    match item {
        Item::Record(record) => Got::Record {
            location: record.location.clone(),
            record_type: record.record_type,
            uri: record.target_uri().unwrap_or_default().to_owned(),
            block: record.block.to_vec(),
            truncated: record.truncated,
        },
        Item::Failure(failure) => Got::Failure(failure.clone()),
    }
}

/// Reads what lies at a location.
pub(crate) fn read_at(bytes: &[u8], location: &Location) -> Option<Got> {
    let mut archive = Archive::open_at(Cursor::new(bytes.to_vec()), location, Limits::default()).unwrap();
    archive.next_item().unwrap().as_ref().map(own)
}

/// One line per item: the URI of a record, or a reason.
pub(crate) fn outline(items: &[Got]) -> Vec<String> {
    let line = |item: &Got| match item {
        Got::Record { uri, truncated: false, .. } => uri.clone(),
        Got::Record { uri, truncated: true, .. } => format!("{uri} (truncated)"),
        Got::Failure(failure) => failure.reason.to_string(),
    };
    items.iter().map(line).collect()
}

/// What to print of a list when a check fails.
fn brief(items: &[Got]) -> String {
    let places = items.iter().map(|item| (item.location().offset, item.location().length, item.location().inner));
    format!("{:#?}", outline(items).into_iter().zip(places).map(|line| format!("{line:?}")).collect::<Vec<_>>())
}

pub(crate) fn reasons(items: &[Got]) -> Vec<Reason> {
    let reason = |item: &Got| match item {
        Got::Failure(failure) => Some(failure.reason),
        Got::Record { .. } => None,
    };
    items.iter().filter_map(reason).collect()
}

/// Holds that the items follow one another without overlap and leave out nothing but blank lines of a plain file and the
/// first `head` bytes.
pub(crate) fn assert_accounted(bytes: &[u8], head: u64, items: &[Got]) {
    let size = bytes.len() as u64;
    let blank =
        |from: u64, to: u64| bytes[from as usize..to as usize].iter().all(|byte| *byte == b'\r' || *byte == b'\n');
    let (mut covered, mut last, mut goes_on) = (head, None, false);
    for item in items {
        let location = item.location();
        let place = (location.offset, location.inner);
        assert!(last.is_none_or(|last| place > last), "{place:?} after {last:?} in {}", brief(items));
        last = Some(place);
        // What has no length ends in the member in which the next item begins.
        if std::mem::replace(&mut goes_on, location.length.is_none()) {
            covered = covered.max(location.offset);
        }
        let Some(length) = location.length else { continue };
        assert!(location.offset >= covered, "{location:?} begins before {covered} in {}", brief(items));
        assert!(blank(covered, location.offset), "{covered}..{} is lost in {}", location.offset, brief(items));
        covered = location.offset + length;
        assert!(covered <= size, "{location:?} ends after {size}");
    }
    assert!(blank(covered, size), "{covered}..{size} is lost in {}", brief(items));
}

/// Xorshift: the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }
}
