//! Archives: a file in any container, and the records in it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use obelisc_document::Reason;

use crate::capped::{Compression, probe};
use crate::header;
use crate::limits::Limits;
use crate::location::Location;
use crate::reader::Reader;
use crate::record::{Failure, Item};
use crate::source::{Input, Source};
use crate::stream::Stream;
use crate::wacz::{self, Entry};

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Members(Compression),
    Zip,
    Unsupported(&'static str),
}

/// The records of one file.
///
/// Reads forward through the file and holds one record at a time; goes back only to repair what damage hid.
pub struct Archive {
    limits: Limits,
    current: Option<Reader>,
    /// Failures to give before the current file's records.
    failures: VecDeque<Failure>,
    /// Archives of a WACZ file that are still to be read.
    entries: VecDeque<Entry>,
    input: Option<Arc<Mutex<Box<dyn Input>>>>,
}

impl Archive {
    /// Opens a WARC, ARC or WACZ file, compressed or not, whatever its name.
    ///
    /// # Errors
    ///
    /// What the input fails with.  Bytes that are no archive are no error: [`next_item`](Self::next_item) says so.
    pub fn open(input: impl Input + 'static, limits: Limits) -> io::Result<Self> {
        let mut archive =
            Self { limits, current: None, failures: VecDeque::new(), entries: VecDeque::new(), input: None };
        let mut source = Source::new(Box::new(input), 0, u64::MAX)?;
        if container(&mut source)? == Container::Zip {
            archive.open_zip(source)?;
        } else {
            archive.open_file(source, None)?;
        }
        Ok(archive)
    }

    /// Opens a file at a record: the first item is what lies there, the archive ends where the location does.
    ///
    /// Reads the range alone (and the dictionary at the beginning of a zstd file, and the directory of a WACZ file).
    /// Where the location is not [addressable](Location::addressable), the member is decompressed up to the record.
    ///
    /// # Errors
    ///
    /// What the input fails with; [`io::ErrorKind::NotFound`] if a WACZ file has no such entry.
    pub fn open_at(input: impl Input + 'static, location: &Location, limits: Limits) -> io::Result<Self> {
        let mut archive =
            Self { limits, current: None, failures: VecDeque::new(), entries: VecDeque::new(), input: None };
        let mut source = Source::new(Box::new(input), 0, u64::MAX)?;
        if let Some(name) = &location.entry {
            archive.open_zip(source)?;
            let entry = archive.entries.iter().find(|entry| entry.name == *name).cloned();
            archive.entries.clear();
            archive.failures.clear();
            let (Some(entry), Some(input)) = (entry, &archive.input) else {
                return Err(io::Error::new(io::ErrorKind::NotFound, format!("no archive {name} in the file")));
            };
            source = Source::new(entry.open(input), 0, u64::MAX)?;
        }
        archive.open_range(source, location)?;
        Ok(archive)
    }

    /// The next record or failure; none at the end.
    ///
    /// # Errors
    ///
    /// What the input fails with.  A disk that cannot be read is no bad data: the file should be tried again.
    pub fn next_item(&mut self) -> io::Result<Option<Item<'_>>> {
        loop {
            if let Some(failure) = self.failures.pop_front() {
                return Ok(Some(Item::Failure(failure)));
            }
            if let Some(reader) = &mut self.current {
                if reader.ready()? {
                    break;
                }
                self.current = None;
            }
            let (Some(entry), Some(input)) = (self.entries.pop_front(), &self.input) else { return Ok(None) };
            let source = Source::new(entry.open(input), 0, u64::MAX)?;
            self.open_file(source, Some(entry.name))?;
        }
        Ok(self.current.as_mut().and_then(Reader::take))
    }

    fn open_zip(&mut self, mut source: Source) -> io::Result<()> {
        let end = source.end_of_input()?;
        let input = Arc::new(Mutex::new(source.into_input()));
        match wacz::entries(&input)? {
            Ok((entries, failures)) => {
                self.entries = entries.into();
                self.failures.extend(failures);
                if self.entries.is_empty() && self.failures.is_empty() {
                    let detail = "the zip file holds no archive/*.warc";
                    self.failures.push_back(whole_file(None, end, Reason::NotAnArchive, detail));
                }
            }
            Err(detail) => self.failures.push_back(whole_file(None, end, Reason::NotAnArchive, &detail)),
        }
        self.input = Some(input);
        Ok(())
    }

    fn open_file(&mut self, mut source: Source, entry: Option<Arc<str>>) -> io::Result<()> {
        let compression = match container(&mut source)? {
            Container::Members(compression) => compression,
            Container::Unsupported(name) => {
                let end = source.end_of_input()?;
                self.failures.push_back(whole_file(entry, end, Reason::UnsupportedCompression, name));
                return Ok(());
            }
            Container::Zip => {
                let (end, detail) = (source.end_of_input()?, "a zip file inside a zip file");
                self.failures.push_back(whole_file(entry, end, Reason::NotAnArchive, detail));
                return Ok(());
            }
        };
        let mut stream = Stream::new(source, compression)?;
        if compression == Compression::Zstd
            && let Err(detail) = stream.load_dictionary()?
        {
            let location = Location { entry: entry.clone(), offset: 0, length: Some(0), inner: 0 };
            self.failures.push_back(Failure { reason: Reason::DamagedMember, location, url: None, detail });
        }
        self.current = Some(Reader::new(stream, self.limits, entry));
        Ok(())
    }

    fn open_range(&mut self, mut source: Source, location: &Location) -> io::Result<()> {
        let Container::Members(compression) = container(&mut source)? else {
            return self.open_file(source, location.entry.clone());
        };
        let mut stream = Stream::new(source, compression)?;
        if compression == Compression::Zstd && stream.load_dictionary()?.is_err() {
            // Members that need it fail by themselves.
        }
        stream.restrict(location.offset, location.length)?;
        stream.skip(location.inner)?;
        self.current = Some(Reader::new(stream, self.limits, location.entry.clone()));
        Ok(())
    }
}

