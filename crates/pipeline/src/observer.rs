//! What a run tells while it runs.

use obelisc_document::account::Accounts;

use crate::marker::Marker;

/// A step that begins or ends.
#[derive(Clone, Debug)]
pub struct StepInfo {
    /// Name of the stage.
    pub stage: &'static str,
    /// Name of the step.
    pub step: &'static str,
    /// Tasks.
    pub tasks: u32,
    /// Tasks that were done before.
    pub done: u32,
}

/// Hears how a run goes on.  Calls come from all threads.
pub trait Observer: Sync {
    /// A step begins.
    fn step_started(&self, step: &StepInfo);
    /// A task ended; its subject in words.
    fn task_finished(&self, step: &'static str, subject: &str, marker: &Marker);
    /// A step ended, with what became of what.
    fn step_finished(&self, step: &StepInfo, accounts: &Accounts);
}
