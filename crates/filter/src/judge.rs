//! Judging a document: measure, compare, remove.

use std::borrow::Cow;

use obelisc_document::{Content, DocId, Document, END_OF_DOCUMENT, Page, Paragraph, Reason};

use crate::edit::{Outcome, edit};
use crate::judgement::{Counts, Failure, Judgement, Measured, Verdict};
use crate::rule::{Needs, RuleSpec, Subject, SubjectKind};
use crate::set::{ConfiguredRule, RuleSet};
use crate::shared::Shared;
use crate::signal::{Bound, Measure, Signal};

/// How a text node without paragraphs is counted.
pub const EMPTIED: &str = "emptied";

/// What later stages may still take away from the documents that are judged now.
///
/// While anything is pending a document rule on it applies only what those removals cannot overturn: the minimum of a
/// value that can only fall.  Rules on URLs, images and paragraphs look at one subject and do not wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageView {
    /// Images may still be removed, or their facts are not known yet.
    pub images_pending: bool,
    /// Paragraphs may still be removed.
    pub text_pending: bool,
}

impl StageView {
    /// Nothing comes later: every bound applies.
    pub const FINAL: Self = Self { images_pending: false, text_pending: false };

    /// Whether the bound may drop a document now.
    fn applies(self, spec: &RuleSpec, bound: &Bound) -> bool {
        let pending = spec.subject == SubjectKind::Document
            && spec.needs.iter().any(|need| match need {
                Needs::Text => self.text_pending,
                Needs::ImageReference | Needs::ImageFacts => self.images_pending,
                Needs::Url | Needs::Model | Needs::Classifier | Needs::Language => false,
            });
        !pending || (spec.falling && matches!(bound, Bound::Min(_)))
    }
}

impl RuleSet {
    /// Which rules on a kind of subject fail what was measured of it: bit *i* stands for the rule *i*, in the order of
    /// the recipe.  `signals` are in that order too; a rule without a value fails nothing.
    ///
    /// This is how [`judge`](Self::judge) decides, so other thresholds tried on the signals of a [`Judgement`] give what
    /// judging the same subject with them would give.
    pub fn failing(&self, subject: SubjectKind, signals: &[Measured], view: StageView) -> u64 {
        let mut signals = signals.iter().peekable();
        let mut failing = 0;
        for (index, rule) in self.rules(subject).iter().enumerate() {
            if let Some(measured) = signals.next_if(|measured| measured.rule == rule.spec.name)
                && rule.broken(&measured.signal, view).is_some()
            {
                failing |= 1 << index;
            }
        }
        failing
    }

    /// What is said of the first rule that [`failing`](Self::failing) found.
    pub fn first_failure(&self, subject: SubjectKind, signals: &[Measured], view: StageView) -> Option<Failure> {
        let first = self.failing(subject, signals, view).trailing_zeros();
        let rule = self.rules(subject).get(usize::try_from(first).ok()?)?;
        let measured = signals.iter().find(|measured| measured.rule == rule.spec.name)?;
        rule.broken(&measured.signal, view).map(|bound| rule.failure(&measured.signal, bound))
    }
}

impl ConfiguredRule {
    /// The first bound that the value is out of.
    fn broken(&self, signal: &Signal, view: StageView) -> Option<&Bound> {
        self.bounds.iter().filter(|bound| view.applies(self.spec, bound)).find(|bound| !bound.allows(signal))
    }

    fn failure(&self, signal: &Signal, bound: &Bound) -> Failure {
        Failure { rule: Cow::Borrowed(self.spec.name), value: Some(signal.to_string()), bound: Some(bound.to_string()) }
    }
}

/// The judgements of one document in the making.
struct Sitting<'a> {
    set: &'a RuleSet,
    view: StageView,
    id: DocId,
    judgements: Vec<Judgement>,
    counts: Counts,
    /// What a rule that went wrong said.
    raised: Option<String>,
}

