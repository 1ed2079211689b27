//! What is broken costs a record, not the file.

use std::io::{self, Read, Seek, SeekFrom};

use obelisc_document::Reason;
use obelisc_warc::{Archive, Limits};

use crate::build::*;

fn uris(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|n| format!("https://example.org/{n}")).collect()
}

#[test]
fn truncated_member_is_a_truncated_record_and_then_the_end() {
    for packing in PER_RECORD {
        let (file, offsets) = packing.pack(&site(5));
        // Deep enough for the record's header in any packing.
        let cut = &file[..file.len() - 60];
        let items = read(cut);
        assert_accounted(cut, 0, &items);
        let last = items.last().unwrap();
        assert_eq!(last.location().offset as usize, offsets[5], "{packing:?}");
        if packing == Packing::Lz4 || packing == Packing::Zstd {
            // One block holds the record: nothing of it can be decoded.
            assert_eq!(reasons(&items), [Reason::TruncatedRecord], "{packing:?}");
        } else {
            let Got::Record { block, truncated: true, .. } = last else { panic!("{packing:?} {last:?}") };
            assert!(block.len() > 300 && http(4, 700).starts_with(block), "{packing:?}");
        }
    }
}

#[test]
fn a_file_cut_inside_a_header_block_ends_in_a_failure() {
    for packing in [Packing::Plain, Packing::Gzip] {
        let (file, offsets) = packing.pack(&site(3));
        let cut = &file[..offsets[3] + 50];
        let items = read(cut);
        assert_eq!(reasons(&items), [Reason::TruncatedRecord], "{packing:?}");
        assert_eq!(items.len(), 4);
        assert_eq!(items[3].location().offset as usize, offsets[3]);
        assert_accounted(cut, 0, &items);
    }
}

#[test]
fn a_damaged_member_costs_its_record_alone() {
    let records = site(8);
    for packing in [Packing::Gzip, Packing::Lz4, Packing::Zstd] {
        let (file, offsets) = packing.pack(&records);
        for damaged in 0..records.len() {
            let end = offsets.get(damaged + 1).copied().unwrap_or(file.len());
            for place in [offsets[damaged] + (end - offsets[damaged]) / 2, end - 1] {
                let mut file = file.clone();
                file[place] ^= 0xff;
                file[place - 1] ^= 0xff;
                let items = read(&file);
                assert_accounted(&file, 0, &items);
                assert_eq!(items.len(), records.len(), "{packing:?} {damaged} {place} {:?}", outline(&items));
                assert_eq!(reasons(&items).len(), 1, "{packing:?} {damaged}");
                let Got::Failure(failure) = &items[damaged] else { panic!("{packing:?} {damaged}") };
                assert_eq!(failure.location.offset as usize, offsets[damaged]);
                assert_eq!(failure.location.length, Some((end - offsets[damaged]) as u64));
            }
        }
    }
}

#[test]
fn bytes_between_members_are_a_failure_of_their_own() {
    let records = site(3);
    for packing in [Packing::Gzip, Packing::Lz4, Packing::Zstd] {
        let (mut file, offsets) = packing.pack(&records);
        file.splice(offsets[2]..offsets[2], *b"\0\0some garbage\x1f\x8b\x08");
        let items = read(&file);
        assert_accounted(&file, 0, &items);
        assert_eq!(items.len(), 5, "{packing:?}");
        assert_eq!(reasons(&items), [Reason::DamagedMember]);
        assert_eq!(items[2].location().length, Some(17));
    }
}

#[test]
fn a_wrong_length_costs_its_record_alone() {
    for length in [0, 10, 300, 699, 720, 900, 1500, 5000, 1 << 40] {
        let mut records = site(6);
        records[3] = warc_of_length("response", "https://example.org/2", &http(2, 700), length);
        for packing in ALL {
            let (file, _) = packing.pack(&records);
            let items = read(&file);
            assert_accounted(&file, 0, &items);
            let mut expected = vec!["info".to_owned()];
            expected.extend(uris(0..6));
            expected[3] = "wrong_content_length".to_owned();
            assert_eq!(outline(&items), expected, "{packing:?} {length}");
        }
    }
}

#[test]
fn a_wrong_length_that_only_takes_blank_lines_is_tolerated() {
    for length in [701, 702, 703, 704] {
        let mut records = site(3);
        let block = &http(1, 700)[..700];
        records[2] = warc_of_length("response", "https://example.org/1", block, length);
        assert_eq!(reasons(&read(&records.concat())), [], "{length}");
    }
}

#[test]
fn garbage_between_plain_records_costs_no_record() {
    let mut records = site(4);
    records.insert(2, b"this is no record\nWARC/1.0 is mentioned\nat length\r\n\r\n".to_vec());
    let file = records.concat();
    let items = read(&file);
    assert_eq!(reasons(&items), [Reason::InvalidRecordHeader]);
    assert_eq!(items.len(), 6);
    assert_accounted(&file, 0, &items);
}