fn whole_file(entry: Option<Arc<str>>, length: u64, reason: Reason, detail: &str) -> Failure {
    let location = Location { entry, offset: 0, length: Some(length), inner: 0 };
    Failure { reason, location, url: None, detail: detail.to_owned() }
}

/// Whether a file that begins with these bytes, of which 4 KiB suffice, should be opened as an archive: it begins with a
/// record, or is a compressed file of anything but a page, which [`lone_page`](crate::http::lone_page) reads.
pub fn is_archive(head: &[u8]) -> bool {
    match magic(head) {
        Some(Container::Members(compression @ (Compression::Gzip | Compression::Zstd))) => {
            !holds_markup(compression, head)
        }
        Some(_) => true,
        None => frame_without_data(head).is_some() || header::start(head).is_some(),
    }
}

/// Whether what is compressed begins with a tag, as no record does.
fn holds_markup(compression: Compression, head: &[u8]) -> bool {
    let mut start = [0; 256];
    let Some(length) = probe(compression, &[], head, &mut start) else { return false };
    let start = start[..length].trim_ascii_start();
    start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start().starts_with(b"<")
}

/// What the first bytes of a compressed file or container say.
fn magic(head: &[u8]) -> Option<Container> {
    Some(match head {
        [0x1f, 0x8b, 8, ..] => Container::Members(Compression::Gzip),
        [0x04, 0x22, 0x4d, 0x18, ..] => Container::Members(Compression::Lz4),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x5d, 0x2a, 0x4d, 0x18, ..] => Container::Members(Compression::Zstd),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Container::Zip,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..] => Container::Unsupported("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Container::Unsupported("xz"),
        _ => return None,
    })
}

/// The size of the skippable frame that these bytes begin.
fn frame_without_data(head: &[u8]) -> Option<u64> {
    match head {
        [kind, 0x2a, 0x4d, 0x18, a, b, c, d, ..] if kind & 0xf0 == 0x50 => {
            Some(u64::from(u32::from_le_bytes([*a, *b, *c, *d])))
        }
        _ => None,
    }
}

/// Looks at the first bytes, past skippable frames, and leaves the source where it was.
fn container(source: &mut Source) -> io::Result<Container> {
    let begin = source.offset();
    let mut found = None;
    for _ in 0..16 {
        let head = source.peek(8)?;
        found = magic(head);
        match frame_without_data(head) {
            Some(size) if found.is_none() => {
                let next = source.offset() + 8 + size;
                source.seek_to(next)?;
            }
            _ => break,
        }
    }
    source.seek_to(begin)?;
    Ok(found.unwrap_or(Container::Members(Compression::None)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn archives_are_told_from_pages_by_their_first_bytes() {
        for archive in [
            &b"WARC/1.0\r\nWARC-Type: warcinfo\r\n"[..],
            b"filedesc://a.arc 0.0.0.0 20240101000000 text/plain 76\n",
            b"\x1f\x8b\x08\0",
            b"\x50\x2a\x4d\x18\x04\0\0\0",
            b"PK\x03\x04",
            b"BZh91AY&SY",
        ] {
            assert!(is_archive(archive), "{archive:?}");
        }
        let gzip = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        let page = "\u{feff}\n <article>".repeat(5000);
        for file in [gzip(page.as_bytes()), zstd(page.as_bytes())] {
            assert!(!is_archive(&file[..file.len().min(4096)]));
        }
        for other in
            [gzip(b""), gzip(b"WARC/1.0\r\n"), zstd(b"WARC/1.0\r\n"), gzip(b"1 < 2"), gzip(b"<p>")[..10].to_vec()]
        {
            assert!(is_archive(&other), "{other:?}");
        }
        for page in [&b"<!doctype html><p>WARC/1.0\r\nWARC-Type: warcinfo\r\n"[..], b"", b"PK", b"Two words 12\n"] {
            assert!(!is_archive(page), "{page:?}");
        }
    }
}
