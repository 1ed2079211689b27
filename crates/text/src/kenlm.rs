//! KenLM models: n-grams with back-off, as text (ARPA) and in KenLM's binary format, version 5.
//!
//! A binary file is looked up in place.  All numbers are little-endian.  It begins with:
//!
//! | part | bytes |
//! |---|---|
//! | `mmap lm http://kheafield.com/code format version 5`, line end, zeros | 56 |
//! | test values | 32 |
//! | order (1 byte), padding (3) | 4 |
//! | how many times its entries a hash table holds (32-bit float) | 4 |
//! | model type: 0 hash tables, 1 those with rest costs, 2 trie, 3 quantised trie, 4 trie with compressed pointers, 5 both | 4 |
//! | whether the words are stored (1 byte), padding (3) | 4 |
//! | version of the tables: 0 (types 0 and 1) or 1 | 4 |
//! | number of n-grams of each order, from 1 | 8 each |
//! | zeros up to a multiple of 8 | |
//!
//! The vocabulary and the tables follow (`kenlm/probing.rs`, `kenlm/trie.rs`), then the words, each ended by a zero byte, `<unk>` first.
//! A word is known by its hash.

mod arpa;
mod bits;
mod build;
mod header;
mod murmur;
mod probing;
mod score;
mod trie;

use std::fmt;
use std::sync::Arc;

use crate::model::{ModelBytes, ModelError};
use header::Header;
use probing::Probing;
use score::Lookup;
pub(crate) use score::Word;
use trie::Trie;

/// A KenLM model.
#[derive(Clone)]
pub struct KenLm {
    bytes: ModelBytes,
    tables: Arc<Tables>,
    order: usize,
}

#[derive(Debug)]
enum Tables {
    Probing(Probing),
    Trie(Trie),
}

impl KenLm {
    /// Opens an ARPA file, of which hash tables are made, or a binary file, whose bytes are kept and looked up in place.
    ///
    /// # Errors
    /// What is damaged, or of a kind that is not known, and where.  All tables of a binary file lie within it; their entries are not looked
    /// at, and damage there makes wrong scores.
    pub fn open(bytes: ModelBytes) -> Result<Self, ModelError> {
        let file = (*bytes).as_ref();
        if !Header::is_at_beginning_of(file) {
            let (header, tables) = arpa::read(file)?;
            let probing = Probing::lay_out(header::Tables::new(0, tables.len()), &header)?;
            return Ok(Self::new(Arc::new(tables), Tables::Probing(probing), &header));
        }
        let header = Header::read(file)?;
        let tables = match header.kind {
            0 | 1 => Tables::Probing(Probing::open(file, &header)?),
            _ => Tables::Trie(Trie::open(file, &header)?),
        };
        Ok(Self::new(bytes, tables, &header))
    }

    fn new(bytes: ModelBytes, tables: Tables, header: &Header) -> Self {
        Self { bytes, tables: Arc::new(tables), order: header.counts.len() }
    }

    /// How many words the longest n-grams have.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The base-10 logarithm of the probability of words that follow one another: behind the begin of a sentence (`bos`) or behind nothing,
    /// with the end of a sentence after them (`eos`) or without.  A sum of 32-bit floats, the same as the `kenlm` module's.
    pub fn score<'a>(&self, words: impl IntoIterator<Item = &'a str>, bos: bool, eos: bool) -> f64 {
        self.score_words(words.into_iter().map(Word::Text), bos, eos)
    }

    /// [`score`](Self::score) of words some of whose [numbers](Self::number) are known.
    pub(crate) fn score_words<'a>(&self, words: impl Iterator<Item = Word<'a>>, bos: bool, eos: bool) -> f64 {
        let bytes = (*self.bytes).as_ref();
        f64::from(match &*self.tables {
            Tables::Probing(probing) => score::score(&probing.in_file(bytes), words, bos, eos),
            Tables::Trie(trie) => score::score(&trie.in_file(bytes), words, bos, eos),
        })
    }

    /// The number of a word, 0 of an unknown one.
    pub(crate) fn number(&self, word: &str) -> u32 {
        let bytes = (*self.bytes).as_ref();
        match &*self.tables {
            Tables::Probing(probing) => probing.in_file(bytes).word(word.as_bytes()),
            Tables::Trie(trie) => trie.in_file(bytes).word(word.as_bytes()),
        }
    }
}

impl fmt::Debug for KenLm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KenLm")
            .field("order", &self.order)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}
