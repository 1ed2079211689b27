//! What changes a text before it is judged: named, and every change recorded.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use obelisc_text::spans::Span;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::options::{Declared, Options, Source};

/// An edit with its options set: a pure function of a paragraph's text and the options.
pub trait Edit: fmt::Debug + Send + Sync {
    /// The spans of the text that change, in order, none over another.
    fn spans(&self, text: &str) -> Vec<Span>;
}

/// An edit before its options are set: one line in the table of edits.
#[derive(Clone, Copy, Debug)]
pub struct EditSpec {
    /// Name: of the file, in a recipe, in the ledger.  What is edited.
    pub name: &'static str,
    /// Semantic version: raised whenever the same text and options can give other spans.
    pub version: u32,
    /// Texts that decide beside the options; their sha256 enters the digest.
    pub resources: &'static [&'static str],
    /// The manual page, Markdown.
    pub page: &'static str,
    /// Reads the options and makes the edit.
    pub build: fn(&mut Options<'_>) -> Box<dyn Edit>,
}

impl EditSpec {
    /// Folder and name: `edit.long_words`.
    pub fn path(&self) -> String {
        format!("edit.{}", self.name)
    }

    /// The options that the edit declares, with their defaults.
    pub fn options(&self) -> Vec<Declared> {
        let source = Source::parse("defaults", "", &[]);
        let mut options = source.root();
        let _edit = (self.build)(&mut options);
        options.finish().declared
    }

    /// The first paragraph of the page after its heading: what changes, in a sentence or two.
    pub fn summary(&self) -> String {
        crate::rule::summary(self.page)
    }
}

/// An edit of a recipe, with the options the recipe gives it.
#[derive(Clone, Debug)]
pub struct ConfiguredEdit {
    pub(crate) spec: &'static EditSpec,
    pub(crate) edit: Arc<dyn Edit>,
    pub(crate) options: Map<String, Value>,
}

impl ConfiguredEdit {
    /// What the edit is.
    pub fn spec(&self) -> &'static EditSpec {
        self.spec
    }
}

/// A change that was made to the text of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Name of the edit.
    pub edit: Cow<'static, str>,
    /// First byte of the span, in the text as the edits before this one left it.
    pub begin: u32,
    /// Byte behind the span.
    pub end: u32,
    /// What took its place.
    pub replacement: Cow<'static, str>,
}

/// What edits made of a text.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The changes, in order.
    pub made: Vec<Edited>,
    /// The new text, where there are any.
    pub text: Option<String>,
    /// The first edit behind which there was nothing but white space.
    pub emptied_by: Option<&'static str>,
}

/// Makes the edits, one after the other.
pub(crate) fn edit(edits: &[ConfiguredEdit], text: &str) -> Outcome {
    let Outcome { mut made, text: mut current, mut emptied_by } = Outcome::default();
    for one in edits {
        let text = current.as_deref().unwrap_or(text);
        let spans = sound(one.edit.spans(text), text);
        if spans.is_empty() {
            continue;
        }
        let mut next = String::with_capacity(text.len());
        let mut at = 0;
        for Span { range, replacement } in spans {
            next.push_str(&text[at..range.start]);
            next.push_str(&replacement);
            at = range.end;
            let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
            let (begin, end) = (place(range.start), place(range.end));
            made.push(Edited { edit: Cow::Borrowed(one.spec.name), begin, end, replacement });
        }
        next.push_str(&text[at..]);
        if emptied_by.is_none() && next.trim().is_empty() {
            emptied_by = Some(one.spec.name);
        }
        current = Some(next);
    }
    Outcome { made, text: current, emptied_by }
}

/// The spans that lie in the text, on its characters, behind the one before, and change something: an edit of the
/// caller's own may err.
fn sound(spans: Vec<Span>, text: &str) -> Vec<Span> {
    let mut at = 0;
    let mut sound = spans;
    sound.retain(|Span { range, replacement }| {
        let inside = range.start >= at && range.start <= range.end;
        let changes = inside && text.get(range.clone()).is_some_and(|old| old != replacement);
        if changes {
            at = range.end;
        }
        changes
    });
    sound
}

/// Makes recorded changes again: gives the text that the edits left of `text`; `None` where they are of another text.
///
/// ```
/// use obelisc_filter::{Edited, replay};
/// let made = [Edited { edit: "long_words".into(), begin: 2, end: 6, replacement: "".into() }];
/// assert_eq!(replay("a bbbbc", &made).as_deref(), Some("a c"));
/// assert_eq!(replay("a", &made), None);
/// ```
pub fn replay(text: &str, made: &[Edited]) -> Option<String> {
    let mut current = text.to_owned();
    for changes in made.chunk_by(|one, next| one.edit == next.edit) {
        let mut next = String::with_capacity(current.len());
        let mut at = 0;
        for change in changes {
            next.push_str(current.get(at..change.begin as usize)?);
            next.push_str(&change.replacement);
            at = change.end as usize;
        }
        next.push_str(current.get(at..)?);
        current = next;
    }
    Some(current)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    /// Makes each of these words a text of its own.
    #[derive(Debug)]
    struct Replaces(&'static str, &'static str);

    impl Edit for Replaces {
        fn spans(&self, text: &str) -> Vec<Span> {
            let span = |(at, found): (usize, &str)| Span { range: at..at + found.len(), replacement: self.1.into() };
            text.match_indices(self.0).map(span).collect()
        }
    }

    /// Gives these ranges, whatever the text.
    #[derive(Debug)]
    struct Blind(Vec<Range<usize>>);

    impl Edit for Blind {
        fn spans(&self, _: &str) -> Vec<Span> {
            self.0.iter().map(|range| Span { range: range.clone(), replacement: "".into() }).collect()
        }
    }

    fn configured(edit: impl Edit + 'static) -> ConfiguredEdit {
        static SPEC: EditSpec = EditSpec {
            name: "replaces",
            version: 1,
            resources: &[],
            page: "# edit.replaces\n\nReplaces.",
            build: |_| Box::new(Replaces("", "")),
        };
        ConfiguredEdit { spec: &SPEC, edit: Arc::new(edit), options: Map::new() }
    }

    #[test]
    fn each_edit_sees_what_the_one_before_left_and_all_can_be_made_again() {
        let text = "ab – ab";
        let edits = [configured(Replaces("ab", "x")), configured(Replaces("–", "ab"))];
        let Outcome { made, text: edited, .. } = edit(&edits, text);
        assert_eq!(edited.as_deref(), Some("x ab x"));
        let places: Vec<_> = made.iter().map(|one| (one.begin, one.end, &*one.replacement)).collect();
        assert_eq!(places, [(0, 2, "x"), (7, 9, "x"), (2, 5, "ab")]);
        assert_eq!(edit(&edits, "none").text, None);
    }

    #[test]
    fn spans_that_do_not_fit_the_text_change_nothing() {
        let reversed = Range { start: 3, end: 1 };
        let blind = Blind(vec![0..1, 0..2, reversed, 2..3, 1..4, 9..12]);
        let Outcome { made, text: edited, .. } = edit(&[configured(blind)], "aé–b");
        assert_eq!(edited.as_deref(), Some("é–b"));
        assert_eq!(made.len(), 1);
    }
}
