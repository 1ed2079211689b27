//! What was written is what is read, whatever it is and however it is packed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Cursor;

use obelisc_testkit::{ArchiveBuilder, Compression, ContentCoding, Format, HttpResponse, Record, RecordType};
use obelisc_warc::{Archive, Item, Limits, Note, Response};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// As many cases as `PROPTEST_CASES` asks, else 256.
fn config() -> ProptestConfig {
    // What fails is printed whole; nothing is written beside the tests.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Bytes, some of them text.
fn plain() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..40), "[ -~]{0,60}".prop_map(String::into_bytes)]
}

/// Pieces that mean something to a reader of archives or responses.
fn meaning() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 10] = [
        b"\r\n\r\n",
        b"\n",
        b"WARC/1.0\r\n",
        b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 5\r\n\r\n",
        b"http://a.example/ 192.0.2.1 20240101000000 text/html 12\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
        b"a\r\nten bytes.\r\n0\r\n\r\n",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
    ];
    select(pieces.to_vec()).prop_map(<[u8]>::to_vec)
}

/// Bytes in which such pieces stand.
fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![6 => plain(), 1 => meaning()], 0..max).prop_map(|pieces| pieces.concat())
}

fn record_type() -> impl Strategy<Value = RecordType> {
    select(vec![
        RecordType::Warcinfo,
        RecordType::Request,
        RecordType::Response,
        RecordType::Resource,
        RecordType::Metadata,
        RecordType::Revisit,
        RecordType::Conversion,
    ])
}

fn url() -> impl Strategy<Value = String> {
    "https://[a-z]{1,9}\\.example/[a-zA-Z0-9/?=&%._~-]{0,40}"
}

