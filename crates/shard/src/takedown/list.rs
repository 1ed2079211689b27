//! The list: one entry on a line.

use std::collections::hash_map::{Entry as Slot, HashMap};
use std::fmt;
use std::hash::Hash;

use obelisc_document::UrlKey;
use url::{Host, Url};

use super::Takedown;
use crate::sink::sha256;

/// What a line can be.
const ALLOWED: &str = "use a URL (https://example.org/page), a host (example.org, or host:example.org) or the sha256 of \
                       an image's bytes (sha256:HEX)";

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Line of the list, from 1.
    pub line: usize,
    /// As it stands there.
    pub text: String,
    /// What it means.
    pub kind: EntryKind,
}

/// What an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// The page or image with this URL.
    Url,
    /// All pages and images of a host and of those below it.
    Host,
    /// Images with these bytes.
    Sha256,
}

impl EntryKind {
    /// The name in a dataset's accounts.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Url => "takedown_url",
            Self::Host => "takedown_host",
            Self::Sha256 => "takedown_sha256",
        }
    }
}

/// A line that is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFault {
    /// The line, from 1; 0 where the list as a whole is wrong.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// An entry in the form in which it is looked up.
enum Key {
    Url(UrlKey),
    Host(String),
    Sha256([u8; 32]),
}

impl Takedown {
    /// Most bytes of a list.
    pub const MAX_LIST_BYTES: u64 = 256 << 20;

    /// Reads a list: an entry on each line, blank lines and those that begin with `#` left out.  An entry that stands
    /// twice is one, in whatever spelling.
    ///
    /// # Errors
    /// All lines that are no entries; a list without any entry, or of more than
    /// [`MAX_LIST_BYTES`](Self::MAX_LIST_BYTES).
    pub fn parse(list: &[u8]) -> Result<Self, Vec<ListFault>> {
        let whole = |message: String| Err(vec![ListFault { line: 0, message }]);
        if list.len() as u64 > Self::MAX_LIST_BYTES {
            return whole(format!("longer than {} bytes", Self::MAX_LIST_BYTES));
        }
        let mut takedown = Self { list_sha256: sha256(list), ..Self::default() };
        let mut faults = Vec::new();
        // Some editors put a mark before the first character.
        let text = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
        for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let fault = |message| ListFault { line, message };
            match std::str::from_utf8(bytes).map(str::trim) {
                Err(_) => faults.push(fault(format!("not UTF-8; {ALLOWED}"))),
                Ok(text) if text.is_empty() || text.starts_with('#') => {}
                Ok(text) => match key(text) {
                    Ok(key) => takedown.add(line, text, key),
                    Err(message) => faults.push(fault(message)),
                },
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if takedown.entries.is_empty() {
            return whole(format!("the list has no entry; {ALLOWED}"));
        }
        Ok(takedown)
    }

    fn add(&mut self, line: usize, text: &str, key: Key) {
        // A list of 256 MiB has fewer entries than 32 bits count.
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let (is_new, kind) = match key {
            Key::Url(key) => (insert(&mut self.urls, key, place), EntryKind::Url),
            Key::Host(host) => (insert(&mut self.hosts, host, place), EntryKind::Host),
            Key::Sha256(digest) => (insert(&mut self.digests, digest, place), EntryKind::Sha256),
        };
        if is_new {
            self.entries.push(Entry { line, text: text.to_owned(), kind });
        }
    }
}

/// Whether the key is new; one that is there keeps its place.
fn insert<K: Eq + Hash>(places: &mut HashMap<K, u32>, key: K, place: u32) -> bool {
    match places.entry(key) {
        Slot::Occupied(_) => false,
        Slot::Vacant(slot) => {
            slot.insert(place);
            true
        }
    }
}

fn key(text: &str) -> Result<Key, String> {
    if text.contains("://") {
        return url(text).map(Key::Url);
    }
    match text.split_once(':') {
        Some((word, digest)) if word.eq_ignore_ascii_case("sha256") => digest_of(digest.trim()).map(Key::Sha256),
        Some((word, name)) if word.eq_ignore_ascii_case("host") => host(name.trim()).map(Key::Host),
        // A lone word is a mistake more often than a host.
        _ if text.contains('.') => host(text).map(Key::Host),
        _ => Err(format!("{text:?} is no entry; {ALLOWED}")),
    }
}

fn url(text: &str) -> Result<UrlKey, String> {
    match Url::parse(text) {
        // Pages that were files have addresses of files.
        Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => Ok(UrlKey::new(text)),
        Ok(url) => Err(format!("{text:?} has the scheme {}; use http, https or file", url.scheme())),
        Err(error) => Err(format!("{text:?}: {error}; {ALLOWED}")),
    }
}

fn host(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("{text:?} {why}; {ALLOWED}"));
    // As the hosts of URLs are read, so that both have one spelling.
    let Ok(host) = Host::parse(text) else { return wrong("is no host") };
    let Host::Domain(name) = host else { return Ok(host.to_string()) };
    let name = name.strip_suffix('.').unwrap_or(&name);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !name.split('.').all(is_label) {
        return wrong("is no host; hosts below it are meant without a pattern");
    }
    // What nobody can register is never one owner's.
    let suffix = psl::suffix(name.as_bytes());
    if suffix.is_some_and(|suffix| suffix.as_bytes() == name.as_bytes() && suffix.typ() == Some(psl::Type::Icann)) {
        return wrong("is a public suffix, below which everybody's hosts are; name those that are meant");
    }
    Ok(name.to_owned())
}

