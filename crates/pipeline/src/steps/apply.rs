//! `apply`, map: documents with their images' facts, judged again.

use std::collections::BTreeMap;

use obelisc_document::table::Attachment;
use obelisc_document::{Blob, Content, Document, ImageFacts, ImageNode, Reason};
use obelisc_filter::{Failure, Judgement, StageView, SubjectKind, Verdict};
use serde_json::{Value, json};

use super::kept::{Judged, retention};
use super::{before_fetch, last_images};
use crate::error::TaskError;
use crate::judging::Judging;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Rows, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 3;

pub(super) struct Apply;

impl Step for Apply {
    fn name(&self) -> &'static str {
        "apply"
    }

    fn stage(&self) -> Stage {
        Stage::Attach
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_fetch(recipe), "attach"]
    }

    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        Some(before_fetch(recipe))
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        json!({
            "version": VERSION,
            "language": recipe.section("language"),
            "rules": recipe.section("rules"),
            "attach": recipe.section("attach"),
            "sizes": last_images(recipe, self.name()).map(obelisc_shard::ImageColumn::name),
            "judgements": retention(context.config.judgements),
        })
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let recipe = task.context.recipe;
        let judging = rules(&recipe.judging);
        let attachments = gather(task.own_rows::<Attachment>("attach"))?;
        let mut judged = Judged::new(task, self.name())?;
        for (document, row) in task.rows::<Document>(before_fetch(recipe), task.index)?.zip(0..) {
            let mut document = document?;
            let candidates = |ordinal| attachments.get(&(row, ordinal));
            let verdict = judge_attached(&judging, &mut document, candidates, recipe.max_document_bytes);
            judged.enter(task, document, verdict)?;
        }
        judged.close(task)
    }
}

/// Gives a document its images' facts and judges it again; images without bytes are in the verdict as failed.
pub(crate) fn judge_attached<'a>(
    judging: &Judging,
    document: &mut Document,
    candidates_of: impl Fn(u32) -> Option<&'a Candidates>,
    max_bytes: u64,
) -> Verdict {
    let failed = attach(document, candidates_of, max_bytes);
    let verdict = judging.judge(document, StageView::FINAL);
    with_failed(verdict, failed, document)
}

/// The verdict on a document, with its images that have no bytes.
pub(crate) fn with_failed(mut verdict: Verdict, failed: Vec<Failed>, document: &Document) -> Verdict {
    if failed.is_empty() {
        return verdict;
    }
    // In reading order; the document's own comes last.
    let mut judged = Vec::with_capacity(failed.len() + verdict.judgements.len());
    for failure in failed {
        verdict.counts.images.enter(1);
        verdict.counts.images.fail_one(failure.reason.name());
        judged.push(failure.judgement(document));
    }
    judged.append(&mut verdict.judgements);
    judged.sort_by_key(|judgement| (judgement.ordinal.is_none(), judgement.ordinal));
    verdict.judgements = judged;
    verdict
}

/// What images bring news for: the rules on images, and those on whole documents.
pub(crate) fn rules(all: &Judging) -> Judging {
    all.select(|spec| matches!(spec.subject, SubjectKind::Image | SubjectKind::Document))
}

/// All candidates of an image, best first.
pub(crate) type Candidates = Vec<Attachment>;

/// The candidates of a task's images, by row of the document and ordinal.
pub(crate) type Attachments = BTreeMap<(u32, u32), Candidates>;

/// The attachments of a task's documents.
pub(crate) fn gather(rows: Rows<'_, Attachment>) -> Result<Attachments, TaskError> {
    let mut attachments = Attachments::new();
    for attachment in rows {
        let attachment = attachment?;
        attachments.entry((attachment.row, attachment.ordinal)).or_default().push(attachment);
    }
    for candidates in attachments.values_mut() {
        candidates.sort_by_key(|candidate| candidate.rank);
    }
    Ok(attachments)
}

/// An image that has no bytes.
pub(crate) struct Failed {
    pub(crate) ordinal: u32,
    pub(crate) reason: Reason,
    pub(crate) detail: Option<String>,
}

impl Failed {
    fn judgement(self, document: &Document) -> Judgement {
        Judgement {
            failure: Some(Failure { rule: self.reason.name().into(), value: self.detail, bound: None }),
            ..Judgement::keeping(document.id, SubjectKind::Image, Some(self.ordinal), None)
        }
    }
}