fn record(block: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Record> {
    let field = ("X-[a-z]{1,8}", "[!-~]([ -~]{0,30}[!-~])?");
    (record_type(), url(), vec(field, 0..3), block).prop_map(|(record_type, url, fields, block)| {
        let record = Record::new(record_type, Some(&url), "application/octet-stream", block);
        fields.into_iter().fold(record, |record, (name, value)| record.field(&name, value))
    })
}

fn compression() -> impl Strategy<Value = Compression> {
    let dictionary =
        Compression::ZstdDictionary(b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:".to_vec());
    select(vec![
        Compression::Plain,
        Compression::GzipPerRecord,
        Compression::GzipWhole,
        Compression::Lz4PerRecord,
        Compression::ZstdPerRecord,
        dictionary,
    ])
}

fn coding() -> impl Strategy<Value = ContentCoding> {
    select(vec![
        ContentCoding::Gzip,
        ContentCoding::Deflate,
        ContentCoding::RawDeflate,
        ContentCoding::Brotli,
        ContentCoding::Zstd,
    ])
}

/// A response of this body under these codings, the first applied first.
fn response(body: &[u8], codings: &[ContentCoding], chunk: Option<usize>) -> HttpResponse {
    let response = HttpResponse::new("text/html", body);
    let response = codings.iter().fold(response, |response, &coding| response.coded(coding));
    match chunk {
        Some(size) => response.chunked(size),
        None => response,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_record_comes_back_with_its_place(
        records in vec(record(bytes(12)), 1..8),
        compression in compression(),
        format in select(vec![Format::Warc018, Format::Warc10, Format::Warc11]),
    ) {
        let builder = ArchiveBuilder::new(compression.clone()).format(format);
        let file = records.iter().cloned().fold(builder, ArchiveBuilder::record).finish();
        let mut archive = Archive::open(Cursor::new(file.bytes.clone()), Limits::default()).unwrap();
        for (written, member) in records.iter().zip(&file.members) {
            let Some(Item::Record(read)) = archive.next_item().unwrap() else { panic!("no record at {}", member.offset) };
            prop_assert_eq!(format!("{:?}", read.record_type), format!("{:?}", written.record_type));
            prop_assert_eq!(read.target_uri(), written.url.as_deref());
            prop_assert_eq!(read.record_id(), Some(member.id.as_str()));
            for (name, value) in &written.fields {
                prop_assert!(read.fields.get_all(name).any(|read| read == value), "{}: {}", name, value);
            }
            prop_assert_eq!(read.block, &written.block);
            prop_assert!(!read.truncated);
            if compression == Compression::GzipWhole {
                prop_assert_eq!((read.location.offset, read.location.inner), (0, member.offset));
            } else {
                let place = (read.location.offset, read.location.inner, read.location.length);
                prop_assert_eq!(place, (member.offset, 0, Some(member.length)));
            }
        }
        prop_assert!(archive.next_item().unwrap().is_none());
    }

    #[test]
    fn an_archive_that_breaks_off_gives_what_comes_before_the_break(
        // Where a record begins in a cut block, the reader goes on with it.
        records in vec(record(plain()), 1..6),
        compression in compression(),
        keep in 0.0..1.0,
    ) {
        let builder = ArchiveBuilder::new(compression);
        let file = records.iter().cloned().fold(builder, ArchiveBuilder::record).finish();
        let kept = (file.bytes.len() as f64 * keep) as usize;
        let mut archive = Archive::open(Cursor::new(file.bytes[..kept].to_vec()), Limits::default()).unwrap();
        let mut whole = 0;
        while let Some(item) = archive.next_item().unwrap() {
            let Item::Record(read) = item else { continue };
            let written = &records[whole];
            if read.truncated {
                prop_assert!(written.block.starts_with(read.block));
            } else {
                prop_assert_eq!(read.block, &written.block);
                whole += 1;
            }
        }
        prop_assert!(whole <= records.len());
    }

    #[test]
    fn a_body_comes_back_from_under_its_codings_and_chunks(
        body in bytes(60),
        codings in vec(coding(), 0..3),
        chunk in prop::option::of(1..300_usize),
    ) {
        let block = response(&body, &codings, chunk).bytes();
        let limits = Limits::default();
        let response = Response::parse(&block, &limits).unwrap();
        prop_assert_eq!(response.status, 200);
        let read = response.body(&limits).unwrap();
        prop_assert_eq!(&*read.bytes, &body);
        prop_assert_eq!(read.notes, []);
    }

    #[test]
    fn a_body_over_its_cap_is_refused_and_one_at_it_is_not(
        body in vec(any::<u8>(), 1..2000),
        coding in coding(),
        chunk in prop::option::of(1..300_usize),
    ) {
        let block = response(&body, &[coding], chunk).bytes();
        let read = |max_body_bytes| {
            let limits = Limits { max_body_bytes, ..Limits::default() };
            let response = Response::parse(&block, &limits).unwrap();
            response.body(&limits).map(|body| body.bytes.into_owned()).map_err(|(reason, _)| reason.name())
        };
        prop_assert_eq!(read(body.len() as u64), Ok(body.clone()));
        prop_assert_eq!(read(body.len() as u64 - 1), Err("body_too_large"));
    }

    #[test]
    fn a_response_that_breaks_off_gives_the_beginning_of_its_body(
        body in bytes(60),
        coding in prop::option::of(coding()),
        chunk in prop::option::of(1..300_usize),
        keep in 0.0..1.0,
    ) {
        let whole = response(&body, coding.as_slice(), chunk);
        let (head, block) = (whole.head().len(), whole.bytes());
        let kept = head + ((block.len() - head) as f64 * keep) as usize;
        let limits = Limits::default();
        let response = Response::parse(&block[..kept], &limits).unwrap();
        if let Ok(read) = response.body(&limits) {
            // So little may be left that nothing shows how it was coded: then it is taken as it stands.
            let as_it_stands = |note: &Note| matches!(note, Note::NotChunked | Note::NotEncoded(_));
            prop_assert!(body.starts_with(&read.bytes) || read.notes.iter().any(as_it_stands), "{:?}", read);
        }
    }
}
