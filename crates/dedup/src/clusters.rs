//! Clusters: what links join, directly or by others.
//!
//! Links are turned into stars, each member to the least of its cluster, by rounds of *large-star* and *small-star* (Kiveris et al., "Connected Components in
//! MapReduce and Beyond", 2014).  Each round is two queries over the links; they lie in the engine's spill folder, so memory is the engine's limit
//! whatever their number, and O(log² n) rounds are enough.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use obelisc_engine::{Engine, Error, Kept, Source};
use xxhash_rust::xxh3::xxh3_64;

/// Links without direction, the greater document first.
const LINKS: &str = "\
    SELECT DISTINCT greatest(member, other) AS a, least(member, other) AS b FROM links WHERE member <> other";

/// Members that several have.
const LOOPS: &str = "SELECT DISTINCT member FROM links WHERE member = other";

/// Each member's greater neighbours to the least of its neighbours and itself.
const LARGE_STAR: &str = "\
    WITH ends AS (SELECT a AS u, b AS v FROM links UNION ALL SELECT b AS u, a AS v FROM links), \
    first AS (SELECT u, least(u, min(v)) AS m FROM ends GROUP BY u) \
    SELECT DISTINCT ends.v AS a, first.m AS b FROM ends JOIN first ON ends.u = first.u WHERE ends.v > ends.u";

/// Each member and its lesser neighbours to the least of these.
const SMALL_STAR: &str = "\
    WITH first AS (SELECT a AS u, min(b) AS m FROM links GROUP BY a) \
    SELECT DISTINCT a, b FROM (\
        SELECT links.b AS a, first.m AS b FROM links JOIN first ON links.a = first.u WHERE links.b <> first.m \
        UNION ALL SELECT u AS a, m AS b FROM first)";

/// Each candidate of a cluster with its place.
const PLACED: &str = "\
    SELECT members.cluster, candidates.task, candidates.row, candidates.ordinal, candidates.place FROM (\
        SELECT member, min(cluster) AS cluster FROM (\
            SELECT a AS member, b AS cluster FROM links UNION ALL SELECT b AS member, b AS cluster FROM links \
            UNION ALL SELECT member, member AS cluster FROM loops\
        ) GROUP BY member\
    ) AS members JOIN candidates ON members.member = candidates.member";

/// Each candidate that shares its cluster: the number of candidates in it, and the greatest place.
const COPIES: &str = "\
    WITH copies AS (\
        SELECT cluster, count(*) AS copies, max(place) AS best FROM placed GROUP BY cluster HAVING count(*) > 1\
    ) \
    SELECT placed.task, placed.row, placed.ordinal, placed.place, copies.copies, copies.best \
    FROM placed JOIN copies ON placed.cluster = copies.cluster ORDER BY placed.task, placed.row, placed.ordinal";

/// How clusters were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    /// Different links that there were.
    pub links: u64,
    /// Rounds until nothing changed.
    pub rounds: u32,
    /// Documents or images that may have near copies.
    pub candidates: u64,
}

/// Finds the clusters of those rows of the table `links` (columns `kind`, `member`, `other`) that are of a kind, and hands on, in the order of `task`, `row`
/// and `ordinal`, batches with these columns and `place`, `copies` (in the cluster, itself among them) and `best`, the greatest place of the cluster.
/// The table `candidates` (columns `kind`, `member`, `task`, `row`, `ordinal`, `place`) says who each member in a link is, and where that one stands; several may
/// be the same member.
///
/// # Errors
/// Those of the tables, of the receiver and of the engine.
pub fn clusters(
    engine: &Engine,
    kind: u32,
    [links, candidates]: [Source; 2],
    receive: impl FnMut(RecordBatch) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Rounds, Error> {
    let mut rounds = Rounds::default();
    let loops = engine.keep("loops", vec![links.clone()], &format!("{LOOPS} AND kind = {kind}"))?;
    let mut stars = engine.keep("links", vec![links], &format!("{LINKS} AND kind = {kind}"))?;
    let mut before = fingerprint(engine, &stars)?;
    rounds.links = stars.rows;
    // What shrinks needs fewer rounds than this by far; a mistake of ours must not go on for ever.
    while stars.rows > 0 && rounds.rounds < 10_000 {
        let large = engine.keep("links", vec![stars.source.clone()], LARGE_STAR)?;
        stars = engine.keep("links", vec![large.source.clone()], SMALL_STAR)?;
        rounds.rounds += 1;
        let after = fingerprint(engine, &stars)?;
        if after == before {
            break;
        }
        before = after;
    }
    let placed = engine.keep(
        "placed",
        vec![stars.source.clone(), loops.source.clone(), candidates],
        &format!("{PLACED} AND candidates.kind = {kind}"),
    )?;
    rounds.candidates = placed.rows;
    engine.query(vec![placed.source.clone()], COPIES, receive)?;
    Ok(rounds)
}

/// A number that two sets of links share when they are equal, whatever their order.
fn fingerprint(engine: &Engine, links: &Kept) -> Result<(u64, u64), Error> {
    let mut sum = 0_u64;
    engine.query(vec![links.source.clone()], "SELECT a, b FROM links", |batch| {
        let column = |name: &str| {
            let column = batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>()?;
            Some(column.values().iter())
        };
        let (a, b) = column("a").zip(column("b")).ok_or("the engine's answer lacks a column")?;
        for (a, b) in a.zip(b) {
            let [low, high] = [a.to_le_bytes(), b.to_le_bytes()];
            sum = sum.wrapping_add(xxh3_64(&[low, high].concat()));
        }
        Ok(())
    })?;
    Ok((links.rows, sum))
}

#[cfg(test)]
mod tests;
