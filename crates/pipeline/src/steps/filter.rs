//! `filter`, map: rules on text, URLs and image references; what they leave goes on.

use obelisc_document::table::ImageReference;
use obelisc_document::{Content, Document, UrlKey};
use serde_json::{Value, json};

use super::kept::{Judged, retention};
use super::last_images;
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::step::{Context, Step, Task};

/// Semantic version of the step.
const VERSION: u32 = 2;

pub(super) struct Filter;

impl Step for Filter {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn stage(&self) -> Stage {
        Stage::Filter
    }

    fn reads(&self, _: &Recipe) -> Vec<&'static str> {
        vec!["extract"]
    }

    fn follows(&self, _: &Recipe) -> Option<&'static str> {
        Some("extract")
    }

    fn options(&self, context: &Context<'_>) -> Value {
        let recipe = context.recipe;
        json!({
            "version": VERSION,
            "language": recipe.section("language"),
            "rules": recipe.section("rules"),
            "images_pending": recipe.has(Stage::Attach),
            "sizes": last_images(recipe, self.name()).map(obelisc_shard::ImageColumn::name),
            "judgements": retention(context.config.judgements),
        })
    }

    fn run(&self, task: &mut Task<'_>) -> Result<(), TaskError> {
        let recipe = task.context.recipe;
        let view = recipe.filter_view();
        let mut judged = Judged::new(task, self.name())?;
        let mut references = Vec::new();
        for document in task.rows::<Document>("extract", task.index)? {
            let mut document = document?;
            let verdict = recipe.judging.judge(&mut document, view);
            if verdict.kept {
                references.extend(references_of(&document, task.index, judged.kept.row));
            }
            judged.enter(task, document, verdict)?;
        }
        judged.close(task)?;
        references.sort_unstable();
        task.write::<ImageReference>(references)
    }
}

/// One reference for each candidate of each image.
pub(super) fn references_of(document: &Document, task: u32, row: u32) -> impl Iterator<Item = ImageReference> {
    document.nodes.iter().flat_map(move |node| {
        let Content::Image(image) = &node.content else { return Vec::new() };
        let candidates = image.candidate_urls().zip(0..);
        candidates
            .map(|(url, rank)| ImageReference {
                url_key: UrlKey::new(url),
                task,
                row,
                ordinal: node.ordinal,
                rank,
                url: url.to_owned(),
            })
            .collect()
    })
}
