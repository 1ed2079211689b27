//! Documents that a judging step keeps, and the judgements it keeps of the others.

use obelisc_document::table::DocumentSize;
use obelisc_document::{Document, Reason, UrlKey};
use obelisc_filter::{Judgement, SubjectKind, Verdict};
use obelisc_shard::{ImageColumn, estimate};

use crate::config::Retention;
use crate::error::TaskError;
use crate::step::{Sink, Task};

/// Retention decides about the bytes of a table, so it stands in the step's digest; it never reaches a shard.
pub(crate) fn retention(retention: Retention) -> &'static str {
    match retention {
        Retention::All => "all",
        Retention::Dropped => "dropped",
        Retention::Counts => "counts",
    }
}

/// Sorts the judgements of a document: its URL's, those of its nodes in reading order, its own.
pub(super) fn in_reading_order(judgements: &mut [Judgement]) {
    judgements.sort_by_key(|judgement| {
        let kind = match judgement.subject {
            SubjectKind::Url => 0,
            SubjectKind::Image | SubjectKind::Paragraph => 1,
            SubjectKind::Document => 2,
        };
        (kind, judgement.ordinal, judgement.paragraph)
    });
}

fn keep_judgements(
    retention: Retention,
    sink: &mut Sink<Judgement>,
    judgements: Vec<Judgement>,
) -> Result<(), TaskError> {
    judgements
        .into_iter()
        .filter(|judgement| match retention {
            Retention::All => true,
            // What was changed is told as well as what was dropped.
            Retention::Dropped => !judgement.kept() || !judgement.edits.is_empty(),
            // A mistake of a rule is nowhere else.
            Retention::Counts => {
                judgement.failure.as_ref().is_some_and(|failure| failure.rule == Reason::RuleRaised.name())
            }
        })
        .try_for_each(|judgement| sink.push(judgement))
}

/// Everything that a judging step writes: judgements, and the documents that go on.
pub(super) struct Judged {
    pub(super) kept: Kept,
    judgements: Sink<Judgement>,
    images: Option<ImageColumn>,
}

impl Judged {
    /// Of a step; what a shard holds of an image decides about sizes where its documents go into shards.
    pub(super) fn new(task: &Task<'_>, step: &str) -> Result<Self, TaskError> {
        let images = super::last_images(task.context.recipe, step);
        Ok(Self { kept: Kept::new(task)?, judgements: task.sink()?, images })
    }

    /// Enters a document with its verdict.
    pub(super) fn enter(&mut self, task: &mut Task<'_>, document: Document, verdict: Verdict) -> Result<(), TaskError> {
        verdict.counts.add_to(&mut task.accounts);
        keep_judgements(task.context.config.judgements, &mut self.judgements, verdict.judgements)?;
        if verdict.kept { self.kept.push(document, self.images) } else { Ok(()) }
    }

    pub(super) fn close(self, task: &mut Task<'_>) -> Result<(), TaskError> {
        self.kept.close(task)?;
        task.close(self.judgements)
    }
}

/// Documents that go on, with what each will weigh in a shard.
pub(super) struct Kept {
    /// Row that the next document gets.
    pub row: u32,
    documents: Sink<Document>,
    sizes: Sink<DocumentSize>,
}

impl Kept {
    pub(super) fn new(task: &Task<'_>) -> Result<Self, TaskError> {
        Ok(Self { row: 0, documents: task.sink()?, sizes: task.sink()? })
    }

    /// `images`: what a shard holds of an image; without it the document's size is left to a later step.
    pub(super) fn push(&mut self, document: Document, images: Option<ImageColumn>) -> Result<(), TaskError> {
        if let Some(images) = images {
            let bytes = estimate(&document, images)?;
            let page_key = UrlKey::new(&document.page.url);
            self.sizes.push(DocumentSize { row: self.row, doc_id: document.id, page_key, bytes })?;
        }
        self.documents.push(document)?;
        self.row += 1;
        Ok(())
    }

    pub(super) fn close(self, task: &mut Task<'_>) -> Result<(), TaskError> {
        task.close(self.documents)?;
        task.close(self.sizes)
    }
}
