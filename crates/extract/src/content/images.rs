//! Images: as much content as the paragraphs around them; and captions, as much as their images.
//!
//! A sum of few terms whose weights were set by hand, on articles whose images people had marked; `model/README.md` has
//! the figures.  Units are counted where distances are meant.

use super::model::probability;
use super::skeleton::{Skeleton, Tag};
use super::units::Unit;

/// Bytes of text that an element must hold to speak for the images in it.
const MIN_TEXT: u32 = 150;
/// Units before and behind that speak for an image, and the words of one that count at most.
const REACH: usize = 6;
const MOST_WORDS: u32 = 30;
/// Words of a paragraph that begins or ends the content.
const MIN_WORDS: u32 = 10;
/// Elements around an image in which its figure is looked for, and around a caption.
const FIGURE_LEVELS: usize = 5;
/// Units before or behind the content, at most.
const MOST_UNITS: usize = 20;

/// Units beside an image, and the score of what nearly belongs to it.
const REACH_BESIDE: usize = 3;
const NEARLY: f64 = 0.28;

/// Weights, as logarithms of odds in ten-thousandths.
const BIAS: f64 = -40_000.0;
const OF_ELEMENT: f64 = 50_000.0;
const OF_NEIGHBOURS: f64 = 20_000.0;
const UNIT_BEFORE: f64 = -2_400.0;
const UNIT_BEHIND: f64 = -2_000.0;
const IN_LINK: f64 = -15_000.0;
const IN_FIGURE: f64 = 20_000.0;
const SMALL: f64 = -15_000.0;
const REPEATED: f64 = -30_000.0;

/// Writes the scores of the images, once those of the paragraphs are known, and then those of captions.
pub(super) fn score(units: &[Unit], skeleton: &Skeleton, scores: &mut [f64]) {
    let means = means(units, skeleton, scores);
    let is_prose = |i: &usize| !units[*i].is_image && units[*i].look.words >= MIN_WORDS && scores[*i] >= 0.5;
    // Where nothing is prose, nothing is far from it.
    let first = (0..units.len()).find(is_prose).unwrap_or(0);
    let last = (0..units.len()).rev().find(is_prose).unwrap_or(units.len());
    // The best image of each figure.
    let mut best = vec![0.0_f64; skeleton.bones.len()];
    for (i, unit) in units.iter().enumerate().filter(|(_, unit)| unit.is_image) {
        let behind = i.saturating_sub(last);
        let distance = |units: usize| units.min(MOST_UNITS) as f64;
        let figure = figure(skeleton, unit.bone);
        let sum = BIAS
            + OF_ELEMENT * mean_around(skeleton, &means, unit.bone)
            + OF_NEIGHBOURS * mean_beside(units, scores, i)
            + UNIT_BEFORE * distance(first.saturating_sub(i))
            + UNIT_BEHIND * distance(behind)
            + if skeleton.bones[unit.bone as usize].in_link { IN_LINK } else { 0.0 }
            + if figure.is_some() { IN_FIGURE } else { 0.0 }
            + if unit.is_small { SMALL } else { 0.0 }
            + if unit.is_repeated { REPEATED } else { 0.0 };
        scores[i] = probability(sum.round() as i32);
        if let Some(figure) = figure {
            best[figure as usize] = best[figure as usize].max(scores[i]);
        }
    }
    beside(units, scores);
    for (unit, score) in units.iter().zip(scores) {
        let is_caption = || skeleton.up(unit.bone).take(FIGURE_LEVELS).any(|bone| bone.tag == Tag::Caption);
        if !unit.is_image
            && let Some(figure) = figure(skeleton, unit.bone)
            && is_caption()
        {
            *score = score.max(best[figure as usize]);
        }
    }
}

/// Lifts what stands right beside an image of the content (a standfirst, a byline, a caption without an element of its
/// own) and nearly belongs to it.
fn beside(units: &[Unit], scores: &mut [f64]) {
    for i in (0..units.len()).filter(|&i| units[i].is_image) {
        if scores[i] < 0.5 {
            continue;
        }
        let behind = (i + 1 + REACH_BESIDE).min(units.len());
        for at in (i.saturating_sub(REACH_BESIDE)..i).chain(i + 1..behind) {
            let unit = &units[at];
            if !unit.is_image && unit.linked * 2 < unit.text && scores[at] >= NEARLY {
                scores[at] = scores[at].max(0.5);
            }
        }
    }
}

/// The nearest figure around an element.
fn figure(skeleton: &Skeleton, bone: u32) -> Option<u32> {
    let mut at = bone;
    for _ in 0..FIGURE_LEVELS {
        if skeleton.bones[at as usize].tag == Tag::Figure {
            return Some(at);
        }
        at = skeleton.bones[at as usize].parent;
    }
    None
}

/// For each element, the sum of its paragraphs' scores by their bytes, and these bytes.
fn means(units: &[Unit], skeleton: &Skeleton, scores: &[f64]) -> Vec<(f64, f64)> {
    let mut means = vec![(0.0, 0.0); skeleton.bones.len()];
    for (unit, score) in units.iter().zip(scores).filter(|(unit, _)| !unit.is_image) {
        let (sum, bytes) = &mut means[unit.bone as usize];
        *sum += score * f64::from(unit.text);
        *bytes += f64::from(unit.text);
    }
    for i in (1..skeleton.bones.len()).rev() {
        let (sum, bytes) = means[i];
        let of = &mut means[skeleton.bones[i].parent as usize];
        of.0 += sum;
        of.1 += bytes;
    }
    means
}

/// The mean score in the nearest element that has something to say.
fn mean_around(skeleton: &Skeleton, means: &[(f64, f64)], bone: u32) -> f64 {
    let mut at = bone;
    while at != 0 && skeleton.bones[at as usize].sums.text < MIN_TEXT {
        at = skeleton.bones[at as usize].parent;
    }
    let (sum, bytes) = means[at as usize];
    if bytes > 0.0 { sum / bytes } else { 0.5 }
}

/// The mean score of the paragraphs before and behind, near ones first.
fn mean_beside(units: &[Unit], scores: &[f64], i: usize) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for at in i.saturating_sub(REACH)..(i + REACH + 1).min(units.len()) {
        if !units[at].is_image {
            let weight = f64::from(units[at].look.words.min(MOST_WORDS)) / (1 + at.abs_diff(i)) as f64;
            sum += scores[at] * weight;
            weights += weight;
        }
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}
