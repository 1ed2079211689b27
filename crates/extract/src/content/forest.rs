//! The forest of decision trees, asked about eight paragraphs at a time.
//!
//! A tree is not walked.  Each of its decisions that goes to the greater side rules out the leaves on the other; the first
//! leaf that nothing ruled out, from the left, is the one that a walk would have ended at (Lucchese et al., *QuickScorer*, SIGIR 2015).
//! So the decisions can be taken feature by feature, with rising thresholds, until one is above all eight values, and
//! without a branch that depends on a single value: a walk of random turns costs a mispredicted branch at most of them.

use wide::i32x8;

/// Paragraphs at a time.
pub(super) const LANES: usize = 8;
/// Leaves of a tree, at most: a bit each.
const MOST_LEAVES: usize = 32;

/// One decision as a model writes it: where to go with a value that is no greater than the threshold, and where with a
/// greater one.  A place is a node of the forest, or, where negative, a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub(super) feature: u16,
    pub(super) threshold: i32,
    pub(super) low: i32,
    pub(super) high: i32,
}

/// What a decision does.
#[derive(Clone, Copy, Debug)]
struct Test {
    threshold: i32,
    tree: u16,
    /// Leaves that a greater value rules out, a bit each.
    ruled_out: i32,
}

/// Decision trees over integers.
#[derive(Clone, Debug, Default)]
pub(super) struct Forest {
    /// For each feature its tests, lowest threshold first.
    tests: Vec<Vec<Test>>,
    /// For each tree what its leaves add, from left to right.
    leaves: Vec<[i32; MOST_LEAVES]>,
}

impl Forest {
    /// Puts trees in order: `leaves` are what leaves add, `roots` the trees' first places.  `None` where a way does not end, or a tree
    /// has more than 32 leaves.
    pub(super) fn new(features: usize, decisions: &[Decision], leaves: &[i32], roots: &[i32]) -> Option<Self> {
        let mut forest = Self { tests: vec![Vec::new(); features], leaves: Vec::with_capacity(roots.len()) };
        for (tree, &root) in (0..).zip(roots) {
            let mut ordered = Vec::new();
            forest.lay(tree, root, decisions, leaves, &mut ordered)?;
            let mut padded = [0; MOST_LEAVES];
            padded.get_mut(..ordered.len())?.copy_from_slice(&ordered);
            forest.leaves.push(padded);
        }
        for tests in &mut forest.tests {
            tests.sort_by_key(|test| test.threshold);
        }
        Some(forest)
    }

    /// Lays out what is below a place, its leaves behind those in `ordered`.
    fn lay(
        &mut self,
        tree: u16,
        place: i32,
        decisions: &[Decision],
        leaves: &[i32],
        ordered: &mut Vec<i32>,
    ) -> Option<()> {
        let Ok(node) = usize::try_from(place) else {
            ordered.push(*leaves.get((-1 - place) as usize)?);
            return (ordered.len() <= MOST_LEAVES).then_some(());
        };
        let decision = decisions.get(node)?;
        // Nodes lead on to later ones, so that all ways end.
        if [decision.low, decision.high].iter().any(|&next| (0..=place).contains(&next)) {
            return None;
        }
        let first = ordered.len();
        self.lay(tree, decision.low, decisions, leaves, ordered)?;
        let low = ordered.len() - first;
        self.lay(tree, decision.high, decisions, leaves, ordered)?;
        let ruled_out = ((u64::MAX >> (64 - low)) << first) as i32;
        let test = Test { threshold: decision.threshold, tree, ruled_out };
        self.tests.get_mut(usize::from(decision.feature))?.push(test);
        Some(())
    }

    /// How many trees there are.
    #[cfg(test)]
    pub(super) fn trees(&self) -> usize {
        self.leaves.len()
    }

    /// For each of eight paragraphs the sum of what the trees say.  `block` holds eight values for each feature.
    pub(super) fn sums(&self, block: &[[i32; LANES]]) -> [i32; LANES] {
        let mut ruled_out = vec![i32x8::ZERO; self.leaves.len()];
        for (values, tests) in block.iter().zip(&self.tests) {
            let values = i32x8::new(*values);
            let highest = values.reduce_max();
            for test in tests.iter().take_while(|test| test.threshold < highest) {
                let is_greater = values.simd_gt(i32x8::splat(test.threshold));
                ruled_out[usize::from(test.tree)] |= is_greater & i32x8::splat(test.ruled_out);
            }
        }
        let mut sums = [0; LANES];
        for (ruled_out, leaves) in ruled_out.iter().zip(&self.leaves) {
            for (sum, ruled_out) in sums.iter_mut().zip(ruled_out.to_array()) {
                *sum += leaves[ruled_out.trailing_ones() as usize % MOST_LEAVES];
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk, as the model's words have it.
    fn walk(decisions: &[Decision], leaves: &[i32], roots: &[i32], row: &[i32]) -> i32 {
        let end = |root: &i32| {
            let mut at = *root;
            while let Ok(node) = usize::try_from(at) {
                let decision = decisions[node];
                let is_low = row[usize::from(decision.feature)] <= decision.threshold;
                at = if is_low { decision.low } else { decision.high };
            }
            leaves[(-1 - at) as usize]
        };
        roots.iter().map(end).sum()
    }

    #[test]
    fn a_forest_says_what_walks_through_its_trees_say() {
        let decide = |feature, threshold, low, high| Decision { feature, threshold, low, high };
        let decisions = [
            decide(0, 5, 1, 2),
            decide(1, -3, -1, 3),
            decide(1, 7, -4, -5),
            decide(0, 2, -2, -3),
            decide(2, 0, -6, 5),
            decide(2, 9, -7, -8),
        ];
        let leaves = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
        let roots = [0, 4, -3];
        let forest = Forest::new(3, &decisions, &leaves, &roots).unwrap();
        assert_eq!(forest.trees(), 3);
        let mut number = 1_u64;
        for _ in 0..200 {
            let mut next = || {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (number >> 59) as i32 - 12
            };
            let block: [[i32; LANES]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| next()));
            let expected: [i32; LANES] =
                std::array::from_fn(|lane| walk(&decisions, &leaves, &roots, &block.map(|values| values[lane])));
            assert_eq!(forest.sums(&block), expected);
        }
    }

    #[test]
    fn a_tree_of_too_many_leaves_is_refused() {
        let chain = |leaves: i32| {
            let decide = |at: i32| Decision {
                feature: 0,
                threshold: at,
                low: -1,
                high: if at + 2 < leaves { at + 1 } else { -1 },
            };
            Forest::new(1, &(0..leaves - 1).map(decide).collect::<Vec<_>>(), &[7], &[0])
        };
        assert!(chain(MOST_LEAVES as i32).is_some());
        assert!(chain(MOST_LEAVES as i32 + 1).is_none());
    }
}
