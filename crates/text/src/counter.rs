//! How often each word occurs, in memory that is accounted for.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Bytes of an entry of the index: a number and the table's own byte for it.
const INDEX_BYTES: usize = size_of::<u32>() + 1;
/// By how much a buffer grows, in quarters of what it holds; the second where there is no room for the first.
const GROWTH_QUARTERS: [usize; 2] = [4, 1];
/// Entries and bytes of words that are made room for at first.
const FIRST_ENTRIES: usize = 64;
const FIRST_BYTES: usize = 1024;

/// Counts words under a budget of bytes.
///
/// What is counted is taken out sorted by code point ([`sorted`](Self::sorted)), so that the counts of several counters, or
/// of one that was emptied in between, can be merged.
///
/// ```
/// use obelisc_text::WordCounter;
///
/// let mut counter = WordCounter::new(1 << 20);
/// for word in "to be or not to be".split(' ') {
///     assert!(counter.count(word), "there is room");
/// }
/// let counts: Vec<_> = counter.sorted().collect();
/// assert_eq!(counts, [("be", 2), ("not", 1), ("or", 1), ("to", 2)]);
/// ```
#[derive(Debug)]
pub struct WordCounter {
    /// The words, one behind the other.
    text: String,
    entries: Vec<Entry>,
    /// Numbers of entries, by the hash of their words.
    index: HashTable<u32>,
    hasher: RandomState,
    budget: usize,
    peak: usize,
}

/// A word and how often it was seen.
#[derive(Clone, Copy, Debug)]
struct Entry {
    begin: usize,
    end: usize,
    count: u64,
}

impl WordCounter {
    /// A counter that holds at most `budget` bytes; more only where a single word needs them.
    pub fn new(budget: usize) -> Self {
        Self {
            text: String::new(),
            entries: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            budget,
            peak: 0,
        }
    }

    /// Counts one occurrence.  False where the word is new and there is no room for it: then nothing changed, and the
    /// counter has to be emptied ([`sorted`](Self::sorted), [`clear`](Self::clear)) before it takes the word.  An empty
    /// counter takes every word.
    #[must_use]
    pub fn count(&mut self, word: &str) -> bool {
        let hash = self.hasher.hash_one(word);
        let found =
            self.index.find(hash, |&number| self.entries.get(number as usize).is_some_and(|e| self.is(e, word)));
        if let Some(entry) = found.and_then(|&number| self.entries.get_mut(number as usize)) {
            entry.count += 1;
            return true;
        }
        let Ok(number) = u32::try_from(self.entries.len()) else { return false };
        if !self.make_room(word.len()) && number > 0 {
            return false;
        }
        let begin = self.text.len();
        self.text.push_str(word);
        self.entries.push(Entry { begin, end: self.text.len(), count: 1 });
        let (text, entries, hasher) = (&self.text, &self.entries, &self.hasher);
        let word_of = |&number: &u32| entries.get(number as usize).map_or("", |entry| &text[entry.begin..entry.end]);
        self.index.insert_unique(hash, number, |number| hasher.hash_one(word_of(number)));
        self.peak = self.peak.max(self.bytes());
        true
    }

    fn is(&self, entry: &Entry, word: &str) -> bool {
        self.text[entry.begin..entry.end] == *word
    }

    /// Makes room for one word more; false where that would go beyond the budget.  While a buffer grows, the old and the new
    /// one are both there, and both count.
    fn make_room(&mut self, word: usize) -> bool {
        let entry = size_of::<Entry>();
        if self.entries.len() == self.entries.capacity() {
            let Some(more) = self.growth(self.entries.capacity(), FIRST_ENTRIES, entry) else { return false };
            self.entries.reserve_exact(more);
        }
        if self.text.capacity() - self.text.len() < word {
            let least = FIRST_BYTES.max(word);
            let Some(more) = self.growth(self.text.capacity(), least, 1) else { return false };
            self.text.reserve_exact(more);
        }
        if self.index.len() == self.index.capacity() {
            // It doubles, and a part of it stays empty.
            let bytes = (self.index.allocation_size() * 2).max(FIRST_ENTRIES * 2 * INDEX_BYTES);
            if self.bytes() + bytes > self.budget {
                return false;
            }
            self.peak = self.peak.max(self.bytes() + bytes);
            let (text, entries, hasher) = (&self.text, &self.entries, &self.hasher);
            let word_of =
                |&number: &u32| entries.get(number as usize).map_or("", |entry| &text[entry.begin..entry.end]);
            let more = self.index.capacity().max(FIRST_ENTRIES);
            self.index.reserve(more, |number| hasher.hash_one(word_of(number)));
        }
        true
    }

