//! Pieces of files, and the documents in them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

/// Some documents, as they lie in a file.
#[derive(Debug)]
pub struct Piece(Content);

#[derive(Debug)]
enum Content {
    /// Whole JSON lines of a file, the first being line `first`.
    Lines { file: Arc<str>, first: u64, bytes: Vec<u8> },
    /// Plain text; `continues` where it is not the beginning of its file.
    Text { bytes: Vec<u8>, continues: bool },
    /// Documents, each a list of texts.
    Documents(Vec<Vec<String>>),
}

/// A document.
#[derive(Debug)]
pub struct Document<'a> {
    /// Its texts in their order.
    pub texts: Vec<Cow<'a, str>>,
}

/// What of a file is no document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The file, as it was named.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub detail: String,
}

impl Damage {
    pub(super) fn new(file: &str, line: u64, detail: impl ToString) -> Self {
        Self { file: file.to_owned(), line, detail: detail.to_string() }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.detail)
    }
}

/// How many documents were read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents.
    pub documents: u64,
    /// Lines that are no documents.
    pub damaged: u64,
    /// The first of them, by file and line.
    pub first_damage: Option<Damage>,
    /// Pieces of plain text that are not UTF-8 everywhere; what is not was replaced (U+FFFD).
    pub not_utf8: u64,
}

impl Tally {
    pub(super) fn damaged(damage: Damage) -> Self {
        Self { damaged: 1, first_damage: Some(damage), ..Self::default() }
    }

    /// Takes in another tally.
    pub fn add(&mut self, other: Self) {
        self.documents += other.documents;
        self.damaged += other.damaged;
        self.not_utf8 += other.not_utf8;
        self.first_damage = [self.first_damage.take(), other.first_damage].into_iter().flatten().min();
    }
}

/// A line of ours, or of one of the many corpora with a string `text`.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    texts: Option<Vec<Option<Text<'a>>>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

/// A string; borrowed where it stands as it is.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Piece {
    pub(super) fn lines(file: &Arc<str>, first: u64, bytes: Vec<u8>) -> Self {
        Self(Content::Lines { file: Arc::clone(file), first, bytes })
    }

    pub(super) fn text(bytes: Vec<u8>, continues: bool) -> Self {
        Self(Content::Text { bytes, continues })
    }

    pub(super) fn documents_of(documents: Vec<Vec<String>>) -> Self {
        Self(Content::Documents(documents))
    }

    /// Gives the documents, in their order, as long as `each` wants them.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn documents<E>(&self, mut each: impl FnMut(Document<'_>) -> Result<(), E>) -> Result<Tally, E> {
        let mut tally = Tally::default();
        match &self.0 {
            Content::Lines { file, first, bytes } => {
                let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| *first == 1).unwrap_or(bytes);
                let lines = (*first..).zip(bytes.split(|byte| *byte == b'\n'));
                for (line, text) in lines.filter(|(_, text)| !text.trim_ascii().is_empty()) {
                    match document(text) {
                        Ok(document) => {
                            tally.documents += 1;
                            each(document)?;
                        }
                        Err(detail) => tally.add(Tally::damaged(Damage::new(file, line, detail))),
                    }
                }
            }
            Content::Text { bytes, continues } => {
                let text = String::from_utf8_lossy(bytes);
                tally.documents += u64::from(!continues);
                tally.not_utf8 += u64::from(matches!(text, Cow::Owned(_)));
                each(Document { texts: vec![text] })?;
            }
            Content::Documents(documents) => {
                tally.documents += documents.len() as u64;
                for texts in documents {
                    each(Document { texts: texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect() })?;
                }
            }
        }
        Ok(tally)
    }
}

fn document(line: &[u8]) -> Result<Document<'_>, String> {
    let Line { texts, text } = serde_json::from_slice(line).map_err(|error| format!("no document: {error}"))?;
    match (texts, text) {
        (Some(texts), _) => Ok(Document { texts: texts.into_iter().flatten().map(|text| text.0).collect() }),
        (None, Some(text)) => Ok(Document { texts: vec![text.0] }),
        (None, None) => Err("no document: neither texts nor text".to_owned()),
    }
}
