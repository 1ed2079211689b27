//! Many sorted rows of words become one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::corpus::Error;

/// Words by code point, each once, with their counts.
pub(super) trait Sorted {
    /// Writes the next word into `word` and gives its count; `None` at the end.
    fn next(&mut self, word: &mut String) -> Result<Option<u64>, Error>;
}

/// The words of a counter.
pub(super) struct Counts<I>(pub(super) I);

impl<'a, I: Iterator<Item = (&'a str, u64)>> Sorted for Counts<I> {
    fn next(&mut self, word: &mut String) -> Result<Option<u64>, Error> {
        let next = self.0.next();
        Ok(next.map(|(next, count)| {
            word.clear();
            word.push_str(next);
            count
        }))
    }
}

/// The words of several sources, their counts added up.
pub(super) struct Merged<'a> {
    sources: Vec<Box<dyn Sorted + 'a>>,
    /// The next word of each source that has one: word, source, count.
    heads: BinaryHeap<Reverse<(String, usize, u64)>>,
}

impl<'a> Merged<'a> {
    pub(super) fn new(sources: Vec<Box<dyn Sorted + 'a>>) -> Result<Self, Error> {
        let mut merged = Self { heads: BinaryHeap::with_capacity(sources.len()), sources };
        (0..merged.sources.len()).try_for_each(|source| merged.advance(source, String::new()))?;
        Ok(merged)
    }

    /// Takes the next word of a source; `buffer` is what it is written into.
    fn advance(&mut self, source: usize, mut buffer: String) -> Result<(), Error> {
        if let Some(count) = self.sources[source].next(&mut buffer)? {
            self.heads.push(Reverse((buffer, source, count)));
        }
        Ok(())
    }
}

impl Sorted for Merged<'_> {
    fn next(&mut self, word: &mut String) -> Result<Option<u64>, Error> {
        let Some(Reverse((first, source, mut count))) = self.heads.pop() else { return Ok(None) };
        let buffer = std::mem::replace(word, first);
        self.advance(source, buffer)?;
        while self.heads.peek().is_some_and(|Reverse((next, ..))| next == word) {
            let Some(Reverse((same, source, more))) = self.heads.pop() else { break };
            count += more;
            self.advance(source, same)?;
        }
        Ok(Some(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_word_are_added_up() {
        let rows: [&[(&str, u64)]; 4] =
            [&[("a", 1), ("c", 2)], &[], &[("a", 3), ("b", 4), ("c", 5)], &[("c", 6), ("\u{10000}", 7)]];
        let source = |row: &&'static [(&'static str, u64)]| Box::new(Counts(row.iter().copied())) as Box<dyn Sorted>;
        let mut merged = Merged::new(rows.iter().map(source).collect()).unwrap();
        let mut word = String::new();
        let all: Vec<_> =
            std::iter::from_fn(|| merged.next(&mut word).unwrap().map(|count| (word.clone(), count))).collect();
        let expected = [("a", 4), ("b", 4), ("c", 13), ("\u{10000}", 7)].map(|(word, count)| (word.to_owned(), count));
        assert_eq!(all, expected);
    }
}
