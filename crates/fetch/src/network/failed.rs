//! Why no image came of a URL.

use std::time::Duration;

use obelisc_document::Reason;

/// What the ledger keeps of a URL that gave no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub reason: Reason,
    /// What was seen, in words.
    pub detail: String,
    /// Of what may pass: after how long it may be tried again, where the server says so.
    pub(super) again: Option<Option<Duration>>,
}

impl Failed {
    /// For good.
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), again: None }
    }

    /// It may pass.
    pub(super) fn passing(reason: Reason, detail: impl Into<String>, after: Option<Duration>) -> Self {
        Self { reason, detail: detail.into(), again: Some(after) }
    }
}
