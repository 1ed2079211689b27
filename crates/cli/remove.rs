//! `remove`: a takedown from a finished dataset.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use obelisc_pipeline::{Remove, Removed};
use serde_json::json;

use crate::args::{Cli, LogFormat, RemoveArgs};
use crate::output::{print, say};
use crate::{Failure, corpus, place, printable, run};

/// What is said at the first signal.
const STOPPING: &str = "stopping; nothing will be written";

/// Entries without a match that are told one by one.
const SHOWN: usize = 10;

/// `obelisc remove`.
pub fn remove(cli: &Cli, args: &RemoveArgs) -> Result<(), Failure> {
    let list = read(&args.list)?;
    let storage = place::open_plainly(&args.dir)?;
    let stop = run::stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
    let list_name = args.list.to_string_lossy();
    let takedown = Remove {
        storage: &*storage,
        list_name: &list_name,
        list: &list,
        threads: corpus::threads(args.threads),
        remove_old: args.remove_old,
        stop: &stop,
    };
    let removed = takedown.execute()?;
    if cli.quiet {
        return Ok(());
    }
    let dataset = args.dir.join(&removed.folder);
    if cli.log_format == LogFormat::Json {
        let facts = json!({
            "removal": removed.removal,
            "unmatched_entries": removed.unmatched.len(),
            "removed_folders": removed.removed,
            "other_folders": removed.others,
        });
        corpus::finished(cli, &dataset, facts);
        return Ok(());
    }
    unmatched(&args.list, &removed);
    print(|out| summary(out, &dataset, &removed))
}

/// The list, as long as it is not longer than any that is read.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut list = Vec::new();
    let read = File::open(path).and_then(|file| file.take(Remove::MAX_LIST_BYTES + 1).read_to_end(&mut list));
    match read {
        Ok(_) => Ok(list),
        Err(error) => Err(Failure::usage(format!("{}: {error}", path.display()))),
    }
}

/// Says which entries mean nothing in the dataset: a misspelt one is one of these.
fn unmatched(list: &Path, removed: &Removed) {
    let name = list.to_string_lossy();
    for entry in removed.unmatched.iter().take(SHOWN) {
        say(&printable(&format!("{name}:{}: {}: nothing in the dataset is meant", entry.line, entry.text)));
    }
    let more = removed.unmatched.len().saturating_sub(SHOWN);
    if more > 0 {
        say(&printable(&format!("{name}: {more} more entries mean nothing in the dataset")));
    }
}

fn summary(out: &mut impl Write, dataset: &Path, removed: &Removed) -> io::Result<()> {
    let place = printable(&dataset.to_string_lossy());
    match &removed.removal {
        None => writeln!(out, "{place}: nothing of the list is in it; nothing was written")?,
        Some(removal) => {
            writeln!(
                out,
                "{place}: version {} of the dataset, made from version {}",
                removal.version, removal.from_version
            )?;
            writeln!(out, "  documents taken out     {:>9}", removal.pages)?;
            writeln!(out, "  images taken out        {:>9}, of documents that stay", removal.images)?;
            writeln!(out, "  shards written anew     {:>9}", removal.shards)?;
            writeln!(out, "  entries without a match {:>9}, of {}", removal.unmatched_entries, removal.entries)?;
            writeln!(out, "  what went is told in removals/{}", removed.folder)?;
        }
    }
    for folder in &removed.removed {
        writeln!(out, "{folder} was removed")?;
    }
    for folder in &removed.others {
        writeln!(out, "{folder} is another version, and may still hold what the list means")?;
    }
    writeln!(out, "run/ and the image store were not looked at")
}
