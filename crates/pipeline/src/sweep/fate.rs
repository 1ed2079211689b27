//! What a variant makes of one document, by what was measured of it.

use std::rc::Rc;

use obelisc_document::Reason;
use obelisc_filter::{Failure, Judgement, RuleSet, StageView, SubjectKind};

use super::grid::{Sitting, Variant};
use super::measure::Measurement;
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
    /// A sitting drops it, by its number.
    Dropped(usize),
    /// That depends on images that nobody fetched for it.
    Behind,
}

/// A document with what was measured of it, its parts decided anew.
pub(super) struct Case {
    measured: Rc<Measurement>,
    /// The parts in each sitting.
    nodes: Vec<Nodes>,
}

impl Case {
    /// Decides about the parts; the variants that keep the same parts share it.
    pub(super) fn new(measured: Rc<Measurement>, variant: &Variant) -> Self {
        let language = measured.language.as_deref();
        let sittings = variant.sittings().iter().zip(&measured.sittings);
        let mut nodes: Vec<Nodes> = Vec::with_capacity(measured.sittings.len());
        for (&sitting, judgements) in sittings {
            let rules = variant.rules(sitting, language);
            let view = variant.view(sitting);
            let mut next = Nodes::of(rules, view, judgements, nodes.last());
            if let (None, Some(before), Some(counted)) = (next.words, nodes.last(), measured.sittings.first()) {
                let removed = judgements.iter().filter(|judgement| {
                    let paragraph = judgement.subject == SubjectKind::Paragraph;
                    paragraph && rules.failing(judgement.subject, &judgement.signals, view) != 0
                });
                next.words = before.words.and_then(|words| nodes::words_without(words, counted, removed));
            }
            nodes.push(next);
        }
        Self { measured, nodes }
    }

    /// What becomes of the document; `None` where it must be measured again to know.
    pub(super) fn fate(&self, variant: &Variant) -> Option<Fate> {
        for number in 0..variant.sittings().len() {
            let Some(nodes) = self.nodes.get(number) else {
                return self.measured.behind.then_some(Fate::Behind);
            };
            if nodes.url != 0 {
                return Some(Fate::Dropped(number));
            }
            let document = self.measured.document(number).filter(|_| !nodes.changed)?;
            // Marks of the end go when no rule drops the document: where one did, nothing was seen of them.
            let sees_marks =
                variant.sittings().get(number) == Some(&Sitting::Clean) && !variant.recipe.clean.keep_repeated_marks;
            if sees_marks && document.failing != 0 && self.failing(variant, number) == 0 {
                return None;
            }
            let seen = self.measured.left.as_ref().and_then(|left| left.empty.get(number)).copied();
            if self.failing(variant, number) != 0 || goes(document, nodes.left(), seen)? {
                return Some(Fate::Dropped(number));
            }
        }
        let (nodes, document) = (self.nodes.last()?, self.measured.last()?);
        let left = self.measured.left.as_ref();
        let images = nodes.images.or_else(|| nodes::images(document)).or_else(|| left.map(|left| left.images))?;
        let words = nodes.words.or_else(|| nodes::words(document)).or_else(|| left.map(|left| left.words))?;
        Some(Fate::Kept { images, words })
    }

    /// The parts in the sittings that a document of this fate goes through.
    pub(super) fn parts(&self, fate: Fate) -> &[Nodes] {
        match fate {
            Fate::Dropped(number) => self.nodes.get(..=number).unwrap_or(&self.nodes),
            Fate::Kept { .. } | Fate::Behind => &self.nodes,
        }
    }

    /// The rules that a sitting asked, and its judgement of the document; of its URL where that is what failed.
    fn asked<'s>(&'s self, variant: &'s Variant, number: usize) -> Option<(&'s RuleSet, StageView, &'s Judgement)> {
        let sitting = *variant.sittings().get(number)?;
        let judgements = self.measured.sittings.get(number)?;
        let by_url = self.nodes.get(number).is_some_and(|nodes| nodes.url != 0);
        let judgement = if by_url { judgements.first() } else { judgements.last() };
        let rules = variant.rules(sitting, self.measured.language.as_deref());
        Some((rules, variant.view(sitting), judgement?))
    }

    /// The rules on documents, or on the URL, that it fails in a sitting.
    pub(super) fn failing(&self, variant: &Variant, number: usize) -> u64 {
        let asked = self.asked(variant, number);
        asked.map_or(0, |(rules, view, judgement)| rules.failing(judgement.subject, &judgement.signals, view))
    }

    /// Why a sitting drops it.
    pub(super) fn failure(&self, variant: &Variant, number: usize) -> Failure {
        let empty = || Failure { rule: Reason::EmptyDocument.name().into(), value: None, bound: None };
        let Some((rules, view, judgement)) = self.asked(variant, number) else { return empty() };
        let by_rule = rules.first_failure(judgement.subject, &judgement.signals, view);
        let other = || judgement.failure.clone().filter(|_| nodes::other(judgement).is_some());
        by_rule.or_else(other).unwrap_or_else(empty)
    }

    /// Whether the rules of this variant fail what the judgements say.
    pub(super) fn is_as(&self, stored: &Measurement, variant: &Variant) -> bool {
        let same = |number| {
            let document = stored.document(number);
            document.is_none_or(|document| document.failing == self.failing(variant, number))
        };
        self.nodes.iter().all(|nodes| nodes.same) && (0..stored.sittings.len()).all(same)
    }
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
