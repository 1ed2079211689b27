//! `sweep`: what other thresholds would keep.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use obelisc_pipeline::Error;
use obelisc_pipeline::sweep::{self, BehindDedup, Options, RuleRemoval, Sample, Sweep, VariantReport};

use crate::args::SweepArgs;
use crate::output::print;
use crate::{Failure, place, printable, run};

/// Characters of a sample's text that a line shows.
const SHOWN: usize = 100;

/// What the run's own recipe is called.
const AS_RUN: &str = "as it was run";

/// `obelisc sweep`.
pub fn sweep(args: &SweepArgs) -> Result<(), Failure> {
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
    let threads = threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let config = run::config(args.config.as_deref())?.map_err(Error::Refused)?;
    let storage = place::open(&args.dir, &place::remotes(&config))?;
    let given = run::given(config.resources, &args.resource);
    let (set, samples) = (args.set.clone(), args.samples.into());
    let options = Options { set, samples, threads, given, list_kept: false };
    let found = sweep::sweep(&*storage, &options)?;
    if args.json {
        let text = serde_json::to_string_pretty(&found).map_err(Failure::unreachable)?;
        return print(|out| writeln!(out, "{text}"));
    }
    print(|out| {
        kept(out, &found)?;
        removed(out, &found)?;
        found.variants.iter().try_for_each(|variant| sides(out, variant))
    })
}

/// A variant in words.
fn name(variant: &VariantReport) -> String {
    if variant.set.is_empty() {
        return AS_RUN.to_owned();
    }
    let set: Vec<String> =
        variant.set.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    printable(&set.join(" "))
}

/// One line for each variant: what is kept.
fn kept(out: &mut impl Write, found: &Sweep) -> io::Result<()> {
    let Sweep { documents, measured_again, .. } = found;
    let again = match (found.measures_all, measured_again) {
        (true, _) => "; all of them were measured again, since an option changes what is measured".to_owned(),
        (false, 0) => String::new(),
        (false, again) => format!(
            "; {again} of them were measured again: their text or images are others, or a later step had not seen them"
        ),
    };
    writeln!(out, "recipe {}: {documents} documents were judged{again}\n", printable(&found.recipe))?;
    let all = || std::iter::once(&found.base).chain(&found.variants);
    let behind = all().any(|variant| variant.behind_fetch > 0);
    let longest = all().map(|variant| name(variant).chars().count()).max().unwrap_or_default();
    let width = if found.before_dedup { longest.max("of these, in the run".len()) } else { longest };
    let head = if behind { "  behind the fetch  kept as run" } else { "" };
    let columns = ["documents", "images", "words", "gained", "lost"];
    let [documents, images, words, gained, lost] = columns;
    writeln!(out, "{:<width$}  {documents:>9} {images:>9} {words:>11} {gained:>7} {lost:>7}{head}", "kept")?;
    for variant in all() {
        let VariantReport { documents, images, words, gained, lost, behind_fetch, behind_fetch_kept, .. } = variant;
        let last = if behind { format!("  {behind_fetch:>16}  {behind_fetch_kept:>11}") } else { String::new() };
        let name = name(variant);
        writeln!(out, "{name:<width$}  {documents:>9} {images:>9} {words:>11} {gained:>7} {lost:>7}{last}")?;
    }
    if found.before_dedup {
        writeln!(out, "\nKept is what comes to the stage dedup: which copies there are depends on what is swept.")?;
        behind_dedup(out, all(), width)?;
    }
    if behind {
        writeln!(
            out,
            "\nBehind the fetch: documents that want images which the run did not fetch for them; whether they would be kept is not known. Some are kept as it was run."
        )?;
    }
    Ok(())
}

/// One line for each variant: what the run made of the documents that it keeps.
fn behind_dedup<'v>(
    out: &mut impl Write,
    variants: impl Iterator<Item = &'v VariantReport>,
    width: usize,
) -> io::Result<()> {
    let head = "  in dataset    copies  freed copies  of clusters      fell  not compared";
    writeln!(out, "\n{:<width$}{head}", "of these, in the run")?;
    for variant in variants {
        let BehindDedup { in_dataset, copies, freed_copies, freed_clusters, fell, not_compared } =
            variant.behind_dedup.unwrap_or_default();
        writeln!(
            out,
            "{:<width$}  {in_dataset:>10} {copies:>9} {freed_copies:>13} {freed_clusters:>12} {fell:>9} {not_compared:>13}",
            name(variant)
        )?;
    }
    writeln!(
        out,
        "\nFreed copies went for documents that are not kept here: of each such cluster one may stay. Not compared are documents that the run dropped before."
    )
}

/// What each rule removes: of the run's own recipe all, of a variant what differs.
fn removed(out: &mut impl Write, found: &Sweep) -> io::Result<()> {
    let width = found.base.removed.iter().map(|removal| removal.rule.len()).max().unwrap_or_default();
    writeln!(out, "\n{:<width$}  {:>9} {:>9} {:>9}", "removed by", "first", "at all", "alone")?;
    for variant in std::iter::once(&found.base).chain(&found.variants) {
        let base = variant.set.is_empty();
        let news = |removal: &&RuleRemoval| !found.base.removed.contains(removal);
        let shown = variant.removed.iter().filter(|removal| if base { removal.removal.any > 0 } else { news(removal) });
        let shown: Vec<&RuleRemoval> = shown.collect();
        let same = if shown.is_empty() { ": nothing else" } else { "" };
        writeln!(out, "{}{same}", name(variant))?;
        for RuleRemoval { rule, removal, .. } in shown {
            writeln!(out, "  {rule:<width$}{:>9} {:>9} {:>9}", removal.first, removal.any, removal.alone)?;
        }
    }
    Ok(())
}

/// Samples from both sides of a variant's cut.
fn sides(out: &mut impl Write, variant: &VariantReport) -> io::Result<()> {
    for (side, count, samples) in
        [("loses", variant.lost, &variant.lost_samples), ("gains", variant.gained, &variant.gained_samples)]
    {
        if samples.is_empty() {
            continue;
        }
        writeln!(out, "\n{} {side} {count}, of them:", name(variant))?;
        samples.iter().try_for_each(|sample| show(out, sample))?;
    }
    Ok(())
}

fn show(out: &mut impl Write, sample: &Sample) -> io::Result<()> {
    let value = sample.value.as_deref().map(|value| format!(" {value}")).unwrap_or_default();
    let bound = sample.bound.as_deref().map(|bound| format!(", {bound}")).unwrap_or_default();
    let mut text: String = sample.text.chars().take(SHOWN).collect();
    if text.len() < sample.text.len() {
        text.push('…');
    }
    writeln!(out, "  {}  {}", sample.doc_id, printable(&sample.url))?;
    writeln!(out, "    {}", printable(&format!("{}{value}{bound}", sample.rule)))?;
    writeln!(out, "    {}", printable(&text))
}
