//! The model: dictionaries of words, and a forest of decision trees over integers.
//!
//! All is counted in integers, so that a page has the same scores on every machine.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How much more often than elsewhere a word stands by main content: logarithms of odds, in hundredths.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    /// Words of `class` and `id`, and element names after a `<`.
    pub(super) names: HashMap<String, i32>,
    /// Words of short paragraphs, in small letters.
    pub(super) words: HashMap<String, i32>,
    /// Words of the page's address.
    pub(super) address: HashMap<String, i32>,
}

/// One decision, or the end of the way.
#[derive(Clone, Copy, Debug)]
struct Node {
    feature: u16,
    /// Where to go with a value that is no greater than the threshold, and where with a greater one: a node of the
    /// forest, or, where negative, a leaf.
    low: i32,
    high: i32,
    threshold: i32,
}

/// A trained model.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) dictionary: Dictionary,
    features: Vec<String>,
    nodes: Vec<Node>,
    /// What a tree adds to the logarithm of the odds, in ten-thousandths.
    leaves: Vec<i32>,
    roots: Vec<i32>,
}

/// The model that is built in.
pub(super) static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::parse(include_str!("../../model/content.txt")).unwrap_or_default());

impl Model {
    /// Reads the text that `model/train.py` writes: sections of lines, in square brackets their names.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut model = Self::default();
        let mut section = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            let mut fields = line.split(' ');
            let mut number = || fields.next()?.parse::<i32>().ok();
            match section {
                "features" => model.features.push(line.to_owned()),
                "tree" => model.roots.push(number()?),
                "nodes" => {
                    let feature = u16::try_from(number()?).ok()?;
                    let (threshold, low, high) = (number()?, number()?, number()?);
                    model.nodes.push(Node { feature, low, high, threshold });
                }
                "leaves" => model.leaves.push(number()?),
                _ => {
                    let value = number()?;
                    let words = match section {
                        "names" => &mut model.dictionary.names,
                        "words" => &mut model.dictionary.words,
                        "address" => &mut model.dictionary.address,
                        _ => return None,
                    };
                    words.insert(fields.next()?.to_owned(), value);
                }
            }
        }
        model.is_sound().then_some(model)
    }

    /// Every way ends, at a leaf that is there.
    fn is_sound(&self) -> bool {
        let is_place = |from: i32, to: i32| match usize::try_from(to) {
            Ok(node) => to > from && node < self.nodes.len(),
            Err(_) => leaf(to) < self.leaves.len(),
        };
        let nodes_lead_on = self.nodes.iter().zip(0..).all(|(node, at)| {
            is_place(at, node.low) && is_place(at, node.high) && usize::from(node.feature) < self.features.len()
        });
        nodes_lead_on && self.roots.iter().all(|&root| is_place(-1, root))
    }

    /// Names of the features, in order.
    #[cfg(test)]
    pub(super) fn features(&self) -> &[String] {
        &self.features
    }

    /// Logarithm of the odds that what has these features is content, in ten-thousandths.
    pub(super) fn log_odds(&self, features: &[i32]) -> i32 {
        let mut sum = 0;
        for &root in &self.roots {
            let mut at = root;
            while let Some(node) = usize::try_from(at).ok().and_then(|at| self.nodes.get(at)) {
                let value = features.get(usize::from(node.feature)).copied().unwrap_or(0);
                at = if value <= node.threshold { node.low } else { node.high };
            }
            sum += self.leaves.get(leaf(at)).copied().unwrap_or(0);
        }
        sum
    }
}

/// Index of a leaf.
fn leaf(place: i32) -> usize {
    (-1 - place) as usize
}

/// The probability of such odds.  Only what IEEE 754 defines to the last bit is used, so that all machines agree.
pub(super) fn probability(log_odds: i32) -> f64 {
    let x = f64::from(log_odds.clamp(-120_000, 120_000)) / 10_000.0;
    let mut power = 1.0 - x / 65_536.0;
    for _ in 0..16 {
        power *= power;
    }
    1.0 / (1.0 + power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::features;

    #[test]
    fn the_built_in_model_reads_and_fits_the_features() {
        let model = Model::parse(include_str!("../../model/content.txt")).unwrap();
        assert_eq!(model.features(), features::names());
        assert!(model.roots.len() > 10);
    }

    #[test]
    fn a_way_that_does_not_end_is_refused() {
        let text = "[features]\na\n[tree]\n0\n[nodes]\n0 1 -1 LOW\n[leaves]\n5\n";
        assert!(Model::parse(&text.replace("LOW", "-1")).is_some());
        assert!(Model::parse(&text.replace("LOW", "0")).is_none());
        assert!(Model::parse(&text.replace("LOW", "-2")).is_none());
        assert!(Model::parse("[nonsense]\n1 a\n").is_none());
    }

    #[test]
    fn odds_become_probabilities() {
        assert!((probability(0) - 0.5).abs() < 1e-9);
        assert!((probability(10_000) - 0.731).abs() < 1e-3);
        assert!(probability(-1_000_000) < 1e-4);
    }
}
