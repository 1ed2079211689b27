//! 200,000 documents of which it is known which are copies.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use obelisc_dedup::{Keep, MinHash, Signer};
use obelisc_document::{Content, DocId, Document, ImageNode, Node, Page, paragraphs};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;
use xxhash_rust::xxh3::xxh3_64;

use super::super::clusters::find_clusters;
use super::super::keys::{key_rows, near_rows};
use super::*;

const DOCUMENTS: u32 = 200_000;
const ORIGINALS: u32 = 100_000;
const PER_TASK: u32 = 50_000;
const WORDS: u32 = 100;

/// What a document is, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    Original,
    /// The text of an original.
    Text,
    /// The URL of an original.
    Url,
    /// The images of an original, in another order.
    Images,
    /// The text of an original with so many words changed.
    Edited(u32),
}

fn planted(number: u32) -> Planted {
    match number / 10_000 {
        0..10 => Planted::Original,
        10 | 11 => Planted::Text,
        12 | 13 => Planted::Url,
        14 | 15 => Planted::Images,
        16 => Planted::Edited(1),
        17 => Planted::Edited(3),
        18 => Planted::Edited(8),
        _ => Planted::Edited(20),
    }
}

/// The original of a copy; itself of an original.
fn original(number: u32) -> u32 {
    number % ORIGINALS
}

fn random(of: &[u32]) -> u64 {
    xxh3_64(&of.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>())
}

fn words(number: u32) -> Vec<u64> {
    let (text_of, edits) = match planted(number) {
        Planted::Text => (original(number), 0),
        Planted::Edited(edits) => (original(number), edits),
        _ => (number, 0),
    };
    let mut words: Vec<u64> = (0..WORDS).map(|place| random(&[text_of, place]) % 50_000).collect();
    // Places of changes do not repeat: the stride has no divisor in common with the length.
    let first = random(&[number]) % u64::from(WORDS);
    for edit in 0..edits {
        let place = (first + u64::from(edit) * 37) % u64::from(WORDS);
        words[usize::try_from(place).unwrap()] = 50_000 + random(&[number, edit, 1]) % 50_000;
    }
    words
}

fn document(number: u32) -> Document {
    let text: Vec<String> = words(number).iter().map(|word| format!("w{word}")).collect();
    let images_of = if planted(number) == Planted::Images { original(number) } else { number };
    let mut images: Vec<String> = (0..3).map(|image| format!("https://a.example/{images_of}-{image}.png")).collect();
    images.rotate_left(usize::from(images_of != number));
    let images = images.into_iter().map(|src| Content::Image(Box::new(ImageNode { src, ..ImageNode::default() })));
    let contents = std::iter::once(Content::Text(paragraphs(&text.join(" ")))).chain(images);
    let url_of = if planted(number) == Planted::Url { original(number) } else { number };
    let page = Page { url: format!("https://a.example/{url_of}"), warc_date: date(number), ..Page::default() };
    let nodes = contents.zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect();
    Document { id: id(number), page, nodes }
}

fn date(number: u32) -> String {
    format!("2024-01-01T00:00:00.{:06}Z", random(&[number, 7]) % 1_000_000)
}

fn id(number: u32) -> DocId {
    DocId::new("planted", number.into(), 0)
}

/// The one of a pair that goes: that of the older capture, then of the lesser id.
fn older(number: u32) -> u32 {
    [number, original(number)].into_iter().min_by_key(|&number| (date(number), id(number).0)).unwrap()
}

fn wanted() -> Vec<Comparison> {
    let exact = [Kind::PageUrl, Kind::DocumentText, Kind::ImageSet];
    let near = [Kind::MinHash, Kind::SimHash];
    exact.into_iter().chain(near).map(|kind| Comparison::new(kind, Keep::Newest)).collect()
}

struct Tables {
    keys: Vec<String>,
    bands: Vec<String>,
    candidates: Vec<String>,
}

fn write<T: obelisc_document::table::Table>(folder: &LocalFolder, task: u32, rows: &[T]) -> String {
    let key = format!("{}-{task}", T::NAME);
    let mut writer = Writer::create(folder, &key, T::schema()).unwrap();
    rows.chunks(8192).for_each(|rows| writer.write(&T::to_batch(rows).unwrap()).unwrap());
    writer.finish().unwrap();
    key
}

