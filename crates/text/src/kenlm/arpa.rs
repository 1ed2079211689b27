//! ARPA files: the text form of a model, which becomes hash tables in memory.
//!
//! ```text
//! \data\
//! ngram 1=4
//! ngram 2=3
//!
//! \1-grams:
//! -0.6    word    -0.3        log10 probability, word, log10 back-off (0 if left out)
//! …
//!
//! \2-grams:
//! -0.2    word word           no back-off, as there is no longer n-gram
//! …
//!
//! \end\
//! ```

use super::build::Builder;
use super::header::{Header, MAX_ORDER};
use crate::model::ModelError;

/// How much larger than its entries each hash table is.
const MULTIPLIER: f32 = 2.0;

/// The tables of an ARPA file, in the layout of a binary file without its header, and what a header would say.
pub(super) fn read(text: &[u8]) -> Result<(Header, Vec<u8>), ModelError> {
    let mut lines = Lines { text, at: 0, line: 0 };
    let header = Header { kind: 0, multiplier: MULTIPLIER, has_words: false, counts: lines.counts()?, end: 0 };
    let mut builder = Builder::new(&header)?;
    let order = header.counts.len();
    for (length, &count) in (1..).zip(&header.counts) {
        let expected = format!("\\{length}-grams:");
        if lines.next_filled(&expected)? != expected.as_bytes() {
            return Err(lines.error(expected));
        }
        for _ in 0..count {
            let Some(line) = lines.next() else { return Err(lines.end_of_file("an n-gram")) };
            let gram = Gram::read(line, length, length == order).map_err(|expected| lines.error(expected))?;
            let added = if length == 1 { builder.add_word(&gram) } else { builder.add(&gram) };
            added.map_err(|expected| lines.error(expected))?;
        }
        if length == 1 {
            builder.end_words().map_err(|expected| lines.error(expected))?;
        }
    }
    if lines.next_filled("\\end\\")? != b"\\end\\" {
        return Err(lines.error("\\end\\"));
    }
    Ok((header, builder.finish()))
}

/// A line of an n-gram.
pub(super) struct Gram<'a> {
    pub(super) probability: f32,
    /// In their order in the text.
    pub(super) words: Vec<&'a [u8]>,
    pub(super) back_off: Option<f32>,
}

impl<'a> Gram<'a> {
    /// Reads a line, or says what it should be.
    fn read(line: &'a [u8], length: usize, is_longest: bool) -> Result<Self, String> {
        let mut fields = line.split(|byte| b" \t\r".contains(byte)).filter(|field| !field.is_empty());
        let probability = fields.next().and_then(number).filter(|&probability| probability <= 0.0);
        let probability = probability.ok_or("a logarithm of a probability, 0 at most")?;
        let words: Vec<_> = fields.by_ref().take(length).collect();
        if words.len() < length {
            return Err(format!("{length} words"));
        }
        let back_off = match fields.next() {
            Some(field) => Some(number(field).ok_or("a back-off")?),
            None => None,
        };
        if fields.next().is_some() {
            return Err(format!("the end of the line behind {length} words and a back-off"));
        }
        if is_longest && back_off.is_some_and(|back_off| back_off != 0.0) {
            return Err("no back-off, as there is no longer n-gram".to_owned());
        }
        Ok(Self { probability, words, back_off })
    }
}

fn number(field: &[u8]) -> Option<f32> {
    std::str::from_utf8(field).ok()?.parse().ok().filter(|number: &f32| number.is_finite())
}

struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the line begins that was read last.
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.line = self.at;
        self.at += length + 1;
        Some(&rest[..length])
    }

    /// The next line that is not empty, trimmed.
    fn next_filled(&mut self, expected: &str) -> Result<&'a [u8], ModelError> {
        loop {
            let Some(line) = self.next() else { return Err(self.end_of_file(expected)) };
            if !line.trim_ascii().is_empty() {
                return Ok(line.trim_ascii());
            }
        }
    }

    /// The numbers of n-grams at the beginning of the file.
    fn counts(&mut self) -> Result<Vec<u64>, ModelError> {
        const DATA: &str = "\\data\\";
        let mut line = self.next_filled(DATA)?;
        while line.starts_with(b"#") {
            line = self.next_filled(DATA)?;
        }
        if line != DATA.as_bytes() {
            return Err(self.error("\\data\\ at the beginning of an ARPA file, or a binary file of KenLM"));
        }
        let (mut counts, mut taken) = (Vec::new(), 0);
        while let Some(line) = self.next().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            let prefix = format!("ngram {}=", counts.len() + 1);
            let count = line.strip_prefix(prefix.as_bytes()).and_then(|count| std::str::from_utf8(count).ok());
            let Some(count) = count.and_then(|count| count.trim().parse::<u64>().ok()) else {
                return Err(self.error(format!("{prefix} and a number")));
            };
            // A digit, the words, a space before each, the end of the line: what is allocated is bounded by the file.
            let line = 2 * counts.len() as u64 + 4;
            let most = (self.text.len() as u64 - taken) / line;
            if count > most || counts.len() == MAX_ORDER {
                let expected =
                    format!("n-grams that the file has room for ({most} at most) of at most {MAX_ORDER} words");
                return Err(self.error(expected));
            }
            taken += count * line;
            counts.push(count);
        }
        if counts.len() < 2 {
            return Err(self.error("numbers of n-grams of 1 and 2 words at least"));
        }
        Ok(counts)
    }

    /// Another line is expected than the one that was read last.
    fn error(&self, expected: impl std::fmt::Display) -> ModelError {
        const SHOWN: usize = 60;
        let line = self.text.get(self.line..(self.at.min(self.text.len()))).unwrap_or_default().trim_ascii();
        let found = format!("`{}`", line[..line.len().min(SHOWN)].escape_ascii());
        ModelError::new(self.line, found, expected)
    }

    fn end_of_file(&self, expected: &str) -> ModelError {
        ModelError::new(self.text.len(), "the end of the file", expected)
    }
}
