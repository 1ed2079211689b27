use std::collections::BTreeMap;

use arrow_array::types::{Int64Type, UInt32Type};
use obelisc_document::table::{Candidate, Link, Table};
use obelisc_engine::Limits;

use super::*;

/// What clusters are by plain search: each document with the members of its cluster.
fn plain(links: &[Link], documents: u64) -> BTreeMap<u64, (i64, u64)> {
    let mut cluster: Vec<u64> = (0..documents).collect();
    loop {
        let mut changed = false;
        for link in links {
            let least = cluster[link.member as usize].min(cluster[link.other as usize]);
            for document in [link.member, link.other] {
                changed |= cluster[document as usize] != least;
                cluster[document as usize] = least;
            }
        }
        if !changed {
            break;
        }
    }
    let members = |of: u64| (0..documents).filter(move |&document| cluster[document as usize] == of);
    let heads = (0..documents).map(|document| members.clone()(document).collect::<Vec<_>>());
    let all = heads.filter(|members| members.len() > 1).flat_map(|members| {
        let best = members.iter().copied().max_by_key(|&document| place(document)).unwrap();
        let copies = members.len() as i64;
        members.into_iter().map(move |document| (document, (copies, best)))
    });
    all.collect()
}

fn place(document: u64) -> [u8; 16] {
    // Not the order of the numbers.
    let mut place = [0; 16];
    place[..8].copy_from_slice(&document.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    place[8..].copy_from_slice(&document.to_be_bytes());
    place
}

fn source<T: Table>(name: &str, rows: Vec<T>) -> Source {
    let batches: Vec<RecordBatch> = rows.chunks(1000).map(|some| T::to_batch(some).unwrap()).collect();
    Source::new(name, T::schema(), move || Ok(Box::new(batches.clone().into_iter().map(Ok))))
}

fn found(of: &[Link], documents: u64, memory: usize) -> (BTreeMap<u64, (i64, u64)>, Rounds) {
    let spill = tempfile::tempdir().unwrap();
    let limits = Limits { memory, spill: Some(spill.path().to_owned()), threads: 1, cluster: None };
    let candidate = |member: u64| {
        let (task, row) = (0, member as u32);
        Candidate { kind: KIND, member, task, row, ordinal: None, place: place(member).to_vec() }
    };
    let candidates = (0..documents).map(candidate);
    let sources = [source("links", of.to_vec()), source("candidates", candidates.collect())];
    let mut found = Vec::new();
    let rounds = clusters(&Engine::new(&limits).unwrap(), KIND, sources, |batch| {
        let rows = batch["row"].as_primitive::<UInt32Type>();
        let copies = batch["copies"].as_primitive::<Int64Type>();
        let best = batch["best"].as_binary::<i32>();
        for row in 0..batch.num_rows() {
            let best = u64::from_be_bytes(best.value(row)[8..].try_into().unwrap());
            found.push((rows.value(row).into(), (copies.value(row), best)));
        }
        Ok(())
    });
    assert!(found.is_sorted());
    (found.into_iter().collect(), rounds.unwrap())
}

const KIND: u32 = 5;

fn link(member: u64, other: u64) -> Link {
    Link { kind: KIND, member, other }
}

#[test]
fn chains_stars_circles_and_crowds_are_clusters() {
    let chain: Vec<Link> = (0..99).map(|number| link(number, number + 1)).collect();
    let mixed: Vec<Link> = (0..99).map(|number| link((number * 37) % 100, ((number + 1) * 37) % 100)).collect();
    let star: Vec<Link> = (0..50).map(|number| link(50, number)).collect();
    let circles: Vec<Link> = (0..100).map(|number| link(number, number / 10 * 10 + (number + 1) % 10)).collect();
    let random: Vec<Link> = (0..70).map(|number| link(xxh3_64(&[number]) % 100, xxh3_64(&[number, 1]) % 100)).collect();
    let other = vec![link(1, 2), Link { kind: KIND + 1, ..link(5, 6) }];
    assert_eq!(found(&other, 9, 64 << 20).0.len(), 2);
    for links in [chain, mixed, star, circles, random, vec![link(3, 3)], Vec::new()] {
        assert_eq!(found(&links, 101, 64 << 20).0, plain(&links, 101));
    }
}

#[test]
fn the_rounds_of_a_long_chain_are_few_and_memory_makes_no_difference() {
    let chain: Vec<Link> = (0..30_000).map(|number| link(number + 1, number)).collect();
    let (clusters, rounds) = found(&chain, 30_001, 256 << 20);
    assert_eq!((clusters.len(), rounds.links, rounds.candidates), (30_001, 30_000, 30_001));
    assert!(clusters.values().all(|&(copies, best)| copies == 30_001 && best == clusters[&0].1));
    // The logarithm of the length, and one round in which nothing changes.
    assert!(rounds.rounds <= 17, "{rounds:?}");
    assert_eq!(found(&chain, 30_001, 16 << 20), (clusters, rounds));
}

#[test]
fn those_of_one_member_are_a_cluster_with_all_that_are_linked_to_it() {
    let spill = tempfile::tempdir().unwrap();
    let limits = Limits { memory: 64 << 20, spill: Some(spill.path().to_owned()), threads: 1, cluster: None };
    // Members 10 and 20 are several, 20 is linked to 30; 40 is linked to itself and stands alone.
    let members: [u64; 7] = [10, 20, 10, 30, 20, 40, 50];
    let candidates = members.iter().zip(0..).map(|(&member, row)| {
        let ordinal = (row % 2 == 1).then_some(row);
        Candidate { kind: KIND, member, task: 0, row, ordinal, place: place(row.into()).to_vec() }
    });
    let links = vec![link(10, 10), link(20, 20), link(30, 20), link(40, 40)];
    let sources = [source("links", links), source("candidates", candidates.collect())];
    let mut found = Vec::new();
    clusters(&Engine::new(&limits).unwrap(), KIND, sources, |batch| {
        let column = |name: &str| batch[name].as_primitive::<UInt32Type>().clone();
        let copies = batch["copies"].as_primitive::<Int64Type>().values().to_vec();
        found.extend(column("row").iter().zip(column("ordinal").iter()).zip(copies));
        Ok(())
    })
    .unwrap();
    let expected = [(0, None, 2), (1, Some(1), 3), (2, None, 2), (3, Some(3), 3), (4, None, 3)];
    assert_eq!(found, expected.map(|(row, ordinal, copies)| ((Some(row), ordinal), copies)));
}
