//! A folder of pages and pictures, and a list of captures, turned into an archive.
//!
//! The list (`captures.txt`) has one capture per line, in the order of the archive:
//!
//! ```text
//! # path               file                    status  media type                 what else
//! /fractals/julia      fractals/julia.html     200     text/html;charset=utf-8    gzip chunked=900
//! /old/julia           -                       301     text/html                  location=/fractals/julia
//! ```
//!
//! `-` as file is an empty body. What else: `gzip`, `deflate`, `br`, `zstd` code the body; `chunked=SIZE` frames it;
//! `location=PATH` sends the reader on; `metadata` adds a metadata record; `scratch=AT,COUNT` spoils the response's
//! member; `cut` is a note for the reader: the file itself ends early.

use std::fs;
use std::io;
use std::path::Path;

use crate::{Archive, ArchiveBuilder, Compression, ContentCoding, Damage, HttpResponse};

/// The archive of the site in `folder`: a `warcinfo` record, then a request and a response for each line of `captures`,
/// WARC 1.1 in gzip members. `origin` is the scheme and host that paths belong to, without a slash at its end.
///
/// # Errors
/// `InvalidData`, with the line's number, for a line that does not read; else those of reading the files.
pub fn archive(folder: &Path, captures: &str, origin: &str) -> io::Result<Archive> {
    let mut builder = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo();
    for (number, line) in captures.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {what}", number + 1));
        let fields: Vec<_> = line.split_whitespace().collect();
        let [path, file, status, media_type, extras @ ..] = &fields[..] else {
            return Err(wrong("path, file, status and media type are needed"));
        };
        let body = if *file == "-" { Vec::new() } else { fs::read(folder.join(file))? };
        let status = status.parse().map_err(|_| wrong("the status is a number"))?;
        let url = format!("{origin}{path}");
        let mut capture = Capture {
            response: HttpResponse::new(media_type, body).status(status).header("Server", "atlas"),
            damage: None,
            metadata: false,
        };
        for extra in extras {
            capture = capture.with(extra, origin).ok_or_else(|| wrong(&format!("`{extra}` is not known")))?;
        }
        builder = builder.request(&url).response(&url, &capture.response);
        if let Some(damage) = capture.damage {
            builder = builder.damage_last(damage);
        }
        if capture.metadata {
            builder = builder.metadata(&url, &[("fetchTimeMs", "31"), ("via", origin), ("hopsFromSeed", "L")]);
        }
    }
    Ok(builder.finish())
}

struct Capture {
    response: HttpResponse,
    damage: Option<Damage>,
    metadata: bool,
}

impl Capture {
    fn with(mut self, extra: &str, origin: &str) -> Option<Self> {
        let (name, value) = extra.split_once('=').unwrap_or((extra, ""));
        let coding = match name {
            "gzip" => Some(ContentCoding::Gzip),
            "deflate" => Some(ContentCoding::Deflate),
            "br" => Some(ContentCoding::Brotli),
            "zstd" => Some(ContentCoding::Zstd),
            _ => None,
        };
        if let Some(coding) = coding {
            self.response = self.response.coded(coding);
            return Some(self);
        }
        match name {
            "chunked" => self.response = self.response.chunked(value.parse().ok()?),
            "location" => self.response = self.response.header("Location", &format!("{origin}{value}")),
            "metadata" => self.metadata = true,
            "cut" => {}
            "scratch" => {
                let (at, count) = value.split_once(',')?;
                self.damage = Some(Damage::Scratch(at.parse().ok()?, count.parse().ok()?));
            }
            _ => return None,
        }
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordType;

    fn quickstart() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/quickstart"))
    }

    #[test]
    fn the_committed_quickstart_archive_is_what_its_sources_give() {
        let captures = fs::read_to_string(quickstart().join("captures.txt")).unwrap();
        let built = archive(&quickstart().join("site"), &captures, "https://atlas.example").unwrap();
        let committed = fs::read(quickstart().join("../quickstart.warc.gz")).unwrap();
        let hint = "the sources have changed: cargo run -p obelisc-testkit --example build_quickstart";
        assert!(built.bytes == committed, "{hint}");
    }

    #[test]
    fn a_line_becomes_a_request_a_response_and_what_it_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.html"), "<p>text</p>").unwrap();
        let list = "# a comment\n\n/a a.html 200 text/html gzip chunked=5 metadata\n/b - 301 text/html location=/a\n";
        let archive = archive(folder.path(), list, "https://site.example").unwrap();
        let types: Vec<_> = archive.members.iter().map(|member| member.record_type).collect();
        let (request, response) = (RecordType::Request, RecordType::Response);
        assert_eq!(types, [RecordType::Warcinfo, request, response, RecordType::Metadata, request, response]);
        assert_eq!(archive.members[5].url, "https://site.example/b");
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        let folder = tempfile::tempdir().unwrap();
        for (list, message) in [
            ("\n/a -\n", "line 2: path, file, status and media type are needed"),
            ("/a - two text/html\n", "line 1: the status is a number"),
            ("/a - 200 text/html gzap\n", "line 1: `gzap` is not known"),
        ] {
            assert_eq!(archive(folder.path(), list, "https://site.example").unwrap_err().to_string(), message);
        }
    }
}