impl RuleSet {
    /// Judges a document and removes from it what fails.
    ///
    /// The URL comes first: where a rule on it fails the document is dropped as it stands, and nothing else of it is
    /// measured.  Then every image and every paragraph, in reading order, by all rules of its kind, a paragraph as the
    /// edits leave it; what fails is removed, and a text node with no paragraph left goes with its last.  Then the document rules, on what is left.
    /// A document with no node left is dropped with [`Reason::EmptyDocument`] unless a rule drops it.  Ordinals and
    /// paragraph numbers never change, and no two kept nodes change places.  A paragraph that is the mark
    /// [`END_OF_DOCUMENT`] is no text: no rule on paragraphs is asked about it.
    ///
    /// A subject is judged when the set has a rule for its kind; the document has a judgement always, unless its URL
    /// failed.
    ///
    /// Where a rule goes wrong ([`Measure::Failed`]) the document fails with [`Reason::RuleRaised`]: no rule is asked about
    /// anything more of it, and what went wrong is the value of its own judgement.
    pub fn judge(&self, document: &mut Document, view: StageView) -> Verdict {
        let counts = incoming(document);
        let subjects = counts.images.entered + counts.paragraphs.entered + 2;
        let judgements = Vec::with_capacity(usize::try_from(subjects).unwrap_or_default());
        let mut sitting = Sitting { set: self, view, id: document.id, judgements, counts, raised: None };
        let kept = sitting.judge_url(&document.page.url) && {
            let shared = sitting.judge_nodes(document);
            sitting.judge_document(document, &shared)
        };
        let kept = kept && sitting.raised.is_none();
        sitting.fail();
        let Sitting { judgements, mut counts, .. } = sitting;
        if !kept {
            counts.drop_parts();
        }
        Verdict { kept, judgements, counts }
    }
}

impl RuleSet {
    /// Drops a document for a reason, unjudged.
    pub fn refuse(document: &Document, reason: Reason, value: Option<String>, bound: Option<String>) -> Verdict {
        let mut counts = incoming(document);
        counts.documents.drop_one(reason.name());
        counts.drop_parts();
        let failure = Some(Failure { rule: Cow::Borrowed(reason.name()), value, bound });
        let judgement = Judgement { failure, ..Judgement::keeping(document.id, SubjectKind::Document, None, None) };
        Verdict { kept: false, judgements: vec![judgement], counts }
    }
}

/// Which part of a document, for a person.
fn place(ordinal: Option<u32>, paragraph: Option<u32>) -> String {
    match (ordinal, paragraph) {
        (Some(ordinal), Some(paragraph)) => format!(" on {ordinal}.{paragraph}"),
        (Some(ordinal), None) => format!(" on {ordinal}"),
        _ => String::new(),
    }
}

/// The counts before anything is judged: all is kept.
fn incoming(document: &Document) -> Counts {
    let mut counts = Counts::default();
    counts.documents.enter(1);
    for node in &document.nodes {
        match &node.content {
            Content::Image(_) => counts.images.enter(1),
            Content::Text(paragraphs) => {
                counts.text_nodes.enter(1);
                counts.paragraphs.enter(paragraphs.len() as u64);
            }
        }
    }
    counts
}

