//! All variants on the documents of one task, its tables read once.

use std::rc::Rc;

use obelisc_document::{DocId, Document, Reason};
use obelisc_filter::{Failure, Judgement, SubjectKind};

use super::behind::Outcome;
use super::fate::{Case, Fate};
use super::grid::{Grid, MeasureClass, NodeClass, Sitting, Variant};
use super::measure::{Measurement, Measuring};
use super::removed::Removed;
use super::stored::{Documents, Groups, Stored, damaged};
use super::tally::{Drawn, Tally};
use crate::error::TaskError;

/// What does not change from task to task.
pub(super) struct Weighing<'a> {
    pub stored: &'a Stored<'a>,
    pub grid: &'a Grid,
    pub measuring: Measuring,
    /// Samples on each side of a cut.
    pub samples: usize,
    /// Whether the kept documents are listed.
    pub list_kept: bool,
}

/// What came of a task.
#[derive(Debug, Default)]
pub(super) struct Weighed {
    /// One for each variant.
    pub tallies: Vec<Tally>,
    /// Documents.
    pub documents: u64,
    /// Documents that were measured again for some variant.
    pub measured_again: u64,
}

/// The document at hand, read only where it is needed.
struct Page<'d, 'a> {
    documents: &'d mut Documents<'a>,
    task: u32,
    /// Row among those extracted.
    row: u64,
    /// Row among those that the run's filter kept.
    wanted_row: Option<u32>,
    id: DocId,
    /// What the run made of it where duplicates are removed; `None` where it did not come there.
    outcome: Option<Outcome>,
    read: Option<Document>,
}

impl Weighing<'_> {
    /// Tries all variants on a task's documents.
    pub(super) fn task(&self, task: u32) -> Result<Weighed, TaskError> {
        let mut judgements = self.stored.judgements(task).into_iter();
        let by_filter = judgements.next().ok_or_else(|| damaged("no judgements"))?;
        let mut behind: Vec<Groups<'_>> = judgements.collect();
        let mut documents = self.stored.documents(task);
        let outcomes = self.stored.outcomes(task)?;
        let count = self.grid.variants.len();
        let mut weighed = Weighed { tallies: vec![Tally::default(); count], ..Weighed::default() };
        let mut wanted_row = 0;
        for (filter, row) in by_filter.zip(0..) {
            let filter = filter?;
            let last = filter.last().ok_or_else(|| damaged("no judgement"))?;
            let (id, goes_on) = (last.document, last.kept());
            let mut sittings = vec![filter];
            for groups in &mut behind {
                if !sittings.last().and_then(|group| group.last()).is_some_and(Judgement::kept) {
                    break;
                }
                let group = groups.next().ok_or_else(|| damaged("a document is not judged by every step"))??;
                if group.iter().any(|judgement| judgement.document != id) {
                    return Err(damaged("documents stand in another order in a later step"));
                }
                sittings.push(group);
            }
            let stored = Rc::new(Measurement::stored(sittings));
            let wanted = goes_on.then_some(wanted_row);
            let outcome = outcomes.of(id);
            let mut page = Page { documents: &mut documents, task, row, wanted_row: wanted, id, outcome, read: None };
            self.document(&stored, &mut page, &mut weighed.tallies)?;
            weighed.measured_again += u64::from(page.read.is_some());
            weighed.documents += 1;
            wanted_row += u32::from(goes_on);
        }
        if weighed.documents != documents.count() {
            return Err(damaged(&format!("{} of {} documents are judged", weighed.documents, documents.count())));
        }
        Ok(weighed)
    }

    fn document(
        &self,
        stored: &Rc<Measurement>,
        page: &mut Page<'_, '_>,
        tallies: &mut [Tally],
    ) -> Result<(), TaskError> {
        let mut base = None;
        for class in &self.grid.classes {
            let measured = match self.first_of(class) {
                Some(first) if !class.stored => Rc::new(self.measure(first, page)?),
                _ => Rc::clone(stored),
            };
            for nodes in &class.nodes {
                self.node_class(stored, &measured, nodes, page, &mut base, tallies)?;
            }
        }
        Ok(())
    }

    fn first_of(&self, class: &MeasureClass) -> Option<&Variant> {
        self.grid.variants.get(*class.nodes.first()?.variants.first()?)
    }

    fn measure(&self, variant: &Variant, page: &mut Page<'_, '_>) -> Result<Measurement, TaskError> {
        let document = match &page.read {
            Some(document) => document.clone(),
            None => {
                let document = page.documents.at(page.row)?;
                if document.id != page.id {
                    return Err(damaged("documents stand in another order in the step extract"));
                }
                page.read.insert(document).clone()
            }
        };
        let row = page.wanted_row;
        let images = || if row.is_some() { page.documents.images().map(Some) } else { Ok(None) };
        self.measuring.measure(variant, document, row, images)
    }

    /// The variants that keep the same parts of the document.
    fn node_class(
        &self,
        stored: &Measurement,
        measured: &Rc<Measurement>,
        class: &NodeClass,
        page: &mut Page<'_, '_>,
        base: &mut Option<Fate>,
        tallies: &mut [Tally],
    ) -> Result<(), TaskError> {
        let mut case: Option<Case> = None;
        for &index in &class.variants {
            let (Some(variant), Some(tally)) = (self.grid.variants.get(index), tallies.get_mut(index)) else {
                continue;
            };
            let mut decided = match case.take() {
                Some(case) => case,
                None => Case::new(Rc::clone(measured), variant),
            };
            if index == 0 && !decided.is_as(stored, variant) {
                return Err(TaskError::Accounts(STALE.to_owned()));
            }
            let fate = match decided.fate(variant) {
                Some(fate) => fate,
                None => {
                    decided = Case::new(Rc::new(self.measure(variant, page)?), variant);
                    decided.fate(variant).ok_or_else(|| TaskError::Accounts(UNDECIDED.to_owned()))?
                }
            };
            let decided = case.insert(decided);
            enter_removed(tally, decided, variant, fate);
            tally.enter(fate);
            let before = *base.get_or_insert(fate);
            let drawn = |failure| Drawn { task: page.task, row: page.row, failure };
            match (before, fate) {
                (Fate::Kept { .. }, Fate::Dropped(sitting)) => {
                    tally.lost += 1;
                    tally.lost_samples.offer(page.id, self.samples, || drawn(decided.failure(variant, sitting)));
                }
                (Fate::Dropped(_), Fate::Kept { .. }) => {
                    tally.gained += 1;
                    tally.gained_samples.offer(page.id, self.samples, || drawn(stored_failure(stored)));
                }
                (Fate::Kept { .. }, Fate::Behind) => tally.behind_kept += 1,
                _ => {}
            }
            if self.grid.ends_before_dedup() {
                match (before, fate) {
                    (_, Fate::Kept { .. }) => tally.followed.keep(page.outcome),
                    (Fate::Kept { .. }, _) => tally.followed.lose(page.id),
                    _ => {}
                }
            }
            if self.list_kept && matches!(fate, Fate::Kept { .. }) {
                tally.kept.push((page.task, page.row, page.id));
            }
        }
        Ok(())
    }
}

