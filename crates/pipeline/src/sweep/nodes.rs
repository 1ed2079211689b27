//! What rules make of the stored values of a document's parts.

use std::collections::BTreeMap;

use obelisc_filter::{Judgement, RuleSet, Signal, StageView, SubjectKind};

use super::removed::Removed;

/// Name of the rule whose values are words.
const WORD_COUNT: &str = "word_count";
/// Name of the rule whose values are images.
const IMAGE_COUNT: &str = "image_count";

/// The parts of a document as one sitting judged them, decided anew.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// The rules that the URL fails.
    pub url: u64,
    /// Whether other parts are kept than the judgements say: then what was measured of the document is of another text.
    pub changed: bool,
    /// Whether each part fails the very rules that the judgements say.
    pub same: bool,
    /// Images that are left; `None` where none were judged so far.
    pub images: Option<u64>,
    /// Judged paragraphs that are left.
    pub paragraphs: u64,
    /// Words of those; `None` where not all were counted.
    pub words: Option<u64>,
    /// What is removed.
    pub removed: Removed,
}

/// How many parts of one kind came to which end.
#[derive(Clone, Copy, Default)]
struct Flow {
    kept: u64,
    by_rule: u64,
    other: u64,
    counted: u64,
    words: u64,
}

impl Nodes {
    /// `before` is what the sitting before left.
    pub(super) fn of(rules: &RuleSet, view: StageView, judgements: &[Judgement], before: Option<&Self>) -> Self {
        let mut nodes = Self { same: true, ..Self::default() };
        let (mut images, mut paragraphs) = (Flow::default(), Flow::default());
        for judgement in judgements {
            let subject = judgement.subject;
            let mut nowhere = Flow::default();
            let flow = match subject {
                SubjectKind::Document => continue,
                SubjectKind::Image => &mut images,
                SubjectKind::Paragraph => &mut paragraphs,
                SubjectKind::Url => &mut nowhere,
            };
            if let Some(name) = other(judgement) {
                // An edit that leaves nothing of a paragraph is counted as accounts name it.
                let edit = obelisc_filters::find_edit(name).filter(|_| subject == SubjectKind::Paragraph);
                nodes.removed.enter_other(subject, &edit.map_or_else(|| name.to_owned(), |edit| edit.path()));
                flow.other += 1;
                continue;
            }
            let failing = rules.failing(subject, &judgement.signals, view);
            nodes.removed.enter(subject, failing);
            nodes.same &= failing == judgement.failing;
            nodes.changed |= (failing == 0) != judgement.kept();
            if subject == SubjectKind::Url {
                nodes.url = failing;
            }
            if failing != 0 {
                flow.by_rule += 1;
                continue;
            }
            flow.kept += 1;
            if let Some(words) = count(judgement, WORD_COUNT) {
                flow.counted += 1;
                flow.words += words;
            }
        }
        let asked = |subject| !rules.rules(subject).is_empty();
        let images_before = before.and_then(|before| before.images);
        let left = images_before.map(|before| before.saturating_sub(images.other));
        nodes.images = if asked(SubjectKind::Image) { Some(images.kept) } else { left };
        let before_paragraphs = before.map_or(0, |before| before.paragraphs);
        let judged = asked(SubjectKind::Paragraph);
        nodes.paragraphs = if judged { paragraphs.kept } else { before_paragraphs.saturating_sub(paragraphs.other) };
        let counted = paragraphs.kept > 0 && paragraphs.counted == paragraphs.kept;
        let words_before = before.filter(|_| paragraphs.by_rule == 0).and_then(|before| before.words);
        nodes.words = counted.then_some(paragraphs.words).or(words_before);
        nodes
    }

    /// Parts that are left for certain.
    pub(super) fn left(&self) -> u64 {
        self.images.unwrap_or_default() + self.paragraphs
    }
}

/// Words that are left of so many when a later sitting removes paragraphs whose words an earlier one counted.
pub(super) fn words_without<'j>(
    words: u64,
    counted: &[Judgement],
    removed: impl Iterator<Item = &'j Judgement>,
) -> Option<u64> {
    let paragraphs = counted.iter().filter(|judgement| judgement.subject == SubjectKind::Paragraph);
    let counts = paragraphs.filter_map(|judgement| Some((place(judgement), count(judgement, WORD_COUNT)?)));
    let counts: BTreeMap<_, u64> = counts.collect();
    removed
        .map(|judgement| counts.get(&place(judgement)).copied())
        .try_fold(words, |left, gone| left.checked_sub(gone?))
}

/// Where a paragraph stands.
fn place(judgement: &Judgement) -> (Option<u32>, Option<u32>) {
    (judgement.ordinal, judgement.paragraph)
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
