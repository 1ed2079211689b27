//! All variants on the documents of one task, its tables read once.

use std::rc::Rc;

use obelisc_document::{DocId, Document};
use obelisc_filter::{Failure, Judgement, SubjectKind};

use super::fate::{Case, Fate, Step};
use super::grid::{Grid, MeasureClass, NodeClass, Variant};
use super::measure::{Applied, Measurement, Measuring};
use super::stored::{Documents, Stored, damaged};
use super::tally::{Drawn, Tally};
use crate::error::TaskError;
use crate::recipe::Stage;

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
    read: Option<Document>,
}

impl Weighing<'_> {
    /// Whether images are fetched and attached.
    fn attaches(&self) -> bool {
        self.grid.variants.first().is_some_and(|base| base.recipe.has(Stage::Attach))
    }

    /// Tries all variants on a task's documents.
    pub(super) fn task(&self, task: u32) -> Result<Weighed, TaskError> {
        let (by_filter, mut by_apply) = self.stored.judgements(task);
        let mut documents = self.stored.documents(task);
        let count = self.grid.variants.len();
        let mut weighed = Weighed { tallies: vec![Tally::default(); count], ..Weighed::default() };
        let mut wanted_row = 0;
        for (filter, row) in by_filter.zip(0..) {
            let filter = filter?;
            let last = filter.last().ok_or_else(|| damaged("no judgement"))?;
            let (id, goes_on) = (last.document, last.kept());
            let mut applied = Applied::NotReached;
            if goes_on && self.attaches() {
                let group = by_apply.next().ok_or_else(|| damaged("a document is not in the step apply"))??;
                if group.iter().any(|judgement| judgement.document != id) {
                    return Err(damaged("documents stand in another order in the step apply"));
                }
                applied = Applied::Judged(group);
            }
            let stored = Rc::new(Measurement { filter, applied, left: None });
            let wanted = goes_on.then_some(wanted_row);
            let mut page = Page { documents: &mut documents, task, row, wanted_row: wanted, id, read: None };
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
        let attaches = self.attaches();
        let mut case: Option<Case> = None;
        for &index in &class.variants {
            let (Some(variant), Some(tally)) = (self.grid.variants.get(index), tallies.get_mut(index)) else {
                continue;
            };
            let mut decided = match case.take() {
                Some(case) => case,
                None => Case::new(Rc::clone(measured), variant, attaches),
            };
            if index == 0 && !is_as_stored(&decided, variant, stored) {
                return Err(TaskError::Accounts(STALE.to_owned()));
            }
            let fate = match decided.fate(variant) {
                Some(fate) => fate,
                None => {
                    decided = Case::new(Rc::new(self.measure(variant, page)?), variant, attaches);
                    decided.fate(variant).ok_or_else(|| TaskError::Accounts(UNDECIDED.to_owned()))?
                }
            };
            let decided = case.insert(decided);
            enter_removed(tally, decided, variant, fate);
            tally.enter(fate);
            let before = *base.get_or_insert(fate);
            let drawn = |failure| Drawn { task: page.task, row: page.row, failure };
            match (before, fate) {
                (Fate::Kept { .. }, Fate::Dropped(step)) => {
                    tally.lost += 1;
                    tally.lost_samples.offer(page.id, self.samples, || drawn(decided.failure(variant, step)));
                }
                (Fate::Dropped(_), Fate::Kept { .. }) => {
                    tally.gained += 1;
                    tally.gained_samples.offer(page.id, self.samples, || drawn(stored_failure(stored)));
                }
                _ => {}
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

/// Whether the run's own recipe says of what was stored what the run said.
fn is_as_stored(case: &Case, base: &Variant, stored: &Measurement) -> bool {
    let of_document = |judgement: Option<&Judgement>, step| {
        let document = judgement.filter(|judgement| judgement.subject == SubjectKind::Document);
        document.is_none_or(|document| document.failing == case.failing(base, step))
    };
    let applied = case.applied.as_ref().is_none_or(|nodes| nodes.same);
    case.nodes.same
        && applied
        && of_document(stored.by_filter(), Step::Filter)
        && (!matches!(stored.applied, Applied::Judged(_)) || of_document(stored.last(), Step::Apply))
}

/// Why the run dropped a document.
fn stored_failure(stored: &Measurement) -> Failure {
    let failure = stored.last().and_then(|judgement| judgement.failure.clone());
    failure.unwrap_or(Failure { rule: "".into(), value: None, bound: None })
}

/// Enters what the variant's rules remove of the document, and the document itself.
fn enter_removed(tally: &mut Tally, case: &Case, variant: &Variant, fate: Fate) {
    tally.removed.add(&case.nodes.removed);
    let applies = !matches!(fate, Fate::Dropped(Step::Url | Step::Filter));
    if let Some(nodes) = case.applied.as_ref().filter(|_| applies) {
        tally.removed.add(&nodes.removed);
    }
    if let Fate::Dropped(step @ (Step::Filter | Step::Apply)) = fate {
        match case.failing(variant, step) {
            0 => tally.removed.enter_other(SubjectKind::Document, &case.failure(variant, step).rule),
            failing => tally.removed.enter(SubjectKind::Document, failing),
        }
    }
}
