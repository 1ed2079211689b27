//! Broken archives: the run ends well, and what is lost is counted with its reason.

use std::path::Path;

use obelisc_testkit::{ArchiveBuilder, Compression, Damage, HttpResponse};
use serde_json::Value;

use crate::archives::{page, small, small_bytes};
use crate::dataset::rows;
use crate::program::{Place, obelisc, run_of};

/// Pages and failures of a run over one file: how many documents were kept, and (offset, reason) of each failure.
fn outcome(name: &str, bytes: impl AsRef<[u8]>) -> (usize, Vec<(u64, String)>) {
    let place = Place::new();
    let output = place.path("out");
    let file = place.write(name, bytes);
    run_of(&[file], &output).ok();
    (rows(&output.join("dataset")).len(), failures(&output))
}

fn failures(output: &Path) -> Vec<(u64, String)> {
    let status = obelisc(["status"]).path(output).words(["--json", "--failures"]).ok().json();
    let failed = &status["steps"][0]["accounts"]["records"]["failed"];
    let counted: u64 = failed.as_object().map_or(0, |failed| failed.values().map(|n| n.as_u64().unwrap()).sum());
    let failures = status["failures"].as_array().unwrap();
    assert_eq!(counted, failures.len() as u64, "{status}");
    let row = |row: &Value| (row["offset"].as_u64().unwrap(), row["reason"].as_str().unwrap().to_owned());
    failures.iter().map(row).collect()
}

fn reasons(failures: &[(u64, String)]) -> Vec<&str> {
    failures.iter().map(|(_, reason)| reason.as_str()).collect()
}

#[test]
fn a_file_that_ends_in_the_middle_gives_what_came_before() {
    for (compression, name) in [
        (Compression::Plain, "a.warc"),
        (Compression::GzipPerRecord, "a.warc.gz"),
        (Compression::ZstdPerRecord, "a.warc.zst"),
        (Compression::Lz4PerRecord, "a.warc.lz4"),
    ] {
        let archive = small(ArchiveBuilder::new(compression), 4).finish();
        let last = archive.members.last().unwrap();
        let cut = (last.offset + last.length / 2) as usize;
        let (pages, failures) = outcome(name, &archive.bytes[..cut]);
        // The last record is the picture of the last page, which is then a page without one.
        assert_eq!(pages, 3, "{name}");
        assert_eq!(failures.len(), 1, "{name}: {failures:?}");
        assert_eq!(failures[0].0, last.offset, "{name}: {failures:?}");
        assert!(["truncated_record", "damaged_member"].contains(&reasons(&failures)[0]), "{name}: {failures:?}");
    }
}

#[test]
fn a_spoiled_member_costs_itself() {
    let page = HttpResponse::html(&page("https://small.example/image/0.png"));
    for damage in [Damage::FlipByte(200), Damage::Scratch(60, 20), Damage::CutAfter(150)] {
        let builder = small(ArchiveBuilder::new(Compression::GzipPerRecord), 1);
        let archive = builder
            .response("https://small.example/spoiled", &page)
            .damage_last(damage)
            .response("https://small.example/after", &page)
            .finish();
        let spoiled = archive.members[archive.members.len() - 2].offset;
        let (pages, failures) = outcome("a.warc.gz", &archive.bytes);
        assert_eq!(pages, 2, "{damage:?}: {failures:?}");
        assert_eq!(failures.len(), 1, "{damage:?}: {failures:?}");
        assert_eq!(failures[0].0, spoiled, "{damage:?}: {failures:?}");
    }
}

#[test]
fn a_length_that_lies_costs_its_record() {
    let page = HttpResponse::html(&page("https://small.example/image/0.png"));
    for length in [3, 1 << 40] {
        let archive = small(ArchiveBuilder::new(Compression::GzipPerRecord), 1)
            .response("https://small.example/lying", &page)
            .claim_length(length)
            .response("https://small.example/after", &page)
            .finish();
        let (pages, failures) = outcome("a.warc.gz", &archive.bytes);
        assert_eq!(pages, 2, "{length}: {failures:?}");
        assert_eq!(failures.len(), 1, "{length}: {failures:?}");
    }
}

#[test]
fn files_that_are_no_archive_are_counted_as_such() {
    let text = "A shopping list: bread, butter, tea.\n".repeat(100);
    for (name, bytes) in [
        ("list.warc", text.clone().into_bytes()),
        ("list.warc.gz", obelisc_testkit::gzip(text.as_bytes())),
        ("noise.warc.gz", (0..9000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("zeros.arc", vec![0; 5000]),
        ("list.wacz", text.into_bytes()),
    ] {
        let (pages, failures) = outcome(name, bytes);
        assert_eq!(pages, 0, "{name}");
        assert_eq!(reasons(&failures), ["not_an_archive"], "{name}");
    }
}

#[test]
fn bzip2_and_xz_are_refused_by_name() {
    for (name, magic) in [("a.warc.bz2", &b"BZh91AY&SY"[..]), ("a.warc.xz", &b"\xfd7zXZ\0"[..])] {
        let bytes = [magic, &[0x55; 3000]].concat();
        let (pages, failures) = outcome(name, bytes);
        assert_eq!((pages, reasons(&failures)), (0, vec!["unsupported_compression"]), "{name}");
    }
}

#[test]
fn a_broken_archive_among_good_ones_stops_nothing() {
    let place = Place::new();
    let good = small_bytes(Compression::GzipPerRecord, 3);
    place.write("in/a.warc.gz", &good[..good.len() / 2]);
    place.write("in/b.warc.gz", "");
    place.write("in/c.warc", "no archive at all");
    place.write("in/d.warc.gz", &good);
    let output = place.path("out");
    run_of(&[place.path("in")], &output).ok();
    let manifest = crate::dataset::manifest(&output.join("dataset"));
    let records: Vec<_> = manifest["inputs"].as_array().unwrap().iter().map(|input| input["records"].clone()).collect();
    assert_eq!(records.len(), 4, "{manifest}");
    assert_eq!(records[3], 7, "{manifest}");
    assert!(rows(&output.join("dataset")).len() >= 3);
    assert!(failures(&output).len() >= 2);
}

#[test]
fn an_empty_file_gives_an_empty_dataset_that_can_still_be_read() {
    let (pages, failures) = outcome("empty.warc.gz", "");
    assert_eq!(pages, 0);
    assert!(failures.len() <= 1, "{failures:?}");
}
