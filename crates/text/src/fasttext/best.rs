//! The labels with the highest scores.
//!
//! Labels of equal scores are common: beyond a bound the logistic table says 0 or 1.  Which of them the program names,
//! and in which order, comes of the heap of its C++ library, so that heap is followed step by step.

/// The `k` labels with the highest scores so far.
#[derive(Debug)]
pub(super) struct Best {
    k: usize,
    /// A heap, the lowest score first.
    heap: Vec<(f32, usize)>,
}

impl Best {
    pub(super) fn new(k: usize) -> Self {
        Self { k, heap: Vec::new() }
    }

    /// Whether a label with this score would be among them.
    pub(super) fn wants(&self, score: f32) -> bool {
        match self.heap.first() {
            Some((least, _)) if self.heap.len() >= self.k => score >= *least,
            // A damaged model gives scores that are no numbers.
            _ => self.k > 0 && !score.is_nan(),
        }
    }

    pub(super) fn add(&mut self, score: f32, label: usize) {
        if !self.wants(score) {
            return;
        }
        self.heap.push((score, label));
        let hole = self.heap.len() - 1;
        rise(&mut self.heap, hole, (score, label));
        if self.heap.len() > self.k {
            let _least = take_least(&mut self.heap);
        }
    }

    /// The labels, the highest score first.
    pub(super) fn sorted(mut self) -> Vec<(f32, usize)> {
        let mut sorted: Vec<_> = std::iter::from_fn(|| take_least(&mut self.heap)).collect();
        sorted.reverse();
        sorted
    }
}

/// Puts an entry in a hole, or above it where lower scores make room.
fn rise(heap: &mut [(f32, usize)], mut hole: usize, entry: (f32, usize)) {
    while hole > 0 {
        let parent = (hole - 1) / 2;
        if heap[parent].0 <= entry.0 {
            break;
        }
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = entry;
}

/// Takes the first entry out: the last one falls from there to the bottom, the lower child rising, and rises again.
fn take_least(heap: &mut Vec<(f32, usize)>) -> Option<(f32, usize)> {
    let entry = heap.pop()?;
    let Some(least) = heap.first().copied() else { return Some(entry) };
    let mut hole = 0;
    loop {
        let right = 2 * hole + 2;
        let child = match (heap.get(right), heap.get(right - 1)) {
            (Some(right_child), Some(left_child)) if right_child.0 > left_child.0 => right - 1,
            (Some(_), _) => right,
            (None, Some(_)) => right - 1,
            (None, None) => break,
        };
        heap[hole] = heap[child];
        hole = child;
    }
    rise(heap, hole, entry);
    Some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(k: usize, scores: &[f32]) -> Vec<usize> {
        let mut best = Best::new(k);
        scores.iter().enumerate().for_each(|(label, score)| best.add(*score, label));
        best.sorted().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn the_highest_scores_come_first() {
        let scores = [0.1, 0.9, 0.3, 0.8, 0.2, 0.7];
        assert_eq!(best(3, &scores), [1, 3, 5]);
        assert_eq!(best(9, &scores), [1, 3, 5, 2, 4, 0]);
        assert_eq!(best(0, &scores), [0; 0]);
    }

    #[test]
    fn of_equal_scores_the_last_one_is_the_best() {
        assert_eq!(best(1, &[1.0, 1.0, 0.5]), [1]);
    }

    #[test]
    fn what_is_no_number_is_no_score() {
        assert_eq!(best(2, &[f32::NAN, 0.5, f32::NAN, 0.6, f32::NAN]), [3, 1]);
    }
}
