//! Accounting: at every step what came in is kept, dropped for a reason or failed for a reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of the subjects of one unit (documents, images, …) in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// How many came in.
    #[serde(rename = "in")]
    pub entered: u64,
    /// How many went on.
    pub kept: u64,
    /// How many a rule or policy dropped, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// How many failed, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u64>,
    /// How many became part of their neighbour.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub merged: u64,
    /// How many changes were made to those that came in, by the name of the edit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edited: BTreeMap<String, u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Flow {
    /// Notes some that came in, and go on unless something drops them.
    pub fn enter(&mut self, count: u64) {
        self.entered += count;
        self.kept += count;
    }

    /// One of those that went on was dropped after all, by this rule or policy.
    pub fn drop_one(&mut self, cause: &str) {
        self.kept -= 1;
        add_one(&mut self.dropped, cause);
    }

    /// One of those that went on failed after all, for this reason.
    pub fn fail_one(&mut self, reason: &str) {
        self.kept -= 1;
        add_one(&mut self.failed, reason);
    }

    /// One change was made by this edit.
    pub fn edit_one(&mut self, edit: &str) {
        add_one(&mut self.edited, edit);
    }

    /// All that went on so far goes with what it is a part of.
    pub fn drop_kept(&mut self, cause: &str) {
        let kept = std::mem::take(&mut self.kept);
        if kept > 0 {
            *self.dropped.entry(cause.to_owned()).or_default() += kept;
        }
    }

    /// Whether what came in is what went on, was dropped, failed or was merged.
    pub fn balances(&self) -> bool {
        self.entered == self.kept + self.dropped.values().sum::<u64>() + self.failed.values().sum::<u64>() + self.merged
    }

    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.kept += other.kept;
        self.merged += other.merged;
        for (names, others) in
            [(&mut self.dropped, &other.dropped), (&mut self.failed, &other.failed), (&mut self.edited, &other.edited)]
        {
            for (name, count) in others {
                *names.entry(name.clone()).or_default() += count;
            }
        }
    }
}

/// Looks before it allocates: the names are few, the calls many.
fn add_one(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// The flows of one step or task, by unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accounts(pub BTreeMap<String, Flow>);

impl Accounts {
    /// The flow of a unit.
    pub fn unit(&mut self, unit: &str) -> &mut Flow {
        self.0.entry(unit.to_owned()).or_default()
    }

    /// Adds another's flows.
    pub fn add(&mut self, other: &Self) {
        for (unit, flow) in &other.0 {
            self.unit(unit).add(flow);
        }
    }

    /// The first unit that does not balance, in words.
    pub fn imbalance(&self) -> Option<String> {
        let (unit, flow) = self.0.iter().find(|(_, flow)| !flow.balances())?;
        Some(format!("{unit}: {flow:?}"))
    }

    /// The first unit of which not all that `before` kept came in here, in words.
    pub fn gap(&self, before: &Self) -> Option<String> {
        self.0.iter().find_map(|(unit, flow)| {
            let kept = before.0.get(unit)?.kept;
            (kept != flow.entered).then(|| format!("{unit}: {kept} kept before, {} came in", flow.entered))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_is_nowhere_is_an_imbalance() {
        let mut accounts = Accounts::default();
        accounts.unit("documents").enter(3);
        accounts.unit("documents").drop_one("word_count");
        accounts.unit("documents").fail_one("too_deep");
        assert_eq!(accounts.imbalance(), None);
        accounts.unit("documents").entered += 1;
        assert!(accounts.imbalance().unwrap().starts_with("documents"));
    }

    #[test]
    fn what_a_step_kept_must_come_in_at_the_next() {
        let (mut before, mut after) = (Accounts::default(), Accounts::default());
        before.unit("images").enter(2);
        after.unit("images").enter(1);
        assert!(after.gap(&before).unwrap().contains("2 kept before, 1 came in"));
        after.unit("images").enter(1);
        after.unit("images").drop_one("format");
        assert_eq!(after.gap(&before), None);
    }
}
