//! What several rules count of a text, counted once: of a paragraph by the rule that asks first, of a document out of what was counted of its
//! paragraphs.

use std::borrow::Cow;
use std::rc::Rc;

use obelisc_document::Document;
use obelisc_filter::{Measure, Shared, Subject, SubjectKind};
use obelisc_text::{Shape, SpecialCount, Tokens, WordList, Words};

use crate::words::{OBELICS, WordSplit};

/// What stands between two paragraphs of a document.
const BLANK_LINE: &str = "\n\n";

/// Something that is counted of a text.
trait Count: Sized + 'static {
    fn of(text: &str, split: &WordSplit) -> Self;

    /// That of paragraphs between which blank lines stand.
    fn joined(paragraphs: &[Rc<Self>], split: &WordSplit) -> Self;
}

impl Count for Words {
    fn of(text: &str, split: &WordSplit) -> Self {
        split.words(text)
    }

    fn joined(paragraphs: &[Rc<Self>], _: &WordSplit) -> Self {
        Self::joined(paragraphs.iter().map(AsRef::as_ref))
    }
}

impl Count for Tokens {
    fn of(text: &str, _: &WordSplit) -> Self {
        Self::count(text)
    }

    fn joined(paragraphs: &[Rc<Self>], _: &WordSplit) -> Self {
        Self::joined(paragraphs.iter().map(|tokens| **tokens))
    }
}

impl Count for SpecialCount {
    fn of(text: &str, split: &WordSplit) -> Self {
        split.special().count(text)
    }

    fn joined(paragraphs: &[Rc<Self>], split: &WordSplit) -> Self {
        let between = split.special().count(BLANK_LINE);
        let lines = paragraphs.len().saturating_sub(1);
        paragraphs.iter().fold(Self { special: between.special * lines, all: between.all * lines }, |sum, count| Self {
            special: sum.special + count.special,
            all: sum.all + count.all,
        })
    }
}

/// How the words of this set's documents are split.
fn split(shared: &Shared) -> &WordSplit {
    shared.settings().get().unwrap_or(&OBELICS)
}

impl Count for Shape {
    fn of(text: &str, _: &WordSplit) -> Self {
        Self::count(text)
    }

    fn joined(paragraphs: &[Rc<Self>], _: &WordSplit) -> Self {
        Self::joined(paragraphs.iter().map(|shape| **shape))
    }
}

/// A count of each paragraph of a document, in their order.
fn parts<T: Count>(document: &Document, shared: &Shared) -> Rc<Vec<Rc<T>>> {
    shared.get_or_make(|| {
        let paragraphs = document.paragraphs().enumerate().map(|(index, paragraph)| {
            let count = || T::of(&paragraph.text, split(shared));
            shared.part(index).map_or_else(|| Rc::new(count()), |part: &Shared| part.get_or_make(count))
        });
        paragraphs.collect::<Vec<_>>()
    })
}

/// A count of a subject of this kind; `None` for any other.
fn count<T: Count>(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<T>> {
    match subject {
        _ if subject.kind() != kind => None,
        Subject::Paragraph { text, shared, .. } => Some(shared.get_or_make(|| T::of(text, split(shared)))),
        Subject::Document { document, shared } => {
            Some(shared.get_or_make(|| T::joined(&parts(document, shared), split(shared))))
        }
        Subject::Url(_) | Subject::Image { .. } => None,
    }
}

/// The words, split as the recipe says.
pub(crate) fn words(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<Words>> {
    count(kind, subject)
}

/// The words as they are split where no recipe says otherwise: those that models were trained with.
pub(crate) fn standard_words(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<Words>> {
    let (Subject::Paragraph { shared, .. } | Subject::Document { shared, .. }) = subject else { return None };
    if split(shared).is_standard() {
        return words(kind, subject);
    }
    text(kind, subject).map(|text| Rc::new(OBELICS.words(&text)))
}

/// Words of a text that stands beside a document's paragraphs, split as those are.
pub(crate) fn words_beside(shared: &Shared, text: &str) -> Words {
    split(shared).words(text)
}

/// The words of each paragraph of a document, in their order; `None` for any other subject.
pub(crate) fn paragraph_words(subject: Subject<'_>) -> Option<Rc<Vec<Rc<Words>>>> {
    let Subject::Document { document, shared } = subject else { return None };
    Some(parts(document, shared))
}

/// How long words are, and how lines begin and end.
pub(crate) fn shape(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<Shape>> {
    count(kind, subject)
}

/// How many tokens are punctuation.
pub(crate) fn tokens(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<Tokens>> {
    count(kind, subject)
}

/// How many characters are special.
pub(crate) fn special_characters(kind: SubjectKind, subject: Subject<'_>) -> Option<Rc<SpecialCount>> {
    count(kind, subject)
}

/// The text itself; a document's paragraphs with blank lines between them.
pub(crate) fn text<'a>(kind: SubjectKind, subject: Subject<'a>) -> Option<Cow<'a, str>> {
    match subject {
        _ if subject.kind() != kind => None,
        Subject::Paragraph { text, .. } => Some(Cow::Borrowed(text)),
        Subject::Document { document, .. } => {
            let paragraphs: Vec<&str> = document.paragraphs().map(|paragraph| &*paragraph.text).collect();
            Some(Cow::Owned(paragraphs.join(BLANK_LINE)))
        }
        Subject::Url(_) | Subject::Image { .. } => None,
    }
}

/// How many of these there are for each of those.  Where there are none of those the question does not apply.
#[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 characters")]
pub(crate) fn ratio(these: usize, those: usize) -> Measure {
    if those == 0 { Measure::NotApplicable } else { Measure::number(these as f64 / those as f64) }
}

/// The share of the words that stand in a list.  With an empty list the question does not apply.
pub(crate) fn share_of(list: &WordList, kind: SubjectKind, subject: Subject<'_>) -> Measure {
    let words = if list.is_empty() { None } else { words(kind, subject) };
    words.map_or(Measure::NotApplicable, |words| Measure::number(list.share_of(&words)))
}
