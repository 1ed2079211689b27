//! Identity: which document, which URL.
//!
//! Both keys are 128-bit xxh3: at the scale of a web crawl (10¹¹ pages) a 64-bit key would collide.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use url::Url;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl $name {
            /// Reads the 32 hexadecimal digits that `Display` writes.
            pub fn parse(text: &str) -> Option<Self> {
                let value = u128::from_str_radix(text, 16).ok()?;
                (text.len() == 32).then(|| Self(value.to_be_bytes()))
            }

            /// Reads a key from a 16-byte slice, as Arrow's fixed-size binary arrays hold it.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom("expected 32 hexadecimal digits"))
            }
        }
    };
}

key! {
    /// Identity of a document: xxh3-128 of the archive's file name and the record's offset.
    DocId
}

key! {
    /// Identity of a URL: xxh3-128 of its canonical form.
    UrlKey
}

impl DocId {
    /// The document that the record at `offset` (bytes into the file as stored) of the archive named
    /// `warc_filename` holds; where records share a compressed member, `inner` tells them apart (decompressed bytes
    /// before the record, else 0).  A plain HTML file is its own archive: its path, offset 0.
    pub fn new(warc_filename: &str, offset: u64, inner: u64) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(warc_filename.as_bytes());
        hasher.update(&[0]);
        hasher.update(&offset.to_be_bytes());
        hasher.update(&inner.to_be_bytes());
        Self(hasher.digest128().to_be_bytes())
    }
}

impl UrlKey {
    /// The key of a URL's [canonical form](canonical_url); of the string itself where it is no URL.
    pub fn new(url: &str) -> Self {
        let canonical = canonical_url(url);
        Self(xxh3_128(canonical.as_deref().unwrap_or(url).as_bytes()).to_be_bytes())
    }
}

/// Bytes as lower-case hexadecimal digits: how every digest is written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The canonical form of a URL: as the URL Standard serialises it (lower-case host, default port gone, dot
/// segments resolved), without fragment.  `None` where the URL Standard gives no URL.
pub fn canonical_url(url: &str) -> Option<String> {
    let mut parsed = Url::parse(url).ok()?;
    parsed.set_fragment(None);
    Some(parsed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_page_in_other_spelling_has_the_same_key() {
        assert_eq!(UrlKey::new("HTTP://Example.org:80/a/../b#top"), UrlKey::new("http://example.org/b"));
        assert_ne!(UrlKey::new("http://example.org/b"), UrlKey::new("http://example.org/B"));
    }

    #[test]
    fn name_and_offset_do_not_run_into_each_other() {
        assert_ne!(DocId::new("a.warc", 1, 0), DocId::new("a.warc\0", 1, 0));
        assert_ne!(DocId::new("a.warc", 1, 0), DocId::new("a.warc", 0, 1));
    }

    #[test]
    fn a_key_reads_back_what_it_shows() {
        let id = DocId::new("a.warc.gz", 7, 0);
        assert_eq!(DocId::parse(&id.to_string()), Some(id));
        assert_eq!(DocId::parse("12"), None);
    }
}
