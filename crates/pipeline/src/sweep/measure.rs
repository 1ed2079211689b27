//! A document measured again, from the tables, where what was stored does not say what a variant makes of it.

use obelisc_document::{Content, Document};
use obelisc_filter::options::Source;
use obelisc_filter::{Judgement, RuleSet, StageView, SubjectKind};

use super::grid::Variant;
use super::nodes;
use crate::error::TaskError;
use crate::recipe::{Recipe, Stage};
use crate::steps::apply::{self, Attachments};

/// What was measured of one document and its parts.
#[derive(Debug)]
pub(super) struct Measurement {
    /// Judgements of the step `filter`, the document's last.
    pub filter: Vec<Judgement>,
    /// Those of the step `apply`.
    pub applied: Applied,
    /// What is left of the document, where it was looked at.
    pub left: Option<Left>,
}

/// What the step behind the fetch makes of a document.
#[derive(Debug)]
pub(super) enum Applied {
    /// There is no such step, or the document does not come that far.
    NotReached,
    /// It wants images that nobody asked for.
    Behind,
    /// Judgements of the step `apply`.
    Judged(Vec<Judgement>),
}

/// What is left of a document in the last step that it reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Whether the step `filter` left it without any node.
    pub empty_by_filter: bool,
    /// Whether the last step did.
    pub empty: bool,
    /// Images.
    pub images: u64,
    /// Words, as the rule on documents counts them.
    pub words: u64,
}

/// Measures documents.
#[derive(Debug)]
pub(super) struct Measuring {
    /// Counts words, and drops nothing.
    counting: RuleSet,
    /// Whether images are fetched and attached.
    attaches: bool,
}

impl Measuring {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let text = "[rules.document.word_count]\nmin_words = \"off\"\nmax_words = \"off\"\n";
        let source = Source::parse("word count", text, &[]);
        let counting = RuleSet::from_options(obelisc_filters::RULES, source.root().table("rules"));
        Self { counting, attaches: recipe.has(Stage::Attach) }
    }

    /// Takes a document through the steps that judge, as a run with the variant's recipe would.  `row` is its row among
    /// those that the run's own filter kept, by which `images` names what its images became.
    pub(super) fn measure<'i>(
        &self,
        variant: &Variant,
        mut document: Document,
        row: Option<u32>,
        images: impl FnOnce() -> Result<Option<&'i Attachments>, TaskError>,
    ) -> Result<Measurement, TaskError> {
        let recipe = &variant.recipe;
        let verdict = recipe.judge(&mut document, recipe.filter_view());
        let empty_by_filter = document.nodes.is_empty();
        let mut applied = Applied::NotReached;
        if verdict.kept && self.attaches {
            let images = images()?;
            let candidates = |ordinal| images.and_then(|images| images.get(&(row?, ordinal)));
            let known = document.nodes.iter().all(|node| match node.content {
                Content::Image(_) => candidates(node.ordinal).is_some(),
                Content::Text(_) => true,
            });
            applied = if known {
                let limit = recipe.max_document_bytes;
                let rules = variant.applied(&verdict.judgements);
                let verdict = apply::judge_attached(rules, &mut document, candidates, limit);
                Applied::Judged(verdict.judgements)
            } else {
                Applied::Behind
            };
        }
        let counted = verdict.judgements.last().and_then(nodes::words);
        let left = Left {
            empty_by_filter,
            empty: document.nodes.is_empty(),
            images: document.images().count() as u64,
            words: counted.unwrap_or_else(|| self.words(document)),
        };
        Ok(Measurement { filter: verdict.judgements, applied, left: Some(left) })
    }

    fn words(&self, mut document: Document) -> u64 {
        let counted = self.counting.judge(&mut document, StageView::FINAL).judgements;
        counted.last().and_then(nodes::words).unwrap_or_default()
    }
}

impl Measurement {
    /// The judgement of the document by the step `filter`; `None` where its URL failed.
    pub(super) fn by_filter(&self) -> Option<&Judgement> {
        self.filter.last().filter(|judgement| judgement.subject == SubjectKind::Document)
    }

    /// The last judgement: that of the document, or of its URL.
    pub(super) fn last(&self) -> Option<&Judgement> {
        match &self.applied {
            Applied::Judged(judgements) => judgements.last(),
            Applied::NotReached | Applied::Behind => self.filter.last(),
        }
    }
}
