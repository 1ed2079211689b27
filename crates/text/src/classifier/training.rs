//! Learning a model from examples.

use super::{Features, Hashing, MAGIC, VERSION, probability};

/// How a model learns.
///
/// FTRL-Proximal (McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1), without its L1 term:
/// each weight has a step of its own, which shrinks as the weight moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// How texts become features.
    pub hashing: Hashing,
    /// The size of steps, α.
    pub rate: f64,
    /// What holds the first steps back, β.
    pub smoothing: f64,
    /// What pulls weights to zero, λ₂.
    pub l2: f64,
}

impl Default for Training {
    fn default() -> Self {
        Self { hashing: Hashing::default(), rate: 1.0, smoothing: 1.0, l2: 0.1 }
    }
}

/// A model that learns.  It depends on the examples and their order alone: there is no random number, and all sums are made in
/// one order.
#[derive(Debug)]
pub struct Trainer {
    training: Training,
    /// What an example of each kind weighs: both kinds weigh the same together.
    weights: [f64; 2],
    /// The last one is the bias, whose feature is always 1.
    coordinates: Vec<Coordinate>,
}

/// What is known of a weight: z and n of the paper.
#[derive(Clone, Copy, Debug, Default)]
struct Coordinate {
    z: f64,
    n: f64,
}

impl Coordinate {
    fn weight(self, training: &Training) -> f64 {
        -self.z / ((training.smoothing + self.n.sqrt()) / training.rate + training.l2)
    }

    fn learn(&mut self, gradient: f64, training: &Training) {
        let next = self.n + gradient * gradient;
        let sigma = (next.sqrt() - self.n.sqrt()) / training.rate;
        self.z += gradient - sigma * self.weight(training);
        self.n = next;
    }
}

impl Trainer {
    /// A model that knows nothing, to learn from so many examples of each kind.
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 examples")]
    pub fn new(training: Training, positive: usize, negative: usize) -> Self {
        let half = (positive + negative) as f64 / 2.0;
        let weights = [negative, positive].map(|count| if count == 0 { 0.0 } else { half / count as f64 });
        Self { training, weights, coordinates: vec![Coordinate::default(); training.hashing.buckets() + 1] }
    }

    fn bias(&mut self) -> &mut Coordinate {
        let last = self.coordinates.len() - 1;
        &mut self.coordinates[last]
    }

    /// Learns from an example.
    pub fn learn(&mut self, features: &Features, positive: bool) {
        let training = self.training;
        let mut sum = self.bias().weight(&training);
        for (bucket, value) in features.iter() {
            if let Some(coordinate) = self.coordinates.get(bucket as usize) {
                sum += coordinate.weight(&training) * f64::from(value);
            }
        }
        let error = (probability(sum) - f64::from(u8::from(positive))) * self.weights[usize::from(positive)];
        self.bias().learn(error, &training);
        for (bucket, value) in features.iter() {
            if let Some(coordinate) = self.coordinates.get_mut(bucket as usize) {
                coordinate.learn(error * f64::from(value), &training);
            }
        }
    }

    /// The model file.
    pub fn model(&self) -> Vec<u8> {
        let hashing = self.training.hashing;
        let mut file = MAGIC.to_vec();
        for number in [VERSION, hashing.bits(), hashing.longest()] {
            file.extend_from_slice(&number.to_le_bytes());
        }
        // Zeros without a sign, so that a weight that was never met is all zeros.
        let weight = |coordinate: &Coordinate| (coordinate.weight(&self.training) as f32 + 0.0).to_le_bytes();
        if let Some((bias, weights)) = self.coordinates.split_last() {
            file.extend_from_slice(&weight(bias));
            weights.iter().for_each(|coordinate| file.extend_from_slice(&weight(coordinate)));
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SpecialCharacters, Words};

    #[test]
    fn both_kinds_weigh_the_same_however_many_there_are() {
        let hashing = Hashing::new(10, 1).unwrap();
        let features = |text| hashing.features(&Words::split(text, &SpecialCharacters::default()));
        let training = Training { hashing, ..Training::default() };
        let mut trainer = Trainer::new(training, 2, 20);
        for _ in 0..50 {
            (0..2).for_each(|_| trainer.learn(&features("same good"), true));
            (0..20).for_each(|_| trainer.learn(&features("same bad"), false));
        }
        let bias = trainer.bias().weight(&training);
        let weight = |text| {
            let bucket = features(text).iter().next().unwrap().0;
            trainer.coordinates[bucket as usize].weight(&training)
        };
        assert!(weight("good") > 1.0 && weight("bad") < -1.0, "{} {}", weight("good"), weight("bad"));
        assert!(weight("same").abs() < 1.0 && bias.abs() < 1.0, "{} {bias}", weight("same"));
    }
}