/// Why a run's own tables are not believed.
const STALE: &str =
    "this program decides otherwise about what the run stored: rules changed since; run the recipe again";
/// What would be a mistake of ours.
const UNDECIDED: &str = "a document was measured and its fate is not known";

/// Why the run dropped a document.
fn stored_failure(stored: &Measurement) -> Failure {
    let failure = stored.last().and_then(|judgement| judgement.failure.clone());
    failure.unwrap_or(Failure { rule: "".into(), value: None, bound: None })
}

/// Enters what the variant's rules remove of the document, and the document itself.
fn enter_removed(tally: &mut Tally, case: &Case, variant: &Variant, fate: Fate) {
    let mut enter = |sitting: Option<&Sitting>, removed: &Removed| match sitting {
        Some(Sitting::Clean) => tally.removed.add_cleaned(removed),
        _ => tally.removed.add(removed),
    };
    for ((nodes, sitting), number) in case.parts(fate).iter().zip(variant.sittings()).zip(0..) {
        // A document that a rule of the last cleaning drops keeps its marks: that it was measured without them is another variant's matter.
        if fate == Fate::Dropped(number) && *sitting == Sitting::Clean && case.failing(variant, number) != 0 {
            enter(Some(sitting), &nodes.removed.without(SubjectKind::Paragraph, Reason::RepeatedMark.name()));
        } else {
            enter(Some(sitting), &nodes.removed);
        }
    }
    if let (Fate::Dropped(number), Some(nodes)) = (fate, case.parts(fate).last())
        && nodes.url == 0
    {
        let mut removed = Removed::default();
        match case.failing(variant, number) {
            0 => removed.enter_other(SubjectKind::Document, &case.failure(variant, number).rule),
            failing => removed.enter(SubjectKind::Document, failing),
        }
        enter(variant.sittings().get(number), &removed);
    }
}
