//! Pages made to hurt cost themselves and nothing else.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use obelisc_testkit::picture;
use obelisc_testkit::{
    ArchiveBuilder, ArchiveWriter, Compression, ContentCoding, Format, HttpResponse, Record, RecordType,
};
use serde_json::Value;

use crate::archives::page;
use crate::dataset::rows;
use crate::program::{Place, obelisc, run_of};

const HOSTILE: &str = "https://hostile.example/";
const GOOD: &str = "https://good.example/";

fn response(url: &str, response: &HttpResponse) -> Record {
    Record::new(RecordType::Response, Some(url), "application/http; msgtype=response", response.bytes())
}

/// An archive with a hostile page between the start and a good page with its picture, streamed to a file.
fn archive(place: &Place, hostile: &HttpResponse) -> PathBuf {
    let path = place.path("hostile.warc.gz");
    let out = BufWriter::new(File::create(&path).unwrap());
    let mut writer = ArchiveWriter::new(out, Format::Warc11, Compression::GzipPerRecord).unwrap();
    writer.write(&response(HOSTILE, hostile)).unwrap();
    let image = "https://good.example/image.png";
    writer.write(&response(GOOD, &HttpResponse::html(&page(image)))).unwrap();
    writer.write(&response(image, &HttpResponse::new("image/png", picture::png(1, 200, 160)))).unwrap();
    writer.finish().unwrap();
    path
}

/// The failures that `explain` shows of the hostile page.
fn failures(output: &Path) -> Vec<Value> {
    let found = obelisc(["explain"]).path(output).words(["--json", "--url", HOSTILE]).ok().json();
    assert!(found["documents"].as_array().unwrap().is_empty(), "{found}");
    found["failures"].as_array().unwrap().clone()
}

/// Runs over a hostile page: it is one row of the ledger, with this reason, and the good page is in the dataset.
fn one_row(hostile: &HttpResponse, set: &[&str], reason: &str) {
    let place = Place::new();
    let output = place.path("out");
    let archive = archive(&place, hostile);
    // Nothing is to be spared the parser.
    let read_all = ["extract.skip.max_html_bytes=off", "extract.skip.min_image_tags=off"];
    let set = read_all.iter().chain(set);
    let call = set.fold(run_of(&[archive], &output), |call, set| call.words(["--set", set]));
    call.ok();
    let failures = failures(&output);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["reason"], reason, "{failures:?}");
    let urls: Vec<String> = rows(&output.join("dataset")).into_iter().map(|row| row.url).collect();
    assert_eq!(urls, [GOOD]);
}

const MEGABYTE: usize = 1_000_000;

/// This many bytes of `<div>`.
fn divs(bytes: usize) -> HttpResponse {
    HttpResponse::html(&"<div>".repeat(bytes / 5))
}

#[test]
fn a_page_of_100_mb_of_div_is_larger_than_a_record_may_be() {
    one_row(&divs(100 * MEGABYTE), &[], "record_too_large");
}

#[test]
fn a_page_of_100_mb_of_div_that_may_be_as_large_as_it_likes_is_too_deep() {
    let caps =
        ["extract.max_record_bytes=200000000", "extract.max_body_bytes=200000000", "extract.max_html_bytes=200000000"];
    one_row(&divs(100 * MEGABYTE), &caps, "too_deep");
}

#[test]
fn a_page_of_too_many_nodes_is_one_row() {
    let flat = HttpResponse::html(&"<p>word".repeat(10_000));
    one_row(&flat, &["extract.max_dom_nodes=5000"], "too_many_nodes");
}

#[test]
fn a_body_that_unpacks_to_more_than_the_cap_is_one_row() {
    for coding in [ContentCoding::Gzip, ContentCoding::Brotli, ContentCoding::Zstd, ContentCoding::RawDeflate] {
        let bomb = HttpResponse::html(&" ".repeat(40 * MEGABYTE)).coded(coding);
        one_row(&bomb, &["extract.max_body_bytes=20000000"], "body_too_large");
    }
}

#[test]
fn a_lying_content_encoding_is_one_row_or_a_plain_page() {
    let words = HttpResponse::new("text/html", vec![0x1f; 2000]).header("Content-Encoding", "gzip");
    one_row(&words, &[], "damaged_content_encoding");
    let unknown = HttpResponse::new("text/html", vec![7; 2000]).header("Content-Encoding", "compress-me");
    one_row(&unknown, &[], "unsupported_content_encoding");
}

#[test]
fn a_page_that_says_much_of_each_of_many_images_is_one_row() {
    let images = "<img src=a.jpg><p>b".repeat(15_000);
    let base = format!("<base href=\"https://hostile.example/{}/\">{images}", "c".repeat(8_000));
    one_row(&HttpResponse::html(&base), &[], "document_too_long");
    let figure: String = (0..15_000).map(|i| format!("<img src={i}.jpg>")).collect();
    let caption = format!("<figure>{figure}<figcaption>{}</figcaption></figure>", "d ".repeat(MEGABYTE / 2));
    one_row(&HttpResponse::html(&caption), &[], "document_too_long");
}

#[test]
fn images_made_to_hurt_cost_themselves() {
    let place = Place::new();
    // The header of a PNG that states 60,000 by 60,000 pixels.
    let mut huge = picture::png(5, 200, 160);
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let image = |name: &str| format!("https://good.example/{name}");
    let html = format!(
        "{}<img src=\"/huge.png\"><p>A last paragraph with words enough to be kept.</p>",
        page(&image("fine.png"))
    );
    let builder = ArchiveBuilder::new(Compression::GzipPerRecord)
        .response(GOOD, &HttpResponse::html(&html))
        .response(&image("huge.png"), &HttpResponse::new("image/png", huge))
        .response(&image("fine.png"), &HttpResponse::new("image/png", picture::png(1, 200, 160)));
    let archive = place.write("a.warc.gz", builder.finish().bytes);
    let output = place.path("out");
    run_of(&[archive], &output).ok();
    assert_eq!(rows(&output.join("dataset"))[0].sources(), [image("fine.png")]);
    let explain = obelisc(["explain"]).path(&output).words(["--url", GOOD]).ok().stdout;
    assert!(explain.contains("huge.png"), "{explain}");
    let lost = explain.lines().find(|line| line.contains("huge.png") && line.contains("DROPPED")).unwrap();
    assert!(lost.contains("too_many_pixels") || lost.contains("damaged_image"), "{lost}");
}
