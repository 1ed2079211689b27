//! What was decided about one subject, and how many of each.

use std::borrow::Cow;

use obelisc_document::DocId;
use obelisc_document::account::{Accounts, Flow};
use serde::{Deserialize, Serialize};

use crate::edit::Edited;
use crate::rule::SubjectKind;
use crate::signal::Signal;

/// What was decided about one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The document.
    pub document: DocId,
    /// What was judged.
    pub subject: SubjectKind,
    /// Ordinal of the node, for an image or a paragraph.
    pub ordinal: Option<u32>,
    /// Number of the paragraph in its node.
    pub paragraph: Option<u32>,
    /// Why it was dropped; `None` where it was kept.
    pub failure: Option<Failure>,
    /// Bit *i* stands for the rule *i* among the rules of this subject, in the order of the recipe: set where its value
    /// is out of bounds.
    pub failing: u64,
    /// What was measured, in the order of the recipe; rules without a value are left out.
    pub signals: Vec<Measured>,
    /// What was changed of a paragraph's text before it was judged, in order.
    pub edits: Vec<Edited>,
    /// Tag of the document's language, where one was identified; in its last judgement alone.
    pub language: Option<String>,
}

impl Judgement {
    /// A subject that nothing was found against and nothing was measured of.
    pub fn keeping(document: DocId, subject: SubjectKind, ordinal: Option<u32>, paragraph: Option<u32>) -> Self {
        let (failure, failing, signals, edits, language) = (None, 0, Vec::new(), Vec::new(), None);
        Self { document, subject, ordinal, paragraph, failure, failing, signals, edits, language }
    }

    /// Whether the subject was kept.
    pub fn kept(&self) -> bool {
        self.failure.is_none()
    }
}

/// The first rule that a subject failed, or the reason that dropped it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Name of the rule, or published name of the [`Reason`](obelisc_document::Reason).
    pub rule: Cow<'static, str>,
    /// The value as a person reads it; absent with a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The bound it broke; absent with a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

/// A value with the name of the rule that measured it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Name of the rule.
    pub rule: Cow<'static, str>,
    /// The value.
    pub signal: Signal,
}

/// The outcome of [`RuleSet::judge`](crate::RuleSet::judge) for one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether the document is kept.
    pub kept: bool,
    /// One judgement per judged subject, in reading order; the document's own comes last.
    pub judgements: Vec<Judgement>,
    /// The same in numbers.
    pub counts: Counts,
}

/// How many documents and parts of documents came in, and what became of them: by the path of the first failing rule
/// (`image.format`), by reason, or `with_document`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Documents.
    pub documents: Flow,
    /// Image nodes.
    pub images: Flow,
    /// Text nodes; one is dropped (`emptied`) when no paragraph of it is left.
    pub text_nodes: Flow,
    /// Paragraphs.
    pub paragraphs: Flow,
}

/// How what goes with its document is counted.
const WITH_DOCUMENT: &str = "with_document";

impl Counts {
    /// What is left of the document goes with it.
    pub(crate) fn drop_parts(&mut self) {
        for flow in [&mut self.images, &mut self.text_nodes, &mut self.paragraphs] {
            flow.drop_kept(WITH_DOCUMENT);
        }
    }

    /// Adds these to a step's accounts, under the names of the units.
    pub fn add_to(&self, accounts: &mut Accounts) {
        for (unit, flow) in [
            ("documents", &self.documents),
            ("images", &self.images),
            ("text_nodes", &self.text_nodes),
            ("paragraphs", &self.paragraphs),
        ] {
            accounts.unit(unit).add(flow);
        }
    }
}
