//! A document measured again, from the tables, where what was stored does not say what a variant makes of it.

use obelisc_document::{Content, Document};
use obelisc_filter::options::Source;
use obelisc_filter::{Judgement, RuleSet, StageView, SubjectKind};

use super::grid::{Sitting, Variant};
use super::nodes;
use crate::error::TaskError;
use crate::steps::apply::{self, Attachments};
use crate::steps::clean;

/// What was measured of one document and its parts.
#[derive(Debug, Default)]
pub(super) struct Measurement {
    /// Judgements of each sitting that it reached, the document's last.
    pub sittings: Vec<Vec<Judgement>>,
    /// Whether the next sitting needs images that nobody fetched for it.
    pub behind: bool,
    /// Language, where it was identified.
    pub language: Option<String>,
    /// What is left of the document, where it was looked at.
    pub left: Option<Left>,
}

/// What is left of a document.
#[derive(Clone, Debug)]
pub(super) struct Left {
    /// Whether each sitting left it without any node.
    pub empty: Vec<bool>,
    /// Images behind the last sitting that it reached.
    pub images: u64,
    /// Words there, as the rule on documents counts them.
    pub words: u64,
}

/// Measures documents.
#[derive(Debug)]
pub(super) struct Measuring {
    /// Counts words, and drops nothing.
    counting: RuleSet,
}

impl Measuring {
    pub(super) fn new() -> Self {
        let text = "[rules.document.word_count]\nmin_words = \"off\"\nmax_words = \"off\"\n";
        let source = Source::parse("word count", text, &[]);
        Self { counting: RuleSet::from_options(obelisc_filters::RULES, source.root().table("rules")) }
    }

    /// Takes a document through the sittings, as a run with the variant's recipe would.  `row` is its row among those that
    /// the run's own filter kept, by which `images` names what its images became.
    pub(super) fn measure<'i>(
        &self,
        variant: &Variant,
        mut document: Document,
        row: Option<u32>,
        images: impl Fn() -> Result<Option<&'i Attachments>, TaskError>,
    ) -> Result<Measurement, TaskError> {
        let recipe = &variant.recipe;
        let (mut measured, mut empty) = (Measurement::default(), Vec::new());
        for sitting in variant.sittings() {
            let verdict = match sitting {
                Sitting::Filter => recipe.judging.judge(&mut document, recipe.filter_view()),
                Sitting::Clean => clean::clean(&recipe.clean, &mut document),
                Sitting::Apply => {
                    let images = images()?;
                    let candidates = |ordinal| images.and_then(|images| images.get(&(row?, ordinal)));
                    let known = document.nodes.iter().all(|node| match node.content {
                        Content::Image(_) => candidates(node.ordinal).is_some(),
                        Content::Text(_) => true,
                    });
                    if !known {
                        measured.behind = true;
                        break;
                    }
                    let judging = variant.applied();
                    apply::judge_attached(judging, &mut document, candidates, recipe.max_document_bytes)
                }
            };
            empty.push(!verdict.kept && document.nodes.is_empty());
            measured.sittings.push(verdict.judgements);
            if !verdict.kept {
                break;
            }
        }
        measured.language = document.page.language.as_ref().map(|language| language.tag.clone());
        let images = document.images().count() as u64;
        let counted = measured.last().and_then(nodes::words);
        let words = counted.unwrap_or_else(|| self.words(variant, document, measured.language.as_deref()));
        measured.left = Some(Left { empty, images, words });
        Ok(measured)
    }

    fn words(&self, variant: &Variant, mut document: Document, language: Option<&str>) -> u64 {
        let settings = variant.rules(Sitting::Filter, language).settings().clone();
        let counted = self.counting.clone().with_settings(settings).judge(&mut document, StageView::FINAL).judgements;
        counted.last().and_then(nodes::words).unwrap_or_default()
    }
}

impl Measurement {
    /// What a run stored of a document.
    pub(super) fn stored(sittings: Vec<Vec<Judgement>>) -> Self {
        let by_filter = sittings.first().and_then(|filter| filter.last());
        let language = by_filter.and_then(|judgement| judgement.language.clone());
        Self { sittings, behind: false, language, left: None }
    }

    /// The judgement of the document by a sitting; `None` where its URL failed, or it does not come that far.
    pub(super) fn document(&self, number: usize) -> Option<&Judgement> {
        self.sittings.get(number)?.last().filter(|judgement| judgement.subject == SubjectKind::Document)
    }

    /// The last judgement: that of the document, or of its URL.
    pub(super) fn last(&self) -> Option<&Judgement> {
        self.sittings.last()?.last()
    }
}
