//! From the mean of a text's rows to its most likely labels.

use super::best::Best;
use super::dictionary::Dictionary;
use super::matrix::Matrix;
use super::settings::LossKind;
use crate::ModelError;

/// Added to a probability before its logarithm is taken.
const EPSILON: f64 = 1e-5;

/// Beyond this, the program's table of the logistic function says 0 or 1.
const MAX_SIGMOID: f32 = 8.0;

/// Steps of that table.
const SIGMOID_STEPS: f32 = 512.0;

/// Where a node of the tree that was not made yet stands among others: no label is so frequent.
const NOT_YET: i64 = 1_000_000_000_000_000;

/// How probabilities are found.
#[derive(Debug)]
pub(super) enum Loss {
    /// Both children of each inner node; leaves come first, by label, and the last inner node is the root.
    Tree(Vec<[usize; 2]>),
    Softmax,
    Sigmoid,
}

impl Loss {
    pub(super) fn new(kind: LossKind, dictionary: &Dictionary) -> Result<Self, ModelError> {
        Ok(match kind {
            LossKind::HierarchicalSoftmax => Self::Tree(tree(dictionary)?),
            LossKind::Softmax => Self::Softmax,
            LossKind::Sigmoid => Self::Sigmoid,
        })
    }

    /// The `k` labels with the highest logarithms of their probabilities, the highest first.
    pub(super) fn best(&self, output: &Matrix, file: &[u8], hidden: &[f32], k: usize) -> Vec<(f32, usize)> {
        let mut best = Best::new(k);
        let product = |row| output.dot(file, row, hidden);
        match self {
            Self::Tree(nodes) => descend(nodes, product, &mut best),
            Self::Softmax => {
                let products: Vec<f32> = (0..output.rows()).map(product).collect();
                let highest = products.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f32> = products.iter().map(|product| (product - highest).exp()).collect();
                let sum: f32 = powers.iter().sum();
                powers.iter().enumerate().for_each(|(label, power)| best.add(logarithm(power / sum), label));
            }
            Self::Sigmoid => {
                (0..output.rows()).for_each(|label| best.add(logarithm(sigmoid(product(label))), label));
            }
        }
        best.sorted()
    }
}

/// The program's logarithm.
#[expect(clippy::cast_possible_truncation, reason = "scores are kept in single precision")]
fn logarithm(probability: f32) -> f32 {
    (f64::from(probability) + EPSILON).ln() as f32
}

/// The program's table of the logistic function, made where it is asked.
fn sigmoid(x: f32) -> f32 {
    if x < -MAX_SIGMOID {
        return 0.0;
    }
    if x > MAX_SIGMOID {
        return 1.0;
    }
    let step = ((x + MAX_SIGMOID) * SIGMOID_STEPS / MAX_SIGMOID / 2.0).trunc();
    logistic(step * 2.0 * MAX_SIGMOID / SIGMOID_STEPS - MAX_SIGMOID)
}

#[expect(clippy::cast_possible_truncation, reason = "the program adds in double precision, and keeps single")]
fn logistic(x: f32) -> f32 {
    (1.0 / (1.0 + f64::from((-x).exp()))) as f32
}

/// Looks for leaves from the root down, the left child first, where the way is likely enough.
#[expect(clippy::cast_possible_truncation, reason = "scores are kept in single precision")]
fn descend(nodes: &[[usize; 2]], product: impl Fn(usize) -> f32, best: &mut Best) {
    let labels = nodes.len() + 1;
    let least = logarithm(0.0);
    let mut open = vec![(0.0_f32, labels + nodes.len() - 1)];
    while let Some((score, node)) = open.pop() {
        if score < least || !best.wants(score) {
            continue;
        }
        let Some(inner) = node.checked_sub(labels) else {
            best.add(score, node);
            continue;
        };
        let right = logistic(product(inner));
        let left = (1.0 - f64::from(right)) as f32;
        let [left_node, right_node] = nodes[inner];
        open.push((score + logarithm(right), right_node));
        open.push((score + logarithm(left), left_node));
    }
}

/// The Huffman tree of the labels' counts, the rarest joined first.
fn tree(dictionary: &Dictionary) -> Result<Vec<[usize; 2]>, ModelError> {
    let labels = dictionary.labels();
    for label in labels {
        if !(0..NOT_YET).contains(&label.count) {
            let found = format!("{} times label {:?}", label.count, label.text);
            return Err(ModelError::new(label.at, found, format!("less than {NOT_YET} times")));
        }
    }
    let mut counts: Vec<i64> = Vec::with_capacity(labels.len());
    let mut nodes: Vec<[usize; 2]> = Vec::with_capacity(labels.len());
    // Labels that are not joined yet, from the first; and the inner node that is to be joined next.
    let (mut leaves, mut next) = (labels.len(), 0);
    for _ in 1..labels.len() {
        let mut count = 0_i64;
        let children = [(); 2].map(|()| {
            let inner = counts.get(next).copied().unwrap_or(NOT_YET);
            match leaves.checked_sub(1) {
                Some(leaf) if labels[leaf].count < inner => {
                    leaves = leaf;
                    count = count.saturating_add(labels[leaf].count);
                    leaf
                }
                _ => {
                    next += 1;
                    count = count.saturating_add(inner);
                    labels.len() + next - 1
                }
            }
        });
        counts.push(count);
        nodes.push(children);
    }
    Ok(nodes)
}
