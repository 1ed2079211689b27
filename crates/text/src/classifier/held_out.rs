//! How good a classifier is on examples that it did not learn from.

/// Measures of scores on examples whose kind is known, 0.5 being the bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldOut {
    /// Positive examples.
    pub positive: usize,
    /// Negative examples.
    pub negative: usize,
    /// Positive examples of 0.5 or more.
    pub true_positive: usize,
    /// Negative examples of less than 0.5.
    pub true_negative: usize,
    /// How probable it is that a positive example has a higher score than a negative one, equal scores being half of it: the
    /// area under the ROC curve, 0 to 1.
    pub auc: f64,
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 examples")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl HeldOut {
    /// Measures scores, each with whether its example is positive.
    ///
    /// ```
    /// use obelisc_text::HeldOut;
    ///
    /// let measured = HeldOut::of(vec![(0.9, true), (0.6, false), (0.4, true), (0.1, false)]);
    /// assert_eq!((measured.accuracy(), measured.f1(), measured.auc), (0.5, 0.5, 0.75));
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 examples")]
    pub fn of(mut scores: Vec<(f64, bool)>) -> Self {
        scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut measured = Self::default();
        // Pairs that are in order, twice, so that half of one is a number as well.
        let mut pairs = 0_u64;
        for same in scores.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let positive = same.iter().filter(|(_, positive)| *positive).count();
            let negative = same.len() - positive;
            pairs += 2 * (positive * measured.negative) as u64 + (positive * negative) as u64;
            measured.positive += positive;
            measured.negative += negative;
            match same.first() {
                Some((score, _)) if *score >= 0.5 => measured.true_positive += positive,
                _ => measured.true_negative += negative,
            }
        }
        let all = 2 * measured.positive * measured.negative;
        measured.auc = if all == 0 { 0.0 } else { pairs as f64 / all as f64 };
        measured
    }

    /// The share of examples on the right side of 0.5.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_positive + self.true_negative, self.positive + self.negative)
    }

    /// The share of positive examples among those of 0.5 or more.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positive, self.true_positive + self.negative - self.true_negative)
    }

    /// The share of positive examples that have 0.5 or more.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positive, self.positive)
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.true_positive, self.true_positive + self.negative - self.true_negative + self.positive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_tell_nothing() {
        let measured = HeldOut::of(vec![(0.5, true), (0.5, false), (0.5, false)]);
        assert_eq!((measured.auc, measured.recall(), measured.accuracy()), (0.5, 1.0, 1.0 / 3.0));
        assert!((measured.precision() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(HeldOut::of(Vec::new()).accuracy(), 0.0);
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let scores = |positive: &[f64], negative: &[f64]| {
            let marked = |scores: &[f64], kind| scores.iter().map(|score| (*score, kind)).collect::<Vec<_>>();
            HeldOut::of([marked(positive, true), marked(negative, false)].concat())
        };
        assert_eq!(scores(&[0.8, 0.9], &[0.1, 0.2]).auc, 1.0);
        assert_eq!(scores(&[0.1], &[0.2, 0.3]).auc, 0.0);
        assert_eq!(scores(&[0.1, 0.3], &[0.2, 0.3]).auc, 1.5 / 4.0);
    }
}
