//! `train`: models out of texts.

use std::io::Write as _;

use obelisc_pipeline::quality::{Kinds, Quality};
use obelisc_text::{Hashing, Training};
use serde_json::json;

use crate::args::{Cli, LogFormat, QualityArgs};
use crate::output::print;
use crate::{Failure, corpus, printable};

/// `obelisc train quality`.
pub fn quality(cli: &Cli, args: &QualityArgs) -> Result<(), Failure> {
    let hashing = Hashing::new(args.bucket_bits, args.words).unwrap_or_default();
    let quality = Quality {
        training: Training { hashing, rate: args.rate, l2: args.l2, ..Training::default() },
        passes: args.passes,
        memory: args.memory,
        threads: corpus::threads(args.threads),
    };
    if args.positive.iter().chain(&args.negative).filter(|name| *name == "-").count() > 1 {
        return Err(Failure::usage("-: standard input is read once"));
    }
    let kinds = Kinds { positive: corpus::find(&args.positive)?, negative: corpus::find(&args.negative)? };
    let before = kinds.positive.bytes();
    let watch = corpus::Watch::begin(cli, &[&kinds.positive, &kinds.negative])?;
    let trained = watch.over(0, |positive| {
        watch.over(before, |negative| quality.train(kinds, &args.output, args.force, Kinds { positive, negative }))
    });
    drop(watch);
    let trained = trained?;
    trained.tallies.iter().for_each(|tally| corpus::notes(cli, tally));
    if trained.left_out.iter().any(|count| *count > 0) {
        let [positive, negative] = trained.left_out;
        let text = format!("{positive} positive and {negative} negative documents did not fit into --memory");
        corpus::note(cli, &text);
    }
    if cli.quiet {
        return Ok(());
    }
    let measured = trained.held_out;
    if cli.log_format == LogFormat::Json {
        let facts = json!({
            "documents": {"positive": trained.tallies[0].documents, "negative": trained.tallies[1].documents},
            "learnt": {"positive": trained.learnt[0], "negative": trained.learnt[1]},
            "held_out": {
                "positive": measured.positive,
                "negative": measured.negative,
                "accuracy": measured.accuracy(),
                "auc": measured.auc,
                "precision": measured.precision(),
                "recall": measured.recall(),
                "f1": measured.f1(),
            },
            "bytes": trained.bytes,
        });
        corpus::finished(cli, &args.output, facts);
        return Ok(());
    }
    print(|out| {
        let [positive, negative] = &trained.tallies;
        let file = printable(&args.output.to_string_lossy());
        writeln!(out, "{file}: {}", corpus::size(trained.bytes))?;
        writeln!(out, "              positive   negative")?;
        writeln!(out, "  documents {:>10} {:>10}", positive.documents, negative.documents)?;
        writeln!(out, "  learnt    {:>10} {:>10}", trained.learnt[0], trained.learnt[1])?;
        writeln!(out, "  held out  {:>10} {:>10}", measured.positive, measured.negative)?;
        let [accuracy, auc, f1] = [measured.accuracy(), measured.auc, measured.f1()];
        writeln!(out, "  on those held out, at 0.5: accuracy {accuracy:.4}, AUC {auc:.4}, F1 {f1:.4}")?;
        let [precision, recall] = [measured.precision(), measured.recall()];
        writeln!(out, "                             precision {precision:.4}, recall {recall:.4}")
    })
}
