//! Near copies of text and of images: what those that are alike have in common.
//!
//! A [`Signer`] makes bands of a document or of its images; near copies share one of them, mostly ([`MinHash`]) or always ([`SimHash`], perceptual hashes).  Who
//! sees the bands of all in the order of their keys gets [`Link`]s from [`Buckets`], and [`clusters`](crate::clusters) of links.

mod hamming;
mod minhash;
mod shingle;
mod simhash;

use obelisc_document::{Content, Document, END_OF_DOCUMENT};
use xxhash_rust::xxh3::Xxh3;

pub use hamming::Hamming;
pub use minhash::MinHash;
pub use shingle::Tokenization;
pub use simhash::SimHash;

use crate::{Comparison, Kind, Place};

/// What a document, or an image of it, is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    /// The image's ordinal; `None` of the document.
    pub ordinal: Option<u32>,
    /// xxh3-128 of each band and its number; those with an equal one may be near copies.
    pub keys: Vec<u128>,
    /// The SimHash or perceptual hash, by which those with an equal band are told apart; 0 of a MinHash.
    pub signature: u64,
    /// Place in the order by which one of a cluster stays.
    pub place: Place,
}

/// Makes bands of documents and images.
#[derive(Clone, Debug)]
pub struct Signer {
    comparison: Comparison,
    kernel: Kernel,
}

#[derive(Clone, Debug)]
enum Kernel {
    MinHash(minhash::Permutations),
    SimHash(simhash::Votes, hamming::Blocks),
    Perceptual(hamming::Blocks),
}

impl Signer {
    /// Of a comparison of near copies; `None` of any other.
    pub fn new(comparison: &Comparison) -> Option<Self> {
        let simhash = comparison.simhash;
        let kernel = match comparison.kind {
            Kind::MinHash => Kernel::MinHash(minhash::Permutations::new(comparison.minhash)),
            Kind::SimHash => Kernel::SimHash(simhash::Votes(simhash), hamming::Blocks::new(simhash.hamming)),
            Kind::ImagePerceptual => Kernel::Perceptual(hamming::Blocks::new(comparison.perceptual)),
            _ => return None,
        };
        Some(Self { comparison: *comparison, kernel })
    }

    /// What it compares.
    pub const fn kind(&self) -> Kind {
        self.comparison.kind
    }

    /// The bands of a document, none of one without words; or those of each of its images that has something to see.
    pub fn bands(&self, document: &Document) -> Vec<Bands> {
        let kind = self.kind();
        let texts = document.paragraphs().map(|paragraph| &*paragraph.text).filter(|text| *text != END_OF_DOCUMENT);
        let place = |ordinal| Place::of(self.comparison.keep, document, ordinal, None);
        let of_document = |keys, signature| Bands { ordinal: None, keys, signature, place: place(None) };
        match &self.kernel {
            Kernel::MinHash(permutations) => {
                permutations.keys(texts).map(|keys| of_document(keys, 0)).into_iter().collect()
            }
            Kernel::SimHash(votes, blocks) => {
                let signature = votes.signature(texts);
                signature.map(|signature| of_document(blocks.keys(kind, signature), signature)).into_iter().collect()
            }
            Kernel::Perceptual(blocks) => {
                let hashes = document.nodes.iter().filter_map(|node| match &node.content {
                    Content::Image(image) => Some((node.ordinal, image.facts.as_ref()?.perceptual_hash?)),
                    Content::Text(_) => None,
                });
                let bands = hashes.map(|(ordinal, signature)| {
                    let (ordinal, keys) = (Some(ordinal), blocks.keys(kind, signature));
                    Bands { ordinal, keys, signature, place: place(ordinal) }
                });
                bands.collect()
            }
        }
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

/// Two that are near copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// One of them.
    pub member: u64,
    /// The other; itself where several come as the same member.
    pub other: u64,
}

/// A member of a bucket: a document or a perceptual hash, with one of its bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Banded {
    /// The band's key.
    pub key: u128,
    /// The SimHash or perceptual hash.
    pub signature: u64,
    /// The document, by a number; of images the perceptual hash that they have.
    pub member: u64,
}

/// Finds links among members that come in the order of their bands' keys.
///
/// Of MinHash it holds the first member of a bucket, which all others are linked to; of signatures all different ones of one bucket, 24 bytes each,
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
    member: u64,
    /// One that this one is linked to, by number; its own of a root.
    linked: usize,
}

impl Buckets {
    /// Of a comparison.
    pub fn new(comparison: &Comparison) -> Self {
        let max_distance = match comparison.kind {
            Kind::SimHash => Some(comparison.simhash.hamming.max_distance),
            Kind::ImagePerceptual => Some(comparison.perceptual.max_distance),
            _ => None,
        };
        Self { max_distance, key: None, members: Vec::new() }
    }

    /// The next member; its links to those before it in its bucket.  No link is given that follows from those given.
    pub fn push(&mut self, banded: Banded, mut link: impl FnMut(Link)) {
        let Banded { key, signature, member } = banded;
        if self.key != Some(key) {
            self.key = Some(key);
            self.members.clear();
        }
        let is_equal = |other: &&Member| self.max_distance.is_none() || other.signature == signature;
        if let Some(equal) = self.members.iter().find(is_equal) {
            // All that it is near to, the other is linked to already.
            link(Link { member, other: equal.member });
            return;
        }
        let is_near = |other: &Member| {
            self.max_distance.is_some_and(|distance| (other.signature ^ signature).count_ones() <= distance)
        };
        let near: Vec<usize> = (0..self.members.len()).filter(|&number| is_near(&self.members[number])).collect();
        let own = self.members.len();
        self.members.push(Member { signature, member, linked: own });
        for number in near {
            let (root, own_root) = (self.root(number), self.root(own));
            if root != own_root {
                self.members[own_root].linked = root;
                link(Link { member, other: self.members[number].member });
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
