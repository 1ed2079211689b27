#![doc = include_str!("pii_users.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::pii;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "pii_users",
    version: 1,
    resources: &[],
    page: include_str!("pii_users.md"),
    build: |_| Box::new(PiiUsers),
};

#[derive(Debug)]
struct PiiUsers;

impl Edit for PiiUsers {
    fn spans(&self, text: &str) -> Vec<Span> {
        pii::users(text)
    }
}
