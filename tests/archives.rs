//! Archives made for the tests.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, Synthetic, picture, synthetic_archive};

use crate::program::Place;

/// Three archives of `pages` pages each, with two pictures to a page; their names sort as they stand.
pub(crate) fn three_archives(place: &Place, folder: &str, pages: u64) -> Vec<PathBuf> {
    some_archives(place, folder, 3, pages)
}

/// The same, up to ten of them.
pub(crate) fn some_archives(place: &Place, folder: &str, count: usize, pages: u64) -> Vec<PathBuf> {
    std::fs::create_dir_all(place.path(folder)).unwrap();
    let compressions = [Compression::GzipPerRecord, Compression::Plain, Compression::ZstdPerRecord];
    let archives = compressions.into_iter().cycle().take(count).zip(0..).map(|(compression, seed)| {
        let path = place.path(&format!("{folder}/crawl-{seed}.warc{}", compression.extension()));
        let options = Synthetic { seed, pages, images_per_page: 2, image_size: (200, 160), paragraphs: 6, compression };
        synthetic_archive(BufWriter::new(File::create(&path).unwrap()), &options).unwrap();
        path
    });
    archives.collect()
}

/// A page with a text, a picture and a text.
pub(crate) fn page(image: &str) -> String {
    format!(
        "<!doctype html><title>A page</title><p>{0}</p><img src=\"{image}\" width=200 height=160><p>{0}</p>",
        "These are words enough for a paragraph that every rule of the recipe will keep."
    )
}

/// An archive of `pages` such pages, each with its picture, at `https://small.example/page/N`.
pub(crate) fn small(builder: ArchiveBuilder, pages: u64) -> ArchiveBuilder {
    (0..pages).fold(builder.warcinfo(), |builder, number| {
        let image = format!("https://small.example/image/{number}.png");
        builder
            .response(&format!("https://small.example/page/{number}"), &HttpResponse::html(&page(&image)))
            .response(&image, &HttpResponse::new("image/png", picture::png(number, 200, 160)))
    })
}

/// The bytes of a small archive.
pub(crate) fn small_bytes(compression: Compression, pages: u64) -> Vec<u8> {
    small(ArchiveBuilder::new(compression), pages).finish().bytes
}

/// The bundled archive.
pub(crate) fn quickstart() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/quickstart.warc.gz"))
}