    /// By how many elements, `least` or more, a buffer of `held` elements can grow.
    fn growth(&mut self, held: usize, least: usize, element: usize) -> Option<usize> {
        let sizes = GROWTH_QUARTERS.map(|quarters| (held / 4 * quarters).max(least));
        let more = sizes.into_iter().find(|more| self.bytes() + (held + more) * element <= self.budget)?;
        self.peak = self.peak.max(self.bytes() + (held + more) * element);
        Some(more)
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<Entry>() + self.index.allocation_size()
    }

    /// Most bytes held at any time, old and new buffers together while one grew.
    pub fn peak_bytes(&self) -> usize {
        self.peak
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no word was counted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ends the counting: the words sorted by code point, and how often each was counted.  The counter is to be
    /// [cleared](Self::clear) before it counts again.
    pub fn sorted(&mut self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        // It names places that change now.
        self.index.clear();
        let text = &self.text;
        self.entries.sort_unstable_by_key(|entry| &text[entry.begin..entry.end]);
        self.entries.iter().map(|entry| (&text[entry.begin..entry.end], entry.count))
    }

    /// Forgets all words and keeps the memory.
    pub fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Words of which some are frequent.
    fn words() -> impl Iterator<Item = String> {
        (0..20_000_u64).map(|number| {
            let drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            format!("wörd{}", drawn % (1 + drawn % 5000))
        })
    }

    #[test]
    fn a_counter_that_is_emptied_when_full_counts_the_same() {
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        words().for_each(|word| *expected.entry(word).or_default() += 1);
        for budget in [0, 3000, 20_000, 1 << 30] {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let mut counter = WordCounter::new(budget);
            let mut empty = |counter: &mut WordCounter| {
                let sorted: Vec<_> = counter.sorted().map(|(word, count)| (word.to_owned(), count)).collect();
                assert!(sorted.is_sorted_by(|a, b| a.0 < b.0), "each word once, by code point");
                sorted.into_iter().for_each(|(word, count)| *counts.entry(word).or_default() += count);
                counter.clear();
            };
            for word in words() {
                if !counter.count(&word) {
                    assert!(!counter.is_empty());
                    empty(&mut counter);
                    assert!(counter.count(&word), "an empty counter takes every word");
                }
            }
            empty(&mut counter);
            assert_eq!(counts, expected, "{budget}");
            // Where the budget is too small for anything, a counter holds what its first word needs.
            assert!(counter.peak_bytes() <= budget.max(3000), "{} of {budget}", counter.peak_bytes());
            assert!(counter.bytes() <= counter.peak_bytes());
        }
    }

    #[test]
    fn a_full_counter_still_counts_the_words_that_it_knows() {
        let mut counter = WordCounter::new(8000);
        assert!(counter.count("known"));
        let refused = (0..).find(|number| !counter.count(&format!("new{number}")));
        assert!(refused > Some(10), "{refused:?}");
        assert!(counter.count("known"));
        assert!(counter.sorted().any(|counted| counted == ("known", 2)));
    }

    #[test]
    fn words_are_in_the_order_of_their_code_points() {
        let mut counter = WordCounter::new(1 << 16);
        for word in ["\u{10000}", "z", "\u{ffff}", "é", "za", "a"] {
            assert!(counter.count(word));
        }
        let sorted: Vec<_> = counter.sorted().map(|(word, _)| word).collect();
        assert_eq!(sorted, ["a", "z", "za", "é", "\u{ffff}", "\u{10000}"]);
    }
}
