//! How often the runs of a text occur, of characters or of words.

use std::cell::RefCell;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// An odd number whose bits are well mixed, of the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
/// Places that grams are thrown into, for each gram, and most of them in all.
const PLACES_EACH: usize = 8;
const MOST_PLACES: usize = 1 << 20;
/// Of a text of more grams nothing is kept for the next one.
const MOST_KEPT: usize = 1 << 20;
/// The upper half of a slot.
const HASH_HALF: u64 = !(u32::MAX as u64);

/// The base of the rolling hash: odd, and another in each process, so that nobody can write a text whose grams collide.
static BASE: LazyLock<u64> = LazyLock::new(|| RandomState::default().hash_one(MIX) | 1);

thread_local! {
    /// Kept from one text to the next, since most texts are a paragraph.
    static KEPT: RefCell<Grams> = RefCell::default();
}

/// The grams of a text, each a run of so many symbols, and how often they occur.
#[derive(Debug, Default)]
pub(crate) struct Grams {
    /// Room for the symbols of a text, for who needs it.
    pub characters: Vec<u32>,
    hashes: Vec<u64>,
    places: Vec<u8>,
    /// Grams that may be like another, by index.
    candidates: Vec<u32>,
    slots: Vec<u64>,
    /// Candidates that differ: the index of the first, and how many there are.
    groups: Vec<(u32, u32)>,
    different: usize,
}

impl Grams {
    /// Lends what was kept of the last text.
    pub(crate) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        KEPT.with(|kept| {
            let mut grams = kept.take();
            let done = work(&mut grams);
            if grams.hashes.len() <= MOST_KEPT {
                kept.replace(grams);
            }
            done
        })
    }

    /// Counts the runs of `length` symbols, 1 at least; `equal` says whether two of them are alike, by their index from 0.
    ///
    /// Most grams occur once.  The first pass throws them all into places, many more than there are grams: what is alone in
    /// its place is like no other.  Only the rest is looked up in a table and compared.
    pub(crate) fn count(
        &mut self,
        symbols: impl ExactSizeIterator<Item = u64> + Clone,
        length: usize,
        equal: impl Fn(usize, usize) -> bool,
    ) {
        let Self { hashes, places, candidates, .. } = self;
        let grams = (symbols.len() + 1).saturating_sub(length);
        let bits = (grams * PLACES_EACH).clamp(64, MOST_PLACES).next_power_of_two().trailing_zeros();
        let place = |hash: u64| (hash >> (u64::BITS - bits)) as usize;
        places.clear();
        places.resize(1 << bits, 0);
        hashes.clear();
        hashes.extend(rolling(symbols, length).inspect(|&hash| {
            let met = &mut places[place(hash)];
            *met = (*met << 1) | 1;
        }));
        // Each is written, and kept where the next one is written behind it: a branch would be guessed wrong too often.
        candidates.resize(hashes.len(), 0);
        let mut found = 0;
        for (index, &hash) in (0..).zip(&*hashes) {
            candidates[found] = index;
            found += usize::from(places[place(hash)] > 1);
        }
        candidates.truncate(found);
        self.different = hashes.len() - found;
        self.count_candidates(equal);
    }

    fn count_candidates(&mut self, equal: impl Fn(usize, usize) -> bool) {
        let Self { hashes, candidates, slots, groups, .. } = self;
        groups.clear();
        let mask = (candidates.len() * 2).next_power_of_two() - 1;
        // Half of the hash, then the number of the group, from 1; or 0.
        slots.clear();
        slots.resize(mask + 1, 0);
        for &index in &*candidates {
            let hash = hashes[index as usize].rotate_left(32).wrapping_mul(MIX);
            let mut slot = (hash >> 20) as usize & mask;
            loop {
                let entry = slots[slot];
                if entry == 0 {
                    groups.push((index, 1));
                    slots[slot] = hash & HASH_HALF | groups.len() as u64;
                    break;
                }
                let (first, count) = &mut groups[(entry & !HASH_HALF) as usize - 1];
                if (entry ^ hash) & HASH_HALF == 0 && equal(*first as usize, index as usize) {
                    *count += 1;
                    break;
                }
                slot = (slot + 1) & mask;
            }
        }
        self.different += groups.len();
        groups.retain(|&(_, count)| count > 1);
    }

    /// The share of the grams whose like occurs more than once, 0 to 1.
    pub(crate) fn repeated_share(&self) -> f64 {
        share(&self.groups, self.hashes.len())
    }

    /// The share of the √*d* most frequent of *d* different grams, but of none that occurs once.
    pub(crate) fn share_of_most_frequent(&mut self) -> f64 {
        let most = self.different.isqrt();
        if most < self.groups.len() {
            self.groups.select_nth_unstable_by(most, |a, b| b.1.cmp(&a.1));
            self.groups.truncate(most);
        }
        self.repeated_share()
    }
}

/// The hashes of all runs of `length` symbols, with one multiplication for each and one that spreads it.
fn rolling(symbols: impl ExactSizeIterator<Item = u64> + Clone, length: usize) -> impl Iterator<Item = u64> {
    let base = *BASE;
    let (mut hash, mut power, mut leaving) = (0_u64, 1_u64, 0_u64);
    let mut entering = symbols.clone();
    for symbol in entering.by_ref().take(length - 1) {
        hash = hash.wrapping_mul(base).wrapping_add(symbol);
        power = power.wrapping_mul(base);
    }
    // Indices have 32 bits, and one number stands for none: of a text of 2^32 grams the last are left out.
    entering.zip(symbols).take(u32::MAX as usize - 1).map(move |(enters, first)| {
        hash = hash.wrapping_sub(leaving).wrapping_mul(base).wrapping_add(enters);
        leaving = first.wrapping_mul(power);
        hash.wrapping_mul(MIX)
    })
}

/// What these groups are of all grams; 0 where there is none.
#[expect(clippy::cast_precision_loss, reason = "no text holds 2^53 characters")]
fn share(groups: &[(u32, u32)], all: usize) -> f64 {
    let counted: u64 = groups.iter().map(|(_, count)| u64::from(*count)).sum();
    if all == 0 { 0.0 } else { counted as f64 / all as f64 }
}
