//! What is there of a step, and how it becomes the step's output.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Prepared, Run};
use crate::error::Error;
use crate::marker::whole::Whole;
use crate::marker::{self, Marker, Output, index};
use crate::step::{Context, Step};

/// What is there of a step.
#[derive(Default)]
pub(crate) struct Found {
    /// Tasks that are open.
    pub(crate) pending: Vec<u32>,
    /// Keys of markers that say nothing, or whose files somebody removed: such tasks are run again.
    pub(crate) stale: Vec<String>,
    /// The markers, where the step is too small for indexes.
    pub(crate) markers: Vec<Marker>,
    /// The summary of a step that is whole.
    pub(crate) whole: Option<Whole>,
}

/// What came of a large step all of whose tasks are done.
pub(crate) enum Gathered<'s> {
    /// All is there.
    Whole(Output<'s>),
    /// These markers say nothing, or what their tasks left is gone.
    Stale(Vec<String>),
}

/// What is there of what tasks left outside of the run's own folder: looked for once, where a task left something.
struct Outside<'c> {
    step: &'c dyn Step,
    context: &'c Context<'c>,
    there: OnceCell<BTreeSet<String>>,
}

impl<'c> Outside<'c> {
    fn new(step: &'c dyn Step, context: &'c Context<'c>) -> Self {
        Self { step, context, there: OnceCell::new() }
    }

