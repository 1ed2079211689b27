//! Thousands of broken archives: no panic, no hang, every byte accounted for.

use obelisc_warc::{Archive, Item, Limits};

use crate::build::*;

/// Breaks a file in one of the ways in which files break.
fn mutate(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(file.len());
        let end = (at + 1 + random.below(400)).min(file.len());
        match random.below(7) {
            0 => file.truncate(at),
            1 => drop(file.drain(at..end)),
            2 => {
                let copy = file[at..end].to_vec();
                let to = random.below(file.len());
                file.splice(to..to, copy);
            }
            3 => file[at..end].fill(random.next() as u8),
            4 => {
                let garbage: Vec<u8> = (0..end - at).map(|_| random.next() as u8).collect();
                file.splice(at..at, garbage);
            }
            _ => {
                for _ in 0..1 + random.below(8) {
                    let at = random.below(file.len());
                    file[at] ^= 1 << random.below(8);
                }
            }
        }
        if file.is_empty() {
            break;
        }
    }
    file
}

fn mixed() -> Vec<Vec<u8>> {
    let mut records = site(6);
    records.insert(3, warc("request", "https://example.org/2", b"GET / HTTP/1.1\r\n\r\n"));
    records.insert(5, warc("response", "https://example.org/large", &http(77, 4000)));
    records
}

#[test]
fn every_byte_of_a_mutated_archive_is_accounted_for() {
    let limits = Limits { max_record_bytes: 2000, max_header_bytes: 1000, max_body_bytes: 5000 };
    for (seed, packing) in ALL.into_iter().enumerate() {
        let (file, _) = packing.pack(&mixed());
        let mut random = Random(seed as u64 + 1);
        for _ in 0..2500 {
            let file = mutate(&file, &mut random);
            assert_accounted(&file, 0, &read_with(&file, limits));
            assert_accounted(&file, 0, &read(&file));
        }
    }
}

#[test]
fn a_record_of_a_mutated_archive_is_found_again_where_it_was() {
    for (seed, packing) in ALL.into_iter().enumerate() {
        let (file, _) = packing.pack(&mixed());
        let mut random = Random(seed as u64 + 100);
        for _ in 0..300 {
            let file = mutate(&file, &mut random);
            for item in read(&file) {
                let Got::Record { location, block, truncated: false, .. } = &item else { continue };
                let Some(Got::Record { block: again, .. }) = read_at(&file, location) else {
                    panic!("{packing:?} {location:?}: no record")
                };
                assert_eq!(&again, block, "{packing:?} {location:?}");
            }
        }
    }
}

#[test]
fn mutated_responses_decode_or_give_a_reason() {
    let limits = Limits { max_body_bytes: 20_000, ..Limits::default() };
    let page = http(5, 3000);
    let mut random = Random(7);
    for (name, packing) in [("gzip", Packing::Gzip), ("zstd", Packing::Zstd), ("br", Packing::Plain)] {
        let body = member(packing, &page);
        let mut block = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\nTransfer-Encoding: chunked\r\n\r\n");
        block.push_str(&format!("{:x}\r\n", body.len()));
        let block = [block.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        for _ in 0..3000 {
            let file = warc("response", "https://example.org/", &mutate(&block, &mut random));
            let mut archive = Archive::open(std::io::Cursor::new(file), limits).unwrap();
            let Some(Item::Record(record)) = archive.next_item().unwrap() else { panic!("no record") };
            if let Ok(response) = record.response(&limits)
                && let Ok(body) = response.body(&limits)
            {
                assert!(body.bytes.len() as u64 <= limits.max_body_bytes);
                response.is_html(&body.bytes);
            }
        }
    }
}

#[test]
fn a_mutated_dictionary_file_is_read_to_its_end() {
    let file = include_bytes!("../fixtures/compressed-dictionary.warc.zst");
    let mut random = Random(3);
    for _ in 0..3000 {
        let file = mutate(file, &mut random);
        assert!(!read(&file).is_empty());
    }
}
