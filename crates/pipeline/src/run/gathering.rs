//! Markers as they come: what is kept of them while a step runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use obelisc_storage::Storage;

use super::Prepared;
use crate::marker::Marker;
use crate::marker::index::{self, GROUP};

/// The markers of tasks that this process runs.  Of a large step those of a group become its index when the last of them comes, so that neither memory nor whoever
/// goes on with the run later has to do with each of them.
pub(super) struct Gathering<'g> {
    storage: &'g dyn Storage,
    prepared: &'g Prepared,
    groups: Mutex<BTreeMap<u32, Group>>,
}

#[derive(Default)]
struct Group {
    /// Tasks that are to come.
    left: u32,
    markers: Vec<Marker>,
}

impl<'g> Gathering<'g> {
    pub(super) fn new(storage: &'g dyn Storage, prepared: &'g Prepared, pending: &[u32]) -> Self {
        let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
        for task in pending {
            groups.entry(task / GROUP).or_default().left += 1;
        }
        Self { storage, prepared, groups: Mutex::new(groups) }
    }

    pub(super) fn add(&self, marker: Marker) {
        let number = marker.task / GROUP;
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(group) = groups.get_mut(&number) else { return };
        group.left = group.left.saturating_sub(1);
        group.markers.push(marker);
        if group.left == 0 && self.prepared.is_large() {
            let markers = groups.remove(&number).unwrap_or_default().markers;
            drop(groups);
            // What cannot be done now is done when the step ends, and told then.
            drop(index::make(self.storage, &self.prepared.folder, (number, self.prepared.tasks), markers));
        }
    }

    /// The markers that are in no index.
    pub(super) fn markers(self) -> Vec<Marker> {
        let groups = self.groups.into_inner().unwrap_or_else(PoisonError::into_inner);
        groups.into_values().flat_map(|group| group.markers).collect()
    }
}
