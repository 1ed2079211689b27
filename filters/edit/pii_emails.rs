#![doc = include_str!("pii_emails.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::pii;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "pii_emails",
    version: 1,
    resources: &[],
    page: include_str!("pii_emails.md"),
    build: |_| Box::new(PiiEmails),
};

#[derive(Debug)]
struct PiiEmails;

impl Edit for PiiEmails {
    fn spans(&self, text: &str) -> Vec<Span> {
        pii::emails(text)
    }
}
