//! Explain: everything that a run knows of one page.

use arrow_array::cast::AsArray;
use obelisc_document::table::{self, Failure, Table};
use obelisc_document::{Document, JsonDocument, canonical_url};
use obelisc_filter::{Edited, Judgement, SubjectKind};
use obelisc_storage::Storage;
use obelisc_storage::parquet::Reader;
use serde::Serialize;

use crate::error::TaskError;
use crate::marker::Marker;
use crate::record::Record;
use crate::steps::compact;

/// What became of one capture of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The document as extracted.
    pub extracted: JsonDocument,
    /// What each step decided, in order.
    pub decisions: Vec<Decision>,
    /// The last step whose tables hold the document.
    pub reached: String,
    /// The document as it stands there.
    pub document: JsonDocument,
}

/// One judgement, in words.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// The step.
    pub step: String,
    /// What was judged.
    pub subject: &'static str,
    /// The node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    /// The paragraph of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<u32>,
    /// Whether it was kept.
    pub kept: bool,
    /// First rule that it failed, or the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Its value there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The bound that it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// The language whose rules judged a document; absent where a recipe has rules for one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What was changed of the text before it was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edited>,
    /// All that was measured: rule and value.
    pub signals: Vec<(String, String)>,
    /// The text or URL that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// What a run knows of a URL.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Explanations {
    /// Its captures that became documents.
    pub documents: Vec<Explanation>,
    /// Its captures that failed or were not accepted.
    pub failures: Vec<FailedCapture>,
}

/// A capture that became no document.
#[derive(Clone, Debug, Serialize)]
pub struct FailedCapture {
    /// Name of the input.
    pub input: String,
    /// Bytes into the input.
    pub offset: u64,
    /// Why.
    pub reason: &'static str,
    /// What was seen.
    pub detail: String,
}

/// Looks a page up in the tables of a run.  `storage` is the run's output.
///
/// # Errors
/// Tables that cannot be read.
pub fn explain(storage: &dyn Storage, url: &str) -> Result<Explanations, TaskError> {
    let record = Record::read(storage)?;
    record.tables()?;
    let mut found = Explanations::default();
    for marker in &record.markers(storage, "extract")? {
        for file in marker.files_of(Failure::NAME) {
            for failure in rows::<Failure>(storage, &file.key)? {
                if failure.url.as_deref().is_some_and(|other| is_same(other, url)) {
                    found.failures.push(FailedCapture {
                        input: failure.input,
                        offset: failure.offset,
                        reason: failure.reason.name(),
                        detail: failure.detail,
                    });
                }
            }
        }
        for document in documents(storage, marker, |other| is_same(other, url))? {
            found.documents.push(follow(storage, &record, marker.task, document)?);
        }
    }
    Ok(found)
}

fn follow(storage: &dyn Storage, record: &Record, task: u32, extracted: Document) -> Result<Explanation, TaskError> {
    let url = extracted.page.url.clone();
    let mut at = extracted.clone();
    let mut explanation = Explanation {
        extracted: extracted.to_json()?,
        decisions: Vec::new(),
        reached: "extract".to_owned(),
        document: extracted.to_json()?,
    };
    // All steps that leave documents, in order, behind the one that extracts.
    let judging = record.steps.iter().map(|recorded| recorded.step.as_str()).filter(|step| judges(step));
    let judging: Vec<&str> = judging.collect();
    for step in &judging {
        for marker in record.markers(storage, step)?.iter().filter(|marker| marker.task == task) {
            for file in marker.files_of(Judgement::NAME) {
                for judgement in rows::<Judgement>(storage, &file.key)? {
                    if judgement.document == at.id {
                        explanation.decisions.push(decision(step, judgement, &at));
                    }
                }
            }
            let after = documents(storage, marker, |other| other == url)?;
            if let Some(document) = after.into_iter().find(|document| document.id == at.id) {
                explanation.reached = (*step).to_owned();
                explanation.document = document.to_json()?;
                at = document;
            }
        }
    }
    if explanation.reached == *judging.last().unwrap_or(&"extract") && record.dataset.is_some() {
        explanation.reached = "dataset".to_owned();
    }
    Ok(explanation)
}

/// Whether a step judges documents and leaves those that it keeps.
fn judges(step: &str) -> bool {
    ["filter", "apply", "clean"].contains(&step) || compact::NAMES.contains(&step)
}

fn decision(step: &str, judgement: Judgement, before: &Document) -> Decision {
    let content = match judgement.subject {
        SubjectKind::Document | SubjectKind::Url => None,
        SubjectKind::Image | SubjectKind::Paragraph => content(before, judgement.ordinal, judgement.paragraph),
    };
    let kept = judgement.kept();
    let (rule, value, bound) = match judgement.failure {
        Some(failure) => (Some(failure.rule.into_owned()), failure.value, failure.bound),
        None => (None, None, None),
    };
    Decision {
        step: step.to_owned(),
        subject: judgement.subject.name(),
        ordinal: judgement.ordinal,
        paragraph: judgement.paragraph,
        kept,
        rule,
        value,
        bound,
        language: judgement.language,
        edits: judgement.edits,
        signals: judgement.signals.iter().map(|m| (m.rule.to_string(), m.signal.to_string())).collect(),
        content,
    }
}

fn content(document: &Document, ordinal: Option<u32>, paragraph: Option<u32>) -> Option<String> {
    // Nodes stand in the order of their ordinals.
    let index = document.nodes.binary_search_by_key(&ordinal?, |node| node.ordinal).ok()?;
    let node = document.nodes.get(index)?;
    match &node.content {
        obelisc_document::Content::Image(image) => Some(image.src.clone()),
        obelisc_document::Content::Text(paragraphs) => {
            paragraphs.iter().find(|p| Some(p.k) == paragraph).map(|paragraph| paragraph.text.clone())
        }
    }
}

fn rows<T: Table>(storage: &dyn Storage, key: &str) -> Result<Vec<T>, TaskError> {
    let mut rows = Vec::new();
    for batch in Reader::open(storage, key, 1024)? {
        rows.extend(table::rows::<T>(&batch?)?);
    }
    Ok(rows)
}

/// Whether two spellings are of one URL.
fn is_same(a: &str, b: &str) -> bool {
    a == b || canonical_url(a).is_some_and(|a| canonical_url(b) == Some(a))
}

/// The documents of one task whose URL is wanted.
fn documents(
    storage: &dyn Storage,
    marker: &Marker,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Document>, TaskError> {
    let mut found = Vec::new();
    for file in marker.files_of(Document::NAME) {
        for batch in Reader::open(storage, &file.key, 64)? {
            let batch = batch?;
            let urls = batch.column_by_name("url").and_then(|column| column.as_string_opt::<i32>());
            // Documents are decoded only where the batch holds the page.
            if urls.is_some_and(|urls| urls.iter().flatten().any(&wanted)) {
                let documents = table::rows::<Document>(&batch)?.into_iter();
                found.extend(documents.filter(|document| wanted(&document.page.url)));
            }
        }
    }
    Ok(found)
}
