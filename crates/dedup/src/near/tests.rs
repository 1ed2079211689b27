use std::collections::BTreeSet;

use super::hamming::Blocks;
use super::minhash::Permutations;
use super::simhash::Votes;
use super::*;

/// Words that nothing else has: a text of `count` of them, from a number on.
fn words(from: u64, count: u64) -> Vec<String> {
    (from..from + count).map(|number| format!("w{number}")).collect()
}

fn text(words: &[String]) -> String {
    words.join(" ")
}

#[test]
fn minhash_pairs_share_a_band_as_often_as_the_curve_says() {
    for options in [MinHash::OBELICS, MinHash { ngram: 1, permutations: 64, bands: 16 }] {
        let permutations = Permutations::new(MinHash { ngram: 1, ..options });
        // Texts of 100 different words of which `shared` are the same: similarity shared / (200 − shared).
        for shared in [40, 60, 70, 80, 90, 95] {
            let pairs = 600;
            let found = (0..pairs).filter(|pair| {
                let begin = pair * 1000;
                let one = words(begin, 100);
                let other = [words(begin, shared), words(begin + 500, 100 - shared)].concat();
                let keys = |words: &[String]| permutations.keys(std::iter::once(&*text(words))).unwrap();
                keys(&one).iter().zip(keys(&other)).any(|(a, b)| *a == b)
            });
            let found = found.count() as f64 / pairs as f64;
            let expected = options.collision_probability(shared as f64 / (200 - shared) as f64);
            // Four standard deviations.
            let error = 4.0 * (expected * (1.0 - expected) / pairs as f64).sqrt() + 1e-3;
            assert!((found - expected).abs() <= error, "{options:?} {shared}: {found} {expected} ± {error}");
        }
    }
}

#[test]
fn minima_are_shared_as_often_as_sets_are() {
    let permutations = Permutations::new(MinHash { ngram: 1, permutations: 4096, bands: 1 });
    for shared in [0, 10, 50, 90, 100] {
        let one = words(0, 100);
        let other = [words(0, shared), words(500, 100 - shared)].concat();
        let minima = |words: &[String]| permutations.minima(std::iter::once(&*text(words))).unwrap();
        let equal = minima(&one).iter().zip(minima(&other)).filter(|(a, b)| *a == b).count() as f64 / 4096.0;
        let similarity = shared as f64 / (200 - shared) as f64;
        assert!((equal - similarity).abs() < 4.0 * 0.5 / 64.0, "{shared}: {equal} {similarity}");
    }
}

#[test]
fn signatures_within_the_distance_have_blocks_in_common_and_others_are_told_apart() {
    let [roots, galician] = [SimHash::ROOTS, SimHash::ROOTS_GL].map(|options| options.hamming);
    for options in [roots, galician, Hamming { blocks: 5, ..roots }] {
        let blocks = Blocks::new(options);
        let keys = |signature| blocks.keys(Kind::SimHash, signature).into_iter().collect::<BTreeSet<_>>();
        let mut state = 7_u64;
        for _ in 0..500 {
            state = xxhash_rust::xxh3::xxh3_64(&state.to_be_bytes());
            let mut other = state;
            // As many different bits as may be.
            let mut bits = state;
            while (other ^ state).count_ones() < options.max_distance {
                bits = xxhash_rust::xxh3::xxh3_64(&bits.to_be_bytes());
                other ^= if other & (1 << (bits % 64)) == state & (1 << (bits % 64)) { 1 << (bits % 64) } else { 0 };
            }
            assert!(!keys(state).is_disjoint(&keys(other)), "{options:?} {state:x} {other:x}");
        }
    }
    assert_eq!((roots.bands(), galician.bands()), (15, 8));
}

