//! `clean`, map: documents that are whole but for their last cleaning: repeated images, rules asked last, marks of the end.

use obelisc_document::{Content, Document, END_OF_DOCUMENT, Reason};
use obelisc_filter::{EMPTIED, Failure, Judgement, StageView, SubjectKind, Verdict};
use serde_json::{Value, json};

use super::kept::{Judged, in_reading_order, retention};
use super::{before_cleaning, last_images};
use crate::error::TaskError;
use crate::recipe::{Clean as Wanted, Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 1;

pub(super) struct Clean;

impl Step for Clean {
    fn name(&self) -> &'static str {
        "clean"
    }

    fn stage(&self) -> Stage {
        Stage::Clean
    }

    fn reads(&self, recipe: &Recipe) -> Vec<&'static str> {
        vec![before_cleaning(recipe)]
    }

    fn follows(&self, recipe: &Recipe) -> Option<&'static str> {
        Some(before_cleaning(recipe))
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        json!({
            "version": VERSION,
            "clean": recipe.section("clean"),
            "rules": recipe.section("clean.rules"),
            "words": recipe.section("rules").as_object().map(|rules| rules.values().map(|rules| rules[0].clone()).collect::<Vec<_>>()),
            "language": recipe.section("language"),
            "sizes": last_images(recipe, self.name()).map(obelisc_shard::ImageColumn::name),
            "judgements": retention(context.config.judgements),
        })
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let recipe = task.context.recipe;
        let mut judged = Judged::new(task, self.name())?;
        for document in task.rows::<Document>(before_cleaning(recipe), task.index)? {
            let mut document = document?;
            let verdict = clean(&recipe.clean, &mut document);
            judged.enter(task, document, verdict)?;
        }
        judged.close(task)
    }
}

/// Cleans and judges a document.
pub(crate) fn clean(wanted: &Wanted, document: &mut Document) -> Verdict {
    let images = if wanted.keep_repeated_images { Vec::new() } else { repeated_images(document) };
    let mut verdict = wanted.rules.judge(document, StageView::FINAL);
    for image in images {
        verdict.counts.images.enter(1);
        verdict.counts.images.drop_one(Reason::RepeatedImage.name());
        verdict.judgements.push(image);
    }
    if verdict.kept && !wanted.keep_repeated_marks {
        repeated_marks(document, &mut verdict);
    }
    in_reading_order(&mut verdict.judgements);
    verdict
}

/// Of the images that a document shows twice, all but the first go.
fn repeated_images(document: &mut Document) -> Vec<Judgement> {
    let (mut seen, mut removed) = (std::collections::BTreeSet::new(), Vec::new());
    let id = document.id;
    document.nodes.retain(|node| {
        let Content::Image(image) = &node.content else { return true };
        let first = seen.insert(image.src.clone());
        if !first {
            let failure = failure(Reason::RepeatedImage, Some(image.src.clone()));
            let judgement = Judgement::keeping(id, SubjectKind::Image, Some(node.ordinal), None);
            removed.push(Judgement { failure, ..judgement });
        }
        first
    });
    removed
}

fn failure(reason: Reason, value: Option<String>) -> Option<Failure> {
    Some(Failure { rule: reason.name().into(), value, bound: None })
}

