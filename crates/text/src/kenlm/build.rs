//! Hash tables out of n-grams, as KenLM builds them, so that sums of 32-bit floats are the same.
//!
//! Models may leave out an n-gram but keep a longer one that ends with it.  A look-up goes from short to long, so what is left out is put in, with
//! the probability that its back-off would give.

use super::arpa::Gram;
use super::bits::{f32_at, u32_at};
use super::header::{Header, Tables};
use super::murmur;
use super::probing::{Probing, SIGN, Table, with_word};
use crate::model::ModelError;

/// What an unknown word has in a model without one.
const UNKNOWN_PROBABILITY: f32 = -100.0;

/// A back-off of nothing that says that no longer n-gram begins with this one.
const NO_EXTENSION: f32 = -0.0;

pub(super) struct Builder {
    parts: Probing,
    bytes: Vec<u8>,
    /// Numbers of words given so far; 0 is the unknown one's.
    words: u32,
    has_unknown: bool,
    /// Of the n-gram at hand: its words, the last one first, and the hashes of its last 2, 3, … words.
    ids: Vec<u32>,
    hashes: Vec<u64>,
}

/// Where an n-gram cannot be added: what should stand there.
type Added = Result<(), String>;

impl Builder {
    /// Room for as many n-grams as the header says.
    pub(super) fn new(header: &Header) -> Result<Self, ModelError> {
        let parts = Probing::lay_out(Tables::new(0, usize::MAX), header)?;
        let bytes = vec![0; parts.end];
        Ok(Self { parts, bytes, words: 1, has_unknown: false, ids: Vec::new(), hashes: Vec::new() })
    }

    /// Adds a word's n-gram of one word.
    pub(super) fn add_word(&mut self, gram: &Gram<'_>) -> Added {
        let mut id = 0;
        if gram.words[0] == b"<unk>" || gram.words[0] == b"<UNK>" {
            self.has_unknown = true;
        } else {
            id = self.words;
            self.words += 1;
            let at = self.insert_new(self.parts.vocabulary, murmur::hash(gram.words[0]))?;
            self.put(at + 8, id);
        }
        let at = self.unigram(id);
        self.put_values(at, gram.probability, back_off(gram));
        Ok(())
    }

    /// All words were added: others are errors from now on.
    pub(super) fn end_words(&mut self) -> Added {
        if !self.has_unknown {
            let at = self.unigram(0);
            self.put_values(at, UNKNOWN_PROBABILITY, 0.0);
        }
        for mark in ["<s>", "</s>"] {
            if self.word(mark.as_bytes()).is_none() {
                return Err(format!("the word {mark} among those before"));
            }
        }
        Ok(())
    }

    /// Adds an n-gram of two words or more, behind all shorter ones.
    pub(super) fn add(&mut self, gram: &Gram<'_>) -> Added {
        self.ids.clear();
        for word in gram.words.iter().rev() {
            let id =
                self.word(word).ok_or_else(|| format!("no `{}`, a word that is not listed", word.escape_ascii()))?;
            self.ids.push(id);
        }
        self.hashes.clear();
        let mut hash = u64::from(self.ids[0]);
        for &id in &self.ids[1..] {
            hash = with_word(hash, id);
            self.hashes.push(hash);
        }
        let length = self.ids.len();
        let table = *self.parts.middles.get(length - 2).unwrap_or(&self.parts.longest);
        let at = self.insert_new(table, hash)?;
        self.put(at + 8, gram.probability.to_bits() | SIGN);
        if length < self.parts.middles.len() + 2 {
            self.put(at + 12, back_off(gram).to_bits());
        }
        self.mark_ends()?;
        self.mark_context()
    }

    /// Clears the sign of the longest n-gram that the one at hand ends with; puts in what is left out between the two.
    fn mark_ends(&mut self) -> Added {
        let length = self.ids.len();
        let mut missing = Vec::new();
        let mut basis = length - 1;
        let at = loop {
            if basis == 1 {
                break self.unigram(self.ids[0]);
            }
            let hash = self.hashes[basis - 2];
            let table = self.parts.middles[basis - 2];
            match table.find(&self.bytes, hash) {
                Some((at, true)) => break at + 8,
                _ => missing.push(self.insert(table, hash)? + 8),
            }
            basis -= 1;
        };
        let mut probability = f32::from_bits(u32_at(&self.bytes, at) | SIGN);
        self.clear_sign(at);
        // The shortest first: each is the one before, and the back-off of its own context.
        for &at in missing.iter().rev() {
            if let Some(context) = self.context(basis) {
                self.mark_extended(context);
                probability += f32_at(&self.bytes, context);
            }
            self.put_values(at, probability, NO_EXTENSION);
            self.clear_sign(at);
            basis += 1;
        }
        Ok(())
    }

    /// Where the back-off stands of the `length` words before the last of the n-gram at hand.
    fn context(&self, length: usize) -> Option<usize> {
        if length == 1 {
            return Some(self.unigram(self.ids[1]) + 4);
        }
        let hash = self.ids[2..=length].iter().fold(u64::from(self.ids[1]), |hash, &id| with_word(hash, id));
        match self.parts.middles[length - 2].find(&self.bytes, hash) {
            Some((at, true)) => Some(at + 12),
            _ => None,
        }
    }

    /// The words before the last are the beginning of a longer n-gram.
    fn mark_context(&mut self) -> Added {
        let context = self.context(self.ids.len() - 1).ok_or("an n-gram whose first words are an n-gram as well")?;
        self.mark_extended(context);
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn word(&self, word: &[u8]) -> Option<u32> {
        if word == b"<unk>" || word == b"<UNK>" {
            return Some(0);
        }
        match self.parts.vocabulary.find(&self.bytes, murmur::hash(word)) {
            Some((at, true)) => Some(u32_at(&self.bytes, at + 8)),
            _ => None,
        }
    }

    fn unigram(&self, id: u32) -> usize {
        self.parts.unigrams + id as usize * self.parts.values
    }

    fn insert_new(&mut self, table: Table, hash: u64) -> Result<usize, String> {
        if let Some((_, true)) = table.find(&self.bytes, hash) {
            return Err("an n-gram that was not listed before".to_owned());
        }
        self.insert(table, hash)
    }

    /// The place of an entry that is not there yet.
    fn insert(&mut self, table: Table, hash: u64) -> Result<usize, String> {
        let (at, _) = table.find(&self.bytes, hash).ok_or("a model with fewer n-grams left out of it")?;
        self.bytes[at..at + 8].copy_from_slice(&hash.to_le_bytes());
        Ok(at)
    }

    fn put(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn put_values(&mut self, at: usize, probability: f32, back_off: f32) {
        self.put(at, probability.to_bits() | SIGN);
        self.put(at + 4, back_off.to_bits());
    }

    fn clear_sign(&mut self, at: usize) {
        let probability = u32_at(&self.bytes, at);
        self.put(at, probability & !SIGN);
    }

    fn mark_extended(&mut self, at: usize) {
        if f32_at(&self.bytes, at) == 0.0 {
            self.put(at, 0);
        }
    }
}

/// A back-off of nothing is taken as none until a longer n-gram shows that there is one.
fn back_off(gram: &Gram<'_>) -> f32 {
    gram.back_off.filter(|&back_off| back_off != 0.0).unwrap_or(NO_EXTENSION)
}
