//! The model: dictionaries of words, and a forest of decision trees over integers.
//!
//! All is counted in integers, so that a page has the same scores on every machine.

use std::sync::LazyLock;

use foldhash::HashMap;
use html5ever::LocalName;

use super::forest::{Decision, Forest};

/// How much more often than elsewhere a word stands by main content: logarithms of odds, in hundredths.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    /// Words of `class` and `id`.
    pub(super) names: HashMap<String, i32>,
    /// Elements, which stand among the names behind a `<`.
    pub(super) elements: HashMap<LocalName, i32>,
    /// Words of short paragraphs, in small letters.
    pub(super) words: HashMap<String, i32>,
    /// Words of the page's address.
    pub(super) address: HashMap<String, i32>,
}

/// A trained model.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) dictionary: Dictionary,
    features: Vec<String>,
    /// Says the logarithm of the odds that a paragraph is content, in ten-thousandths.
    pub(super) forest: Forest,
}

/// The model that is built in.
pub(super) static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::parse(include_str!("../../model/content.txt")).unwrap_or_default());

impl Model {
    /// Reads the text that `model/train.py` writes: sections of lines, in square brackets their names.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut model = Self::default();
        let (mut roots, mut decisions, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
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
                "tree" => roots.push(number()?),
                "nodes" => {
                    let feature = u16::try_from(number()?).ok()?;
                    let (threshold, low, high) = (number()?, number()?, number()?);
                    decisions.push(Decision { feature, threshold, low, high });
                }
                "leaves" => leaves.push(number()?),
                _ => {
                    let (value, word) = (number()?, fields.next()?);
                    let Dictionary { names, elements, words, address } = &mut model.dictionary;
                    match (section, word.strip_prefix('<')) {
                        ("names", Some(element)) => elements.insert(LocalName::from(element), value),
                        ("names", None) => names.insert(word.to_owned(), value),
                        ("words", _) => words.insert(word.to_owned(), value),
                        ("address", _) => address.insert(word.to_owned(), value),
                        _ => return None,
                    };
                }
            }
        }
        model.forest = Forest::new(model.features.len(), &decisions, &leaves, &roots)?;
        Some(model)
    }

    /// Names of the features, in order.
    #[cfg(test)]
    pub(super) fn features(&self) -> &[String] {
        &self.features
    }
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
        assert!(model.forest.trees() > 10);
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
