//! Measured values and what they are compared with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A measured value.  Signals are stored, so that other thresholds can be tried on what was measured once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Signal {
    /// One number.
    Number(f64),
    /// The smallest and the largest of several numbers of one subject, such as the sides of an image: a minimum is
    /// compared with `low`, a maximum with `high`.
    Span {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// A word out of an open or closed set; empty where the subject has none.
    Word(String),
}

impl From<f64> for Signal {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// As a person reads it: `0.35`, `16 to 640`, `jpeg`, `none`.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Span { low, high } => write!(f, "{low} to {high}"),
            Self::Word(word) if word.is_empty() => f.write_str("none"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// What a rule says of a subject before anything is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// The value.
    Value(Signal),
    /// The quantity has no meaning for this subject; the subject is kept.
    NotApplicable,
    /// What the rule needs is not known yet; the subject is kept, and a later stage measures again.
    NotAvailable,
    /// The rule itself went wrong, and how: a rule of the caller's own that raised.  The document fails with
    /// [`Reason::RuleRaised`](obelisc_document::Reason::RuleRaised), and nothing more of it is measured.
    Failed(String),
}

impl Measure {
    /// A measured number.
    pub const fn number(value: f64) -> Self {
        Self::Value(Signal::Number(value))
    }

    /// A measured count.
    #[expect(clippy::cast_precision_loss, reason = "no document holds 2^53 of anything")]
    pub const fn count(value: usize) -> Self {
        Self::Value(Signal::Number(value as f64))
    }

    /// The value, where there is one.
    pub fn signal(&self) -> Option<&Signal> {
        match self {
            Self::Value(signal) => Some(signal),
            Self::NotApplicable | Self::NotAvailable | Self::Failed(_) => None,
        }
    }
}

/// What a value is compared with.  All bounds are inclusive.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// The smallest number allowed.
    Min(f64),
    /// The largest number allowed.
    Max(f64),
    /// The words allowed.
    OneOf(Vec<String>),
    /// The words not allowed.
    NoneOf(Vec<String>),
}

impl Bound {
    /// Whether the value is inside.  A bound on words says nothing of a number, nor one on numbers of a word; nor does
    /// any bound of a number that is none (NaN).
    pub fn allows(&self, signal: &Signal) -> bool {
        match (self, signal) {
            (Self::Min(min), Signal::Number(low) | Signal::Span { low, .. }) => low.is_nan() || low >= min,
            (Self::Max(max), Signal::Number(high) | Signal::Span { high, .. }) => high.is_nan() || high <= max,
            (Self::OneOf(words), Signal::Word(word)) => words.contains(word),
            (Self::NoneOf(words), Signal::Word(word)) => !words.contains(word),
            _ => true,
        }
    }

    /// The bounds that a minimum and a maximum make, each where it is on.
    pub fn range(min: Option<f64>, max: Option<f64>) -> Vec<Self> {
        min.map(Self::Min).into_iter().chain(max.map(Self::Max)).collect()
    }

    /// [`range`](Self::range) of whole numbers.
    #[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^53")]
    pub fn count_range(min: Option<u64>, max: Option<u64>) -> Vec<Self> {
        Self::range(min.map(|n| n as f64), max.map(|n| n as f64))
    }
}

/// As the ledger shows it: `min 0.35`, `max 30`, `one of jpeg, png`.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min(min) => write!(f, "min {min}"),
            Self::Max(max) => write!(f, "max {max}"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::NoneOf(words) => write!(f, "none of {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive() {
        for number in [4.0, 1000.0] {
            assert!(Bound::range(Some(4.0), Some(1000.0)).iter().all(|bound| bound.allows(&number.into())));
        }
        assert!(!Bound::Min(4.0).allows(&3.999.into()));
        assert!(!Bound::Max(4.0).allows(&4.001.into()));
    }

    #[test]
    fn a_span_is_held_by_both_ends() {
        let span = Signal::Span { low: 100.0, high: 30_000.0 };
        assert!(!Bound::Min(150.0).allows(&span));
        assert!(!Bound::Max(20_000.0).allows(&span));
        assert!(Bound::Min(100.0).allows(&span) && Bound::Max(30_000.0).allows(&span));
    }

    #[test]
    fn words_are_allowed_or_banned() {
        let word = Signal::Word("gif".to_owned());
        assert!(!Bound::OneOf(vec!["jpeg".to_owned()]).allows(&word));
        assert!(!Bound::NoneOf(vec!["gif".to_owned()]).allows(&word));
        assert!(Bound::NoneOf(vec!["gif".to_owned()]).allows(&Signal::Word(String::new())));
    }

    #[test]
    fn a_person_can_read_them() {
        assert_eq!(Bound::Min(0.35).to_string(), "min 0.35");
        assert_eq!(Bound::Max(30.0).to_string(), "max 30");
        assert_eq!(Bound::OneOf(vec!["jpeg".to_owned(), "png".to_owned()]).to_string(), "one of jpeg, png");
        assert_eq!(Signal::Span { low: 16.0, high: 640.0 }.to_string(), "16 to 640");
    }
}
