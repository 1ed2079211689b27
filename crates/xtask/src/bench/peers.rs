//! What others need for the same work.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Result;
use fastwarc::warc::iter::{ArchiveIterator, ArchiveIteratorOptions};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::RcDom;

/// Parses a page with html5ever into the tree that comes with it, and lets the tree go; gives the number of children of
/// the document, so that nothing can be left out.
pub(super) fn rcdom(text: &str) -> usize {
    let tree_builder = TreeBuilderOpts { scripting_enabled: true, drop_doctype: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let dom = parse_document(RcDom::default(), options).one(StrTendril::from_slice(text));
    dom.document.children.borrow().len()
}

/// Records, and bytes of their blocks, that the crate fastwarc reads.
pub(super) fn fastwarc(path: &Path) -> Result<(u64, u64)> {
    let options = ArchiveIteratorOptions { parse_http: false, quirks_mode: true, ..ArchiveIteratorOptions::default() };
    let (mut records, mut bytes) = (0, 0);
    for record in ArchiveIterator::with_options(BufReader::with_capacity(1 << 20, File::open(path)?), options) {
        let record = record?;
        let mut record = record.borrow_mut();
        record.freeze()?;
        records += 1;
        bytes += record.frozen_payload_bytes().map_or(0, <[u8]>::len) as u64;
    }
    Ok((records, bytes))
}