    fn has(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<bool, Error> {
        for name in names {
            let there = match self.there.get() {
                Some(there) => there,
                None => {
                    let there = self.step.there(self.context);
                    let there = there.map_err(|error| Error::Unreachable(vec![error.whole()]))?;
                    self.there.get_or_init(|| there)
                }
            };
            if !there.contains(name.as_ref()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&self, marker: &Marker) -> Result<bool, Error> {
        self.has(self.step.rests_on(marker))
    }
}

impl Run<'_> {
    /// What is there of a step.  Of a large one that is under way no marker is read: what those say is seen when all tasks are done.
    pub(crate) fn found(&self, step: &dyn Step, context: &Context<'_>, prepared: &Prepared) -> Result<Found, Error> {
        let (folder, tasks) = (prepared.folder.as_str(), prepared.tasks);
        let outside = Outside::new(step, context);
        if let Some(whole) = index::whole(self.storage, folder, tasks)? {
            if outside.has(&whole.rests_on)? {
                return Ok(Found { whole: Some(whole), ..Found::default() });
            }
            let stale = self.let_go(&outside, prepared)?;
            let pending = stale.iter().filter_map(|key| marker::task_of(key)).collect();
            return Ok(Found { pending, stale, ..Found::default() });
        }
        if prepared.is_large() {
            let listed = index::list(self.storage, folder, tasks)?;
            // Of a step that has an index, files are not looked for.
            if listed.has_indexes() {
                return Ok(Found { pending: listed.pending(), ..Found::default() });
            }
        }
        let (mut markers, stale) = self.standing(&outside, prepared)?;
        let done: BTreeSet<u32> = markers.iter().map(|marker| marker.task).collect();
        let pending = (0..tasks).filter(|task| !done.contains(task)).collect();
        if prepared.is_large() {
            markers.clear();
        }
        Ok(Found { pending, stale, markers, whole: None })
    }

    /// The markers of finished tasks whose files are all there, of a step without indexes; and the keys of those that say nothing, or whose files somebody
    /// removed.
    fn standing(&self, outside: &Outside<'_>, prepared: &Prepared) -> Result<(Vec<Marker>, Vec<String>), Error> {
        let found = index::read_alone(self.storage, &prepared.folder)?;
        let (mut markers, mut stale) = (Vec::with_capacity(found.markers.len()), found.damaged);
        let entries = self.storage.list(&prepared.folder)?;
        let sizes: BTreeMap<&str, u64> = entries.iter().map(|entry| (entry.key.as_str(), entry.size)).collect();
        for (key, marker) in found.markers {
            let ours = marker.task < prepared.tasks && marker::key(&prepared.folder, marker.task) == key;
            let is_whole = marker.files.iter().all(|file| sizes.get(file.key.as_str()) == Some(&file.bytes));
            if ours && is_whole && outside.holds(&marker)? {
                markers.push(marker);
            } else {
                stale.push(key);
            }
        }
        Ok((markers, stale))
    }

    /// Keys of the markers in a whole step's indexes whose tasks left something outside that is gone.
    fn let_go(&self, outside: &Outside<'_>, prepared: &Prepared) -> Result<Vec<String>, Error> {
        let mut named = Vec::new();
        index::sum(self.storage, &prepared.folder, prepared.tasks, |_, marker| {
            named.push((marker.task, outside.step.rests_on(marker)));
        })?;
        let mut stale = Vec::new();
        for (task, names) in named {
            if !outside.has(names)? {
                stale.push(marker::key(&prepared.folder, task));
            }
        }
        Ok(stale)
    }

    /// How many tasks of a step are done, and its output where all are.  Nothing is written.
    pub(crate) fn seen(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
    ) -> Result<(u32, Option<Output<'_>>), Error> {
        let found = self.found(step, context, prepared)?;
        let count = |tasks: usize| u32::try_from(tasks).unwrap_or(u32::MAX);
        let mut done = prepared.tasks.saturating_sub(count(found.pending.len()));
        let mut markers = found.markers;
        if let Some(whole) = found.whole {
            return Ok((done, Some(Output::of_whole(self.storage, &prepared.folder, whole))));
        }
        if prepared.is_large() && done == prepared.tasks {
            // An older program left it, or its last worker did not come to make the summary.
            let outside = Outside::new(step, context);
            for marker in index::read_all(self.storage, &prepared.folder)?.0 {
                if marker.task < prepared.tasks && outside.holds(&marker)? {
                    markers.push(marker);
                }
            }
            done = count(markers.len());
        }
        Ok((done, (done >= prepared.tasks).then(|| Output::new(markers))))
    }

    /// Makes the indexes and the summary of a large step all of whose tasks are done, and with `sweep`, which whoever works alone may ask for, removes what
    /// unfinished attempts left.
    pub(crate) fn gather(
        &self,
        step: &dyn Step,
        context: &Context<'_>,
        prepared: &Prepared,
        sweep: bool,
    ) -> Result<Gathered<'_>, Error> {
        let (folder, tasks) = (prepared.folder.as_str(), prepared.tasks);
        if let Some(whole) = index::whole(self.storage, folder, tasks)? {
            return Ok(Gathered::Whole(Output::of_whole(self.storage, folder, whole)));
        }
        let listed = index::list(self.storage, folder, tasks)?;
        let stale = index::make_missing(self.storage, folder, &listed)?;
        if !stale.is_empty() {
            return Ok(Gathered::Stale(stale));
        }
        let open = listed.pending().len();
        if open > 0 {
            return Err(prepared.lacks(step, open));
        }
        let mut named = HashSet::new();
        let whole = index::sum(self.storage, folder, tasks, |sum, marker| {
            sum.rests_on(step.rests_on(marker));
            if sweep {
                named.extend(marker.files.iter().map(|file| file.key.clone()));
            }
        })?;
        if whole.tasks != tasks {
            return Err(prepared.lacks(step, usize::try_from(tasks.abs_diff(whole.tasks)).unwrap_or(usize::MAX)));
        }
        let outside = Outside::new(step, context);
        if !outside.has(&whole.rests_on)? {
            return Ok(Gathered::Stale(self.let_go(&outside, prepared)?));
        }
        if sweep {
            // Before the summary, so that who is killed meanwhile comes here again.
            self.sweep(prepared, &named)?;
        }
        whole.publish(self.storage, folder)?;
        Ok(Gathered::Whole(Output::of_whole(self.storage, folder, whole)))
    }
}
