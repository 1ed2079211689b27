//! The forms in which archives and pages come.

use std::path::{Path, PathBuf};

use obelisc_testkit::{ArchiveBuilder, Compression, Format, HttpResponse, Wacz, picture};

use crate::archives::{page, small, small_bytes};
use crate::dataset::{Row, rows};
use crate::program::{Place, run_of, run_recipe};

/// The rows of a run over one input.
fn dataset_of(place: &Place, input: &Path) -> Vec<Row> {
    let output = place.path("out");
    run_of(&[input], &output).ok();
    rows(&output.join("dataset"))
}

/// Each of the pages with its own picture's bytes, between its texts.
fn are_the_small_pages(rows: &[Row], count: u64) {
    assert_eq!(rows.len() as u64, count);
    for (row, number) in rows.iter().zip(0..) {
        assert_eq!(row.url, format!("https://small.example/page/{number}"));
        assert_eq!(row.images, [None, Some(picture::png(number, 200, 160)), None]);
        assert_eq!(row.texts.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    }
}

#[test]
fn every_compression_gives_the_same_pages_with_their_pictures() {
    let dictionary = small_bytes(Compression::Plain, 1)[..2000].to_vec();
    for compression in [
        Compression::Plain,
        Compression::GzipPerRecord,
        Compression::GzipWhole,
        Compression::Lz4PerRecord,
        Compression::ZstdPerRecord,
        Compression::ZstdDictionary(dictionary),
    ] {
        let place = Place::new();
        let name = format!("a.warc{}", compression.extension());
        let input = place.write(&name, small_bytes(compression, 4));
        are_the_small_pages(&dataset_of(&place, &input), 4);
    }
}

#[test]
fn every_format_of_archive_is_read() {
    for (format, name) in [
        (Format::Warc018, "a.warc.gz"),
        (Format::Warc10, "a.warc.gz"),
        (Format::Warc11, "a.warc.gz"),
        (Format::Arc, "a.arc.gz"),
    ] {
        let place = Place::new();
        let builder = ArchiveBuilder::new(Compression::GzipPerRecord).format(format);
        let input = place.write(name, small(builder, 3).finish().bytes);
        are_the_small_pages(&dataset_of(&place, &input), 3);
    }
}

#[test]
fn a_name_says_nothing_that_the_bytes_do_not() {
    let place = Place::new();
    let input = place.write("crawl.bin", small_bytes(Compression::GzipPerRecord, 2));
    are_the_small_pages(&dataset_of(&place, &input), 2);
}

#[test]
fn a_wacz_gives_the_pages_of_its_archives_and_names_them() {
    let place = Place::new();
    let first = small(ArchiveBuilder::new(Compression::GzipPerRecord), 3).finish();
    let image = "https://other.example/image.png";
    let second = ArchiveBuilder::new(Compression::GzipPerRecord)
        .response("https://other.example/", &HttpResponse::html(&page(image)))
        .response(image, &HttpResponse::new("image/png", picture::png(9, 200, 160)))
        .finish();
    let wacz = Wacz::new().archive("data-0.warc.gz", &first).archive("data-1.warc.gz", &second).finish().unwrap();
    let input = place.write("crawl.wacz", wacz);
    let rows = dataset_of(&place, &input);
    are_the_small_pages(&rows[..3], 3);
    assert_eq!(rows[3].url, "https://other.example/");
    assert_eq!(rows[3].images[1], Some(picture::png(9, 200, 160)));
    let explain = crate::program::obelisc(["explain"]).path(&place.path("out"));
    let explain = explain.words(["--url", "https://other.example/"]).ok().stdout;
    assert!(explain.contains("crawl.wacz/archive/data-1.warc.gz"), "{explain}");
}

/// A recipe for pages without pictures.
fn text_recipe(place: &Place) -> PathBuf {
    place.write("text.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n")
}

#[test]
fn a_folder_of_html_is_one_input_whose_pages_carry_their_paths() {
    let place = Place::new();
    for name in ["b.html", "a.htm", "deep/c.xhtml"] {
        place.write(&format!("site/{name}"), format!("<title>{name}</title><p>The page {name}.</p>"));
    }
    place.write("site/style.css", "p { color: red }");
    let output = place.path("out");
    run_recipe(&text_recipe(&place), &[place.path("site")], &output).ok();
    let rows = rows(&output.join("dataset"));
    let pages: Vec<_> = rows.iter().map(|row| (row.url.as_str(), row.texts[0].as_deref().unwrap())).collect();
    assert_eq!(
        pages,
        [
            ("file:///site/a.htm", "The page a.htm."),
            ("file:///site/b.html", "The page b.html."),
            ("file:///site/deep/c.xhtml", "The page deep/c.xhtml."),
        ]
    );
}

#[test]
fn an_image_of_one_archive_serves_a_page_of_another() {
    let place = Place::new();
    let image = "https://pictures.example/image.png";
    let pages = ArchiveBuilder::new(Compression::GzipPerRecord)
        .response("https://pages.example/", &HttpResponse::html(&page(image)))
        .finish();
    let pictures = ArchiveBuilder::new(Compression::ZstdPerRecord)
        .response(image, &HttpResponse::new("image/png", picture::png(3, 200, 160)))
        .finish();
    place.write("in/pages.warc.gz", pages.bytes);
    place.write("in/pictures.warc.zst", pictures.bytes);
    let rows = dataset_of(&place, &place.path("in"));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].images, [None, Some(picture::png(3, 200, 160)), None]);
}
