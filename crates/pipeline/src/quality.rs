//! Training of a quality classifier on two corpora.
//!
//! The model depends on the documents alone: they are learnt in the order of their hashes, a document that comes twice counts
//! once, and every tenth of each kind is held out to be measured.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use obelisc_filters::lists::SPECIAL_CHARACTERS;
use obelisc_text::{Features, HeldOut, LinearClassifier, Trainer, Training, Words};
use xxhash_rust::xxh3::xxh3_128;

use crate::corpus::{Corpus, Error, Reading, Tally};
use crate::lexicon::nothing_in;
use crate::new_file::NewFile;

/// One document of so many is held out.
const HELD_OUT: usize = 10;

/// How a classifier is trained.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// How the model learns.
    pub training: Training,
    /// How often it goes through all examples.
    pub passes: u32,
    /// Bytes for the examples of both kinds together, half for each.  Where they do not fit, those with the smallest hashes
    /// are taken.
    pub memory: usize,
    /// Threads that read.
    pub threads: NonZeroUsize,
}

/// Two corpora, and where they are read.
#[derive(Debug)]
pub struct Kinds<T> {
    /// What is to be kept.
    pub positive: T,
    /// What is not.
    pub negative: T,
}

/// A trained model.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Documents of each kind that were read, positive and negative, and what was none.
    pub tallies: [Tally; 2],
    /// Different documents of each kind that were learnt from.
    pub learnt: [usize; 2],
    /// Different documents of each kind that did not fit into memory.
    pub left_out: [u64; 2],
    /// What the model is worth on those that were held out.
    pub held_out: HeldOut,
    /// Bytes of the model file.
    pub bytes: usize,
}

impl Quality {
    /// Trains a model and writes it to the file `output`, which appears whole or not at all.
    ///
    /// # Errors
    /// [`StorageError::AlreadyExists`](obelisc_storage::Error::AlreadyExists) where there is such a file and `force` is off;
    /// [`Error::Nothing`] where a kind has too few documents; those of the corpora and of writing.
    pub fn train(
        &self,
        corpora: Kinds<Corpus>,
        output: &Path,
        force: bool,
        reading: Kinds<Reading<'_>>,
    ) -> Result<Trained, Error> {
        let output = NewFile::at(output, force)?;
        let positive = self.sample("positive", corpora.positive, reading.positive)?;
        let negative = self.sample("negative", corpora.negative, reading.negative)?;
        let (mut learnt, mut held) = (Vec::new(), Vec::new());
        let mut counts = [0; 2];
        for (sample, is_positive) in [(&positive, true), (&negative, false)] {
            for (number, (hash, features)) in sample.examples.iter().enumerate() {
                if number % HELD_OUT == HELD_OUT - 1 {
                    held.push((features, is_positive));
                } else {
                    counts[usize::from(!is_positive)] += 1;
                    learnt.push((hash, is_positive, features));
                }
            }
        }
        // By hash: both kinds in turns, in an order that says nothing of them.
        learnt.sort_unstable_by_key(|(hash, positive, _)| (*hash, *positive));
        let mut trainer = Trainer::new(self.training, counts[0], counts[1]);
        for _ in 0..self.passes {
            for (_, is_positive, features) in &learnt {
                trainer.learn(features, *is_positive);
            }
            reading.positive.check()?;
        }
        let model = Arc::new(trainer.model());
        let classifier = LinearClassifier::open(model.clone())
            .map_err(|error| Error::Nothing(format!("the model did not converge: {error}; try a smaller --rate")))?;
        let scores = held.into_iter().map(|(features, positive)| (classifier.score_features(features), positive));
        let held_out = HeldOut::of(scores.collect());
        let mut file = output.create()?;
        file.write_all(&model).map_err(|source| output.unwritten(source))?;
        output.finish(file)?;
        Ok(Trained {
            learnt: counts,
            left_out: [positive.left_out(), negative.left_out()],
            tallies: [positive.tally, negative.tally],
            held_out,
            bytes: model.len(),
        })
    }

