//! A list of common words, counted in a corpus.
//!
//! As the OBELICS paper made the list of its common-word rule: words lower-cased, punctuation removed, seen at least twice.
//! The words are those of [`Words::split`] with the special characters of the rules, so that what is listed is what
//! `common_word_ratio` looks up.  The list is sorted by code point and depends on the documents alone: not on memory, threads
//! or the order of files.
//!
//! Memory is bounded: counters that are full are written as sorted runs into a folder beside the list, and merged at the end.

mod merge;
mod runs;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;

use obelisc_filters::lists::SPECIAL_CHARACTERS;
use obelisc_text::{WordCounter, Words};

use crate::corpus::{Corpus, Error, Reading, Tally};
use crate::new_file::NewFile;
use merge::{Counts, Merged, Sorted};
use runs::{RunReader, RunWriter, Runs};

/// Bytes in which a thread can count.
pub const MIN_MEMORY: usize = 64 << 10;

/// Words between two looks at the signal to end.
const WORDS_PER_CHECK: u64 = 1 << 14;

/// What a list holds.
#[derive(Clone, Copy, Debug)]
pub struct Lexicon {
    /// How often a word must occur.
    pub min_count: u64,
    /// How many words there are at most: the most frequent ones; of words as frequent as each other the first by code point.
    pub max_words: Option<u64>,
    /// Whether each word is followed by a tab and how often it occurs.
    pub counts: bool,
    /// Bytes for the counts of all threads together.
    pub memory: usize,
    /// Threads that count; fewer where [`memory`](Self::memory) is less than [`MIN_MEMORY`] for each.
    pub threads: NonZeroUsize,
}

/// What became of a corpus.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Documents, and what was none.
    pub tally: Tally,
    /// Words, each as often as it occurs.
    pub words: u64,
    /// Different words.
    pub distinct: u64,
    /// Words in the list.
    pub kept: u64,
    /// Most bytes that the counts of all threads took.
    pub peak_bytes: usize,
    /// Sorted runs that were written because the counts did not fit.
    pub runs: usize,
}

/// A thread's part of the counting.
struct Worker {
    counter: WordCounter,
    words: u64,
}

impl Lexicon {
    /// Counts a corpus into the file `output`, which appears whole or not at all.
    ///
    /// # Errors
    /// [`StorageError::AlreadyExists`](obelisc_storage::Error::AlreadyExists) where there is such a file and `force` is off;
    /// [`Error::Nothing`] where no word is left to be listed; those of the corpus and of writing.
    pub fn write(&self, corpus: Corpus, output: &Path, force: bool, reading: Reading<'_>) -> Result<Counted, Error> {
        let output = NewFile::at(output, force)?;
        let runs = Runs::new(output.scratch()?);
        // Threads beyond what there is memory for would count in less than they need.
        let threads = self.threads.get().min(self.memory / MIN_MEMORY).max(1);
        let worker = |_| Worker { counter: WordCounter::new(self.memory / threads), words: 0 };
        let mut workers: Vec<Worker> = (0..threads).map(worker).collect();
        let tally = corpus.read(reading, &mut workers, |worker, piece| {
            piece.documents(|document| {
                document.texts.iter().try_for_each(|text| worker.count(&Words::split(text, &SPECIAL_CHARACTERS), &runs))
            })
        })?;
        let words = workers.iter().map(|worker| worker.words).sum();
        if words == 0 {
            return Err(Error::Nothing(nothing_in(&tally)));
        }
        let peak_bytes = workers.iter().map(|worker| worker.counter.peak_bytes()).sum();
        let spilled = runs.len();
        let mut sources: Vec<Box<dyn Sorted + '_>> = Vec::new();
        for run in runs.few(reading)? {
            sources.push(Box::new(run));
        }
        for worker in &mut workers {
            sources.push(Box::new(Counts(worker.counter.sorted())));
        }
        let mut merged = Checked { words: Merged::new(sources)?, distinct: 0, reading };
        let kept = match self.max_words {
            None => self.list(&mut merged, &output, self.min_count.saturating_sub(1), 0)?,
            Some(most) => {
                let (mut frequent, bound, more) = self.weigh(&mut merged, most, &runs)?;
                self.list(&mut frequent, &output, bound, more)?
            }
        };
        if kept == 0 {
            let (distinct, least) = (merged.distinct, self.min_count);
            return Err(Error::Nothing(format!("none of {distinct} words occurs {least} times or more")));
        }
        Ok(Counted { tally, words, distinct: merged.distinct, kept, peak_bytes, runs: spilled })
    }

    /// Lists the words that are seen more than `bound` times, and the first `more` of those seen as often.
    fn list(&self, words: &mut dyn Sorted, output: &NewFile, bound: u64, mut more: u64) -> Result<u64, Error> {
        let mut file = output.create()?;
        let (mut word, mut kept) = (String::new(), 0);
        while let Some(count) = words.next(&mut word)? {
            if count < bound || (count == bound && more == 0) {
                continue;
            }
            more -= u64::from(count == bound);
            kept += 1;
            let written = if self.counts { writeln!(file, "{word}\t{count}") } else { writeln!(file, "{word}") };
            written.map_err(|source| output.unwritten(source))?;
        }
        if kept > 0 {
            output.finish(file)?;
        }
        Ok(kept)
    }

    /// Writes down the words that occur often enough, and says for the `most` most frequent of them: how often a word is seen
    /// that is just not among them, or not all whose equals are; and how many of its equals are.
    fn weigh(&self, words: &mut dyn Sorted, most: u64, runs: &Runs) -> Result<(RunReader, u64, u64), Error> {
        let mut frequencies: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut run, mut word) = (RunWriter::create(runs)?, String::new());
        while let Some(count) = words.next(&mut word)? {
            if count >= self.min_count {
                *frequencies.entry(count).or_default() += 1;
                run.write(&word, count)?;
            }
        }
        let (mut bound, mut left) = (0, most);
        for (&count, &words) in frequencies.iter().rev() {
            if words > left {
                bound = count;
                break;
            }
            left -= words;
        }
        Ok((run.read_back()?, bound, left))
    }
}

/// What is said where documents, if there are any, have no words.
pub(crate) fn nothing_in(tally: &Tally) -> String {
    let first =
        tally.first_damage.as_ref().map(|damage| format!("; {} lines are none, the first {damage}", tally.damaged));
    format!("{} documents, and no word in them{}", tally.documents, first.unwrap_or_default())
}

impl Worker {
    fn count(&mut self, words: &Words, runs: &Runs) -> Result<(), Error> {
        self.words += words.len() as u64;
        for word in words.iter() {
            if !self.counter.count(word) {
                self.spill(runs)?;
                // An empty counter takes every word.
                let _ = self.counter.count(word);
            }
        }
        Ok(())
    }

    fn spill(&mut self, runs: &Runs) -> Result<(), Error> {
        let mut run = RunWriter::create(runs)?;
        for (word, count) in self.counter.sorted() {
            run.write(word, count)?;
        }
        run.keep()?;
        self.counter.clear();
        Ok(())
    }
}

/// Words that are counted, and given as long as nobody asks for the end.
struct Checked<'a, S> {
    words: S,
    distinct: u64,
    reading: Reading<'a>,
}

impl<S: Sorted> Sorted for Checked<'_, S> {
    fn next(&mut self, word: &mut String) -> Result<Option<u64>, Error> {
        if self.distinct.is_multiple_of(WORDS_PER_CHECK) {
            self.reading.check()?;
        }
        let count = self.words.next(word)?;
        self.distinct += u64::from(count.is_some());
        Ok(count)
    }
}