/// The tables as the step `keys` writes them, and the SimHash of each document.
fn tables(folder: &LocalFolder) -> (Tables, Vec<u64>) {
    let wanted = wanted();
    let signers: Vec<Signer> = wanted.iter().filter_map(Signer::new).collect();
    let mut tables = Tables { keys: Vec::new(), bands: Vec::new(), candidates: Vec::new() };
    let mut signatures = Vec::new();
    for task in 0..DOCUMENTS / PER_TASK {
        let (mut keys, mut bands, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..PER_TASK {
            let document = document(task * PER_TASK + row);
            keys.extend(key_rows(&wanted, &document, task, row));
            for signer in &signers {
                near_rows(signer, &document, task, row, &mut bands, &mut candidates);
            }
            signatures.push(bands.last().unwrap().signature);
        }
        keys.sort_unstable();
        bands.sort_unstable();
        tables.keys.push(write(folder, task, &keys));
        tables.bands.push(write(folder, task, &bands));
        tables.candidates.push(write(folder, task, &candidates));
    }
    (tables, signatures)
}

/// All that goes, and the links of near copies, found in so many ranges under a limit.
fn found(folder: &LocalFolder, tables: &Tables, ranges: u32, limits: &Limits) -> (Vec<Removal>, Vec<Link>) {
    let wanted = wanted();
    let (mut removals, mut links) = (Vec::new(), Vec::new());
    for task in 0..ranges {
        let range = key_range(task, ranges);
        let push = |removal| {
            removals.push(removal);
            Ok(())
        };
        find(folder, tables.keys.iter().map(String::as_str), range.clone(), &wanted, limits, push).unwrap();
        let push = |link| {
            links.push(link);
            Ok(())
        };
        find_links(folder, tables.bands.iter().map(String::as_str), range, &wanted, limits, push).unwrap();
    }
    let links_key = write(folder, ranges, &links);
    for comparison in wanted.iter().filter(|comparison| comparison.kind.is_near()) {
        let candidates = tables.candidates.iter().map(String::as_str);
        let push = |removal| {
            removals.push(removal);
            Ok(())
        };
        find_clusters(folder, std::iter::once(&*links_key), candidates, comparison, limits, push).unwrap();
    }
    removals.sort_unstable();
    (removals, links)
}

/// The share of 5-grams that two documents have in common.
fn similarity(one: u32, other: u32) -> f64 {
    let grams = |number| words(number).windows(5).map(<[u64]>::to_vec).collect::<BTreeSet<_>>();
    let (one, other) = (grams(one), grams(other));
    one.intersection(&other).count() as f64 / one.union(&other).count() as f64
}

#[test]
fn planted_copies_are_found_and_nothing_else_is() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = LocalFolder::create(temporary.path()).unwrap();
    let (tables, signatures) = tables(&folder);
    let limits = |memory| Limits { memory, spill: Some(temporary.path().to_owned()), threads: 1, cluster: None };
    let (removals, links) = found(&folder, &tables, 1, &limits(1 << 30));

    let number_at = |task: u32, row: u32| task * PER_TASK + row;
    let of_kind = |kind: Kind| removals.iter().filter(move |removal| removal.kind == number(kind));
    let gone = |kind: Kind| -> BTreeSet<u32> {
        let removed = of_kind(kind).filter(|removal| removal.removed);
        removed.map(|removal| number_at(removal.task, removal.row)).collect()
    };
    let copies = |what: fn(Planted) -> bool| (ORIGINALS..DOCUMENTS).filter(move |&number| what(planted(number)));

    // What is equal: all of it, and nothing else.
    for (kind, what) in [
        (Kind::PageUrl, (|planted| planted == Planted::Url) as fn(Planted) -> bool),
        (Kind::DocumentText, |planted| planted == Planted::Text),
        (Kind::ImageSet, |planted| planted == Planted::Images),
    ] {
        assert_eq!(gone(kind), copies(what).map(older).collect(), "{kind:?}");
    }

    // MinHash: as often as its curve says in each class of edits; equal texts always; what is no copy never.
    let survivors: HashMap<u32, DocId> = of_kind(Kind::MinHash)
        .map(|removal| (number_at(removal.task, removal.row), removal.survivor.unwrap()))
        .collect();
    let is_joined = |number: u32| survivors.contains_key(&number);
    assert!(copies(|planted| planted == Planted::Text).all(is_joined));
    let mut classes: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    for number in copies(|planted| matches!(planted, Planted::Edited(_))) {
        let Planted::Edited(edits) = planted(number) else { continue };
        let expected = MinHash::FINEWEB.collision_probability(similarity(number, original(number)));
        let (found, sum, variance) = classes.entry(edits).or_default();
        *found += f64::from(u8::from(is_joined(number)));
        (*sum, *variance) = (*sum + expected, *variance + expected * (1.0 - expected));
        if is_joined(number) {
            assert_eq!(survivors[&number], survivors[&original(number)]);
        }
    }
    for (edits, (found, expected, variance)) in classes {
        println!("minhash, {edits} words of {WORDS} changed: {found} found, {expected:.1} ± {:.1}", variance.sqrt());
        assert!((found - expected).abs() <= 4.0 * variance.sqrt() + 1.0, "{edits}: {found} {expected} {variance}");
    }
    let related = |number: u32| matches!(planted(number), Planted::Text | Planted::Edited(_));
    let has_copy: BTreeSet<u32> = (ORIGINALS..DOCUMENTS).filter(|&number| related(number)).map(original).collect();
    assert!(survivors.keys().all(|&number| related(number) || has_copy.contains(&number)));

    // SimHash: every pair within its distance, of all with all among the first and of the planted ones.
    let clusters: HashMap<u32, DocId> = of_kind(Kind::SimHash)
        .map(|removal| (number_at(removal.task, removal.row), removal.survivor.unwrap()))
        .collect();
    let distance = |one: u32, other: u32| (signatures[one as usize] ^ signatures[other as usize]).count_ones();
    let first = (0..8000_u32).flat_map(|one| (0..one).map(move |other| (one, other)));
    let planted_pairs = (ORIGINALS..DOCUMENTS).map(|number| (number, original(number)));
    let near: Vec<_> = first.chain(planted_pairs).filter(|&(one, other)| distance(one, other) <= 4).collect();
    println!("simhash: {} pairs within distance 4", near.len());
    assert!(near.len() > 20_000);
    for (one, other) in near {
        assert!(clusters.contains_key(&one) && clusters.get(&one) == clusters.get(&other), "{one} {other}");
    }
    for link in links.iter().filter(|link| link.kind == number(Kind::SimHash)) {
        let half = |half: u64| u32::try_from(half & u64::from(u32::MAX)).unwrap();
        let [one, other] = [link.member, link.other].map(|member| number_at(half(member >> 32), half(member)));
        assert!(distance(one, other) <= 4);
    }

    // Whatever the ranges and the memory.
    for (ranges, memory) in [(7, 1 << 30), (64, 64 << 20)] {
        assert!(found(&folder, &tables, ranges, &limits(memory)).0 == removals, "{ranges} {memory}");
    }
}
