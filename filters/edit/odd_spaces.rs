#![doc = include_str!("odd_spaces.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::spans;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "odd_spaces",
    version: 1,
    resources: &[],
    page: include_str!("odd_spaces.md"),
    build: |_| Box::new(OddSpaces),
};

#[derive(Debug)]
struct OddSpaces;

impl Edit for OddSpaces {
    fn spans(&self, text: &str) -> Vec<Span> {
        spans::odd_spaces(text)
    }
}
