//! URLs → the archives behind them.

use glob::{MatchOptions, Pattern};
use std::path::Path;

use super::archive_file::RemoteFile;
use super::{Wanted, ends_with, pattern};
use crate::{Error, RemoteFolder, Remotes, Result, shown};

/// As a shell has it: `*` stays inside of a folder.
const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// The archives behind a URL: a file, a folder of an object store, or a glob over one.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unsupported`] for URLs that cannot be read here, and folders without archives.
pub(super) fn find(remotes: &Remotes, url: &str, wanted: Wanted) -> Result<Vec<RemoteFile>> {
    let is_http = url.starts_with("http:") || url.starts_with("https:");
    if !is_http && pattern::is_pattern(url) {
        return matches(remotes, url);
    }
    let place = remotes.readable(url)?;
    if !url.ends_with('/') && (is_http || !place.is_root()) {
        match place.stat("") {
            Ok(found) => return Ok(vec![file(&place, String::new(), found)]),
            // Of a folder there is no object.
            Err(Error::NotFound { .. }) if !is_http => {}
            Err(error) => return Err(error),
        }
    }
    if is_http {
        let reason = "the URL of a file is wanted: what lies in a folder behind HTTP cannot be asked".to_owned();
        return Err(Error::Unsupported { name: shown(url), reason });
    }
    let found = place.stats("")?;
    if found.is_empty() {
        return Err(Error::NotFound { key: shown(url) });
    }
    for endings in [wanted.endings(), wanted.endings_instead()] {
        let files = found.iter().filter(|(key, _)| ends_with(Path::new(key), endings));
        let files: Vec<_> = files.map(|(key, found)| file(&place, key.clone(), found.clone())).collect();
        if !files.is_empty() {
            return Ok(files);
        }
    }
    let endings = [wanted.endings(), wanted.endings_instead()].concat();
    let reason = format!("a folder without {} files", endings.join(" "));
    Err(Error::Unsupported { name: shown(url), reason })
}

fn matches(remotes: &Remotes, url: &str) -> Result<Vec<RemoteFile>> {
    let unsupported = |reason: String| Error::Unsupported { name: shown(url), reason };
    let start = url.find("://").map_or(0, |at| at + 3);
    let first = url.find(['*', '?', '[']).unwrap_or(url.len());
    let slash = url[..first].rfind('/').filter(|slash| *slash >= start);
    let slash = slash.ok_or_else(|| unsupported("a glob stands behind the name of the bucket".to_owned()))?;
    let (folder, glob) = (&url[..slash], &url[slash + 1..]);
    let glob = Pattern::new(glob).map_err(|error| unsupported(format!("not a glob: {error}")))?;
    let place = remotes.readable(folder)?;
    let found = place.stats("")?.into_iter().filter(|(key, _)| glob.matches_with(key, MATCH));
    let files: Vec<_> = found.map(|(key, found)| file(&place, key, found)).collect();
    if files.is_empty() { Err(Error::NotFound { key: shown(url) }) } else { Ok(files) }
}

fn file(place: &RemoteFolder, key: String, (size, tag): (u64, String)) -> RemoteFile {
    RemoteFile { place: place.clone(), key, size, tag }
}