/// Gives each image the facts of its best candidate that has bytes, and takes those without any out of the document,
/// as well as the first that would make the document larger than `max_bytes`, and all behind it.
fn attach<'a>(
    document: &mut Document,
    candidates_of: impl Fn(u32) -> Option<&'a Candidates>,
    max_bytes: u64,
) -> Vec<Failed> {
    let (mut failed, mut bytes, mut full) = (Vec::new(), 0, false);
    document.nodes.retain_mut(|node| {
        let ordinal = node.ordinal;
        let Content::Image(image) = &mut node.content else { return true };
        let candidates = candidates_of(ordinal).map(Vec::as_slice).unwrap_or_default();
        // Of an image that nobody may store no other size is taken either.
        let listed = candidates.iter().find(|candidate| candidate.reason == Some(Reason::HashListed));
        let Some(best) = candidates.iter().find(|candidate| listed.is_none() && candidate.reason.is_none()) else {
            let first = listed.or(candidates.first());
            let reason = first.and_then(|candidate| candidate.reason).unwrap_or(Reason::NotInArchive);
            let detail = first.and_then(|candidate| candidate.detail.clone());
            failed.push(Failed { ordinal, reason, detail });
            return false;
        };
        full = full || bytes + best.length > max_bytes;
        if full {
            let detail = Some(format!("{} bytes, {bytes} before it; max {max_bytes}", best.length));
            failed.push(Failed { ordinal, reason: Reason::DocumentTooLarge, detail });
            return false;
        }
        bytes += best.length;
        use_candidate(image, best);
        true
    });
    failed
}

fn use_candidate(image: &mut ImageNode, chosen: &Attachment) {
    // Rank 0 is `src`; the others stand in `candidates`.  The one that gave way takes the place of the chosen one.
    let index = usize::try_from(chosen.rank).unwrap_or(usize::MAX).checked_sub(1);
    if let Some(candidate) = index.and_then(|index| image.candidates.get_mut(index)) {
        std::mem::swap(candidate, &mut image.src);
    }
    image.facts = Some(ImageFacts {
        format: chosen.format.clone().unwrap_or_default(),
        original_width: chosen.width,
        original_height: chosen.height,
        orientation: chosen.orientation,
        frames: chosen.frames,
        has_icc_profile: chosen.has_icc_profile,
        perceptual_hash: chosen.perceptual_hash,
        scores: chosen.scores.as_deref().and_then(|scores| serde_json::from_str(scores).ok()).unwrap_or_default(),
    });
    image.blob = Some(Blob {
        segment: chosen.segment.clone().unwrap_or_default(),
        offset: chosen.offset,
        length: chosen.length,
        sha256: chosen.sha256.clone().unwrap_or_default(),
    });
}

#[cfg(test)]
mod tests {
    use obelisc_document::{DocId, Node, Page};

    use super::*;

    fn candidate(rank: u32, reason: Option<Reason>, length: u64) -> Attachment {
        Attachment {
            task: 0,
            row: 0,
            ordinal: 0,
            rank,
            reason,
            detail: None,
            segment: Some("s".to_owned()),
            offset: 0,
            length,
            format: Some("png".to_owned()),
            width: 4,
            height: 3,
            orientation: 1,
            frames: 1,
            has_icc_profile: false,
            perceptual_hash: None,
            sha256: None,
            scores: None,
        }
    }

    fn document(images: u32) -> Document {
        let image = ImageNode { src: "a".into(), candidates: vec!["b".into(), "c".into()], ..ImageNode::default() };
        let node = |ordinal| Node { ordinal, content: Content::Image(Box::new(image.clone())) };
        Document { id: DocId::new("w", 0, 0), page: Page::default(), nodes: (0..images).map(node).collect() }
    }

    #[test]
    fn the_best_candidate_with_bytes_becomes_the_source() {
        let mut document = document(1);
        let candidates = vec![
            candidate(0, Some(Reason::DamagedImage), 0),
            candidate(1, Some(Reason::NotInArchive), 0),
            candidate(2, None, 9),
        ];
        assert!(attach(&mut document, |_| Some(&candidates), 100).is_empty());
        let image = document.images().next().unwrap();
        assert_eq!((image.src.as_str(), image.candidates.as_slice()), ("c", &["b".to_owned(), "a".to_owned()][..]));
        assert_eq!(image.blob.as_ref().unwrap().length, 9);
    }

    #[test]
    fn an_image_without_bytes_fails_with_the_reason_of_its_first_candidate() {
        let mut document = document(1);
        let candidates = vec![candidate(0, Some(Reason::DamagedImage), 0), candidate(1, Some(Reason::NotInArchive), 0)];
        let failed = attach(&mut document, |_| Some(&candidates), 100);
        assert_eq!(failed[0].reason, Reason::DamagedImage);
        assert!(document.nodes.is_empty());
    }

    #[test]
    fn of_an_image_that_nobody_may_store_no_other_size_is_taken() {
        let mut document = document(1);
        let candidates = vec![candidate(0, None, 9), candidate(1, Some(Reason::HashListed), 0)];
        let failed = attach(&mut document, |_| Some(&candidates), 100);
        assert_eq!(failed[0].reason, Reason::HashListed);
        assert!(document.nodes.is_empty());
    }

    #[test]
    fn images_behind_the_byte_cap_of_a_document_fail() {
        let mut document = document(3);
        let candidates = vec![candidate(0, None, 40)];
        let failed = attach(&mut document, |_| Some(&candidates), 100);
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].ordinal, failed[0].reason), (2, Reason::DocumentTooLarge));
    }
}
