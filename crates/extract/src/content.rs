//! Main content: how sure it is that a paragraph, or an image, belongs to what its page is about.
//!
//! A page is seen as a row of *units*, its paragraphs and images, inside a *skeleton*, the elements around them with what
//! they hold.  Each paragraph becomes a row of integers ([`features`]): its own text, the kinds and names of the
//! elements around it, how much text, prose and links they hold, its neighbours, and others of the same template.  A forest of decision
//! trees ([`model`]) gives the odds that it is content; they were learned from pages whose content people marked,
//! see `model/README.md`.
//!
//! From odds to scores: a page is best cut where the expected F1 of what is kept is highest.  With probabilities `p` and
//! lengths, that is at half of the F1 that can be reached (Lipton, Elkan and Naryanaswamy, *Optimal Thresholding of
//! Classifiers to Maximize F1 Measure*, 2014): on a page that the model understands near 0.5, on a confusing one lower.  The
//! score is `p`, moved so that this cut lies at 0.5 on every page.
//!
//! An image has no text to judge.  Its score is that of the paragraphs around it, see [`images`].

mod features;
mod forest;
mod images;
mod model;
mod names;
mod skeleton;
mod units;

use obelisc_document::{Content, Node, Page};

use self::features::View;
use self::forest::LANES;
use self::model::{MODEL, Model, probability};
use self::names::NamesReader;
use self::skeleton::Skeleton;
use self::units::Unit;
use crate::dom::Dom;
use crate::flow::Piece;

/// By how much the cut is moved towards fewer words, from the middle: what is expected errs that way.
const CAUTION: f64 = 0.05;

/// Writes the content score of each paragraph and image of a page.
pub(crate) fn score(dom: &Dom, nodes: &mut [Node], pieces: &[Piece], page: &Page) {
    let mut skeleton = Skeleton::of(dom, pieces, &mut NamesReader::new(&MODEL.dictionary));
    let texts = texts(nodes);
    let units = units::units(nodes, &texts, pieces, &mut skeleton);
    let title = page.title.as_deref().unwrap_or_default();
    let view = View::new(&units, &skeleton, &MODEL.dictionary, title, &page.url);
    let mut scores = probabilities(&view, &texts);
    balance(&units, &mut scores);
    images::score(&units, &skeleton, &mut scores);
    let mut scores = scores.into_iter().map(|score| (score * 1000.0).round() as f32 / 1000.0);
    for node in nodes {
        match &mut node.content {
            Content::Text(paragraphs) => {
                for paragraph in paragraphs {
                    paragraph.content_score = scores.next();
                }
            }
            Content::Image(image) => image.content_score = scores.next(),
        }
    }
}

/// For each paragraph the probability that it is content; 0 where an image stands.
fn probabilities(view: &View<'_>, texts: &[Option<&str>]) -> Vec<f64> {
    let mut scores = vec![0.0; texts.len()];
    let paragraphs: Vec<(usize, &str)> =
        texts.iter().enumerate().filter_map(|(i, text)| text.map(|text| (i, text))).collect();
    let mut row = Vec::new();
    let mut block = Vec::new();
    for some in paragraphs.chunks(LANES) {
        for (lane, &(i, text)) in some.iter().enumerate() {
            view.features(i, text, &mut row);
            block.resize(row.len(), [0; LANES]);
            for (values, &value) in block.iter_mut().zip(&row) {
                values[lane] = value;
            }
        }
        for (&(i, _), sum) in some.iter().zip(MODEL.forest.sums(&block)) {
            scores[i] = probability(sum);
        }
    }
    scores
}

/// The texts of a document's paragraphs, with nothing where an image stands.
fn texts(nodes: &[Node]) -> Vec<Option<&str>> {
    let mut texts = Vec::new();
    for node in nodes {
        match &node.content {
            Content::Text(paragraphs) => texts.extend(paragraphs.iter().map(|paragraph| Some(paragraph.text.as_str()))),
            Content::Image(_) => texts.push(None),
        }
    }
    texts
}

/// Moves probabilities so that the page is best cut at 0.5.
fn balance(units: &[Unit], scores: &mut [f64]) {
    let mut order: Vec<(f64, f64)> = units
        .iter()
        .zip(&*scores)
        .filter(|(unit, _)| !unit.is_image)
        .map(|(unit, &score)| (score, f64::from(unit.look.words)))
        .collect();
    order.sort_by(|one, other| other.0.total_cmp(&one.0));
    let expected: f64 = order.iter().map(|(score, words)| score * words).sum();
    let (mut kept, mut right, mut best) = (0.0, 0.0, 0.0_f64);
    for (score, words) in order {
        kept += words;
        right += score * words;
        if kept > 0.0 {
            best = best.max(2.0 * right / (kept + expected));
        }
    }
    let shift = 0.5 - CAUTION - best / 2.0;
    for (unit, score) in units.iter().zip(scores) {
        if !unit.is_image {
            *score = (*score + shift).clamp(0.0, 1.0);
        }
    }
}

/// What a model is trained on: one page.
#[derive(Clone, Debug)]
pub struct Sample {
    /// For each paragraph and image, the features that need no dictionary; those that do are 0 and stand last.
    pub features: Vec<Vec<i32>>,
    /// For each element around text or images: the element around it, and the words of its names.
    pub elements: Vec<(u32, Vec<String>)>,
    /// For each paragraph and image, the element around it.
    pub around: Vec<u32>,
    /// For each paragraph and image, the words of a short text.
    pub words: Vec<Vec<String>>,
    /// Words of the page's address.
    pub address: Vec<String>,
}

impl Sample {
    /// Names of the features, in their order.
    pub fn names() -> Vec<String> {
        features::names()
    }

    /// How many of the features, the last ones, the dictionaries give.
    pub const LEARNED: usize = features::LEARNED_FEATURES;

    pub(crate) fn of(dom: &Dom, nodes: &[Node], pieces: &[Piece], page: &Page) -> Self {
        let model = Model::default();
        let mut skeleton = Skeleton::of(dom, pieces, &mut NamesReader::new(&model.dictionary));
        let texts = texts(nodes);
        let units = units::units(nodes, &texts, pieces, &mut skeleton);
        let title = page.title.as_deref().unwrap_or_default();
        let view = View::new(&units, &skeleton, &model.dictionary, title, &page.url);
        let features = (0..units.len()).map(|i| {
            let mut row = Vec::new();
            view.features(i, texts[i].unwrap_or_default(), &mut row);
            row
        });
        let elements = skeleton.bones.iter().map(|bone| (bone.parent, names::looked_up(dom, bone.node)));
        Self {
            features: features.collect(),
            elements: elements.collect(),
            around: units.iter().map(|unit| unit.bone).collect(),
            words: texts.iter().map(|text| features::short_words(text.unwrap_or_default())).collect(),
            address: features::address_words(&page.url),
        }
    }
}
