//! The summary table at the end of a run.

use std::fmt::Write;
use std::path::Path;

use obelisc_document::account::{Accounts, Flow};
use obelisc_pipeline::Finished;

/// Units that the table has rows for, in this order.
const UNITS: [&str; 8] =
    ["index_rows", "records", "documents", "paragraphs", "images", "wanted_urls", "captured_urls", "text_nodes"];

/// The table, and where the dataset is.
pub fn of(finished: &Finished, output: &Path, dataset: &Path) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = write(&mut text, finished, output, dataset);
    text
}

fn write(text: &mut String, finished: &Finished, output: &Path, dataset: &Path) -> std::fmt::Result {
    writeln!(text)?;
    table(text, finished.steps.iter().map(|(step, accounts)| (*step, accounts)))?;
    let shards = &finished.manifest.shards;
    let (documents, images): (u64, u64) =
        shards.iter().fold((0, 0), |(rows, images), shard| (rows + shard.rows, images + shard.images));
    let bytes: u64 = shards.iter().map(|shard| shard.bytes).sum();
    let was = if finished.existed { "was finished before" } else { "is finished" };
    writeln!(text)?;
    writeln!(
        text,
        "The dataset {was}: {}\n  {documents} documents, {images} images, {} shard{}, {bytes} bytes; digest {}",
        dataset.display(),
        shards.len(),
        if shards.len() == 1 { "" } else { "s" },
        finished.manifest.dataset_digest,
    )?;
    if let Some((saved, all)) = saved(&finished.steps) {
        writeln!(
            text,
            "  {saved} of {all} images were no longer wanted when the fetch began: nobody was asked for them"
        )?;
    }
    if documents == 0 {
        writeln!(text, "  Nothing was kept: the table above says why, `obelisc explain` shows it page by page.")?;
    }
    writeln!(text, "Look at it:")?;
    writeln!(text, "  its card      {}", dataset.join("README.md").display())?;
    writeln!(text, "  one page      obelisc explain {} --url URL", output.display())?;
    if documents == 0 {
        return Ok(());
    }
    writeln!(
        text,
        "  in Python     import datasets; print(next(iter(datasets.load_dataset(\"{}\", split=\"train\", streaming=True))))",
        dataset.display()
    )
}

/// How many images of all were gone before the fetch, where there is one.
fn saved(steps: &[(&str, Accounts)]) -> Option<(u64, u64)> {
    let fetch = steps.iter().position(|(step, _)| *step == "locate")?;
    let mut images = steps.get(..fetch)?.iter().filter_map(|(_, accounts)| accounts.0.get("images"));
    let first = images.next()?;
    let last = images.next_back().unwrap_or(first);
    Some((first.entered.saturating_sub(last.kept), first.entered))
}

/// One row per step and unit: in, kept, where the rest went, and what was changed.
pub fn table<'a>(text: &mut String, steps: impl Iterator<Item = (&'a str, &'a Accounts)>) -> std::fmt::Result {
    writeln!(text, "{:<8} {:<13} {:>9} {:>9}  dropped, failed, edited", "step", "", "in", "kept")?;
    for (step, accounts) in steps {
        for unit in UNITS {
            if let Some(flow) = accounts.0.get(unit).filter(|flow| flow.entered > 0) {
                writeln!(text, "{step:<8} {unit:<13} {:>9} {:>9}  {}", flow.entered, flow.kept, losses(flow))?;
            }
        }
    }
    Ok(())
}

fn losses(flow: &Flow) -> String {
    let mut losses: Vec<(u64, String)> = Vec::new();
    losses.extend(flow.dropped.iter().map(|(rule, count)| (*count, format!("{rule} {count}"))));
    losses.extend(flow.failed.iter().map(|(reason, count)| (*count, format!("failed {reason} {count}"))));
    if flow.merged > 0 {
        losses.push((flow.merged, format!("merged {}", flow.merged)));
    }
    losses.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    // Changes are no losses, and come last.
    let edited = flow.edited.iter().map(|(edit, count)| format!("edited {edit} {count}"));
    losses.into_iter().map(|(_, text)| text).chain(edited).collect::<Vec<_>>().join(", ")
}