/// Of marks that follow each other one stays, and none at the document's end; a document of nothing else is empty.
fn repeated_marks(document: &mut Document, verdict: &mut Verdict) {
    let id = document.id;
    let marks = document.paragraphs().filter(|paragraph| paragraph.text == END_OF_DOCUMENT).count();
    let last = document.nodes.iter().rev().map_while(|node| match &node.content {
        Content::Text(paragraphs) => Some(paragraphs.iter().rev()),
        Content::Image(_) => None,
    });
    let last = last.flatten().take_while(|paragraph| paragraph.text == END_OF_DOCUMENT).count();
    let (mut seen, mut behind_mark) = (0, false);
    document.nodes.retain_mut(|node| {
        let Content::Text(paragraphs) = &mut node.content else {
            behind_mark = false;
            return true;
        };
        paragraphs.retain(|paragraph| {
            let mark = paragraph.text == END_OF_DOCUMENT;
            seen += usize::from(mark);
            let goes = mark && (behind_mark || seen > marks - last);
            behind_mark = mark;
            if goes {
                verdict.counts.paragraphs.drop_one(Reason::RepeatedMark.name());
                let judgement = Judgement::keeping(id, SubjectKind::Paragraph, Some(node.ordinal), Some(paragraph.k));
                verdict.judgements.push(Judgement { failure: failure(Reason::RepeatedMark, None), ..judgement });
            }
            !goes
        });
        if paragraphs.is_empty() {
            verdict.counts.text_nodes.drop_one(EMPTIED);
        }
        !paragraphs.is_empty()
    });
    if document.nodes.is_empty() {
        verdict.kept = false;
        verdict.counts.documents.drop_one(Reason::EmptyDocument.name());
        let last = verdict.judgements.iter_mut().find(|judgement| judgement.subject == SubjectKind::Document);
        if let Some(judgement) = last {
            judgement.failure = failure(Reason::EmptyDocument, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use obelisc_document::account::Accounts;
    use obelisc_document::{DocId, ImageNode, Node, Page, paragraphs};

    use crate::judging::Judging;

    use super::*;

    fn document(contents: &[&str]) -> Document {
        let content = |text: &&str| match text.strip_prefix("image ") {
            Some(src) => Content::Image(Box::new(ImageNode { src: src.to_owned(), ..ImageNode::default() })),
            None => Content::Text(paragraphs(text)),
        };
        let nodes = contents.iter().map(content).zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect();
        Document { id: DocId::new("w", 0, 0), page: Page::default(), nodes }
    }

    fn cleaned(contents: &[&str]) -> (Vec<String>, Verdict) {
        let wanted = Wanted { keep_repeated_images: false, keep_repeated_marks: false, rules: Judging::default() };
        let mut document = document(contents);
        let verdict = clean(&wanted, &mut document);
        let mut accounts = Accounts::default();
        verdict.counts.add_to(&mut accounts);
        assert_eq!(accounts.imbalance(), None);
        let nodes = document.nodes.iter().map(|node| match &node.content {
            Content::Image(image) => image.src.clone(),
            Content::Text(paragraphs) => {
                paragraphs.iter().map(|paragraph| &*paragraph.text).collect::<Vec<_>>().join("\n\n")
            }
        });
        (nodes.collect(), verdict)
    }

    #[test]
    fn of_an_image_that_is_shown_twice_the_first_stays() {
        let (nodes, verdict) = cleaned(&["image a", "text", "image b", "image a"]);
        assert_eq!(nodes, ["a", "text", "b"]);
        assert_eq!(verdict.counts.images.dropped["repeated_image"], 1);
        assert_eq!(verdict.judgements[0].ordinal, Some(3));
    }

    #[test]
    fn marks_stand_alone_and_not_at_the_end() {
        let mark = END_OF_DOCUMENT;
        let twice = format!("a\n\n{mark}\n\n{mark}");
        let (nodes, verdict) = cleaned(&[&twice, mark, "image a", mark, "b", mark]);
        assert_eq!(nodes, [&format!("a\n\n{mark}"), "a", mark, "b"]);
        assert_eq!(verdict.counts.paragraphs.dropped["repeated_end_of_document"], 3);
        assert_eq!(verdict.counts.text_nodes.dropped["emptied"], 2);
        let (nodes, _) = cleaned(&["a", mark, "image a"]);
        assert_eq!(nodes, ["a", mark, "a"]);
        let (nodes, _) = cleaned(&["a", mark, mark]);
        assert_eq!(nodes, ["a"]);
    }

    #[test]
    fn a_document_of_marks_alone_is_empty() {
        let (nodes, verdict) = cleaned(&[END_OF_DOCUMENT, END_OF_DOCUMENT]);
        assert!(nodes.is_empty() && !verdict.kept);
        let failure = verdict.judgements.last().unwrap().failure.as_ref().unwrap();
        assert_eq!(failure.rule, "empty_document");
    }
}