impl<'a> Sitting<'a> {
    /// Judges one subject by all rules of its kind; gives the path of the first that it fails.
    fn judge(&mut self, subject: Subject<'_>, ordinal: Option<u32>, paragraph: Option<u32>) -> Option<&'a str> {
        let rules = self.set.rules(subject.kind());
        if rules.is_empty() || self.raised.is_some() {
            return None;
        }
        let mut signals = Vec::with_capacity(rules.len());
        let (mut failing, mut first, mut failure) = (0, None, None);
        for (index, rule) in rules.iter().enumerate() {
            let signal = match rule.rule.measure(subject) {
                Measure::Value(signal) => signal,
                Measure::NotApplicable | Measure::NotAvailable => continue,
                Measure::Failed(detail) => {
                    self.raised = Some(format!("{}{}: {detail}", rule.path, place(ordinal, paragraph)));
                    return None;
                }
            };
            if let Some(bound) = rule.broken(&signal, self.view) {
                failing |= 1 << index;
                first = first.or_else(|| {
                    failure = Some(rule.failure(&signal, bound));
                    Some(rule)
                });
            }
            signals.push(Measured { rule: Cow::Borrowed(rule.spec.name), signal });
        }
        let judgement = Judgement::keeping(self.id, subject.kind(), ordinal, paragraph);
        self.judgements.push(Judgement { failure, failing, signals, ..judgement });
        first.map(|rule: &ConfiguredRule| rule.path.as_str())
    }

    fn judge_url(&mut self, url: &str) -> bool {
        let failed = self.judge(Subject::Url(url), None, None);
        if let Some(path) = failed {
            self.counts.documents.drop_one(path);
        }
        failed.is_none()
    }

    /// Where a rule went wrong, the document's own judgement is that.
    fn fail(&mut self) {
        let Some(detail) = self.raised.take() else { return };
        let reason = Reason::RuleRaised.name();
        self.counts.documents.fail_one(reason);
        let failure = Some(Failure { rule: Cow::Borrowed(reason), value: Some(detail), bound: None });
        let judgement = Judgement::keeping(self.id, SubjectKind::Document, None, None);
        self.judgements.push(Judgement { failure, ..judgement });
    }

    /// Gives what rules counted of the paragraphs that are left.
    fn judge_nodes(&mut self, document: &mut Document) -> Shared {
        let page = &document.page;
        let mut parts = Vec::new();
        document.nodes.retain_mut(|node| {
            let ordinal = Some(node.ordinal);
            match &mut node.content {
                Content::Image(image) => {
                    let failed = self.judge(Subject::Image { image, page }, ordinal, None);
                    if let Some(path) = failed {
                        self.counts.images.drop_one(path);
                    }
                    failed.is_none()
                }
                Content::Text(paragraphs) => {
                    paragraphs.retain_mut(|paragraph| {
                        let shared = Shared::new(self.set.settings());
                        let kept = paragraph.text == END_OF_DOCUMENT
                            || self.judge_paragraph(paragraph, ordinal, page, &shared);
                        if kept {
                            parts.push(shared);
                        }
                        kept
                    });
                    if paragraphs.is_empty() {
                        self.counts.text_nodes.drop_one(EMPTIED);
                    }
                    !paragraphs.is_empty()
                }
            }
        });
        Shared::of_parts(parts, self.set.settings())
    }

    /// Edits and judges a paragraph; one of which the edits leave nothing is dropped, and no rule is asked.
    fn judge_paragraph(
        &mut self,
        paragraph: &mut Paragraph,
        ordinal: Option<u32>,
        page: &Page,
        shared: &Shared,
    ) -> bool {
        let Outcome { made: edits, text: edited, emptied_by } = edit(self.set.edits(), &paragraph.text);
        if let Some(text) = edited {
            paragraph.text = text;
        }
        for change in &edits {
            self.counts.paragraphs.edit_one(&change.edit);
        }
        let k = Some(paragraph.k);
        if let Some(edit) = emptied_by {
            self.counts.paragraphs.drop_one(&format!("edit.{edit}"));
            let failure = Some(Failure { rule: Cow::Borrowed(edit), value: None, bound: None });
            let judgement = Judgement::keeping(self.id, SubjectKind::Paragraph, ordinal, k);
            self.judgements.push(Judgement { failure, edits, ..judgement });
            return false;
        }
        let (text, content_score) = (&*paragraph.text, paragraph.content_score);
        let judged = self.judgements.len();
        let failed = self.judge(Subject::Paragraph { text, content_score, page, shared }, ordinal, k);
        if let Some(path) = failed {
            self.counts.paragraphs.drop_one(path);
        }
        if !edits.is_empty() && self.raised.is_none() {
            if self.judgements.len() == judged {
                self.judgements.push(Judgement::keeping(self.id, SubjectKind::Paragraph, ordinal, k));
            }
            if let Some(judgement) = self.judgements.last_mut() {
                judgement.edits = edits;
            }
        }
        failed.is_none()
    }

    fn judge_document(&mut self, document: &Document, shared: &Shared) -> bool {
        if self.raised.is_some() {
            return false;
        }
        let mut failed = self.judge(Subject::Document { document, shared }, None, None);
        if self.raised.is_some() {
            return false;
        }
        let subject = SubjectKind::Document;
        if self.set.rules(subject).is_empty() {
            self.judgements.push(Judgement::keeping(self.id, subject, None, None));
        }
        if let (None, true, Some(judgement)) = (failed, document.nodes.is_empty(), self.judgements.last_mut()) {
            let reason = Reason::EmptyDocument.name();
            judgement.failure = Some(Failure { rule: Cow::Borrowed(reason), value: None, bound: None });
            failed = Some(reason);
        }
        if let Some(path) = failed {
            self.counts.documents.drop_one(path);
        }
        failed.is_none()
    }
}

#[cfg(test)]
#[expect(non_upper_case_globals, reason = "the names of rules")]
mod tests;
