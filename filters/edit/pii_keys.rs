#![doc = include_str!("pii_keys.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::pii;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "pii_keys",
    version: 1,
    resources: &[],
    page: include_str!("pii_keys.md"),
    build: |_| Box::new(PiiKeys),
};

#[derive(Debug)]
struct PiiKeys;

impl Edit for PiiKeys {
    fn spans(&self, text: &str) -> Vec<Span> {
        pii::keys(text)
    }
}
