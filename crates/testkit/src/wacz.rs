//! WACZ 1.1 files: a zip with the archive, its page list and a package description.

use std::io::{self, Cursor, Write};

use serde_json::json;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::record::hex;
use crate::{Archive, RecordType, Timestamp};

/// A WACZ file under construction.
#[derive(Debug, Default)]
pub struct Wacz {
    files: Vec<(String, Vec<u8>)>,
    pages: Vec<(String, String)>,
}

impl Wacz {
    /// An empty package.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `archive` under `archive/NAME` and lists its responses as pages.
    #[must_use]
    pub fn archive(mut self, name: &str, archive: &Archive) -> Self {
        let responses = archive.members.iter().filter(|member| member.record_type == RecordType::Response);
        self.pages.extend(responses.map(|member| (member.id.clone(), member.url.clone())));
        self.file(&format!("archive/{name}"), archive.bytes.clone())
    }

    /// Adds any file.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), bytes.into()));
        self
    }

    /// The zip: archives stored, everything else deflated, as the WACZ standard asks.
    ///
    /// # Errors
    /// Those of the zip writer, such as a path given twice.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        let mut pages = json!({"format": "json-pages-1.0", "id": "pages", "title": "All pages"}).to_string() + "\n";
        for (id, url) in &self.pages {
            pages += &(json!({"id": id, "url": url, "ts": Timestamp::START.iso()}).to_string() + "\n");
        }
        let mut files = self.files;
        files.push(("pages/pages.jsonl".to_owned(), pages.into_bytes()));
        let resources: Vec<_> = files
            .iter()
            .map(|(path, bytes)| {
                json!({"name": path.rsplit('/').next(), "path": path, "bytes": bytes.len(),
                       "hash": format!("sha256:{}", hex(&Sha256::digest(bytes)))})
            })
            .collect();
        let package = json!({"profile": "data-package", "wacz_version": "1.1.1", "software": "obelisc-testkit",
                             "created": Timestamp::START.iso(), "resources": resources});
        files.push(("datapackage.json".to_owned(), package.to_string().into_bytes()));

        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in &files {
            let stored = path.starts_with("archive/");
            let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options =
                SimpleFileOptions::default().compression_method(method).last_modified_time(DateTime::default());
            zip.start_file(path.as_str(), options)?;
            zip.write_all(bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::{ArchiveBuilder, Compression, HttpResponse};

    #[test]
    fn a_package_holds_its_archive_unchanged_and_lists_its_pages() {
        let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
            .warcinfo()
            .response("https://site.example/", &HttpResponse::html("<p>a page</p>"))
            .finish();
        let bytes = Wacz::new().archive("data.warc.gz", &archive).finish().unwrap();
        assert_eq!(bytes, Wacz::new().archive("data.warc.gz", &archive).finish().unwrap());

        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut inner = Vec::new();
        zip.by_name("archive/data.warc.gz").unwrap().read_to_end(&mut inner).unwrap();
        assert_eq!(inner, archive.bytes);
        let mut pages = String::new();
        zip.by_name("pages/pages.jsonl").unwrap().read_to_string(&mut pages).unwrap();
        assert_eq!(pages.lines().count(), 2);
        assert!(pages.contains("https://site.example/"));
        let mut package = String::new();
        zip.by_name("datapackage.json").unwrap().read_to_string(&mut package).unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        assert_eq!(package["resources"][0]["bytes"], archive.bytes.len());
    }
}