    /// Reads the examples of a kind.
    fn sample(&self, kind: &str, corpus: Corpus, reading: Reading<'_>) -> Result<Sample, Error> {
        let sample = Mutex::new(Sample { budget: self.memory / 2, ..Sample::default() });
        let mut workers = vec![(); self.threads.get()];
        let tally = corpus.read(reading, &mut workers, |(), piece| {
            piece.documents(|document| {
                let parts: Vec<Words> =
                    document.texts.iter().map(|text| Words::split(text, &SPECIAL_CHARACTERS)).collect();
                let words = Words::joined(parts.iter());
                if let Some(whole) = words.runs(words.len()).next() {
                    let (hash, features) = (xxh3_128(whole.as_bytes()), self.training.hashing.features(&words));
                    sample.lock().unwrap_or_else(PoisonError::into_inner).take(hash, features);
                }
                Ok(())
            })
        })?;
        let mut sample = sample.into_inner().unwrap_or_else(PoisonError::into_inner);
        let found = sample.examples.len();
        if found < HELD_OUT && sample.left_out() > 0 {
            let memory = self.memory;
            let text = format!(
                "{kind}: {found} documents fit into half of {memory} bytes, where {HELD_OUT} are needed; allow more memory"
            );
            return Err(Error::Nothing(text));
        }
        if found == 0 {
            return Err(Error::Nothing(format!("{kind}: {}", nothing_in(&tally))));
        }
        if found < HELD_OUT {
            let text = format!(
                "{kind}: {found} different documents, where {HELD_OUT} are needed: one of {HELD_OUT} is held out"
            );
            return Err(Error::Nothing(text));
        }
        sample.tally = tally;
        Ok(sample)
    }
}

/// The documents with the smallest hashes, as many as fit: which ones does not depend on the order in which they come.
#[derive(Default)]
struct Sample {
    tally: Tally,
    budget: usize,
    bytes: usize,
    examples: BTreeMap<u128, Features>,
    /// Hashes from which on nothing is taken.
    bound: Option<u128>,
    refused: u64,
}

impl Sample {
    fn take(&mut self, hash: u128, features: Features) {
        if self.bound.is_some_and(|bound| hash >= bound) {
            self.refused += 1;
            return;
        }
        self.bytes += cost(&features);
        if let Some(same) = self.examples.insert(hash, features) {
            self.bytes -= cost(&same);
        }
        while self.bytes > self.budget
            && let Some((hash, features)) = self.examples.pop_last()
        {
            self.bytes -= cost(&features);
            self.bound = Some(hash);
            self.refused += 1;
        }
    }

    /// Documents that did not fit; those that came several times may be counted as often.
    fn left_out(&self) -> u64 {
        self.refused
    }
}

/// What an example takes, the tree around it included.
fn cost(features: &Features) -> usize {
    features.bytes() + 2 * size_of::<u128>()
}

#[cfg(test)]
mod tests {
    use obelisc_text::Hashing;

    use super::*;

    #[test]
    fn what_is_taken_does_not_depend_on_the_order() {
        let hashing = Hashing::default();
        let documents: Vec<(u128, Features)> = (0..200_u32)
            .map(|number| {
                let text =
                    "word another ".repeat(1 + number as usize % 7) + &format!("{number}x").repeat(number as usize % 5);
                let words = Words::split(&text, &SPECIAL_CHARACTERS);
                (xxh3_128(&number.to_le_bytes()), hashing.features(&words))
            })
            .collect();
        let take = |order: &mut dyn Iterator<Item = &(u128, Features)>| {
            let mut sample = Sample { budget: 4000, ..Sample::default() };
            order.for_each(|(hash, features)| sample.take(*hash, features.clone()));
            assert!(sample.bytes <= 4000);
            assert_eq!(sample.bytes, sample.examples.values().map(cost).sum::<usize>());
            assert_eq!(sample.examples.len() as u64 + sample.refused, 200);
            sample.examples.into_keys().collect::<Vec<_>>()
        };
        let forwards = take(&mut documents.iter());
        assert!(forwards.len() > 20 && forwards.len() < 150, "{}", forwards.len());
        assert_eq!(take(&mut documents.iter().rev()), forwards);
        let (odd, even): (Vec<_>, Vec<_>) = documents.iter().partition(|(hash, _)| hash % 2 == 1);
        assert_eq!(take(&mut odd.into_iter().chain(even)), forwards);
        let mut sorted: Vec<u128> = documents.iter().map(|(hash, _)| *hash).collect();
        sorted.sort_unstable();
        assert!(sorted.starts_with(&forwards));
    }
}
