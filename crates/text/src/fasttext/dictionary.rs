//! Words, labels and n-grams, and the rows that they have.

use super::settings::{Settings, at_least, bounded};
use super::table::{Buckets, Table};
use crate::ModelError;
use crate::identify::LABEL;
use crate::model::Fields;

/// What ends a line, as a word.
const LINE_END: &[u8] = b"</s>";

/// Bytes of an entry at least: a NUL, a count, a kind.
const MIN_ENTRY: usize = 1 + 8 + 1;

/// Bytes of a kept n-gram: bucket and row.
const KEPT_NGRAM: usize = 4 + 4;

/// Factor of the hash of word n-grams.
const WORD_FACTOR: u64 = 116_049_371;

/// A label.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) text: Box<str>,
    /// How often it stood in the training texts.
    pub(super) count: i64,
    /// Where it stands in the file.
    pub(super) at: usize,
}

/// Words by their hash, and what becomes of n-grams.
#[derive(Debug)]
pub(super) struct Dictionary {
    words: usize,
    /// Where each entry's bytes are in the file: words, then labels.
    entries: Vec<(usize, u32)>,
    labels: Vec<Label>,
    table: Table,
    buckets: Buckets,
    /// Rows of the n-grams that were kept, by bucket; all of them where it is `None`.
    kept: Option<Table>,
    /// Rows that words and n-grams can have.
    rows: usize,
    min_n: usize,
    max_n: usize,
    word_n: usize,
}

impl Dictionary {
    pub(super) fn read(fields: &mut Fields<'_>, settings: &Settings) -> Result<Self, ModelError> {
        let at = fields.offset();
        let size = bounded(fields, "size of the dictionary", 1, i32::MAX)?;
        let words = bounded(fields, "words", 0, i32::MAX)?;
        let labels = bounded(fields, "labels", 1, i32::MAX)?;
        if words + labels != size {
            return Err(ModelError::new(at, format!("{size} entries"), format!("{words} words and {labels} labels")));
        }
        fields.i64("number of tokens")?;
        let at_kept = fields.offset();
        let kept = fields.i64("number of kept n-grams")?;
        at_least(fields.offset(), "bytes", fields.left(), size.saturating_mul(MIN_ENTRY))?;

        let mut dictionary = Self {
            words,
            entries: Vec::with_capacity(size),
            labels: Vec::with_capacity(labels),
            table: Table::new(size),
            buckets: Buckets::new(settings.buckets),
            kept: None,
            rows: words,
            min_n: settings.min_n,
            max_n: settings.max_n,
            word_n: settings.word_n,
        };
        (0..size).try_for_each(|_| dictionary.read_entry(fields))?;
        if let Ok(kept) = usize::try_from(kept) {
            at_least(at_kept, "bytes", fields.left(), kept.saturating_mul(KEPT_NGRAM))?;
            dictionary.read_kept(fields, kept)?;
        } else if settings.max_n > 0 || settings.word_n > 1 {
            dictionary.rows += settings.buckets as usize;
        }
        Ok(dictionary)
    }

    fn read_entry(&mut self, fields: &mut Fields<'_>) -> Result<(), ModelError> {
        let at = fields.offset();
        let text = fields.terminated("an entry of the dictionary")?;
        let count = fields.i64("count of an entry")?;
        let is_label = self.entries.len() >= self.words;
        let at_kind = fields.offset();
        let kind = fields.u8("kind of an entry")?;
        if kind != u8::from(is_label) {
            let expected = if is_label { "1, for a label" } else { "0, for a word" };
            return Err(ModelError::new(at_kind, kind, expected));
        }
        if is_label {
            let Ok(name) = str::from_utf8(text) else {
                return Err(ModelError::new(at, format!("{text:02x?}"), "a label in UTF-8"));
            };
            self.labels.push(Label { text: name.into(), count, at });
        }
        let Ok(length) = u32::try_from(text.len()) else {
            return Err(ModelError::new(at, format!("an entry of {} bytes", text.len()), "less than 4 GiB"));
        };
        // Of two entries with the same text, the last one counts.
        let file = fields.whole();
        let (entries, id) = (&self.entries, self.entries.len());
        let is_same = |id: u32| entries.get(id as usize).is_some_and(|entry| bytes_of(file, *entry) == text);
        self.table.insert(hash(text), id, is_same);
        self.entries.push((at, length));
        Ok(())
    }

