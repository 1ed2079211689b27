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
        let filter = &measured.filter;
        let nodes = Nodes::of(variant.rules(filter), variant.recipe.filter_view(), filter);
        let applied = match &measured.applied {
            Applied::Judged(judgements) => Some(Nodes::of(variant.applied(filter), StageView::FINAL, judgements)),
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
        let (rules, view) = (variant.rules(&self.measured.filter), variant.recipe.filter_view());
        let left = self.measured.left;
        let parts = self.nodes.images + self.nodes.paragraphs;
        if fails(rules, view, by_filter) || goes(by_filter, parts, left.map(|left| left.empty_by_filter))? {
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
                let failing = fails(variant.applied(&self.measured.filter), StageView::FINAL, by_apply);
                if failing || goes(by_apply, parts, left.map(|left| left.empty))? {
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

    /// The rules that a step asked, and its judgement of the document; of its URL where that is what failed.
    fn asked<'s>(&'s self, variant: &'s Variant, step: Step) -> (&'s RuleSet, StageView, Option<&'s Judgement>) {
        let filter = &self.measured.filter;
        let (rules, view) = (variant.rules(filter), variant.recipe.filter_view());
        match (step, &self.measured.applied) {
            (Step::Url, _) => (rules, view, filter.first()),
            (Step::Apply, Applied::Judged(judgements)) => {
                (variant.applied(filter), StageView::FINAL, judgements.last())
            }
            _ => (rules, view, filter.last()),
        }
    }

    /// The rules on documents that it fails in a step.
    pub(super) fn failing(&self, variant: &Variant, step: Step) -> u64 {
        let (rules, view, judgement) = self.asked(variant, step);
        judgement.map_or(0, |judgement| rules.failing(judgement.subject, &judgement.signals, view))
    }

    /// Why a step drops it.
    pub(super) fn failure(&self, variant: &Variant, step: Step) -> Failure {
        let (rules, view, judgement) = self.asked(variant, step);
        let by_rule = judgement.and_then(|judgement| rules.first_failure(judgement.subject, &judgement.signals, view));
        let other = || judgement.filter(|judgement| nodes::other(judgement).is_some())?.failure.clone();
        let empty = || Failure { rule: Reason::EmptyDocument.name().into(), value: None, bound: None };
        by_rule.or_else(other).unwrap_or_else(empty)
    }
}

fn fails(rules: &RuleSet, view: StageView, document: &Judgement) -> bool {
    rules.failing(SubjectKind::Document, &document.signals, view) != 0
}

/// Whether a document goes that no rule drops: for nothing is left of it, or for what no threshold changes.  `parts` of
/// those that were judged are left, and `empty` is what was seen.  `None` where the judgements do not say, since a rule
/// dropped the document before it was asked.
fn goes(document: &Judgement, parts: u64, empty: Option<bool>) -> Option<bool> {
    if nodes::other(document).is_some() {
        return Some(true);
    }
    if document.kept() || parts > 0 { Some(false) } else { empty }
}
