//! `lexicon`: a list of common words.

use std::io::Write as _;

use obelisc_pipeline::lexicon::{Lexicon, MIN_MEMORY};
use serde_json::json;

use crate::args::{Cli, LexiconArgs, LogFormat};
use crate::output::print;
use crate::{Failure, corpus, printable};

/// `obelisc lexicon`.
pub fn lexicon(cli: &Cli, args: &LexiconArgs) -> Result<(), Failure> {
    let threads = corpus::threads(args.threads);
    if args.memory < MIN_MEMORY {
        let message = format!("--memory {}: a thread counts in {MIN_MEMORY} bytes at least", args.memory);
        return Err(Failure::usage(message));
    }
    let lexicon = Lexicon {
        min_count: args.min_count,
        max_words: args.max_words,
        counts: args.counts,
        memory: args.memory,
        threads,
    };
    let documents = corpus::find(&args.docs)?;
    let watch = corpus::Watch::begin(cli, &[&documents])?;
    let counted = watch.over(0, |reading| lexicon.write(documents, &args.output, args.force, reading));
    drop(watch);
    let counted = counted?;
    corpus::notes(cli, &counted.tally);
    if cli.quiet {
        return Ok(());
    }
    if cli.log_format == LogFormat::Json {
        let facts = json!({
            "documents": counted.tally.documents,
            "words": counted.words,
            "distinct": counted.distinct,
            "kept": counted.kept,
            "peak_bytes": counted.peak_bytes,
            "runs": counted.runs,
        });
        corpus::finished(cli, &args.output, facts);
        return Ok(());
    }
    print(|out| {
        writeln!(out, "{}: {} words", printable(&args.output.to_string_lossy()), counted.kept)?;
        writeln!(out, "  documents  {:>12}", counted.tally.documents)?;
        writeln!(out, "  words      {:>12}", counted.words)?;
        let most = args.max_words.map(|most| format!(", the {most} most frequent of them")).unwrap_or_default();
        let least = args.min_count;
        writeln!(
            out,
            "  distinct   {:>12}, of which {} are listed: seen {least} times or more{most}",
            counted.distinct, counted.kept
        )?;
        let (peak, budget) = (corpus::size(counted.peak_bytes), corpus::size(args.memory));
        let runs = match counted.runs {
            0 => String::new(),
            1 => "; 1 sorted run beside the list".to_owned(),
            runs => format!("; {runs} sorted runs beside the list"),
        };
        writeln!(out, "  counts took {peak} at most, of {budget}{runs}")
    })
}