    /// Buckets of n-grams that were kept when the model was made smaller, and their rows behind those of words.
    fn read_kept(&mut self, fields: &mut Fields<'_>, count: usize) -> Result<(), ModelError> {
        let mut table = Table::new(count);
        for _ in 0..count {
            let bucket = fields.u32("bucket of a kept n-gram")?;
            let row = self.words + bounded(fields, "row of a kept n-gram", 0, i32::MAX - 1)?;
            table.insert(bucket, row, |_| true);
            self.rows = self.rows.max(row + 1);
        }
        self.kept = Some(table);
        Ok(())
    }

    pub(super) fn is_pruned(&self) -> bool {
        self.kept.is_some()
    }

    /// The labels, by number.
    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Rows that the input matrix must have.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Tells the row of each word and n-gram of a line, in the program's order; gives their number.
    pub(super) fn rows_of(&self, file: &[u8], text: &str, mut visit: impl FnMut(usize)) -> usize {
        let mut rows = 0;
        let mut visit = |row: usize| {
            rows += 1;
            visit(row);
        };
        let mut marked = Vec::new();
        let mut hashes: Vec<u32> = Vec::new();
        let tokens = text.as_bytes().split(|byte| is_space(*byte)).filter(|token| !token.is_empty());
        for token in tokens.chain([LINE_END]) {
            let hash = hash(token);
            let is_this = |id: u32| bytes_of(file, self.entries[id as usize]) == token;
            let id = self.table.find(hash, is_this);
            if id.map_or_else(|| token.starts_with(LABEL.as_bytes()), |id| id >= self.words) {
                continue;
            }
            if let Some(id) = id {
                visit(id);
            }
            if token != LINE_END && self.max_n > 0 {
                marked.clear();
                marked.push(b'<');
                marked.extend_from_slice(token);
                marked.push(b'>');
                self.ngrams(&marked, &mut visit);
            }
            if self.word_n > 1 {
                hashes.push(hash);
            }
            // It may stand in the text, and ends the line there too.
            if token == LINE_END {
                break;
            }
        }
        self.word_ngrams(&hashes, &mut visit);
        rows
    }

    /// The n-grams of characters of a word that stands between marks.
    #[inline]
    fn ngrams(&self, marked: &[u8], visit: &mut impl FnMut(usize)) {
        for start in 0..marked.len() {
            if is_continuation(marked[start]) {
                continue;
            }
            let mut hash = HASH_START;
            let mut end = start;
            for n in 1..=self.max_n {
                if end == marked.len() {
                    break;
                }
                loop {
                    hash = hash_byte(hash, marked[end]);
                    end += 1;
                    if end == marked.len() || !is_continuation(marked[end]) {
                        break;
                    }
                }
                // A mark alone says nothing.
                let is_mark = n == 1 && (start == 0 || end == marked.len());
                if n >= self.min_n && !is_mark {
                    self.visit_bucket(self.buckets.of(hash), visit);
                }
            }
        }
    }

    /// The n-grams of words; hashes are signed where they are widened.
    fn word_ngrams(&self, hashes: &[u32], visit: &mut impl FnMut(usize)) {
        let widened = |hash: u32| i64::from(hash.cast_signed()).cast_unsigned();
        for (start, first) in hashes.iter().enumerate() {
            let mut hash = widened(*first);
            for next in hashes[start + 1..].iter().take(self.word_n - 1) {
                hash = hash.wrapping_mul(WORD_FACTOR).wrapping_add(widened(*next));
                self.visit_bucket(self.buckets.of_wide(hash), visit);
            }
        }
    }

    #[inline]
    fn visit_bucket(&self, bucket: u32, visit: &mut impl FnMut(usize)) {
        match &self.kept {
            None => visit(self.words + bucket as usize),
            Some(kept) => {
                if let Some(row) = kept.find(bucket, |_| true) {
                    visit(row);
                }
            }
        }
    }
}

fn bytes_of(file: &[u8], (at, length): (usize, u32)) -> &[u8] {
    &file[at..at + length as usize]
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0B | 0x0C | 0)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// FNV-1a begins with this.
const HASH_START: u32 = 2_166_136_261;

/// FNV-1a with the bytes taken as signed, so that those above 127 are widened with ones.
#[inline]
fn hash_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte.cast_signed()).cast_unsigned()).wrapping_mul(16_777_619)
}

fn hash(text: &[u8]) -> u32 {
    text.iter().fold(HASH_START, |hash, byte| hash_byte(hash, *byte))
}