fn digest_of(digits: &str) -> Result<[u8; 32], String> {
    let wrong = || format!("{digits:?} is no sha256: 64 hexadecimal digits are");
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(list: &str) -> Vec<String> {
        Takedown::parse(list.as_bytes()).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_entry_is_read_in_every_spelling_and_counted_once() {
        let list = "\u{feff}# a comment\r\n\r\n  HTTPS://A.example:443/x#top \nhttps://a.example/x\nExample.ORG\nhost:example.org.\n\
                    host:b\u{fc}cher.example\nsha256:E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
                    host:[::1]\n127.1\nhost:localhost\nfile:///site/a.html";
        let takedown = Takedown::parse(list.as_bytes()).unwrap();
        let lines: Vec<_> = takedown.entries().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [3, 5, 7, 8, 9, 10, 11, 12]);
        assert_eq!(takedown.entries()[0].text, "HTTPS://A.example:443/x#top");
        let found = |url: &str| takedown.address(url).collect::<Vec<_>>();
        assert_eq!(found("https://a.example/x"), [0]);
        assert_eq!(found("https://sub.EXAMPLE.org./y"), [1]);
        assert_eq!(found("http://www.xn--bcher-kva.example/"), [2]);
        assert_eq!((found("http://[::1]:8080/"), found("http://127.0.0.1/")), (vec![4], vec![5]));
        assert_eq!((found("http://localhost/"), found("file:///site/a.html")), (vec![6], vec![7]));
        assert_eq!(takedown.bytes(b""), Some(3));
        assert_eq!(takedown.bytes(b"x"), None);
    }

    #[test]
    fn a_host_is_meant_with_those_below_it_and_no_other() {
        let takedown = Takedown::parse(b"host:example.org").unwrap();
        let is_meant = |host: &str| takedown.address(&format!("https://{host}/")).count() == 1;
        assert!(is_meant("example.org") && is_meant("a.b.example.org"));
        assert!(!is_meant("notexample.org") && !is_meant("example.org.evil.example") && !is_meant("org"));
        assert_eq!(takedown.address("data:image/png;base64,").count() + takedown.address("no address").count(), 0);
    }

    #[test]
    fn all_lines_that_are_no_entries_are_told_with_what_is_allowed() {
        let found = faults(
            "https://a.example/\nexample\nftp://a.example/x\nexample.org/page\nsha256:12\nhost:*.example.org\nhost:a b\nco.uk\nhttps://\n",
        );
        let told = ["2: ", "3: ", "4: ", "5: ", "6: ", "7: ", "8: ", "9: "];
        assert_eq!(found.len(), told.len(), "{found:#?}");
        for (fault, line) in found.iter().zip(told) {
            assert!(fault.starts_with(&format!("line {line}")), "{found:#?}");
        }
        assert!(found[0].contains("use a URL (https://"), "{found:#?}");
        assert!(found[1].contains("use http, https or file"), "{found:#?}");
        assert!(found[6].contains("public suffix"), "{found:#?}");
        assert!(Takedown::parse(b"\xff\xfe").unwrap_err()[0].message.starts_with("not UTF-8"));
    }

    #[test]
    fn a_list_without_an_entry_is_refused() {
        assert!(faults("# nothing\n\n")[0].contains("no entry"));
        assert!(faults("")[0].starts_with("line 0"));
    }
}
