//! Near copies of text: what documents that are alike have in common.
//!
//! A [`Signer`] makes bands of a document; near copies share one of them, mostly ([`MinHash`]) or always ([`SimHash`]).  Who sees the bands of all
//! documents in the order of their keys gets [`Link`]s from [`Buckets`], and [`clusters`](crate::clusters) of links.

mod minhash;
mod shingle;
mod simhash;

use obelisc_document::{Document, END_OF_DOCUMENT};
use xxhash_rust::xxh3::Xxh3;

pub use minhash::MinHash;
pub use shingle::Tokenization;
pub use simhash::SimHash;

use crate::{Comparison, Kind, Place};

/// What a document is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    /// xxh3-128 of each band and its number; documents with an equal one may be near copies.
    pub keys: Vec<u128>,
    /// The SimHash, by which documents with an equal band are told apart; 0 of a MinHash.
    pub signature: u64,
    /// Place in the order by which one of a cluster stays.
    pub place: Place,
}

/// Makes bands of documents.
#[derive(Clone, Debug)]
pub struct Signer {
    comparison: Comparison,
    kernel: Kernel,
}

#[derive(Clone, Debug)]
enum Kernel {
    MinHash(minhash::Permutations),
    SimHash(simhash::Blocks),
}

impl Signer {
    /// Of a comparison of near copies; `None` of any other.
    pub fn new(comparison: &Comparison) -> Option<Self> {
        let kernel = match comparison.kind {
            Kind::MinHash => Kernel::MinHash(minhash::Permutations::new(comparison.minhash)),
            Kind::SimHash => Kernel::SimHash(simhash::Blocks::new(comparison.simhash)),
            _ => return None,
        };
        Some(Self { comparison: *comparison, kernel })
    }

    /// What it compares.
    pub const fn kind(&self) -> Kind {
        self.comparison.kind
    }

    /// The bands of a document; `None` of one without words.
    pub fn bands(&self, document: &Document) -> Option<Bands> {
        let texts = document.paragraphs().map(|paragraph| &*paragraph.text).filter(|text| *text != END_OF_DOCUMENT);
        let (keys, signature) = match &self.kernel {
            Kernel::MinHash(permutations) => (permutations.keys(texts)?, 0),
            Kernel::SimHash(blocks) => {
                let signature = blocks.signature(texts)?;
                (blocks.keys(signature), signature)
            }
        };
        Some(Bands { keys, signature, place: Place::of(self.comparison.keep, document, None, None) })
    }
}

fn band_key(kind: Kind, number: usize, values: impl Iterator<Item = u64>) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(kind.name().as_bytes());
    hasher.update(&[0]);
    hasher.update(&(number as u64).to_be_bytes());
    values.for_each(|value| hasher.update(&value.to_be_bytes()));
    hasher.digest128()
}

/// Two documents that are near copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// One document.
    pub document: u64,
    /// The other.
    pub other: u64,
}

/// A document with one of its bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Banded {
    /// The band's key.
    pub key: u128,
    /// The document's SimHash.
    pub signature: u64,
    /// The document.
    pub document: u64,
}

/// Finds links among documents that come in the order of their bands' keys.
///
/// Of MinHash it holds the first document of a bucket, which all others are linked to; of SimHash all different signatures of one bucket, 24 bytes each,
/// and each pair of them is compared.
#[derive(Debug)]
pub struct Buckets {
    /// Bits in which signatures may differ; `None` of MinHash, where an equal band is enough.
    max_distance: Option<u32>,
    key: Option<u128>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    signature: u64,
    document: u64,
    /// One that this one is linked to, by number; its own of a root.
    linked: usize,
}

impl Buckets {
    /// Of a comparison.
    pub fn new(comparison: &Comparison) -> Self {
        let max_distance = (comparison.kind == Kind::SimHash).then_some(comparison.simhash.max_distance);
        Self { max_distance, key: None, members: Vec::new() }
    }

    /// The next document; its links to those before it in its bucket.  No link is given that follows from those given.
    pub fn push(&mut self, banded: Banded, mut link: impl FnMut(Link)) {
        let Banded { key, signature, document } = banded;
        if self.key != Some(key) {
            self.key = Some(key);
            self.members.clear();
        }
        let near = |other: &Member| {
            self.max_distance.is_none_or(|distance| (other.signature ^ signature).count_ones() <= distance)
        };
        let numbers: Vec<usize> = (0..self.members.len()).filter(|&number| near(&self.members[number])).collect();
        let equal = numbers
            .iter()
            .copied()
            .find(|&number| self.max_distance.is_none() || self.members[number].signature == signature);
        if let Some(member) = equal.and_then(|number| self.members.get(number)) {
            // All that it is near to, the other is linked to already.
            link(Link { document, other: member.document });
            return;
        }
        let own = self.members.len();
        self.members.push(Member { signature, document, linked: own });
        for number in numbers {
            let (root, own_root) = (self.root(number), self.root(own));
            if root != own_root {
                self.members[own_root].linked = root;
                link(Link { document, other: self.members[number].document });
            }
        }
    }

    fn root(&mut self, mut number: usize) -> usize {
        while self.members[number].linked != number {
            let up = self.members[number].linked;
            self.members[number].linked = self.members[up].linked;
            number = up;
        }
        number
    }
}

#[cfg(test)]
mod tests;
