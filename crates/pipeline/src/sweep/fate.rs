//! What a variant makes of one document, by what was measured of it.

use std::rc::Rc;

use obelisc_document::Reason;
use obelisc_filter::{Failure, Judgement, RuleSet, StageView, SubjectKind};

use super::grid::Variant;
use super::measure::{Applied, Measurement};
use super::nodes::{self, Nodes};

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in the dataset.
    Kept {
        /// Its images.
        images: u64,
        /// Its words.
        words: u64,
    },
    /// A step drops it.
    Dropped(Step),
    /// That depends on images that nobody asked for.
    Behind,
}

/// Where a document is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// For its URL.
    Url,
    /// By the step `filter`.
    Filter,
    /// By the step `apply`.
    Apply,
}

/// A document with what was measured of it, its parts decided anew.
pub(super) struct Case {
    measured: Rc<Measurement>,
    attaches: bool,
    /// The parts in the step `filter`.
    pub nodes: Nodes,
    /// The parts in the step `apply`.
    pub applied: Option<Nodes>,
}

impl Case {
    /// Decides about the parts; the variants that keep the same parts share it.
    pub(super) fn new(measured: Rc<Measurement>, variant: &Variant, attaches: bool) -> Self {
        let nodes = Nodes::of(&variant.recipe.rules, variant.recipe.filter_view(), &measured.filter);
        let applied = match &measured.applied {
            Applied::Judged(judgements) => Some(Nodes::of(&variant.applied, StageView::FINAL, judgements)),
            Applied::NotReached | Applied::Behind => None,
        };
        Self { measured, attaches, nodes, applied }
    }

    /// What becomes of the document; `None` where it must be measured again to know.
    pub(super) fn fate(&self, variant: &Variant) -> Option<Fate> {
        if self.nodes.url != 0 {
            return Some(Fate::Dropped(Step::Url));
        }
        let by_filter = self.measured.by_filter().filter(|_| !self.nodes.changed)?;
        let (rules, view) = (&variant.recipe.rules, variant.recipe.filter_view());
        let left = self.measured.left;
        let parts = self.nodes.images + self.nodes.paragraphs;
        if fails(rules, view, by_filter) || is_empty(by_filter, parts, left.map(|left| left.empty_by_filter))? {
            return Some(Fate::Dropped(Step::Filter));
        }
        if !self.attaches {
            return self.kept(rules, &self.nodes, by_filter);
        }
        match &self.measured.applied {
            Applied::NotReached => None,
            Applied::Behind => Some(Fate::Behind),
            Applied::Judged(judgements) => {
                let nodes = self.applied.as_ref().filter(|nodes| !nodes.changed)?;
                let by_apply = judgements.last()?;
                let parts = nodes.images + self.nodes.paragraphs;
                let failing = fails(&variant.applied, StageView::FINAL, by_apply);
                if failing || is_empty(by_apply, parts, left.map(|left| left.empty))? {
                    return Some(Fate::Dropped(Step::Apply));
                }
                self.kept(rules, nodes, by_apply)
            }
        }
    }

    /// The document in numbers: of its parts where those were judged, else of what rules counted of it.
    fn kept(&self, rules: &RuleSet, last: &Nodes, document: &Judgement) -> Option<Fate> {
        let left = self.measured.left;
        let judged = !rules.rules(SubjectKind::Image).is_empty();
        let images = judged.then_some(last.images).or_else(|| nodes::images(document));
        let words = self.nodes.words.or_else(|| nodes::words(document));
        let images = images.or_else(|| left.map(|left| left.images))?;
        let words = words.or_else(|| left.map(|left| left.words))?;
        Some(Fate::Kept { images, words })
    }

    /// The rules on documents that it fails in a step, and none where it is empty.
    pub(super) fn failing(&self, variant: &Variant, step: Step) -> u64 {
        let document = SubjectKind::Document;
        match (step, &self.measured.applied) {
            (Step::Apply, Applied::Judged(judgements)) => {
                let last = judgements.last();
                last.map_or(0, |last| variant.applied.failing(document, &last.signals, StageView::FINAL))
            }
            _ => {
                let (rules, view) = (&variant.recipe.rules, variant.recipe.filter_view());
                self.measured.by_filter().map_or(0, |last| rules.failing(document, &last.signals, view))
            }
        }
    }

    /// Why a step drops it.
    pub(super) fn failure(&self, variant: &Variant, step: Step) -> Failure {
        let (rules, view) = (&variant.recipe.rules, variant.recipe.filter_view());
        let filter = &self.measured.filter;
        let failure = match (step, &self.measured.applied) {
            (Step::Url, _) => {
                let url = filter.first();
                url.and_then(|url| rules.first_failure(SubjectKind::Url, &url.signals, view))
            }
            (Step::Apply, Applied::Judged(judgements)) => judgements
                .last()
                .and_then(|last| variant.applied.first_failure(SubjectKind::Document, &last.signals, StageView::FINAL)),
            _ => filter.last().and_then(|last| rules.first_failure(SubjectKind::Document, &last.signals, view)),
        };
        failure.unwrap_or(Failure { rule: Reason::EmptyDocument.name().into(), value: None, bound: None })
    }
}

fn fails(rules: &RuleSet, view: StageView, document: &Judgement) -> bool {
    rules.failing(SubjectKind::Document, &document.signals, view) != 0
}

/// Whether nothing is left of a document that no rule drops: `parts` of those that were judged are left, and `known` is
/// what was seen.  `None` where the judgements do not say, since a rule dropped the document before it was asked.
fn is_empty(document: &Judgement, parts: u64, known: Option<bool>) -> Option<bool> {
    if document.kept() || parts > 0 {
        return Some(false);
    }
    if nodes::reason(document) == Some(Reason::EmptyDocument) { Some(true) } else { known }
}
