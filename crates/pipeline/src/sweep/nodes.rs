//! What rules make of the stored values of a document's parts.

use obelisc_filter::{Judgement, RuleSet, Signal, StageView, SubjectKind};

use super::removed::Removed;

/// Name of the rule whose values are words.
const WORD_COUNT: &str = "word_count";
/// Name of the rule whose values are images.
const IMAGE_COUNT: &str = "image_count";

/// The parts of a document as one step judged them, decided anew.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// The rules that the URL fails.
    pub url: u64,
    /// Whether other parts are kept than the judgements say: then what was measured of the document is of another text.
    pub changed: bool,
    /// Whether each part fails the very rules that the judgements say.
    pub same: bool,
    /// Judged images that are kept.
    pub images: u64,
    /// Judged paragraphs that are kept.
    pub paragraphs: u64,
    /// Words of those; `None` where not all were counted.
    pub words: Option<u64>,
    /// What is removed.
    pub removed: Removed,
}

impl Nodes {
    pub(super) fn of(rules: &RuleSet, view: StageView, judgements: &[Judgement]) -> Self {
        let mut nodes = Self { same: true, ..Self::default() };
        let mut counted = 0;
        let mut words = 0;
        for judgement in judgements {
            let subject = judgement.subject;
            if subject == SubjectKind::Document {
                continue;
            }
            if let Some(name) = other(judgement) {
                nodes.removed.enter_other(subject, name);
                continue;
            }
            let failing = rules.failing(subject, &judgement.signals, view);
            nodes.removed.enter(subject, failing);
            nodes.same &= failing == judgement.failing;
            nodes.changed |= (failing == 0) != judgement.kept();
            match subject {
                SubjectKind::Url => nodes.url = failing,
                SubjectKind::Image => nodes.images += u64::from(failing == 0),
                SubjectKind::Paragraph if failing == 0 => {
                    nodes.paragraphs += 1;
                    if let Some(count) = count(judgement, WORD_COUNT) {
                        counted += 1;
                        words += count;
                    }
                }
                SubjectKind::Paragraph | SubjectKind::Document => {}
            }
        }
        nodes.words = (nodes.paragraphs > 0 && counted == nodes.paragraphs).then_some(words);
        nodes
    }
}

/// What took a subject away, where it was no rule: no threshold brings it back.
pub(super) fn other(judgement: &Judgement) -> Option<&str> {
    judgement.failure.as_ref().filter(|_| judgement.failing == 0).map(|failure| &*failure.rule)
}

/// The words that a document rule counted.
pub(super) fn words(document: &Judgement) -> Option<u64> {
    count(document, WORD_COUNT)
}

/// The images that a document rule counted.
pub(super) fn images(document: &Judgement) -> Option<u64> {
    count(document, IMAGE_COUNT)
}

fn count(judgement: &Judgement, rule: &str) -> Option<u64> {
    let measured = judgement.signals.iter().find(|measured| measured.rule == rule)?;
    match measured.signal {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a count")]
        Signal::Number(number) => Some(number as u64),
        Signal::Span { .. } | Signal::Word(_) => None,
    }
}
