//! Every file of the test collections of other projects: record and HTML counts against their manifest.
//!
//! The files are not part of this repository: `OBELISC_DATA` names the folder that holds `warcs-others/`.
#![allow(clippy::disallowed_methods, reason = "a test reads its data")]

use obelisc_warc::{Archive, Item, Limits, RecordType};
use serde_json::Value;

use crate::build::{Got, assert_accounted, read, read_at};

/// A file for which the manifest, which another reader made, and this crate differ.
struct Difference {
    file: &'static str,
    records: u64,
    html: u64,
    failures: &'static [&'static str],
    /// What the bytes say.
    because: &'static str,
}

const DIFFERENCES: [Difference; 12] = [
    Difference {
        file: "apache+incubator-stormcrawler/unparsable-date.warc.gz",
        records: 3,
        html: 1,
        failures: &[],
        because: "one gzip member holds three sound records, the last a 404 page; the manifest's reader stops after one",
    },
    Difference {
        file: "commoncrawl+ia-web-commons/IAH-20080430204825-00000-blackbook-truncated.arc",
        records: 9,
        html: 2,
        failures: &[],
        because: "nine URL lines with right lengths; the manifest's reader counts the lines of the first block wrongly",
    },
    Difference {
        file: "iipc+webarchive-commons/link-extraction-test.warc",
        records: 8,
        html: 7,
        failures: &[],
        because: "a block is followed by the next record without a blank line; its length is right all the same",
    },
    Difference {
        file: "oduwsdl+ipwb/HTTP204.warc",
        records: 1,
        html: 1,
        failures: &["wrong_content_length", "wrong_content_length"],
        because: "the first two lengths stop 8 and 6 bytes before the end of their blocks",
    },
    Difference {
        file: "oduwsdl+ipwb/broken.warc",
        records: 5,
        html: 1,
        failures: &["wrong_content_length"],
        because: "the last record states 7 bytes and has 343",
    },
    Difference {
        file: "richardlehane+webarchive/hello-world2.arc",
        records: 2,
        html: 1,
        failures: &[],
        because: "ARC version 2: the manifest's reader takes the page for a record line",
    },
    Difference {
        file: "slyrz+warc/bench.warc.bz2",
        records: 0,
        html: 0,
        failures: &["unsupported_compression"],
        because: "bzip2 is refused",
    },
    Difference {
        file: "slyrz+warc/test.warc.bz2",
        records: 0,
        html: 0,
        failures: &["unsupported_compression"],
        because: "bzip2 is refused",
    },
    Difference {
        file: "webrecorder+py-wacz/invalid_example_1.wacz",
        records: 0,
        html: 0,
        failures: &["not_an_archive"],
        because: "the zip file holds no archive: said as a failure, not passed over",
    },
    Difference {
        file: "webrecorder+warcio/example-trunc.warc",
        records: 3,
        html: 0,
        failures: &["wrong_content_length"],
        because: "the page's length stops two bytes before the end of its gzip trailer",
    },
    Difference {
        file: "webrecorder+warcio/example-wrong-chunks.warc.gz",
        records: 2,
        html: 1,
        failures: &[],
        because: "three members hold two records, cut at other places; the manifest's reader stops after one",
    },
    Difference {
        file: "webrecorder+warcio.js/example-bad-length.warc",
        records: 5,
        html: 0,
        failures: &["wrong_content_length"],
        because: "the page's length stops one byte before the end of its gzip trailer",
    },
];

/// Records, pages that declare themselves HTML, and reasons.
fn count(bytes: &[u8]) -> (u64, u64, Vec<String>) {
    let limits = Limits::default();
    let mut archive = Archive::open(std::io::Cursor::new(bytes.to_vec()), limits).unwrap();
    let (mut records, mut html, mut failures) = (0, 0, Vec::new());
    while let Some(item) = archive.next_item().unwrap() {
        let record = match item {
            Item::Record(record) => record,
            Item::Failure(failure) => {
                failures.push(failure.reason.to_string());
                continue;
            }
        };
        records += 1;
        if record.record_type != RecordType::Response || !record.is_capture() {
            continue;
        }
        // Every response decodes, whatever its encodings.
        let response = record.response(&limits).unwrap();
        html += u64::from(response.declares_html());
        let body = response.body(&limits).unwrap();
        assert!(response.raw_body.is_empty() == body.bytes.is_empty() || response.raw_body.starts_with(b"0\r\n"));
    }
    (records, html, failures)
}

#[test]
fn records_and_pages_are_counted_as_the_manifest_says() {
    let Some(folder) = obelisc_testkit::data_folder() else { return };
    let manifest = std::fs::read(folder.join("warcs-others/MANIFEST.json")).unwrap();
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    let mut wrong = Vec::new();
    for file in &manifest {
        let name = file["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let stated = (file["records"].as_u64().unwrap(), file["html"].as_u64().unwrap(), Vec::new());
        let different = DIFFERENCES.iter().find(|different| name.ends_with(different.file));
        let expected = different.map_or(stated.clone(), |different| {
            (different.records, different.html, different.failures.iter().map(|&name| name.to_owned()).collect())
        });
        if different.is_some() && expected == stated {
            wrong.push(format!("{name}: the table names a difference where there is none"));
        }
        let counted = count(&bytes);
        if counted != expected {
            let because = different.map_or("", |different| different.because);
            wrong.push(format!("{name}: expected {expected:?}, counted {counted:?} {because}"));
        }
        let items = read(&bytes);
        if items.iter().all(|item| item.location().entry.is_none()) {
            assert_accounted(&bytes, 0, &items);
        }
        for item in items.iter().filter(|item| matches!(item, Got::Record { .. })) {
            assert_eq!(read_at(&bytes, item.location()).as_ref(), Some(item), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(manifest.len(), 90);
}