#[test]
fn texts_that_are_alike_have_signatures_that_are() {
    let votes = Votes(SimHash::ROOTS);
    let signature = |words: &[String]| votes.signature(std::iter::once(&*text(words))).unwrap();
    let one = words(1000, 400);
    let mut other = one.clone();
    other[200] = "changed".to_owned();
    assert!((signature(&one) ^ signature(&other)).count_ones() <= 4);
    assert!((signature(&one) ^ signature(&words(9000, 400))).count_ones() > 10);
    assert_eq!(votes.signature(std::iter::once(" … ")), None);
}

/// Each bit as plain counting has it.
#[test]
fn a_signature_is_the_majority_of_the_hashes_of_all_runs() {
    let options = SimHash { tokens: Tokenization::Space, ..SimHash::ROOTS };
    let words = words(5, 700);
    let tokens = Tokenization::Space.tokens(std::iter::once(&*text(&words)));
    let hashes: Vec<u64> = shingle::shingles(&tokens, 6).collect();
    let majority = |bit: &u32| 2 * hashes.iter().filter(|hash| **hash >> bit & 1 == 1).count() > hashes.len();
    let expected = (0..64).filter(majority).fold(0, |sum, bit| sum | 1_u64 << bit);
    assert_eq!(Votes(options).signature(std::iter::once(&*text(&words))), Some(expected));
}

fn links(comparison: &Comparison, rows: &[(u128, u64, u64)]) -> Vec<(u64, u64)> {
    let (mut buckets, mut found) = (Buckets::new(comparison), Vec::new());
    for &(key, signature, member) in rows {
        let banded = Banded { key, signature, member };
        buckets.push(banded, |Link { member, other }| found.push((member, other)));
    }
    found
}

#[test]
fn a_bucket_links_what_belongs_together_and_nothing_twice() {
    let minhash = Comparison::new(Kind::MinHash, crate::Keep::Newest);
    assert_eq!(links(&minhash, &[(1, 0, 5), (1, 0, 7), (1, 0, 9), (2, 0, 5), (3, 0, 9)]), [(7, 5), (9, 5)]);
    let simhash = Comparison::new(Kind::SimHash, crate::Keep::Newest);
    // 0 and 0b11111 are too far apart, until one between them joins both; a second 0 is linked to the first alone.
    let rows = [(1, 0, 1), (1, 0b1_1111, 2), (1, u64::MAX, 3), (1, 0b11, 4), (1, 0, 5), (2, u64::MAX, 6)];
    assert_eq!(links(&simhash, &rows), [(4, 1), (4, 2), (5, 1)]);
}

#[test]
fn images_are_compared_by_what_they_look_like_and_those_that_look_the_same_are_one_member() {
    use obelisc_document::{DocId, ImageFacts, ImageNode, Node, Page, paragraphs};

    let image = |ordinal, perceptual_hash| {
        let facts = ImageFacts { perceptual_hash, ..ImageFacts::new("png", 200, 200) };
        let image = ImageNode { facts: Some(facts), ..ImageNode::default() };
        Node { ordinal, content: Content::Image(Box::new(image)) }
    };
    let text = Node { ordinal: 1, content: Content::Text(paragraphs("A boat.")) };
    let nodes = vec![image(0, Some(0b111)), text, image(2, None), image(3, Some(0b111)), image(4, Some(0b100))];
    let document = Document { id: DocId::new("w", 0, 0), page: Page::default(), nodes };
    let comparison = Comparison::new(Kind::ImagePerceptual, crate::Keep::Newest);
    let bands = Signer::new(&comparison).unwrap().bands(&document);
    let ordinals: Vec<_> = bands.iter().map(|bands| (bands.ordinal, bands.signature)).collect();
    assert_eq!(ordinals, [(Some(0), 0b111), (Some(3), 0b111), (Some(4), 0b100)]);
    assert!(bands.is_sorted_by_key(|bands| &bands.place) && bands[0].keys == bands[1].keys);
    let mut rows: Vec<_> =
        bands.iter().flat_map(|bands| bands.keys.iter().map(|key| (*key, bands.signature, bands.signature))).collect();
    rows.sort_unstable();
    let mut found = links(&comparison, &rows);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, [(0b111, 0b100), (0b111, 0b111)]);
}
