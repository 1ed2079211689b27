//! Whole archives in every container.

use obelisc_warc::{Archive, Item, Limits, RecordType, Version};

use crate::build::*;

#[test]
fn every_container_gives_the_same_records() {
    let records = site(20);
    let blocks = |items: &[Got]| -> Vec<Vec<u8>> {
        items
            .iter()
            .filter_map(|item| match item {
                Got::Record { block, truncated: false, .. } => Some(block.clone()),
                _ => None,
            })
            .collect()
    };
    let expected = blocks(&read(&records.concat()));
    assert_eq!(expected.len(), 21);
    assert_eq!(expected[3], http(2, 700));
    for packing in ALL {
        let (file, _) = packing.pack(&records);
        let items = read(&file);
        assert_eq!(blocks(&items), expected, "{packing:?}");
        assert!(reasons(&items).is_empty());
        assert_accounted(&file, 0, &items);
    }
}

#[test]
fn a_range_read_gives_the_record_back() {
    let records = site(12);
    for packing in ALL {
        let (file, offsets) = packing.pack(&records);
        for (index, item) in read(&file).into_iter().enumerate() {
            let location = item.location();
            assert_eq!(location.addressable(), PER_RECORD.contains(&packing), "{packing:?} {index}");
            if location.addressable() {
                assert_eq!(location.offset as usize, offsets[index]);
                let end = offsets.get(index + 1).copied().unwrap_or(file.len());
                assert_eq!(location.offset + location.length.unwrap(), end as u64);
            }
            // Where the member is shared, the record is found inside it all the same.
            let again = read_at(&file, location).unwrap();
            match (&again, &item) {
                (Got::Record { block, .. }, Got::Record { block: before, .. }) => assert_eq!(block, before),
                other => panic!("{packing:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_range_ends_where_the_record_does() {
    let (file, offsets) = Packing::Gzip.pack(&site(5));
    let items = read(&file);
    let mut archive = Archive::open_at(std::io::Cursor::new(file), items[2].location(), Limits::default()).unwrap();
    let Some(Item::Record(record)) = archive.next_item().unwrap() else { panic!("no record") };
    assert_eq!(record.location.offset as usize, offsets[2]);
    assert!(archive.next_item().unwrap().is_none());
}

#[test]
fn zstd_files_with_a_dictionary_are_read_and_read_again() {
    let files = [
        &include_bytes!("../fixtures/compressed-dictionary.warc.zst")[..],
        &include_bytes!("../fixtures/plain-dictionary.warc.zst")[..],
    ];
    for file in files {
        let items = read(file);
        let uris: Vec<String> = (100..104).map(|n| format!("https://example.org/{n}")).collect();
        assert_eq!(outline(&items), uris);
        let head = items[0].location().offset;
        assert!(head > 500, "the dictionary comes first");
        assert_accounted(file, head, &items);
        for item in &items {
            assert_eq!(read_at(file, item.location()).as_ref(), Some(item));
        }
    }
}

#[test]
fn a_broken_dictionary_is_a_failure_and_so_are_the_records_that_need_it() {
    let mut file = include_bytes!("../fixtures/compressed-dictionary.warc.zst").to_vec();
    for byte in &mut file[20..200] {
        *byte ^= 0xa5;
    }
    let items = read(&file);
    assert!(items.iter().all(|item| matches!(item, Got::Failure(_))), "{items:?}");
    assert!(!items.is_empty());
}

#[test]
fn a_record_may_be_spread_over_members() {
    let records = site(6);
    let mut file = Vec::new();
    for record in &records {
        let (head, tail) = record.split_at(record.len() / 2);
        file.extend(member(Packing::Gzip, head));
        file.extend(member(Packing::Gzip, tail));
    }
    let items = read(&file);
    assert_eq!(items.len(), 7);
    assert!(reasons(&items).is_empty());
    assert_accounted(&file, 0, &items);
    for item in &items {
        assert!(item.location().addressable());
        assert_eq!(read_at(&file, item.location()).as_ref(), Some(item));
    }
    // Cut into blocks without regard to records, as bgzip does.
    let file: Vec<u8> = records.concat().chunks(300).flat_map(|block| member(Packing::Gzip, block)).collect();
    let items = read(&file);
    assert_eq!((items.len(), reasons(&items).len()), (7, 0));
    assert_accounted(&file, 0, &items);
    // A length that ends before the record does would be one that cuts it.
    for item in items.iter().filter(|item| item.location().addressable()) {
        assert_eq!(read_at(&file, item.location()).as_ref(), Some(item));
    }
    assert!(items.iter().any(|item| item.location().inner == 0 && !item.location().addressable()));
}

#[test]
fn empty_members_and_skippable_frames_belong_to_the_record_before() {
    let records = site(3);
    for packing in [Packing::Gzip, Packing::Lz4, Packing::Zstd] {
        let mut file = Vec::new();
        for record in &records {
            file.extend(member(packing, record));
            file.extend(member(packing, b""));
            if packing != Packing::Gzip {
                file.extend(b"\x53\x2a\x4d\x18\x05\0\0\0hello");
            }
        }
        let items = read(&file);
        assert_eq!((items.len(), reasons(&items).len()), (4, 0), "{packing:?}");
        assert_accounted(&file, 0, &items);
    }
}

#[test]
fn blank_lines_and_line_feeds_alone_are_tolerated() {
    let mut file = b"\r\n\r\n".to_vec();
    file.extend(b"WARC/0.18\nWARC-Type: Response\ncontent-length: 5\n\nhello\nwarc/0.17\nContent-Length: 3\n\nabc");
    file.extend(b"\n\n\r\n\r\n\r\n\r\nWARC/1.0 \r\nContent-Length: 0\r\n\r\n");
    let mut archive = Archive::open(std::io::Cursor::new(file.clone()), Limits::default()).unwrap();
    let mut seen = Vec::new();
    while let Some(item) = archive.next_item().unwrap() {
        let Item::Record(record) = item else { panic!("{item:?}") };
        let Version::Warc(version) = record.version else { panic!("ARC") };
        seen.push((version.to_owned(), record.record_type, record.block.to_vec()));
    }
    let expected = [
        ("0.18".to_owned(), RecordType::Response, b"hello".to_vec()),
        ("0.17".to_owned(), RecordType::Other, b"abc".to_vec()),
        ("1.0".to_owned(), RecordType::Other, Vec::new()),
    ];
    assert_eq!(seen, expected);
    assert_accounted(&file, 0, &read(&file));
}

fn arc(version: u8) -> Vec<Vec<u8>> {
    let about = format!("{version} 0 Test\nURL IP-address Archive-date Content-type Archive-length\n");
    let extra = if version == 2 { " 200 - - 0 test.arc" } else { "" };
    let line = |url: &str, media_type: &str, block: &str| {
        format!("{url} 10.0.0.1 20260102030405 {media_type}{extra} {}\n{block}\n", block.len()).into_bytes()
    };
    vec![
        line("filedesc://test.arc", "text/plain", &about),
        line("http://example.org/a b?c=1 2", "text/html", "HTTP/1.0 200 OK\nContent-Type: text/html\n\n<p>One."),
        line("http://example.org/bare", "text/html", "<p>No header."),
        line("dns:example.org", "text/dns", "20260102030405\nexample.org. 1 IN A 10.0.0.1\n"),
    ]
}

#[test]
fn arc_files_of_both_versions_are_read_in_every_container() {
    let limits = Limits::default();
    for (version, packing) in [1, 2].into_iter().flat_map(|version| ALL.map(|packing| (version, packing))) {
        let (file, _) = packing.pack(&arc(version));
        let mut archive = Archive::open(std::io::Cursor::new(file.clone()), limits).unwrap();
        let mut pages = Vec::new();
        while let Some(item) = archive.next_item().unwrap() {
            let Item::Record(record) = item else { panic!("{packing:?} {item:?}") };
            assert_eq!(record.version, Version::Arc);
            assert_eq!(record.date(), Some("2026-01-02T03:04:05Z"));
            if !record.is_capture() {
                continue;
            }
            let response = record.response(&limits).unwrap();
            assert!(response.declares_html());
            let body = response.body(&limits).unwrap().bytes.into_owned();
            pages.push((record.target_uri().unwrap().to_owned(), String::from_utf8(body).unwrap()));
        }
        let expected = [("http://example.org/a b?c=1 2", "<p>One."), ("http://example.org/bare", "<p>No header.")];
        assert_eq!(pages, expected.map(|(uri, body)| (uri.to_owned(), body.to_owned())), "{packing:?}");
        let items = read(&file);
        assert_accounted(&file, 0, &items);
        for item in &items {
            assert_eq!(outline(&[read_at(&file, item.location()).unwrap()]), outline(std::slice::from_ref(item)));
        }
    }
}

/// What comes through a pipe: it has no end before it was read.
struct Pipe(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

impl std::io::Seek for Pipe {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        match to {
            std::io::SeekFrom::Start(at) if at == self.0.position() => Ok(at),
            other => panic!("{other:?} at {}", self.0.position()),
        }
    }
}

#[test]
fn a_sound_archive_is_read_forwards_alone_whatever_its_length() {
    let records = site(12);
    for packing in ALL {
        let (file, _) = packing.pack(&records);
        let expected = read(&file);
        let mut archive = Archive::open(Pipe(std::io::Cursor::new(file)), Limits::default()).unwrap();
        for item in &expected {
            let Some(Item::Record(record)) = archive.next_item().unwrap() else { panic!("{packing:?}: no record") };
            assert_eq!(record.location, *item.location(), "{packing:?}");
        }
        assert!(archive.next_item().unwrap().is_none());
    }
}
