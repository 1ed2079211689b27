//! What each rule removes: first, at all, and alone.

use std::collections::BTreeMap;

use obelisc_filter::{RuleSet, SubjectKind};
use serde::Serialize;

/// What took a subject away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A rule, by its place among those on the subject; whether it is one of the last cleaning.
    Rule(bool, SubjectKind, u32),
    /// Something outside of rules, by its name.
    Other(SubjectKind, String),
}

/// How many subjects one rule removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Those of which it is the first failing rule.
    pub first: u64,
    /// Those that it fails.
    pub any: u64,
    /// Those that no other rule fails.
    pub alone: u64,
}

/// Removals by cause.
#[derive(Clone, Debug, Default)]
pub(super) struct Removed(BTreeMap<Cause, Removal>);

impl Removed {
    /// Enters a subject that these rules fail; none is no removal.
    pub(super) fn enter(&mut self, subject: SubjectKind, failing: u64) {
        let (first, alone) = (failing.trailing_zeros(), failing.count_ones() == 1);
        let mut left = failing;
        while left != 0 {
            let index = left.trailing_zeros();
            left &= left - 1;
            let removal = self.0.entry(Cause::Rule(false, subject, index)).or_default();
            removal.any += 1;
            removal.first += u64::from(index == first);
            removal.alone += u64::from(alone);
        }
    }

    /// Enters a subject that no rule removes.
    pub(super) fn enter_other(&mut self, subject: SubjectKind, name: &str) {
        let removal = self.0.entry(Cause::Other(subject, name.to_owned())).or_default();
        *removal = Removal { first: removal.first + 1, any: removal.any + 1, alone: removal.alone + 1 };
    }

    /// The same without what something outside of rules removes.
    pub(super) fn without(&self, subject: SubjectKind, name: &str) -> Self {
        let mut left = self.clone();
        left.0.remove(&Cause::Other(subject, name.to_owned()));
        left
    }

    /// Adds what a sitting of the last cleaning removes: its rules are others.
    pub(super) fn add_cleaned(&mut self, other: &Self) {
        let cleaned = other.0.iter().map(|(cause, removal)| match cause {
            Cause::Rule(_, subject, index) => (Cause::Rule(true, *subject, *index), *removal),
            Cause::Other(..) => (cause.clone(), *removal),
        });
        self.add(&Self(cleaned.collect()));
    }

    /// Adds another's numbers.
    pub(super) fn add(&mut self, other: &Self) {
        for (cause, more) in &other.0 {
            let removal = self.0.entry(cause.clone()).or_default();
            removal.first += more.first;
            removal.any += more.any;
            removal.alone += more.alone;
        }
    }

    /// All rules with what each removes, in the order of the recipe; then what is no rule.
    pub(super) fn report(&self, rules: &RuleSet, cleaning: &RuleSet) -> Vec<RuleRemoval> {
        let mut all = Vec::new();
        for (rules, cleans) in [(rules, false), (cleaning, true)] {
            for subject in SubjectKind::ALL {
                for (rule, index) in rules.rules(subject).iter().zip(0..) {
                    let removal = self.0.get(&Cause::Rule(cleans, subject, index)).copied().unwrap_or_default();
                    let path = rule.spec().path();
                    let rule = if cleans { format!("clean.rules.{path}") } else { path };
                    all.push(RuleRemoval { rule, subject, removal });
                }
            }
        }
        for (cause, &removal) in &self.0 {
            if let Cause::Other(subject, name) = cause {
                all.push(RuleRemoval { rule: name.clone(), subject: *subject, removal });
            }
        }
        all
    }
}

/// What one rule removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleRemoval {
    /// Path of the rule, or name of a reason outside of rules.
    pub rule: String,
    /// What it removes.
    pub subject: SubjectKind,
    /// How many.
    #[serde(flatten)]
    pub removal: Removal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_failing_rules_is_not_alone() {
        let mut removed = Removed::default();
        removed.enter(SubjectKind::Image, 0b110);
        removed.enter(SubjectKind::Image, 0b100);
        removed.enter(SubjectKind::Image, 0);
        let of = |index| removed.0.get(&Cause::Rule(false, SubjectKind::Image, index)).copied();
        assert_eq!(of(0), None);
        assert_eq!(of(1), Some(Removal { first: 1, any: 1, alone: 0 }));
        assert_eq!(of(2), Some(Removal { first: 1, any: 2, alone: 1 }));
    }
}
