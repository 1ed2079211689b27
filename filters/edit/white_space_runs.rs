#![doc = include_str!("white_space_runs.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::spans;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "white_space_runs",
    version: 1,
    resources: &[],
    page: include_str!("white_space_runs.md"),
    build: |options| Box::new(WhiteSpaceRuns::new(options)),
};

#[derive(Debug)]
struct WhiteSpaceRuns {
    enabled: bool,
}

impl WhiteSpaceRuns {
    fn new(options: &mut Options<'_>) -> Self {
        Self {
            enabled: options.flag(
                "enabled",
                true,
                "whether it is done; a recipe for several languages says \"language\"",
            ),
        }
    }
}

impl Edit for WhiteSpaceRuns {
    fn spans(&self, text: &str) -> Vec<Span> {
        if self.enabled { spans::white_space_runs(text) } else { Vec::new() }
    }
}
