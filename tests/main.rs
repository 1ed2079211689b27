//! Whole-program tests: the binary, run as its users run it.
//!
//! `tests/README.md` says what they hold and how to run one.
#![allow(clippy::disallowed_methods, reason = "tests make files, read the environment and start the program")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod archives;
mod dataset;
mod program;
mod stuck;

mod bad_archives;
#[cfg(feature = "ballista")]
mod ballista;
mod classifiers;
mod cli_extract;
mod cli_judge;
mod cli_output;
mod cli_reference;
mod containers;
mod dedup;
mod determinism;
mod examples;
mod finish;
mod full_disk;
mod hostile_pages;
mod image_store;
mod interop;
mod kill;
mod lexicon;
mod links;
mod network;
mod newer_formats;
mod object_store;
mod page_folders;
mod paper_rules;
mod plan;
mod quickstart;
mod quickstart_pages;
mod real_archives;
mod refused_outputs;
mod refused_recipes;
mod remove;
mod removed_tables;
mod rerun;
mod select;
mod signals;
mod skips;
mod sweep;
mod train;
mod workers;
