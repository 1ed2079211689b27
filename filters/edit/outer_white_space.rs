#![doc = include_str!("outer_white_space.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::spans;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "outer_white_space",
    version: 1,
    resources: &[],
    page: include_str!("outer_white_space.md"),
    build: |_| Box::new(OuterWhiteSpace),
};

#[derive(Debug)]
struct OuterWhiteSpace;

impl Edit for OuterWhiteSpace {
    fn spans(&self, text: &str) -> Vec<Span> {
        spans::outer_white_space(text)
    }
}
