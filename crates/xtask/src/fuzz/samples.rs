//! What is damaged: the repository's fixtures, the small archives of `OBELISC_DATA`, and what lies in them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result};
use memchr::memmem;
use obelisc_warc::{Archive, Item, Limits};

use crate::{data, root};

/// Largest sample: small ones try more in the same time.
const MAX_BYTES: usize = 256 << 10;

/// Most samples that one archive, or one page, gives of what lies in it.
const MAX_WITHIN: usize = 20;

/// Values of attributes that no fixture holds.
const SRCSETS: [&str; 6] = [
    "a.jpg 300w,\nb.jpg 600w 400h , c.jpg",
    "/w_300,h_200/a.jpg 1x, /w_600,h_400/a.jpg 1.5x",
    "data:image/gif;base64,R0lGOD 1w, b 2w",
    "a f(1,2) 3w, b 1e3x, c -0x, d 5h",
    ",, a,b, c\td\u{c}2x\r,",
    "a 1w 2h, b 4294967296w, c infx, d NaNx, é.png ２w",
];

/// Samples by the name of their target.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<&'static str, Vec<Vec<u8>>>);

impl Samples {
    /// Reads all of them, in one order everywhere: a case is a number.
    pub(super) fn collect() -> Result<Self> {
        let mut samples = Self::default();
        samples.folder(&root().join("tests/fixtures"))?;
        let mut crates = paths(&root().join("crates"))?;
        crates.retain(|path| path.is_dir());
        crates.iter().try_for_each(|folder| samples.folder(&folder.join("tests")))?;
        match data() {
            Some(data) => samples.folder(&data.join("warcs-others"))?,
            None => println!("OBELISC_DATA is not set: fixtures only"),
        }
        SRCSETS.iter().for_each(|text| samples.add("srcset", text.as_bytes()));
        Ok(samples)
    }

    /// The samples of a target.
    pub(super) fn of(&self, target: &str) -> &[Vec<u8>] {
        self.0.get(target).map(Vec::as_slice).unwrap_or_default()
    }

    /// Writes the samples of a target as files.
    pub(super) fn write(&self, target: &str, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for (number, sample) in self.of(target).iter().enumerate() {
            std::fs::write(folder.join(format!("{number:05}")), sample)?;
        }
        println!("{}: {} files", folder.display(), self.of(target).len());
        Ok(())
    }

    fn add(&mut self, target: &'static str, bytes: &[u8]) {
        if bytes.len() <= MAX_BYTES {
            self.0.entry(target).or_default().push(bytes.to_vec());
        }
    }

    fn folder(&mut self, folder: &Path) -> Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        for path in paths(folder)? {
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.metadata()?.len() <= MAX_BYTES as u64 {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let name = path.file_name().context("a file has a name")?.to_string_lossy();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends(&[".html"]) {
            self.page(&std::fs::read(path)?);
        } else if ends(&[".jpg", ".jpeg", ".png", ".gif", ".webp"]) {
            self.add("image", &std::fs::read(path)?);
        } else if ends(&[".bin", ".ftz", ".model", ".arpa"])
            || path.parent().is_some_and(|folder| folder.ends_with("kenlm"))
        {
            self.add("model", &std::fs::read(path)?);
        } else if ends(&[".txt"]) {
            self.add("text", &std::fs::read(path)?);
        } else if ends(&[".warc", ".arc", ".gz", ".zst", ".lz4", ".wacz"]) {
            self.archive(std::fs::read(path)?)?;
        }
        Ok(())
    }

    fn page(&mut self, bytes: &[u8]) {
        self.add("html", bytes);
        self.add("text", bytes);
        for at in memmem::find_iter(bytes, b"srcset=").take(MAX_WITHIN) {
            let value = &bytes[at + b"srcset=".len()..];
            if let Some((quote @ (b'"' | b'\''), value)) = value.split_first() {
                let end = memchr::memchr(*quote, value).unwrap_or(0);
                self.add("srcset", &value[..end]);
            }
        }
    }

    /// An archive, the plain one in it where it is compressed with gzip (its records are reached more often where they need
    /// not be decompressed first), its responses, and the pages and images in them.
    fn archive(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.add("warc", &bytes);
        if bytes.starts_with(b"\x1f\x8b") {
            let mut plain = Vec::new();
            let mut decoder = flate2::read::MultiGzDecoder::new(&*bytes).take(MAX_BYTES as u64);
            if decoder.read_to_end(&mut plain).is_ok() {
                self.add("warc", &plain);
            }
        }
        let limits = Limits::default();
        let mut archive = Archive::open(Cursor::new(bytes), limits)?;
        let mut within = 0;
        while let Some(item) = archive.next_item()? {
            let Item::Record(record) = item else { continue };
            if within == MAX_WITHIN || !record.block.starts_with(b"HTTP/") {
                continue;
            }
            let Ok(response) = record.response(&limits) else { continue };
            within += 1;
            self.add("http", record.block);
            let Ok(body) = response.body(&limits) else { continue };
            if response.is_html(&body.bytes) {
                self.page(&body.bytes);
            } else if obelisc_image::sniff(&body.bytes).is_some() {
                self.add("image", &body.bytes);
            }
        }
        Ok(())
    }
}

fn paths(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::super::targets::TARGETS;
    use super::*;

    #[test]
    fn every_target_has_samples_and_holds_on_them() {
        let samples = Samples::collect().unwrap();
        for (name, target) in TARGETS {
            let found: u64 = samples.of(name).iter().map(|sample| target(sample)).sum();
            assert!(found > 0, "{name}");
        }
        let known = TARGETS.map(|(name, _)| name);
        assert!(samples.0.keys().all(|name| known.contains(name)), "{:?}", samples.0.keys());
    }
}
