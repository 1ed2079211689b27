//! Archives built here, broken here, and collected elsewhere.

#![expect(clippy::unwrap_used, reason = "the builders are test code too; clippy knows only functions marked as tests")]

mod build;
mod collected;
mod containers;
mod mutated;
mod recovery;
mod wacz;