#[test]
fn a_header_without_a_length_or_without_an_end_costs_its_record() {
    let limits = Limits { max_header_bytes: 2000, ..Limits::default() };
    let endless = format!("WARC/1.1\r\nX: {}\r\n\r\n", "y".repeat(9000)).into_bytes();
    for (broken, reason) in [
        (b"WARC/1.1\r\nWARC-Type: response\r\n\r\nblock\r\n\r\n".to_vec(), Reason::InvalidRecordHeader),
        (b"WARC/1.1\r\nContent-Length: -5\r\n\r\nblock\r\n\r\n".to_vec(), Reason::InvalidRecordHeader),
        (endless, Reason::HeaderTooLarge),
    ] {
        let mut records = site(4);
        records.insert(2, broken);
        for packing in ALL {
            let (file, _) = packing.pack(&records);
            let items = read_with(&file, limits);
            assert_eq!(reasons(&items), [reason], "{packing:?}");
            assert_eq!(items.len(), 6, "{packing:?}");
            assert_accounted(&file, 0, &items);
        }
    }
}

#[test]
fn a_record_above_the_cap_is_passed_over() {
    let limits = Limits { max_record_bytes: 10_000, ..Limits::default() };
    // A record inside the block is content, however much it looks like one.
    let mut block = http(9, 200_000);
    block.splice(5000..5000, warc("response", "https://example.org/inner", b"x"));
    let mut records = site(4);
    records[2] = warc("response", "https://example.org/1", &block);
    for packing in ALL {
        let (file, _) = packing.pack(&records);
        let items = read_with(&file, limits);
        let mut expected = vec!["info".to_owned()];
        expected.extend(uris(0..4));
        expected[2] = "record_too_large".to_owned();
        assert_eq!(outline(&items), expected, "{packing:?}");
        assert_accounted(&file, 0, &items);
    }
    let mut last = site(1);
    last.push(warc("response", "https://example.org/1", &http(9, 200_000)));
    for packing in ALL {
        let (mut file, _) = packing.pack(&last);
        file.truncate(file.len() - 9000);
        let items = read_with(&file, limits);
        // Where one block holds all records, none can be decoded.
        let expected = if packing == Packing::WholeLz4 { 1 } else { 3 };
        assert_eq!(items.len(), expected, "{packing:?} {:?}", outline(&items));
        assert_accounted(&file, 0, &items);
    }
}

#[test]
fn what_is_no_archive_is_one_failure() {
    for (bytes, reason) in [
        (&b""[..], Reason::NotAnArchive),
        (b"<html>\n<p>A page.", Reason::NotAnArchive),
        (b"\0\x01\x02", Reason::NotAnArchive),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\xff", Reason::TruncatedRecord),
        (b"\x1f\x8b\x08\xe0 garbage", Reason::DamagedMember),
        (b"BZh91AY&SY....", Reason::UnsupportedCompression),
        (b"\xfd7zXZ\0....", Reason::UnsupportedCompression),
        (b"PK\x03\x04....", Reason::NotAnArchive),
    ] {
        let items = read(bytes);
        assert_eq!(reasons(&items), [reason], "{bytes:?}");
        assert_eq!(items.len(), 1);
        assert_accounted(bytes, 0, &items);
    }
    for packing in ALL {
        let (file, _) = packing.pack(&[b"<html>\n<p>A page.\n".repeat(10_000)]);
        let items = read(&file);
        assert_eq!(reasons(&items), [Reason::NotAnArchive], "{packing:?}");
        assert_accounted(&file, 0, &items);
    }
}

#[test]
fn damage_inside_a_shared_member_keeps_what_came_before_and_what_comes_after() {
    let mut file = Packing::WholeGzip.pack(&site(200)).0;
    let first = file.len();
    file[first * 2 / 3] ^= 0xff;
    file[first * 2 / 3 + 1] ^= 0xff;
    file.extend(Packing::Gzip.pack(&site(3)).0);
    let items = read(&file);
    assert_accounted(&file, 0, &items);
    assert_eq!(reasons(&items), [Reason::DamagedMember]);
    let outline = outline(&items);
    let at = outline.iter().position(|line| line == "damaged_member").unwrap();
    assert!(at > 100, "{at}");
    assert_eq!(outline[at + 1..], [vec!["info".to_owned()], uris(0..3)].concat());
    assert_eq!(items[at + 1].location().offset as usize, first);
}

/// A disk that fails after so many bytes.
struct Failing(io::Cursor<Vec<u8>>, u64);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.position() >= self.1 {
            return Err(io::Error::other("disk on fire"));
        }
        let room = out.len().min((self.1 - self.0.position()) as usize);
        self.0.read(&mut out[..room])
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn an_unreadable_disk_is_an_error_and_no_failed_record() {
    for packing in ALL {
        let (file, _) = packing.pack(&site(50));
        let half = file.len() as u64 / 2;
        let mut archive = Archive::open(Failing(io::Cursor::new(file), half), Limits::default()).unwrap();
        let error = loop {
            match archive.next_item() {
                Ok(Some(item)) => assert!(matches!(own(&item), Got::Record { .. }), "{packing:?} {item:?}"),
                Ok(None) => panic!("{packing:?}: no error"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.to_string(), "disk on fire", "{packing:?}");
    }
}
