//! Archives inside zip files.

use std::io::{Cursor, Write};

use obelisc_document::Reason;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::build::*;

fn zip(entries: &[(&str, CompressionMethod, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn the_archives_of_a_wacz_file_are_read_with_their_names_and_offsets() {
    let packed = Packing::Gzip.pack(&site(3)).0;
    let plain = Packing::Plain.pack(&site(2)).0;
    let file = zip(&[
        ("datapackage.json", CompressionMethod::Deflated, b"{}".to_vec()),
        ("archive/data.warc.gz", CompressionMethod::Stored, packed.clone()),
        ("archive/more.warc", CompressionMethod::Deflated, plain.clone()),
        ("archive/old.warc.bz2", CompressionMethod::Stored, b"BZh91AY&SY".to_vec()),
        ("indexes/index.cdx", CompressionMethod::Stored, packed.clone()),
    ]);
    let items = read(&file);
    let (first, rest) = items.split_at(4);
    let (second, refused) = rest.split_at(3);
    for (items, name, inner) in [(first, "archive/data.warc.gz", &packed), (second, "archive/more.warc", &plain)] {
        assert_accounted(inner, 0, items);
        for item in items {
            assert_eq!(item.location().entry.as_deref(), Some(name));
            assert_eq!(read_at(&file, item.location()).as_ref(), Some(item));
        }
    }
    assert_eq!(reasons(refused), [Reason::UnsupportedCompression]);
    assert_eq!(refused[0].location().entry.as_deref(), Some("archive/old.warc.bz2"));
}

#[test]
fn a_deflated_archive_is_repaired_like_any_other() {
    let (mut inner, offsets) = Packing::Gzip.pack(&site(30));
    inner[offsets[7] + 100] ^= 0xff;
    inner[offsets[7] + 101] ^= 0xff;
    let file = zip(&[("archive/data.warc.gz", CompressionMethod::Deflated, inner.clone())]);
    let items = read(&file);
    assert_eq!((items.len(), reasons(&items)), (31, vec![Reason::DamagedMember]));
    assert_accounted(&inner, 0, &items);
}

#[test]
fn a_zip_file_without_archives_or_without_an_end_is_one_failure() {
    let file = zip(&[("datapackage.json", CompressionMethod::Stored, b"{}".to_vec())]);
    assert_eq!(reasons(&read(&file)), [Reason::NotAnArchive]);
    let file = zip(&[("archive/data.warc.gz", CompressionMethod::Stored, Packing::Gzip.pack(&site(3)).0)]);
    let cut = &file[..file.len() - 40];
    assert_eq!(reasons(&read(cut)), [Reason::NotAnArchive]);
    assert_accounted(cut, 0, &read(cut));
}

#[test]
fn a_mutated_wacz_file_is_read_to_its_end() {
    let file = zip(&[
        ("archive/data.warc.gz", CompressionMethod::Stored, Packing::Gzip.pack(&site(3)).0),
        ("archive/more.warc", CompressionMethod::Deflated, Packing::Plain.pack(&site(2)).0),
    ]);
    let mut random = Random(42);
    for _ in 0..2000 {
        let mut file = file.clone();
        for _ in 0..1 + random.below(6) {
            let at = random.below(file.len());
            file[at] = random.next() as u8;
        }
        if random.below(3) == 0 {
            file.truncate(random.below(file.len()));
        }
        assert!(!read(&file).is_empty());
    }
}
