//! Takedowns: which pages and images somebody asked to have taken out of a dataset, and how a row loses them.
//!
//! A [`Takedown`] is a list of addresses, hosts and digests.  [`Takedown::cuts`] finds in a batch of a shard what the list
//! means, without the images' bytes unless the list names digests; [`cut`] takes it out of a row.  A row that loses images is the one that a
//! run would have written had a rule dropped them: the order of the rest is kept, and texts that come to stand side by side
//! become one.  A row of which nothing is left goes.
//!
//! ```
//! use obelisc_shard::Takedown;
//!
//! let list = Takedown::parse(b"# asked for on Monday\nhttps://a.example/page\nhost:b.example\n").unwrap();
//! assert_eq!(list.entries().len(), 2);
//! assert_eq!(list.address("https://a.example:443/page#top").collect::<Vec<_>>(), [0]);
//! assert_eq!(list.address("http://www.b.example/").collect::<Vec<_>>(), [1]);
//! assert_eq!(list.address("https://a.example/other").count(), 0);
//! ```

mod cut;
mod list;
mod scan;

use std::collections::HashMap;

use obelisc_document::UrlKey;
use sha2::{Digest, Sha256};
use url::Url;

pub use cut::{Losses, cut};
pub use list::{Entry, EntryKind, ListFault};
pub use scan::{ImageCut, RowCut};

/// What is to be taken out of a dataset.
#[derive(Debug, Default)]
pub struct Takedown {
    entries: Vec<Entry>,
    list_sha256: String,
    urls: HashMap<UrlKey, u32>,
    hosts: HashMap<String, u32>,
    digests: HashMap<[u8; 32], u32>,
}

impl Takedown {
    /// The entries, each once, in the order of the list; what matches is told by its place here.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// sha256 of the list's bytes, 64 hexadecimal digits.
    pub fn list_sha256(&self) -> &str {
        &self.list_sha256
    }

    /// What an entry does to the accounts: the name of the reason for which something is dropped.
    pub fn reason(&self, entry: u32) -> &'static str {
        let kind = usize::try_from(entry).ok().and_then(|entry| self.entries.get(entry)).map(|entry| entry.kind);
        kind.map_or("takedown", EntryKind::reason)
    }

    /// Columns of a shard that must be read to find what the list means.
    pub fn columns(&self) -> &'static [&'static str] {
        if self.digests.is_empty() {
            &["metadata", "general_metadata"]
        } else {
            &["images", "metadata", "general_metadata"]
        }
    }

    /// The entries that mean what has this address, be it a page or an image: its URL in canonical form, its host, and
    /// the hosts that this one lies below.
    pub fn address(&self, url: &str) -> impl Iterator<Item = u32> {
        let by_url = if self.urls.is_empty() { None } else { self.urls.get(&UrlKey::new(url)).copied() };
        by_url.into_iter().chain(self.by_host(url))
    }

    /// The entry that means these bytes of an image.
    pub fn bytes(&self, image: &[u8]) -> Option<u32> {
        let digest: [u8; 32] = Sha256::digest(image).into();
        self.digests.get(&digest).copied()
    }

    fn by_host(&self, url: &str) -> Vec<u32> {
        if self.hosts.is_empty() {
            return Vec::new();
        }
        let parsed = Url::parse(url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
        // A name with a dot at its end is the same name.
        let host = host.strip_suffix('.').unwrap_or(host);
        let above = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, above)| above));
        above.filter_map(|host| self.hosts.get(host).copied()).collect()
    }
}
